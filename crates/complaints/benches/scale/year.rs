//! A year of complaints by seed: which events each has had, and which event stands at which position.

use contract::complaints::*;
use contract::evaluation::UnitRegistered;
use contract::words::{PostLevel, VaultText};
use eventstore::testing::scale::{mixed, told};
use eventstore::{NewEvent, StreamId};

/// The one jurisdiction.
pub(crate) const JURISDICTION: &str = "city";
/// Its name.
pub(crate) const NAME: &str = "jurisdictions/city";
/// The unit above all.
pub(crate) const BUREAU: &str = "jurisdictions/city/units/bureau";
const SUB_BUREAUS: u64 = 200;
const STATIONS: u64 = 20_000;
const OFFICERS_PER_STATION: u64 = 10;
const LEADERS: u64 = 1000;
const SUPERVISORS: u64 = 200;
const CATEGORIES: u64 = 20;
const DAY: i64 = 86_400;
/// The first day of the year, its midnight in China.
const FIRST_DAY: i64 = 1_704_038_400;
/// It is always nine o'clock on the last day of the year.
pub(crate) const NOW: i64 = FIRST_DAY + 365 * DAY + 9 * 3600;
/// Lives repeat after so many complaints.
const PERIOD: u64 = 20;

/// What has happened to a complaint.
#[derive(Clone, Copy)]
enum Life {
    Rectified,
    Rejected,
    Withdrawn,
    Lodged,
    Led,
    Assigned,
    Overdue,
    Reported,
}

/// A year with so many complaints, a multiple of 200; the last tenth of them is open.
#[derive(Clone, Copy)]
pub(crate) struct Year {
    pub(crate) complaints: u64,
}

impl Year {
    fn closed(self) -> u64 {
        self.complaints / 10 * 9
    }

    fn life(self, number: u64) -> Life {
        if number < self.closed() {
            match number % 10 {
                0..6 => Life::Rectified,
                6..8 => Life::Rejected,
                _ => Life::Withdrawn,
            }
        } else {
            match number % PERIOD {
                3 => Life::Overdue,
                place => match place % 4 {
                    0 => Life::Lodged,
                    1 => Life::Led,
                    2 => Life::Assigned,
                    _ => Life::Reported,
                },
            }
        }
    }

    /// How many events came before those of a complaint.
    fn before(self, number: u64) -> u64 {
        let per = |from: u64, count: u64| -> u64 {
            (from..from + count).map(|number| self.life(number).events()).sum()
        };
        let of = |from: u64, count: u64| count / PERIOD * per(from, PERIOD) + per(from, count % PERIOD);
        of(0, number.min(self.closed())) + of(self.closed(), number.saturating_sub(self.closed()))
    }

    /// How many events there are.
    pub(crate) fn events(self) -> u64 {
        self.before(self.complaints)
    }

    /// The complaint of an event, and how many of its events came before.
    pub(crate) fn find(self, position: u64) -> (u64, u64) {
        let (mut low, mut high) = (0, self.complaints);
        while high - low > 1 {
            let middle = u64::midpoint(low, high);
            if self.before(middle) < position { low = middle } else { high = middle }
        }
        (low, position - 1 - self.before(low))
    }

    /// Position of the first event of a complaint.
    pub(crate) fn first(self, number: u64) -> u64 {
        self.before(number) + 1
    }

    /// When a complaint was lodged: they come in order, all year long.
    fn lodged_at(self, number: u64) -> i64 {
        let seconds = number * 365 * 86_400 / self.complaints;
        FIRST_DAY + i64::try_from(seconds).expect("a year")
    }

