//! The events of a complaint's life and the steps that lead to them, as the tests use them.

use contract::field::to_wire;
use eventstore::testing::{Given, given};

use crate::domain::complaint::*;

pub(super) const NAME: &str = "jurisdictions/city/complaints/c1";
/// Due days of stages: far apart, so that none is mistaken for another.
pub(super) const ACCEPTED_DUE: i64 = 103;
pub(super) const LED_DUE: i64 = 104;
pub(super) const ASSIGNED_DUE: i64 = 115;
pub(super) const REPORTED_DUE: i64 = 110;
pub(super) const VERIFIED_DUE: i64 = 105;

pub(super) fn unit(id: &str) -> String {
    format!("jurisdictions/city/units/{id}")
}

pub(super) fn officer(id: &str) -> String {
    format!("jurisdictions/city/officers/{id}")
}

pub(super) fn day(number: i64) -> Timestamp {
    Timestamp::from_second(number * 86_400).unwrap()
}

pub(super) fn wire(number: i64) -> contract::Timestamp {
    to_wire(day(number))
}

pub(super) fn text(key: &str) -> VaultText {
    VaultText { vault_key: key.to_owned(), sha256: vec![7; 32] }
}

/// A complaint about the officer `accused` of the unit `station`.
pub(super) fn lodging() -> Lodging {
    let lodged = ComplaintLodged {
        complaint: NAME.to_owned(),
        text: Some(text("words")),
        unit: unit("station"),
        complained_of: vec![officer("accused")],
        case_due_time: Some(wire(160)),
        lodge_time: Some(wire(1)),
        ..ComplaintLodged::default()
    };
    Lodging { lodged, unit_in_service: true, unknown_officers: vec![], earlier_known: false }
}

pub(super) fn lodged() -> Event {
    lodging().lodged.into()
}

pub(super) fn accepted() -> Event {
    let (complaint, unit) = (NAME.to_owned(), unit("station"));
    ComplaintAccepted { complaint, unit, stage_due_time: Some(wire(ACCEPTED_DUE)) }.into()
}

pub(super) fn rejected(reason: &str) -> Event {
    ComplaintRejected { complaint: NAME.to_owned(), reason: reason.to_owned() }.into()
}

pub(super) fn referred() -> Event {
    let (organ, reason) = ("the tax office".to_owned(), "not police".to_owned());
    ComplaintReferred { complaint: NAME.to_owned(), organ, reason }.into()
}

pub(super) fn transferred(from: &str, to: &str) -> Event {
    let (complaint, reason) = (NAME.to_owned(), "not ours".to_owned());
    ComplaintTransferred { complaint, from_unit: unit(from), unit: unit(to), reason }.into()
}

pub(super) fn led_by(leader: &str, due: Option<i64>) -> Event {
    LeaderAppointed {
        complaint: NAME.to_owned(),
        leader: officer(leader),
        post_level: PostLevel::DeputyDivisionHead.into(),
        stage_due_time: due.map(wire),
    }
    .into()
}

pub(super) fn led() -> Event {
    led_by("leader", Some(LED_DUE))
}

pub(super) fn supervised_by(supervisor: &str) -> Event {
    SupervisorAppointed { complaint: NAME.to_owned(), supervisor: officer(supervisor) }.into()
}

pub(super) fn supervised() -> Event {
    supervised_by("supervisor")
}

pub(super) fn assigned_to(id: &str, deadline: i64) -> Event {
    ComplaintAssigned {
        complaint: NAME.to_owned(),
        unit: unit("station"),
        officer: officer(id),
        deadline: Some(wire(deadline)),
    }
    .into()
}

pub(super) fn assigned() -> Event {
    assigned_to("responsible", ASSIGNED_DUE)
}

pub(super) fn extended(deadline: i64) -> Event {
    let (complaint, reason) = (NAME.to_owned(), "a witness is away".to_owned());
    DeadlineExtended { complaint, deadline: Some(wire(deadline)), reason }.into()
}

pub(super) fn overdue(officer_id: &str, deadline: i64) -> Event {
    let officer = if officer_id.is_empty() { String::new() } else { officer(officer_id) };
    ComplaintOverdue {
        complaint: NAME.to_owned(),
        unit: unit("station"),
        officer,
        deadline: Some(wire(deadline)),
        escalation_time: Some(wire(deadline + 7)),
    }
    .into()
}

pub(super) fn reported() -> Event {
    RectificationReported {
        complaint: NAME.to_owned(),
        unit: unit("station"),
        report: Some(text("report")),
        stage_due_time: Some(wire(REPORTED_DUE)),
        attachments: vec![],
    }
    .into()
}

pub(super) fn verified() -> Event {
    RectificationVerified {
        complaint: NAME.to_owned(),
        unit: unit("station"),
        satisfaction: Satisfaction::Satisfied.into(),
        source: RatingSource::CallBack.into(),
        stage_due_time: Some(wire(VERIFIED_DUE)),
    }
    .into()
}

