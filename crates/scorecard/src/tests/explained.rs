use std::collections::BTreeMap;

use contract::complaints::{ComplaintAssigned, ComplaintOverdue, RectificationRefuted};
use contract::evaluation::EntryRecorded;
use contract::evaluation::entry_recorded::Target;
use contract::scorecard::{EventReference, LossKind, LossLine};
use contract::words::{Tariff, TariffCause};
use eventstore::RecordedEvent;
use rust_decimal::Decimal;
use scoring::Scheme;
use uuid::Uuid;

use super::history::{History, closed_year, complaint, cycle, officer, rules, unit, year};
use crate::explain::{self, Behind};
use crate::fold::trace::Trace;
use crate::origins;

fn lines(history: &History, unit: &str) -> (Vec<LossLine>, Option<String>) {
    let league = history.league();
    explain::lines(&league, unit, &Behind::new()).unwrap()
}

fn sum(lines: &[LossLine]) -> Decimal {
    lines.iter().map(|line| line.points.parse::<Decimal>().unwrap()).sum()
}

fn events(lines: &[LossLine], kind: LossKind, item: &str) -> Vec<EventReference> {
    let line = lines.iter().find(|line| line.kind() == kind && line.item == item);
    line.unwrap_or_else(|| panic!("no line {kind:?} {item}: {lines:#?}")).events.clone()
}

/// Every reference names an event that is there, of that type.
fn assert_events_exist(history: &History, lines: &[LossLine]) {
    let recorded = history.recorded();
    let by_place: BTreeMap<(&str, u64), &RecordedEvent> =
        recorded.iter().map(|(service, event)| ((*service, event.position), event)).collect();
    for reference in lines.iter().flat_map(|line| &line.events) {
        let event = by_place[&(reference.service.as_str(), reference.position)];
        assert_eq!(event.event_id.to_string(), reference.event_id);
        assert!(event.event_type.ends_with(&format!(".{}", reference.event_type)), "{reference:?}");
    }
}

#[test]
fn the_lines_sum_to_maximum_less_final_and_each_event_exists() {
    let mut history = closed_year();
    history.revise_mark("traffic", "26");
    history.raise_veto("bureau");
    for unit in ["bureau", "traffic", "station"] {
        let (lines, total) = lines(&history, unit);
        let card = history.card(unit);
        let lost = Decimal::ONE_HUNDRED - card.final_points.unwrap().parse::<Decimal>().unwrap();
        assert_eq!(sum(&lines), lost, "{unit}");
        assert_eq!(total.unwrap().parse::<Decimal>().unwrap(), lost, "{unit}");
        assert_events_exist(&history, &lines);
    }
}

#[test]
fn each_line_leads_to_the_events_behind_it() {
    let mut history = closed_year();
    history.revise_mark("bureau", "26");
    history.raise_veto("bureau");
    let (lines, _) = lines(&history, "bureau");
    let types = |kind, item| -> Vec<String> {
        events(&lines, kind, item).into_iter().map(|event| event.event_type).collect()
    };
    assert_eq!(types(LossKind::Mark, ""), ["MarkRevised"]);
    assert_eq!(types(LossKind::Panel, ""), ["PanelConvened", "PanelClosed"]);
    assert_eq!(types(LossKind::Start, ""), ["CycleOpened"]);
    assert_eq!(types(LossKind::Entry, "e2"), ["EntryRecorded"]);
    assert_eq!(types(LossKind::Indicator, "cleared"), ["IndicatorTargetSet", "IndicatorReported"]);
    // Entered, then what its own lines come from, each once.
    let child = types(LossKind::Child, "station");
    assert_eq!(child[..2], ["UnitEntered", "MarkRecorded"]);
    assert_eq!(child.iter().filter(|kind| *kind == "EntryRecorded").count(), 4);
    assert_eq!(types(LossKind::Veto, ""), ["VetoRaised"]);
    let clip = lines.iter().find(|line| line.kind() == LossKind::Clip).unwrap();
    assert_eq!((clip.source_id.as_str(), clip.events.len()), ("inspection", 2));
    let entry = lines.iter().find(|line| line.item == "e4").unwrap();
    assert_eq!((entry.source_id.as_str(), entry.description.as_str()), ("complaint", "reason of e4"));
}

#[test]
fn a_stratum_line_carries_the_forms_it_was_given() {
    let history = closed_year();
    let league = history.league();
    let form = Trace { position: 7, event_id: Uuid::from_u128(7) }.reference("evaluation", "FormAnswered");
    let answered = Behind::from([(("public".to_owned(), "recipients".to_owned()), vec![form.clone()])]);
    let (lines, _) = explain::lines(&league, "bureau", &answered).unwrap();
    assert_eq!(events(&lines, LossKind::Stratum, "recipients"), [form]);
    assert!(events(&lines, LossKind::Stratum, "residents").is_empty());
    let stratum = lines.iter().find(|line| line.item == "recipients").unwrap();
    assert_eq!(stratum.description, "RECIPIENTS");
}

