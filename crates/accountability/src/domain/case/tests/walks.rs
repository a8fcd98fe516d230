//! All that can happen to a case: its stages drawn from what the rules let happen, and random walks that must
//! not leave the drawing.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::OnceLock;

use eventstore::EventSet as _;
use proptest::prelude::*;

use super::*;

const DRAWING: &str = include_str!("../../../../../../docs/accountability.md");

fn at(position: u64) -> Cause {
    Cause { service: "complaints".to_owned(), position, ..Cause::default() }
}

/// Opened by itself, against one unit and one officer.
fn by_itself() -> CaseOpened {
    CaseOpened { origin: Origin::Complaint.into(), causes: vec![at(3)], ..opened() }
}

fn grave() -> FindingMade {
    FindingMade { units: vec![TRAFFIC.to_owned()], ..finding(Gravity::Grave, CYCLE) }
}

fn exonerated() -> FindingMade {
    FindingMade { case: NAME.to_owned(), exonerated: true, ..FindingMade::default() }
}

fn other(name: &str) -> State {
    let case = CaseOpened { case: name.to_owned(), units: vec![PATROL.to_owned()], ..by_itself() };
    let case = CaseOpened { officers: vec![], causes: vec![at(5)], ..case };
    Case::evolve(State::default(), &case.into())
}

fn judged(appeal_id: &str, outcome: AppealOutcome, gravity: Gravity) -> Command {
    let decided = AppealDecided {
        case: NAME.to_owned(),
        appeal_id: appeal_id.to_owned(),
        outcome: outcome.into(),
        reason: "looked at again".to_owned(),
        decided_by: JUDGE.to_owned(),
        gravity: gravity.into(),
        ..AppealDecided::default()
    };
    let actor = Actor { name: JUDGE.to_owned(), units: vec![] };
    Command::DecideAppeal { decided, actor, day: day("2024-06-20"), expected: None }
}

fn disposing(subject: Subject, disposition: Disposition, approved: bool) -> Command {
    let mut deciding = Deciding {
        decided: decided(subject.clone(), disposition),
        subject,
        minimum: Some(Disposition::UnitCriticism),
        day: day("2024-06-01"),
        level: 3,
        approver: None,
        expected: None,
    };
    if approved {
        deciding.decided.departure_reason = "put right at once".to_owned();
        deciding.decided.approver = CARL.to_owned();
        deciding.approver = Some(Person { post_level: 5, ties: Candidate::default() });
    }
    Command::DecideDisposition(deciding)
}

/// Everything that is asked of a case on a walk.
fn commands() -> Vec<Command> {
    let execute = |subject| {
        let execution_date = "2024-06-20".to_owned();
        Command::Execute { subject, execution_date, expected: None }
    };
    let overdue = |subject| Command::RaiseOverdue { subject, due: day("2024-06-30"), day: day("2024-07-01") };
    let merge = Command::Merge {
        merged: "jurisdictions/city/cases/c2".to_owned(),
        reason: "same matter".to_owned(),
        other: other("jurisdictions/city/cases/c2"),
        investigator: Candidate { units: vec![INSPECTION.to_owned()], in_complaint: false },
        expected: None,
    };
    let reveal = Command::RevealTexts { vault_keys: vec!["grounds".to_owned()], purpose: "audit".to_owned() };
    vec![
        open(by_itself()),
        assign(ANNA),
        assign(BERT),
        assign(ACCUSED),
        recuse(),
        add("e1"),
        find(grave()),
        find(FindingMade { gravity: Gravity::Minor.into(), ..grave() }),
        find(exonerated()),
        disposing(traffic(), Disposition::UnitCriticism, false),
        disposing(traffic(), Disposition::UnitRectification, true),
        disposing(traffic(), Disposition::UnitRectification, false),
        disposing(accused(), Disposition::Warning, false),
        execute(traffic()),
        execute(accused()),
        overdue(traffic()),
        Command::LodgeAppeal(lodged("a1", Some(accused()))),
        Command::LodgeAppeal(lodged("r1", None)),
        judged("a1", AppealOutcome::Dismissed, Gravity::Unspecified),
        judged("a1", AppealOutcome::Overturned, Gravity::Unspecified),
        judged("a1", AppealOutcome::Varied, Gravity::Minor),
        judged("r1", AppealOutcome::Dismissed, Gravity::Unspecified),
        judged("r1", AppealOutcome::Overturned, Gravity::Unspecified),
        close(Actor::default()),
        Command::FallCauses { causes: vec![at(3)], fallen_by: at(9) },
        Command::FallCauses { causes: vec![at(5)], fallen_by: at(9) },
        merge,
        reveal,
    ]
}

/// Those of the commands that move a case from one stage to another, each in one form.
fn milestones() -> Vec<Command> {
    let all = commands().into_iter();
    let wanted = [0, 1, 4, 5, 6, 8, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21, 22, 23, 24];
    all.enumerate().filter(|(i, _)| wanted.contains(i)).map(|(_, command)| command).collect()
}

/// What others decide happens to it, too: it goes into another case.
fn went_elsewhere(state: &State) -> Option<Event> {
    let into = "jurisdictions/city/cases/c3";
    let goes_on = other(into);
    let merge = Command::Merge {
        merged: NAME.to_owned(),
        reason: "same matter".to_owned(),
        other: state.clone(),
        investigator: Candidate::default(),
        expected: None,
    };
    Case::decide(&goes_on, merge).ok()?.into_iter().next()
}

