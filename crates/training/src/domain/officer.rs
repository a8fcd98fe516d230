//! An officer's place on the roster 全警参与: every officer in service and on the establishment.
//!
//! - An officer is enrolled in a unit in service, and is on the roster once; whoever left may come back.
//! - Changes take effect in the order of their days: none before the last one.
//! - Whoever left changes no more until enrolled again.

use contract::status::{self, Kind};
use contract::training::{OfficerEnrolled, OfficerLeft, OfficerTransferred, PostLevelChanged};
use eventstore::Decider;

use super::admission::NotAdmitted;

eventstore::events! {
    /// What can happen to an officer's place.
    pub enum Event { OfficerEnrolled, OfficerTransferred, PostLevelChanged, OfficerLeft }
}

/// An officer's place, and how often it changed.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The place.
    pub place: Place,
    events: u64,
}

/// An officer's place.
#[derive(Debug, Clone, Default)]
pub enum Place {
    /// Never on the roster.
    #[default]
    NeverEnrolled,
    /// On the roster.
    OnRoster(Posting),
    /// On the roster no longer.
    Left {
        /// The last posting.
        last: Posting,
        /// First day no longer on the roster.
        leaving_date: String,
    },
}

/// A unit and a level.
#[derive(Debug, Clone)]
pub struct Posting {
    /// As last enrolled.
    pub enrolled: OfficerEnrolled,
    /// Resource name of the unit.
    pub unit: String,
    /// Level of the post, as in `PostLevel`.
    pub post_level: i32,
    /// The day of the last change.
    since: String,
}

/// What can be asked. `in_service`: whether the unit is in the register and not retired. `expected` is the
/// stream version that the caller read, if the caller edits what it read.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "fields are named as in the contract")]
pub enum Command {
    Enrol { enrolled: OfficerEnrolled, in_service: bool },
    Transfer { transferred: OfficerTransferred, in_service: bool, expected: Option<u64> },
    ChangePostLevel { changed: PostLevelChanged, expected: Option<u64> },
    Remove { left: OfficerLeft, expected: Option<u64> },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The officer is on the roster, enrolled otherwise.
    #[error("the officer is on the roster already, enrolled otherwise")]
    OfficerExists,
    /// No such officer.
    #[error("there is no such officer")]
    UnknownOfficer,
    /// See [`NotAdmitted`].
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// The officer is not on the roster any more.
    #[error("the officer is not on the roster since {0}")]
    OfficerLeft(String),
    /// The day lies before that of the last change.
    #[error("the day lies before that of the officer's last change, {0}")]
    OutOfOrder(String),
    /// It was changed since it was read.
    #[error("the officer's place was changed since it was read: it is at \"{0}\"")]
    OfficerChanged(u64),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::OfficerExists => "training.officer_exists",
            Self::UnknownOfficer => "training.unknown_officer",
            Self::NotAdmitted(refusal) => refusal.rule(),
            Self::OfficerLeft(_) => "training.officer_left",
            Self::OutOfOrder(_) => "training.out_of_order",
            Self::OfficerChanged(_) => "training.officer_changed",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::OfficerExists => Kind::Exists,
            Self::UnknownOfficer => Kind::NotFound,
            Self::OfficerChanged(_) => Kind::Changed,
            Self::NotAdmitted(refusal) => refusal.kind(),
            Self::OfficerLeft(_) | Self::OutOfOrder(_) => Kind::Rule,
        }
    }
}

/// An officer's place on the roster.
#[derive(Debug)]
pub struct Officer;

impl Decider for Officer {
    const CATEGORY: &'static str = "officer";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Enrol { enrolled, in_service } => state.enrol(enrolled, in_service),
            Command::Transfer { transferred, in_service, expected } => {
                state.transfer(transferred, in_service, expected)
            }
            Command::ChangePostLevel { changed, expected } => state.change_post_level(changed, expected),
            Command::Remove { left, expected } => state.remove(left, expected),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        state.events += 1;
        match event {
            Event::OfficerEnrolled(enrolled) => state.place = Place::OnRoster(Posting::of(enrolled)),
            Event::OfficerTransferred(OfficerTransferred { unit, effective_date, .. }) => {
                state.change(effective_date, |posting| posting.unit.clone_from(unit));
            }
            Event::PostLevelChanged(PostLevelChanged { post_level, effective_date, .. }) => {
                state.change(effective_date, |posting| posting.post_level = *post_level);
            }
            Event::OfficerLeft(OfficerLeft { effective_date, .. }) => {
                if let Place::OnRoster(last) = std::mem::take(&mut state.place) {
                    state.place = Place::Left { last, leaving_date: effective_date.clone() };
                }
            }
        }
        state
    }

    fn unit(state: &State, _event: &Event) -> String {
        state.posting().map(|posting| super::last_id(&posting.unit)).unwrap_or_default()
    }
}

