//! What followed from a case, event by event: findings, dispositions, vetoes, and whether each still stands.

use contract::accountability::*;
use contract::field::to_wire;
use eventstore::{EventSet as _, RecordedEvent};
use jiff::Timestamp;

use super::{ReadModel, latest_first};
use crate::domain::case::Subject;

eventstore::events! {
    /// The facts that are pointed to by their places in the log.
    enum Traced { FindingMade, DispositionDecided, VetoRaised, VetoLifted, AppealDecided }
}

/// A fact that followed from a case.
#[derive(Debug, Clone)]
pub struct Consequence {
    /// Its position.
    pub position: u64,
    /// Its event id.
    pub event_id: String,
    /// Last name of the event.
    pub event_type: &'static str,
    /// Resource name of the unit that it is about; may be empty.
    pub unit: String,
    /// Whom it is about, if someone.
    pub subject: Option<Subject>,
    /// Whether it still stands.
    pub standing: bool,
    /// When it happened.
    pub occurred_at: Timestamp,
}

impl ReadModel {
    pub(super) fn record(&mut self, event: &RecordedEvent) -> Result<(), String> {
        let traced = Traced::decode(&event.event_type, &event.payload).map_err(|error| error.to_string())?;
        match traced {
            None => {}
            Some(Traced::FindingMade(_)) => {
                self.findings.insert(event.stream.key().to_owned(), event.event_id.to_string());
                self.follow(event, "FindingMade", None);
            }
            Some(Traced::DispositionDecided(decided)) => {
                self.depart(event, &decided);
                let subject = decided.subject.map(Subject::from);
                self.fall(event, |known| is(known, "DispositionDecided") && known.subject == subject);
                self.follow(event, "DispositionDecided", subject);
            }
            Some(Traced::VetoRaised(raised)) => {
                self.follow(event, "VetoRaised", Some(Subject::Unit(raised.unit.clone())));
                self.vetoes.insert(latest_first(event), veto(event, raised));
            }
            Some(Traced::VetoLifted(lifted)) => self.lift(event, &lifted),
            Some(Traced::AppealDecided(decided)) => self.undo(event, &decided),
        }
        Ok(())
    }

    fn follow(&mut self, event: &RecordedEvent, event_type: &'static str, subject: Option<Subject>) {
        let unit = match &subject {
            Some(Subject::Unit(unit)) => unit.clone(),
            Some(Subject::Officer(_)) | None => String::new(),
        };
        let consequence = Consequence {
            position: event.position,
            event_id: event.event_id.to_string(),
            event_type,
            unit,
            subject,
            standing: true,
            occurred_at: event.occurred_at,
        };
        self.consequences.entry(event.stream.key().to_owned()).or_default().push(consequence);
    }

    /// Those that `falls` no longer stand.
    fn fall(&mut self, event: &RecordedEvent, falls: impl Fn(&Consequence) -> bool) {
        let known = self.consequences.get_mut(event.stream.key());
        for consequence in known.into_iter().flatten().filter(|known| falls(known)) {
            consequence.standing = false;
        }
    }

    fn depart(&mut self, event: &RecordedEvent, decided: &DispositionDecided) {
        let opened = self.cases.get(event.stream.key()).and_then(|loaded| loaded.state.opened());
        let finding = opened.and_then(|opened| opened.finding());
        let Some(finding) = finding.filter(|_| !decided.departure_reason.is_empty()) else { return };
        let departure = Departure {
            case: decided.case.clone(),
            nature: finding.nature,
            gravity: finding.gravity,
            disposition: Some(DispositionState {
                subject: decided.subject.clone().map(|subject| Subject::from(subject).into()),
                disposition: decided.disposition,
                minimum: decided.minimum,
                departure_reason: decided.departure_reason.clone(),
                approver: decided.approver.clone(),
                approver_post_level: decided.approver_post_level,
                due_date: decided.due_date.clone(),
                ..DispositionState::default()
            }),
            event_id: event.event_id.to_string(),
            create_time: Some(to_wire(event.recorded_at)),
        };
        self.departures.insert(latest_first(event), departure);
    }

    fn lift(&mut self, event: &RecordedEvent, lifted: &VetoLifted) {
        let unit = Some(Subject::Unit(lifted.unit.clone()));
        self.fall(event, |known| is(known, "VetoRaised") && known.subject == unit);
        let of_it = |veto: &&mut Veto| veto.case == lifted.case && veto.unit == lifted.unit;
        if let Some(veto) = self.vetoes.values_mut().find(of_it) {
            veto.lifted = true;
            veto.lift_reason.clone_from(&lifted.reason);
            veto.lift_time = Some(to_wire(event.recorded_at));
        }
    }

    fn undo(&mut self, event: &RecordedEvent, decided: &AppealDecided) {
        match decided.outcome() {
            AppealOutcome::Unspecified | AppealOutcome::Dismissed => {}
            AppealOutcome::Varied => self.fall(event, |known| is(known, "DispositionDecided")),
            AppealOutcome::Overturned => self.fall(event, |_| true),
        }
    }
}

fn is(known: &Consequence, event_type: &str) -> bool {
    known.event_type == event_type
}

fn veto(event: &RecordedEvent, raised: VetoRaised) -> Veto {
    Veto {
        case: raised.case,
        unit: raised.unit,
        cycle: raised.cycle,
        lifted: false,
        lift_reason: String::new(),
        event_id: event.event_id.to_string(),
        create_time: Some(to_wire(event.recorded_at)),
        lift_time: None,
    }
}
