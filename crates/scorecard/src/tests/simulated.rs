use contract::scorecard::simulate_scorecard_request::Rules;
use contract::scorecard::{Scorecard, SimulateScorecardRequest, SimulationBasis};
use contract::status::Failure;
use contract::words::component::Method;
use contract::words::{AssessorMethod, Component, PanelMethod, SchemeRules};

use super::history::{History, closed_year, rules};
use crate::simulate;

fn published_year() -> History {
    let mut history = closed_year();
    let results = history.results();
    history.publish(results);
    history
}

/// Work 20, public 60, a component that is new, and no roll-up.
fn other_rules() -> SchemeRules {
    let mut rules = rules();
    rules.components.retain(|component| component.component_id != "conduct");
    rules.components[0].max_points = "20".to_owned();
    rules.components[2].max_points = "60".to_owned();
    rules.rollup_share = String::new();
    rules
}

fn request(rules: Option<Rules>, basis: SimulationBasis) -> SimulateScorecardRequest {
    SimulateScorecardRequest { rules, basis: basis.into(), ..SimulateScorecardRequest::default() }
}

fn simulated(history: &History, request: &SimulateScorecardRequest) -> Result<Scorecard, Failure> {
    let folded = history.folded();
    let league = history.league();
    let scheme = simulate::scheme(&folded.facts, request.rules.as_ref(), request.scheme_version)?;
    let basis = simulate::basis(request.basis).unwrap();
    Ok(simulate::Table::of(&league, &scheme, basis).card("traffic").unwrap())
}

#[test]
fn rescaled_points_are_the_published_ones_times_new_over_old_maximum() {
    let request = request(Some(Rules::Inline(other_rules())), SimulationBasis::Unspecified);
    let card = simulated(&published_year(), &request).unwrap();
    let points: Vec<_> = card.components.iter().map(|component| component.points.as_deref()).collect();
    // 27·20/30, 9.06, 19.20·60/40, 8.03
    assert_eq!(points, [Some("18.00"), Some("9.06"), Some("28.80"), Some("8.03")]);
    // 63.89 − 3.33
    assert_eq!(card.final_points.as_deref(), Some("60.56"));
    assert!(card.components[2].survey.is_none(), "rescaled points have no doubt of their own");
    assert_eq!((card.scheme.as_str(), card.scheme_version), ("", 0));
}

#[test]
fn a_rescaled_published_cycle_takes_what_was_published() {
    let mut history = published_year();
    history.reverse("traffic", "e1");
    let request = request(Some(Rules::Inline(rules())), SimulationBasis::Rescaled);
    let card = simulated(&history, &request).unwrap();
    assert_eq!(card.final_points, published_year().card("traffic").final_points);
}

#[test]
fn recomputed_points_come_from_the_facts() {
    let mut rules = other_rules();
    let Some(Method::Survey(survey)) = &mut rules.components[2].method else { panic!("not a survey") };
    survey.strata[1].weight = "0.6".to_owned();
    rules.components.push(Component {
        component_id: "new".to_owned(),
        title: "New".to_owned(),
        max_points: "1".to_owned(),
        method: Some(Method::Assessor(AssessorMethod {})),
    });
    let request = request(Some(Rules::Inline(rules)), SimulationBasis::Recomputed);
    let card = simulated(&published_year(), &request).unwrap();
    // 60·(0.6·0.8 + 0.6·0)/1.2
    assert_eq!(card.components[2].points.as_deref(), Some("24.00"));
    // A mark above the new maximum counts as that maximum.
    assert_eq!(card.components[0].points.as_deref(), Some("20.00"));
    assert_eq!(card.components[4].pending_reason, "the cycle's scheme has no such component");
    assert!(card.final_points.is_none());
}

