//! Random commands against the table of moves.

use std::cell::RefCell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;

/// A small model of where a complaint stands, read off the table of moves alone.
#[derive(Default)]
struct Model {
    stage: Option<ComplaintStage>,
    led: bool,
}

impl Model {
    fn follow(&mut self, event: &Event) {
        let name = event_name(event);
        if name == "ComplaintLodged" {
            self.stage = Some(ComplaintStage::Lodged);
        }
        self.led |= name == "LeaderAppointed";
        let Some(stage) = self.stage else { return };
        let moves = Move::ALL.into_iter().filter(|it| format!("{it:?}") == name);
        if let Some(it) = moves.into_iter().find(|it| it.from().contains(&stage)) {
            self.stage = Some(it.to(self.led));
        }
    }
}

fn event_name(event: &Event) -> String {
    use eventstore::EventSet as _;
    event.event_type().rsplit('.').next().unwrap().to_owned()
}

/// Whether the table lets an event that moves happen at a stage.
fn allowed(event: &Event, stage: Option<ComplaintStage>) -> bool {
    let name = event_name(event);
    let Some(it) = Move::ALL.into_iter().find(|it| format!("{it:?}") == name) else { return true };
    let stage = stage.unwrap();
    let changes_person = match it {
        Move::LeaderAppointed => stage != ComplaintStage::Lodged && stage != ComplaintStage::Referred,
        Move::ComplaintAssigned => stage == ComplaintStage::Assigned,
        Move::ComplaintAccepted
        | Move::ComplaintRejected
        | Move::ComplaintReferred
        | Move::RectificationReported
        | Move::RectificationVerified
        | Move::RectificationRefuted
        | Move::ComplaintWithdrawn
        | Move::ComplaintClosed
        | Move::ComplaintReopened => false,
    };
    it.from().contains(&stage) || changes_person
}

fn commands() -> impl Strategy<Value = (u8, i64)> {
    (0_u8..24, 90_i64..140)
}

fn command(kind: u8, at: i64) -> Command {
    let finding = || text("finding");
    let step = match kind {
        0 => accept("station"),
        1 => reject("hearsay"),
        2 => refer(),
        3 => transfer("other"),
        4 => lead("leader"),
        5 => lead("another"),
        6 => supervise("supervisor"),
        7 => assign("responsible"),
        8 => assign("somebody"),
        9 => extend(at + 10),
        10 => Step::ReportProgress { progress: text("half"), attachments: vec![] },
        11 => report(),
        12 => verify(),
        13 => refute(None),
        14 => Step::Substantiate {
            unit: String::new(),
            officers: vec![],
            harms_public: true,
            finding: finding(),
        },
        15 => Step::Unsubstantiate { finding: finding() },
        16 => close(ClosureOutcome::Rectified),
        17 => close(ClosureOutcome::Unsubstantiated),
        18 => close(ClosureOutcome::Withdrawn),
        19 => {
            Step::Reopen { grounds: text("grounds"), led_due: day(LED_DUE), accepted_due: day(ACCEPTED_DUE) }
        }
        20 if at > 130 => Step::Withdraw { statement: None },
        21 => return raise(ASSIGNED_DUE, at),
        22 => return Command::Erase { reason: "asked for".to_owned() },
        _ => return lodge(|_| {}),
    };
    on(at, step)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever is asked of a complaint, it moves as the table says and no other way; what was just done is
    /// done; the clock of the case never moves; what is open has a clock unless it waits elsewhere.
    #[test]
    fn a_complaint_moves_by_the_table_alone(walk in prop::collection::vec(commands(), 1..80)) {
        let (mut state, mut model) = (State::default(), Model::default());
        for (kind, at) in walk {
            let Ok(events) = Complaint::decide(&state, command(kind, at)) else { continue };
            for event in &events {
                prop_assert!(allowed(event, model.stage.or(Some(ComplaintStage::Lodged))), "{event:?}");
                state = Complaint::evolve(state, event);
                model.follow(event);
            }
            let again = Complaint::decide(&state, command(kind, at));
            prop_assert!(again.is_err() || again == Ok(vec![]) , "{kind}: {again:?}");
            let Some(complaint) = state.lodged() else { continue };
            prop_assert_eq!(Some(complaint.stage), model.stage);
            prop_assert_eq!(complaint.case_due(), complaint.is_open().then(|| day(160)));
            let clocked = !matches!(
                complaint.stage,
                ComplaintStage::Referred | ComplaintStage::Withdrawn | ComplaintStage::Rejected | ComplaintStage::Closed
            );
            prop_assert_eq!(complaint.stage_due.is_some(), clocked);
            let assigned = complaint.being_put_right().ok();
            prop_assert!(assigned.is_none_or(|assigned| complaint.stage_due == Some(assigned.deadline)));
        }
    }
}