pub(super) fn refuted(deadline: i64) -> Event {
    RectificationRefuted {
        complaint: NAME.to_owned(),
        unit: unit("station"),
        satisfaction: Satisfaction::Dissatisfied.into(),
        source: RatingSource::CallBack.into(),
        statement: Some(text("statement")),
        deadline: Some(wire(deadline)),
    }
    .into()
}

pub(super) fn closed() -> Event {
    let outcome = ClosureOutcome::Rectified.into();
    ComplaintClosed { complaint: NAME.to_owned(), unit: unit("station"), outcome }.into()
}

/// The first `steps` steps of a life that ends well.
pub(super) fn life(steps: usize) -> Vec<Event> {
    let whole = [lodged(), accepted(), led(), supervised(), assigned(), reported(), verified(), closed()];
    whole.into_iter().take(steps).collect()
}

pub(super) fn after(steps: usize) -> Given<Complaint> {
    given(life(steps))
}

pub(super) fn after_life_and(steps: usize, more: impl IntoIterator<Item = Event>) -> Given<Complaint> {
    given(life(steps).into_iter().chain(more))
}

pub(super) const LODGED: usize = 1;
pub(super) const ACCEPTED: usize = 2;
pub(super) const LED: usize = 3;
pub(super) const SUPERVISED: usize = 4;
pub(super) const ASSIGNED: usize = 5;
pub(super) const REPORTED: usize = 6;
pub(super) const VERIFIED: usize = 7;
pub(super) const CLOSED: usize = 8;

pub(super) fn act(by: String, number: i64) -> Act {
    Act { by, at: day(number), expected: None, own_unit: false }
}

pub(super) fn on(number: i64, step: Step) -> Command {
    Command::Handle(act("clerk".to_owned(), number), step)
}

pub(super) fn by(by: &str, step: Step) -> Command {
    Command::Handle(act(officer(by), 100), step)
}

pub(super) fn now(step: Step) -> Command {
    on(100, step)
}

pub(super) fn accept(id: &str) -> Step {
    let unit = if id.is_empty() { String::new() } else { unit(id) };
    Step::Accept { unit, in_service: true, due: day(ACCEPTED_DUE) }
}

pub(super) fn reject(reason: &str) -> Step {
    Step::Reject { reason: reason.to_owned() }
}

pub(super) fn refer() -> Step {
    Step::Refer { organ: "the tax office".to_owned(), reason: "not police".to_owned() }
}

pub(super) fn transfer(to: &str) -> Step {
    Step::Transfer { unit: unit(to), in_service: true, reason: "not ours".to_owned() }
}

pub(super) fn candidate(id: &str, post_level: Option<PostLevel>) -> Candidate {
    Candidate { officer: officer(id), post_level, ..Candidate::default() }
}

pub(super) fn lead(leader: &str) -> Step {
    lead_at(leader, Some(PostLevel::DeputyDivisionHead))
}

pub(super) fn lead_at(leader: &str, post_level: Option<PostLevel>) -> Step {
    Step::AppointLeader { leader: candidate(leader, post_level), due: day(LED_DUE) }
}

pub(super) fn supervise(supervisor: &str) -> Step {
    Step::AppointSupervisor { supervisor: candidate(supervisor, Some(PostLevel::Staff)) }
}

pub(super) fn assigning(id: &str) -> Assigning {
    Assigning {
        unit: unit("station"),
        in_service: true,
        officer: candidate(id, Some(PostLevel::Staff)),
        deadline: None,
        due: day(ASSIGNED_DUE),
    }
}

pub(super) fn assign(id: &str) -> Step {
    Step::Assign(assigning(id))
}

pub(super) fn assign_by(id: &str, deadline: i64) -> Step {
    Step::Assign(Assigning { deadline: Some(day(deadline)), ..assigning(id) })
}

pub(super) fn extend(deadline: i64) -> Step {
    Step::ExtendDeadline { deadline: day(deadline), reason: "a witness is away".to_owned() }
}

pub(super) fn report() -> Step {
    Step::Report { report: text("report"), attachments: vec![], due: day(REPORTED_DUE) }
}

pub(super) fn verify() -> Step {
    let (satisfaction, source) = (Satisfaction::Satisfied, RatingSource::CallBack);
    Step::Verify { satisfaction, source, due: day(VERIFIED_DUE) }
}

pub(super) fn refute(deadline: Option<i64>) -> Step {
    Step::Refute(Refuting {
        satisfaction: Satisfaction::Dissatisfied,
        source: RatingSource::CallBack,
        statement: Some(text("statement")),
        deadline: deadline.map(day),
        due: day(ASSIGNED_DUE),
    })
}

pub(super) fn close(outcome: ClosureOutcome) -> Step {
    Step::Close { outcome }
}

pub(super) fn raise(deadline: i64, at: i64) -> Command {
    Command::RaiseOverdue(Escalation { due: day(deadline), next: day(deadline + 7), at: day(at) })
}

pub(super) fn lodge(change: impl FnOnce(&mut Lodging)) -> Command {
    let mut lodging = lodging();
    change(&mut lodging);
    Command::Lodge(Box::new(lodging))
}
