//! Random commands against the table of moves.

use proptest::prelude::*;

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