fn stage(state: &State) -> String {
    let name = state.opened().map_or("[*]", |opened| opened.stage().as_str_name());
    let words = name.strip_prefix("CASE_STAGE_").map(str::to_lowercase);
    words.unwrap_or_else(|| name.to_owned())
}

fn name(event: &Event) -> String {
    event.event_type().rsplit('.').next().unwrap_or_default().to_owned()
}

/// What matters of a state: two that agree in it go on alike.
fn outline(state: &State) -> String {
    let Some(opened) = state.opened() else { return String::new() };
    let Opened { phase, fallen, merged, evidence, reviewed, .. } = opened;
    format!("{phase:?} {fallen:?} {merged:?} {} {reviewed}", evidence.len())
}

type Moves = BTreeMap<(String, String), BTreeSet<String>>;

/// Each change of stage that the rules let happen, with the events that make it.
fn moves() -> &'static Moves {
    static MOVES: OnceLock<Moves> = OnceLock::new();
    MOVES.get_or_init(|| {
        let mut moves = Moves::new();
        let (mut seen, mut waiting) = (HashSet::new(), VecDeque::from([State::default()]));
        while let Some(state) = waiting.pop_front() {
            let decisions = milestones().into_iter().filter_map(|command| Case::decide(&state, command).ok());
            for events in decisions.chain(went_elsewhere(&state).map(|event| vec![event])) {
                let mut after = state.clone();
                for event in events {
                    let before = stage(&after);
                    after = Case::evolve(after, &event);
                    if before != stage(&after) {
                        moves.entry((before, stage(&after))).or_default().insert(name(&event));
                    }
                }
                if seen.insert(outline(&after)) {
                    waiting.push_back(after);
                }
            }
        }
        moves
    })
}

fn drawn() -> String {
    let lines = moves().iter().map(|((before, after), events)| {
        let events: Vec<_> = events.iter().map(String::as_str).collect();
        format!("    {before} --> {after}: {}\n", events.join(", "))
    });
    format!("```mermaid\nstateDiagram-v2\n{}```\n", lines.collect::<String>())
}

#[test]
fn the_drawing_of_the_stages_is_what_the_rules_let_happen() {
    assert!(DRAWING.contains(&drawn()), "docs/accountability.md must have:\n{}", drawn());
}

/// What must hold of a case however it came about.
fn check(state: &State, history: &[Event]) {
    let Some(opened) = state.opened() else { return assert!(history.is_empty()) };
    let count = |wanted: &str| history.iter().filter(|event| name(event) == wanted).count();
    let vetoed = opened.verdict().map_or(0, |verdict| verdict.vetoed().len());
    assert_eq!(count("VetoRaised") - count("VetoLifted"), vetoed, "vetoes stand while their finding does");
    assert!(opened.investigator() != Some(ACCUSED), "nobody investigates themselves");
    if let Phase::Closed { outcome, verdict } = &opened.phase {
        let verdict = verdict.as_ref();
        let holds = match outcome {
            CaseOutcome::Unspecified => false,
            CaseOutcome::Disposed => verdict
                .is_some_and(|verdict| verdict.stands() && verdict.measures.iter().all(Measure::is_executed)),
            CaseOutcome::Exonerated => verdict.is_some_and(|verdict| !verdict.stands()),
            CaseOutcome::Withdrawn => verdict.is_none() && opened.is_groundless(),
        };
        assert!(holds, "closed as {outcome:?}: {opened:?}");
    }
    let measures = opened.verdict().into_iter().flat_map(|verdict| &verdict.measures);
    for decided in measures.filter_map(|measure| measure.decided.as_ref()) {
        let below = decided.disposition < decided.minimum;
        let on_record = !decided.departure_reason.is_empty() && decided.approver_post_level > 3;
        assert_eq!(below, on_record, "below the minimum: {decided:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_walk_breaks_a_rule_or_leaves_the_drawing(steps in prop::collection::vec(0..commands().len(), 1..80)) {
        let commands = commands();
        let mut state = Case::evolve(State::default(), &by_itself().into());
        let mut history = vec![Event::from(by_itself())];
        for step in steps {
            let command = commands[step].clone();
            let is_reading = matches!(command, Command::RevealTexts { .. });
            let before = stage(&state);
            let Ok(events) = Case::decide(&state, command.clone()) else { continue };
            let acted = events.iter().any(|event| {
                ["DispositionDecided", "DispositionExecuted", "ExecutionOverdue"].contains(&&*name(event))
            });
            prop_assert!(!acted || !["appealed", "closed", "merged", "exonerated"].contains(&&*before));
            for event in events {
                let before = stage(&state);
                state = Case::evolve(state, &event);
                let after = stage(&state);
                prop_assert!(before == after || moves().contains_key(&(before, after)));
                history.push(event);
            }
            check(&state, &history);
            prop_assert!(is_reading || Case::decide(&state, command).is_ok_and(|again| again.is_empty()));
        }
        let folded = history.iter().fold(State::default(), Case::evolve);
        prop_assert_eq!(outline(&folded), outline(&state));
    }
}
