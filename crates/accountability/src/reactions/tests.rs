use eventstore::testing::given;

use super::*;

fn substantiated(harms_public: bool) -> ComplaintSubstantiated {
    ComplaintSubstantiated {
        complaint: "jurisdictions/city/complaints/c1".to_owned(),
        unit: "jurisdictions/city/units/traffic".to_owned(),
        officers: vec!["jurisdictions/city/officers/o1".to_owned()],
        harms_public,
        finding: None,
    }
}

fn e1() -> CaseName {
    CaseName { jurisdiction: "city".to_owned(), case: "e1".to_owned() }
}

fn at(position: u64) -> Cause {
    Cause { service: "evaluation".to_owned(), position, ..Cause::default() }
}

fn result(points_lost: &str) -> UnitResult {
    let deduction = |position| Deduction { position, points: "1".to_owned(), ..Deduction::default() };
    UnitResult {
        unit: "jurisdictions/city/units/traffic".to_owned(),
        points_lost: points_lost.to_owned(),
        deductions: vec![deduction(9), deduction(3)],
        ..UnitResult::default()
    }
}

fn published(threshold: Option<&str>) -> Published {
    let cycle = "jurisdictions/city/cycles/2024".to_owned();
    Published { cycle, results: vec![], threshold: threshold.map(str::to_owned) }
}

#[test]
fn harm_to_the_public_opens_a_case_against_those_at_fault() {
    let opened = harmed(&substantiated(true), &e1(), at(7)).unwrap();
    assert_eq!(opened.units, ["jurisdictions/city/units/traffic"]);
    assert_eq!(opened.officers, ["jurisdictions/city/officers/o1"]);
    assert_eq!((opened.origin(), opened.nature()), (Origin::Complaint, CaseNature::HarmToPublic));
    assert_eq!(opened.causes[0].position, 7);
}

#[test]
fn a_complaint_that_harmed_nobody_opens_none() {
    assert_eq!(harmed(&substantiated(false), &e1(), at(7)), None);
}

#[test]
fn points_lost_beyond_the_threshold_open_a_case_that_comes_from_each_deduction_and_the_result() {
    let opened = beyond(&result("2.01"), &published(Some("2")), &e1(), at(12)).unwrap();
    assert_eq!((opened.points_lost.as_str(), opened.threshold.as_str()), ("2.01", "2"));
    let positions: Vec<_> = opened.causes.iter().map(|cause| cause.position).collect();
    assert_eq!(positions, [3, 9, 12]);
    assert_eq!(
        (opened.origin(), opened.cycle.as_str()),
        (Origin::PointsLost, "jurisdictions/city/cycles/2024")
    );
}

#[test]
fn points_lost_up_to_the_threshold_open_none_and_without_a_threshold_none_ever() {
    assert_eq!(beyond(&result("2.00"), &published(Some("2")), &e1(), at(12)), None);
    assert_eq!(beyond(&result("90"), &published(None), &e1(), at(12)), None);
}

#[test]
fn the_same_fact_opens_one_case_however_often_it_is_delivered() {
    let opened = harmed(&substantiated(true), &e1(), at(7)).unwrap();
    let command = case::Command::Open { opened: opened.clone(), missing: None };
    given::<case::Case>([]).when(command.clone()).then([opened.clone().into()]);
    given::<case::Case>([opened.into()]).when(command).then_nothing();
}