#[test]
fn a_panel_is_recomputed_only_under_its_own_rules_so_that_no_ballot_is_read_off() {
    type Change = fn(&mut Component, &mut PanelMethod);
    let leadership = |change: Change| {
        let mut rules = rules();
        let mut component = rules.components[1].clone();
        let Some(Method::Panel(mut panel)) = component.method.take() else { panic!("not a panel") };
        change(&mut component, &mut panel);
        component.method = Some(Method::Panel(panel));
        rules.components[1] = component;
        let request = request(Some(Rules::Inline(rules)), SimulationBasis::Recomputed);
        simulated(&published_year(), &request).unwrap().components[1].clone()
    };
    let changes: [Change; 6] = [
        |_, panel| panel.classes.truncate(1),
        |_, panel| panel.classes[0].weight = "9".to_owned(),
        |_, panel| panel.trim_from = 2,
        |_, panel| panel.trim = 7,
        |_, panel| panel.quorum = "0".to_owned(),
        |component, _| component.max_points = "9.25".to_owned(),
    ];
    for (change, number) in changes.into_iter().zip(1..) {
        let component = leadership(change);
        assert_eq!(component.points, None, "change {number}");
        assert!(component.pending_reason.starts_with("a panel is recomputed only under its own rules"));
    }
    let same = leadership(|_, panel| {
        panel.classes.reverse();
        panel.classes[0].title = "Members of the government".to_owned();
    });
    assert_eq!(same.points.as_deref(), Some("9.06"));
}

#[test]
fn a_recorded_scheme_is_simulated_by_name_and_version_draft_or_published() {
    let mut history = published_year();
    history.draft(other_rules(), 2);
    let of_version = |scheme_version| {
        let name = "jurisdictions/city/schemes/first".to_owned();
        let request = request(Some(Rules::Scheme(name)), SimulationBasis::Rescaled);
        simulated(&history, &SimulateScorecardRequest { scheme_version, ..request })
    };
    assert_eq!(of_version(1).unwrap().final_points, published_year().card("traffic").final_points);
    assert_eq!(of_version(2).unwrap().final_points.as_deref(), Some("60.56"));
    assert_eq!(of_version(0).unwrap().scheme_version, 2, "0: the last");
    assert!(matches!(of_version(3), Err(Failure::Refused { rule: "not_found", .. })));
}

#[test]
fn a_scheme_with_faults_is_refused_by_what_is_wrong_with_it() {
    let faulty = SchemeRules { rollup_share: "2".to_owned(), ..other_rules() };
    let inline = request(Some(Rules::Inline(faulty.clone())), SimulationBasis::Rescaled);
    let Err(Failure::BadField(bad)) = simulated(&published_year(), &inline) else { panic!("not refused") };
    assert_eq!(bad.field(), "inline.rollup_share");

    let mut history = published_year();
    history.draft(faulty, 2);
    let name = Rules::Scheme("jurisdictions/city/schemes/first".to_owned());
    let refused = simulated(&history, &request(Some(name), SimulationBasis::Rescaled));
    assert!(matches!(refused, Err(Failure::Refused { rule: "scorecard.scheme_faulty", .. })));

    let Err(Failure::BadField(bad)) = simulated(&history, &request(None, SimulationBasis::Rescaled)) else {
        panic!("not refused")
    };
    assert_eq!(bad.field(), "scheme");
}

#[test]
fn rescaled_each_component_moves_as_a_whole_with_the_events_behind_its_points() {
    let mut rules = other_rules();
    rules.components.push(Component {
        component_id: "new".to_owned(),
        title: "New".to_owned(),
        max_points: "1".to_owned(),
        method: Some(Method::Assessor(AssessorMethod {})),
    });
    let history = published_year();
    let rules = Some(Rules::Inline(rules));
    let scheme = simulate::scheme(&history.folded().facts, rules.as_ref(), 0).unwrap();
    let league = history.league();
    let moved = simulate::Table::of(&league, &scheme, SimulationBasis::Rescaled).moved("traffic");
    let told: Vec<_> = moved
        .iter()
        .map(|line| {
            let types: Vec<_> = line.events.iter().map(|event| event.event_type.as_str()).collect();
            (line.component_id.as_str(), line.points.as_str(), line.description.as_str(), types)
        })
        .collect();
    // What is worth as much as before does not move.
    assert_eq!(
        told,
        [
            ("public", "10.40", "19.20 of 40 → 28.80 of 60", vec![]),
            ("conduct", "-2.25", "7.75 of 10 → not scored", vec!["CycleOpened", "EntryRecorded"]),
            ("work", "-1.00", "27.00 of 30 → 18.00 of 20", vec!["MarkRecorded"]),
            ("new", "0.00", "not scored → pending: the cycle's scheme has no such component", vec![]),
        ]
    );
}