impl Posting {
    fn of(enrolled: &OfficerEnrolled) -> Self {
        Self {
            enrolled: enrolled.clone(),
            unit: enrolled.unit.clone(),
            post_level: enrolled.post_level,
            since: enrolled.effective_date.clone(),
        }
    }
}

impl State {
    /// The posting, or the last one.
    pub fn posting(&self) -> Option<&Posting> {
        match &self.place {
            Place::NeverEnrolled => None,
            Place::OnRoster(posting) | Place::Left { last: posting, .. } => Some(posting),
        }
    }

    /// Whether the officer is on the roster.
    pub fn on_roster(&self) -> bool {
        matches!(self.place, Place::OnRoster(_))
    }

    fn enrol(&self, enrolled: OfficerEnrolled, in_service: bool) -> Result<Vec<Event>, Rejection> {
        match &self.place {
            Place::OnRoster(posting) if posting.enrolled == enrolled => return Ok(vec![]),
            Place::OnRoster(_) => return Err(Rejection::OfficerExists),
            Place::Left { leaving_date, .. } => check_order(&enrolled.effective_date, leaving_date)?,
            Place::NeverEnrolled => {}
        }
        if !in_service {
            return Err(NotAdmitted::UnitNotInService(enrolled.unit).into());
        }
        Ok(vec![enrolled.into()])
    }

    fn transfer(
        &self,
        transferred: OfficerTransferred,
        in_service: bool,
        expected: Option<u64>,
    ) -> Result<Vec<Event>, Rejection> {
        let posting = self.on_roster_posting()?;
        if posting.unit == transferred.unit {
            return Ok(vec![]);
        }
        self.check_unchanged(expected)?;
        if !in_service {
            return Err(NotAdmitted::UnitNotInService(transferred.unit).into());
        }
        check_order(&transferred.effective_date, &posting.since)?;
        Ok(vec![transferred.into()])
    }

    fn change_post_level(
        &self,
        changed: PostLevelChanged,
        expected: Option<u64>,
    ) -> Result<Vec<Event>, Rejection> {
        let posting = self.on_roster_posting()?;
        if posting.post_level == changed.post_level {
            return Ok(vec![]);
        }
        self.check_unchanged(expected)?;
        check_order(&changed.effective_date, &posting.since)?;
        Ok(vec![changed.into()])
    }

    fn remove(&self, left: OfficerLeft, expected: Option<u64>) -> Result<Vec<Event>, Rejection> {
        if matches!(self.place, Place::Left { .. }) {
            return Ok(vec![]);
        }
        let posting = self.on_roster_posting()?;
        self.check_unchanged(expected)?;
        check_order(&left.effective_date, &posting.since)?;
        Ok(vec![left.into()])
    }

    fn on_roster_posting(&self) -> Result<&Posting, Rejection> {
        match &self.place {
            Place::NeverEnrolled => Err(Rejection::UnknownOfficer),
            Place::OnRoster(posting) => Ok(posting),
            Place::Left { leaving_date, .. } => Err(Rejection::OfficerLeft(leaving_date.clone())),
        }
    }

    fn check_unchanged(&self, expected: Option<u64>) -> Result<(), Rejection> {
        let unchanged = expected.is_none_or(|expected| expected == self.events);
        if unchanged { Ok(()) } else { Err(Rejection::OfficerChanged(self.events)) }
    }

    fn change(&mut self, effective_date: &str, change: impl FnOnce(&mut Posting)) {
        if let Place::OnRoster(posting) = &mut self.place {
            change(posting);
            effective_date.clone_into(&mut posting.since);
        }
    }
}

/// Days are written YYYY-MM-DD: their order is the order of their text.
fn check_order(day: &str, last: &str) -> Result<(), Rejection> {
    if day >= last { Ok(()) } else { Err(Rejection::OutOfOrder(last.to_owned())) }
}

#[cfg(test)]
mod tests {
    use contract::words::PostLevel;
    use eventstore::testing::{Given, given};

    use super::*;

    fn enrolled(unit: &str, day: &str) -> OfficerEnrolled {
        OfficerEnrolled {
            officer: "o1".to_owned(),
            unit: unit.to_owned(),
            post_level: PostLevel::Staff.into(),
            effective_date: day.to_owned(),
        }
    }

    fn transferred(unit: &str, day: &str) -> OfficerTransferred {
        OfficerTransferred { officer: "o1".to_owned(), unit: unit.to_owned(), effective_date: day.to_owned() }
    }

    fn promoted(post_level: PostLevel, day: &str) -> PostLevelChanged {
        PostLevelChanged {
            officer: "o1".to_owned(),
            post_level: post_level.into(),
            effective_date: day.to_owned(),
        }
    }

    fn left(day: &str) -> OfficerLeft {
        OfficerLeft { officer: "o1".to_owned(), effective_date: day.to_owned() }
    }