    /// All that has happened to a complaint.
    pub(crate) fn told(self, number: u64) -> Vec<(StreamId, NewEvent)> {
        let of = Of { complaint: name(number), number, lodged_at: self.lodged_at(number) };
        let stream = StreamId::new("complaint", &format!("city/{}", id(number)));
        let all = match self.life(number) {
            Life::Rectified => of.rectified(),
            Life::Rejected => vec![of.lodged(), of.rejected()],
            Life::Withdrawn => {
                vec![of.lodged(), of.accepted(), of.withdrawn(), of.closed(ClosureOutcome::Withdrawn)]
            }
            Life::Lodged => vec![of.lodged()],
            Life::Led => vec![of.lodged(), of.accepted(), of.led()],
            Life::Assigned => of.assigned_until(ahead(number)),
            Life::Overdue => of.overdue(),
            Life::Reported => of.reported_until(ahead(number)),
        };
        all.into_iter().map(|event| (stream.clone(), event)).collect()
    }

    /// The tree of units, of the log of evaluation.
    pub(crate) fn units() -> impl Iterator<Item = (StreamId, NewEvent)> {
        let register = |unit: String, parent: String| {
            let registered = UnitRegistered { unit, parent, ..UnitRegistered::default() };
            told(StreamId::new("unit_register", JURISDICTION), &registered)
        };
        let subs = (0..SUB_BUREAUS).map(move |number| register(sub_bureau(number), BUREAU.to_owned()));
        let stations =
            (0..STATIONS).map(move |number| register(station(number), sub_bureau(number % SUB_BUREAUS)));
        std::iter::once(register(BUREAU.to_owned(), String::new())).chain(subs).chain(stations)
    }
}

impl Life {
    fn events(self) -> u64 {
        match self {
            Self::Lodged => 1,
            Self::Rejected => 2,
            Self::Led => 3,
            Self::Withdrawn => 4,
            Self::Assigned => 5,
            Self::Reported => 6,
            Self::Overdue => 7,
            Self::Rectified => 8,
        }
    }
}

/// The events of one complaint.
struct Of {
    complaint: String,
    number: u64,
    lodged_at: i64,
}

impl Of {
    fn unit(&self) -> String {
        station(mixed(self.number) % STATIONS)
    }

    fn officer(&self) -> String {
        officer(mixed(self.number) % STATIONS * OFFICERS_PER_STATION + self.number % OFFICERS_PER_STATION)
    }

    fn lodged(&self) -> NewEvent {
        let lodged = ComplaintLodged {
            complaint: self.complaint.clone(),
            channel: 1 + i32::try_from(self.number % 10).expect("small"),
            source_reference: format!("12345/{}", self.number),
            complainant_key: format!("complainant-{}", self.number),
            text: Some(text(self.number)),
            receipt_hash: (0..4).flat_map(|part| mixed(self.number * 4 + part).to_be_bytes()).collect(),
            unit: self.unit(),
            complained_of: if self.number.is_multiple_of(3) { vec![self.officer()] } else { vec![] },
            category: format!("category-{}", self.number % CATEGORIES),
            stage_due_time: Some(at(ahead(self.number))),
            case_due_time: Some(at(NOW + 200 * DAY)),
            lodge_time: Some(at(self.lodged_at)),
            ..ComplaintLodged::default()
        };
        event(&lodged)
    }

    fn rejected(&self) -> NewEvent {
        let reason = "Not of the police".to_owned();
        event(&ComplaintRejected { complaint: self.complaint.clone(), reason })
    }

    fn accepted(&self) -> NewEvent {
        let (complaint, unit) = (self.complaint.clone(), self.unit());
        event(&ComplaintAccepted { complaint, unit, stage_due_time: Some(at(ahead(self.number))) })
    }

    fn withdrawn(&self) -> NewEvent {
        event(&ComplaintWithdrawn { complaint: self.complaint.clone(), statement: None })
    }

    fn led(&self) -> NewEvent {
        event(&LeaderAppointed {
            complaint: self.complaint.clone(),
            leader: format!("{NAME}/officers/leader-{}", mixed(self.number) % LEADERS),
            post_level: PostLevel::DivisionHead.into(),
            stage_due_time: Some(at(ahead(self.number))),
        })
    }