/// Steps that end with a move that the table allows where the complaint stands: what it needs comes first.
fn towards(it: Move, complaint: &Lodged) -> Vec<Step> {
    let highest = |id: &str| candidate(id, Some(PostLevel::BureauHead));
    let supervise =
        complaint.supervisor.is_none().then(|| Step::AppointSupervisor { supervisor: highest("third") });
    let assign = Step::Assign(Assigning { deadline: None, due: day(500), ..assigning("fourth") });
    match it {
        Move::ComplaintAccepted => vec![accept("station")],
        Move::ComplaintRejected => vec![reject("spam")],
        Move::ComplaintReferred => vec![refer()],
        Move::LeaderAppointed => vec![Step::AppointLeader { leader: highest("fifth"), due: day(LED_DUE) }],
        Move::ComplaintAssigned => supervise.into_iter().chain([assign]).collect(),
        Move::RectificationReported => {
            let nobody =
                complaint.responsible.as_ref().is_none_or(|responsible| responsible.officer.is_none());
            let report = Step::Report { report: text("new"), attachments: vec![], due: day(REPORTED_DUE) };
            nobody.then_some(assign).into_iter().chain([report]).collect()
        }
        Move::RectificationVerified => vec![verify()],
        Move::RectificationRefuted => vec![refute(Some(600))],
        Move::ComplaintWithdrawn => vec![Step::Withdraw { statement: None }],
        Move::ComplaintClosed if complaint.stage == ComplaintStage::Verified => {
            vec![close(ClosureOutcome::Rectified)]
        }
        Move::ComplaintClosed if complaint.stage == ComplaintStage::Withdrawn => {
            vec![close(ClosureOutcome::Withdrawn)]
        }
        Move::ComplaintClosed => {
            let untrue = Step::Unsubstantiate { finding: text("nothing to it") };
            vec![untrue, close(ClosureOutcome::Unsubstantiated)]
        }
        Move::ComplaintReopened => {
            vec![Step::Reopen {
                grounds: text("anew"),
                led_due: day(LED_DUE),
                accepted_due: day(ACCEPTED_DUE),
            }]
        }
    }
}

/// Every move of the table happens in random walks, from each stage that it starts from; and wherever a walk
/// comes, each move that the table allows there can be made.
#[test]
fn every_move_of_the_table_happens_and_each_that_it_allows_can_be_made() {
    let happened = RefCell::new(BTreeSet::new());
    let mut runner = TestRunner::deterministic();
    let walks = prop::collection::vec(commands(), 1..80);
    let walked = runner.run(&(prop::collection::vec(walks, 8)), |walks| {
        for walk in walks {
            let mut state = State::default();
            for (kind, at) in walk {
                let before = state.lodged().map(|complaint| complaint.stage);
                let Ok(events) = Complaint::decide(&state, command(kind, at)) else { continue };
                state = events.iter().fold(state, Complaint::evolve);
                let Some(complaint) = state.lodged() else { continue };
                if let Some(before) = before {
                    let told = events.iter().map(|event| (event_name(event), before));
                    happened.borrow_mut().extend(told);
                }
                for it in Move::ALL.into_iter().filter(|it| complaint.may(*it)) {
                    let (mut reached, mut last) = (state.clone(), Vec::new());
                    for step in towards(it, complaint) {
                        let decided = Complaint::decide(&reached, on(140, step.clone()));
                        prop_assert!(
                            decided.is_ok(),
                            "{it:?} from {:?}: {step:?}: {decided:?}",
                            complaint.stage
                        );
                        last = decided.unwrap();
                        reached = last.iter().fold(reached, Complaint::evolve);
                    }
                    let made = last.iter().any(|event| event_name(event) == format!("{it:?}"));
                    prop_assert!(made, "{it:?} from {:?}: {last:?}", complaint.stage);
                }
            }
        }
        Ok(())
    });
    walked.unwrap();
    let table =
        Move::ALL.into_iter().flat_map(|it| it.from().iter().map(move |from| (format!("{it:?}"), *from)));
    let missing: Vec<_> = table.filter(|pair| !happened.borrow().contains(pair)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