    fn enrol(unit: &str, day: &str) -> Command {
        Command::Enrol { enrolled: enrolled(unit, day), in_service: true }
    }

    fn transfer(unit: &str, day: &str) -> Command {
        Command::Transfer { transferred: transferred(unit, day), in_service: true, expected: None }
    }

    fn promote(post_level: PostLevel, day: &str) -> Command {
        Command::ChangePostLevel { changed: promoted(post_level, day), expected: None }
    }

    fn remove(day: &str) -> Command {
        Command::Remove { left: left(day), expected: None }
    }

    fn nobody() -> Given<Officer> {
        given([])
    }

    /// In the traffic police since March.
    fn in_traffic() -> Given<Officer> {
        given([enrolled("traffic", "2024-03-01").into()])
    }

    /// In the traffic police from March to June.
    fn gone() -> Given<Officer> {
        given([enrolled("traffic", "2024-03-01").into(), left("2024-06-01").into()])
    }

    #[test]
    fn an_officer_is_enrolled_in_a_unit_in_service() {
        nobody().when(enrol("traffic", "2024-03-01")).then([enrolled("traffic", "2024-03-01").into()]);
        let command = Command::Enrol { enrolled: enrolled("nowhere", "2024-03-01"), in_service: false };
        nobody().when(command).then_rejected(NotAdmitted::UnitNotInService("nowhere".to_owned()).into());
    }

    #[test]
    fn an_officer_is_on_the_roster_once() {
        in_traffic().when(enrol("traffic", "2024-03-01")).then_nothing();
        in_traffic().when(enrol("patrol", "2024-03-01")).then_rejected(Rejection::OfficerExists);
    }

    #[test]
    fn whoever_left_may_come_back_but_not_before_the_day_of_leaving() {
        gone().when(enrol("patrol", "2024-06-01")).then([enrolled("patrol", "2024-06-01").into()]);
        gone()
            .when(enrol("patrol", "2024-05-31"))
            .then_rejected(Rejection::OutOfOrder("2024-06-01".to_owned()));
    }

    #[test]
    fn an_officer_is_transferred_to_a_unit_in_service() {
        in_traffic()
            .when(transfer("patrol", "2024-04-01"))
            .then([transferred("patrol", "2024-04-01").into()]);
        in_traffic().when(transfer("traffic", "2024-04-01")).then_nothing();
        let command = Command::Transfer {
            transferred: transferred("nowhere", "2024-04-01"),
            in_service: false,
            expected: None,
        };
        in_traffic().when(command).then_rejected(NotAdmitted::UnitNotInService("nowhere".to_owned()).into());
    }

    #[test]
    fn a_post_level_goes_up_or_down() {
        let event = promoted(PostLevel::SectionHead, "2024-04-01");
        in_traffic().when(promote(PostLevel::SectionHead, "2024-04-01")).then([event.into()]);
        in_traffic().when(promote(PostLevel::Staff, "2024-04-01")).then_nothing();
    }

    #[test]
    fn an_officer_leaves_once() {
        in_traffic().when(remove("2024-06-01")).then([left("2024-06-01").into()]);
        gone().when(remove("2024-07-01")).then_nothing();
    }

    #[test]
    fn changes_take_effect_in_the_order_of_their_days() {
        let history = [enrolled("traffic", "2024-03-01").into(), transferred("patrol", "2024-04-01").into()];
        let moved = given::<Officer>(history);
        let commands = [
            transfer("traffic", "2024-03-31"),
            promote(PostLevel::SectionHead, "2024-03-31"),
            remove("2024-03-31"),
        ];
        for command in commands {
            moved.when(command).then_rejected(Rejection::OutOfOrder("2024-04-01".to_owned()));
        }
        moved.when(remove("2024-04-01")).then([left("2024-04-01").into()]);
    }

    #[test]
    fn whoever_left_changes_no_more() {
        for command in [transfer("patrol", "2024-07-01"), promote(PostLevel::SectionHead, "2024-07-01")] {
            gone().when(command).then_rejected(Rejection::OfficerLeft("2024-06-01".to_owned()));
        }
    }

    #[test]
    fn only_a_known_officer_can_change() {
        let commands = [
            transfer("patrol", "2024-07-01"),
            promote(PostLevel::SectionHead, "2024-07-01"),
            remove("2024-07-01"),
        ];
        for command in commands {
            nobody().when(command).then_rejected(Rejection::UnknownOfficer);
        }
    }

    #[test]
    fn who_edits_an_old_reading_is_told() {
        let history = [enrolled("traffic", "2024-03-01").into(), transferred("patrol", "2024-04-01").into()];
        let moved = given::<Officer>(history);
        let remove = |expected| Command::Remove { left: left("2024-06-01"), expected: Some(expected) };
        moved.when(remove(1)).then_rejected(Rejection::OfficerChanged(2));
        moved.when(remove(2)).then([left("2024-06-01").into()]);
    }
}