    fn assigned_until(&self, deadline: i64) -> Vec<NewEvent> {
        let supervisor = format!("{NAME}/officers/supervisor-{}", mixed(self.number) % SUPERVISORS);
        let assigned = ComplaintAssigned {
            complaint: self.complaint.clone(),
            unit: self.unit(),
            officer: self.officer(),
            deadline: Some(at(deadline)),
        };
        vec![
            self.lodged(),
            self.accepted(),
            self.led(),
            event(&SupervisorAppointed { complaint: self.complaint.clone(), supervisor }),
            event(&assigned),
        ]
    }

    fn reported_until(&self, deadline: i64) -> Vec<NewEvent> {
        let mut all = self.assigned_until(deadline);
        all.push(event(&RectificationReported {
            complaint: self.complaint.clone(),
            unit: self.unit(),
            report: Some(text(self.number)),
            stage_due_time: Some(at(ahead(self.number))),
            ..RectificationReported::default()
        }));
        all
    }

    /// Its deadline was thirty days after it was lodged.
    fn rectified(&self) -> Vec<NewEvent> {
        let deadline = midnight(self.lodged_at) + 30 * DAY;
        let mut all = self.reported_until(deadline);
        all.push(event(&RectificationVerified {
            complaint: self.complaint.clone(),
            unit: self.unit(),
            satisfaction: 1 + i32::try_from(self.number % 4).expect("small"),
            source: RatingSource::CallBack.into(),
            stage_due_time: Some(at(ahead(self.number))),
        }));
        all.push(self.closed(ClosureOutcome::Rectified));
        all
    }

    /// The deadline passed some days ago; a timer has said so.
    fn overdue(&self) -> Vec<NewEvent> {
        let deadline = midnight(NOW) - DAY * i64::try_from(self.number % 7).expect("small");
        let mut all = self.assigned_until(deadline);
        let (complaint, unit) = (self.complaint.clone(), self.unit());
        all.push(event(&ComplaintAlerted {
            complaint: complaint.clone(),
            unit: unit.clone(),
            clock: ComplaintClock::Stage.into(),
            stage: ComplaintStage::Assigned.into(),
            colour: AlertColour::Yellow.into(),
            due_time: Some(at(deadline)),
        }));
        let (officer, escalation_time) = (self.officer(), Some(at(NOW + 40 * DAY)));
        all.push(event(&ComplaintOverdue {
            complaint,
            unit,
            officer,
            deadline: Some(at(deadline)),
            escalation_time,
        }));
        all
    }

    fn closed(&self, outcome: ClosureOutcome) -> NewEvent {
        let (complaint, unit, outcome) = (self.complaint.clone(), self.unit(), outcome.into());
        event(&ComplaintClosed { complaint, unit, outcome })
    }
}

fn event<M: prost::Message + prost::Name>(message: &M) -> NewEvent {
    NewEvent { event_type: M::full_name(), unit: String::new(), payload: message.encode_to_vec() }
}

/// When what is open is due: ten to forty days ahead, at a midnight; nothing turns yellow meanwhile.
fn ahead(number: u64) -> i64 {
    midnight(NOW) + DAY * i64::try_from(10 + mixed(number) % 30).expect("small")
}

fn midnight(seconds: i64) -> i64 {
    seconds - (seconds - FIRST_DAY).rem_euclid(DAY)
}

fn at(seconds: i64) -> contract::Timestamp {
    contract::Timestamp { seconds, nanos: 0 }
}

fn text(number: u64) -> VaultText {
    VaultText { vault_key: format!("text-{number}"), sha256: vec![7; 32] }
}

fn id(number: u64) -> String {
    format!("c{number:07}")
}

/// The number of the complaint with this stream's key.
pub(crate) fn number_of(key: &str) -> Option<u64> {
    key.strip_prefix("city/c")?.parse().ok()
}

pub(crate) fn name(number: u64) -> String {
    format!("{NAME}/complaints/{}", id(number))
}

pub(crate) fn sub_bureau(number: u64) -> String {
    format!("{NAME}/units/sub-{number}")
}

pub(crate) fn station(number: u64) -> String {
    format!("{NAME}/units/station-{number}")
}

fn officer(number: u64) -> String {
    format!("{NAME}/officers/o{number:07}")
}