#[test]
fn a_pending_final_has_no_total_but_the_lines_that_stand() {
    let (lines, total) = lines(&year(), "traffic");
    assert_eq!(total, None);
    assert_eq!(events(&lines, LossKind::Mark, "").len(), 1);
}

#[test]
fn a_reversed_entry_takes_nothing_any_more() {
    let mut history = closed_year();
    history.reverse("traffic", "e4");
    let (lines, _) = lines(&history, "traffic");
    assert!(lines.iter().all(|line| line.item != "e4"));
}

#[test]
fn a_lifted_veto_still_explains_the_results_that_were_published_under_it() {
    let mut history = closed_year();
    history.raise_veto("bureau");
    let results = history.results();
    history.publish(results);
    history.lift_veto("bureau");
    let (lines, _) = lines(&history, "bureau");
    assert_eq!(events(&lines, LossKind::Veto, "").len(), 1);
}

#[test]
fn an_entry_says_what_caused_it_by_which_tariff_and_which_officers_that_names() {
    let mut history = year();
    history.lodge("c9", "traffic");
    let officer = "jurisdictions/city/officers/o7".to_owned();
    let overdue =
        ComplaintOverdue { complaint: complaint("c9"), officer: officer.clone(), ..Default::default() };
    history.tell("complaints", "complaint-city/c9", &overdue);
    let caused = EntryRecorded {
        cycle: cycle(),
        unit: unit("traffic"),
        entry_id: "by-tariff".to_owned(),
        target: Some(Target::SourceId("complaint".to_owned())),
        points: "-0.25".to_owned(),
        cause_event_id: Uuid::from_u128(history.0.len().try_into().unwrap()).to_string(),
        cause: TariffCause::ComplaintOverdue.into(),
        cause_thing: complaint("c9"),
        ..EntryRecorded::default()
    };
    history.tell("evaluation", "daily_assessment-city/2024/traffic", &caused);
    let mut rules = rules();
    rules.daily_sources[1].tariffs =
        vec![Tariff { cause: TariffCause::ComplaintOverdue.into(), points: "-0.5".to_owned() }];
    let (mut lines, _) = lines(&history, "traffic");
    origins::tell(lines.iter_mut(), &Scheme::parse(&rules).unwrap(), &history.past()).unwrap();
    let line = lines.iter().find(|line| line.item == "by-tariff").unwrap();
    assert_eq!((line.cause(), line.cause_thing.clone()), (TariffCause::ComplaintOverdue, complaint("c9")));
    assert_eq!((line.tariff_points.as_str(), &line.officers), ("-0.50", &vec![officer]));
    assert_eq!((line.scheme.as_str(), line.scheme_version), ("jurisdictions/city/schemes/first", 1));
    assert_eq!(line.events[0].actor, "clerk");
    let by_hand = lines.iter().find(|line| line.kind() == LossKind::Entry && line.item == "e1").unwrap();
    assert_eq!((by_hand.tariff_points.as_str(), by_hand.officers.len()), ("", 0));
}

#[test]
fn what_a_refuted_complaint_costs_names_who_was_responsible_for_it() {
    let mut history = year();
    history.lodge("c9", "traffic");
    for id in ["o6", "o7"] {
        let (complaint, officer) = (complaint("c9"), officer(id));
        let assigned = ComplaintAssigned { complaint, unit: unit("traffic"), officer, ..Default::default() };
        history.tell("complaints", "complaint-city/c9", &assigned);
    }
    let refuted = RectificationRefuted { complaint: complaint("c9"), ..Default::default() };
    history.tell("complaints", "complaint-city/c9", &refuted);
    let caused = EntryRecorded {
        cycle: cycle(),
        unit: unit("traffic"),
        entry_id: "by-tariff".to_owned(),
        target: Some(Target::SourceId("complaint".to_owned())),
        points: "-0.25".to_owned(),
        cause_event_id: Uuid::from_u128(history.0.len().try_into().unwrap()).to_string(),
        ..EntryRecorded::default()
    };
    history.tell("evaluation", "daily_assessment-city/2024/traffic", &caused);
    let (mut lines, _) = lines(&history, "traffic");
    origins::tell(lines.iter_mut(), &Scheme::parse(&rules()).unwrap(), &history.past()).unwrap();
    let line = lines.iter().find(|line| line.item == "by-tariff").unwrap();
    assert_eq!(line.officers, [officer("o7")]);
}
