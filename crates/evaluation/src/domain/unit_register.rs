//! The unit register of a jurisdiction: a tree of units, whole in one stream, so that no two changes at the
//! same time can make a loop or an orphan.
//!
//! - A unit's parent is in the register and in service.
//! - No unit is above itself; the tree is at most 12 levels deep.
//! - A retired unit changes no more and keeps its history; it has no units in service below it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use contract::evaluation::{UnitMoved, UnitRegistered, UnitRenamed, UnitRetired};
use contract::status::{self, Kind};
use eventstore::Decider;

const DEPTH_MAX: usize = 12;

eventstore::events! {
    /// What can happen to the register.
    pub enum Event { UnitRegistered, UnitRenamed, UnitMoved, UnitRetired }
}

/// The tree.
#[derive(Debug, Clone, Default)]
pub struct State {
    units: BTreeMap<String, Unit>,
    events: u64,
}

/// A unit, by its resource name in the tree.
#[derive(Debug, Clone)]
pub struct Unit {
    /// As it was registered, with its present title and parent.
    pub registered: UnitRegistered,
    /// Whether it was closed down.
    pub retired: bool,
    changed_at: u64,
}

/// What can be asked of the register. `expected` is the stream version of the unit's last event, if the
/// caller edits what it read.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "fields are named as in the contract")]
pub enum Command {
    Register(UnitRegistered),
    Rename { unit: String, title: String, expected: Option<u64> },
    Move { unit: String, parent: String, expected: Option<u64> },
    Retire { unit: String, reason: String, expected: Option<u64> },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The id is taken by a unit of other content.
    #[error("there is another unit of this name")]
    UnitExists,
    /// No such unit.
    #[error("there is no unit {0}")]
    UnknownUnit(String),
    /// The unit above is not in the register.
    #[error("the unit above, {0}, is not in the register")]
    UnknownParent(String),
    /// A unit above is retired.
    #[error("the unit above, {0}, is retired")]
    ParentRetired(String),
    /// The unit would be above itself.
    #[error("the unit would stand above itself")]
    Circular,
    /// The tree would be too deep.
    #[error("the tree would be more than {DEPTH_MAX} levels deep")]
    TooDeep,
    /// The unit is retired.
    #[error("the unit is retired")]
    UnitRetired,
    /// Units in service are below it.
    #[error("{0} is in service below it")]
    UnitsBelow(String),
    /// It was changed since it was read.
    #[error("the unit was changed since it was read: it is at \"{0}\"")]
    UnitChanged(u64),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::UnitExists => "evaluation.unit_exists",
            Self::UnknownUnit(_) => "evaluation.unknown_unit",
            Self::UnknownParent(_) => "evaluation.unknown_parent",
            Self::ParentRetired(_) => "evaluation.parent_retired",
            Self::Circular => "evaluation.circular",
            Self::TooDeep => "evaluation.tree_too_deep",
            Self::UnitRetired => "evaluation.unit_retired",
            Self::UnitsBelow(_) => "evaluation.units_below",
            Self::UnitChanged(_) => "evaluation.unit_changed",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnitExists => Kind::Exists,
            Self::UnknownUnit(_) => Kind::NotFound,
            Self::UnitChanged(_) => Kind::Changed,
            Self::UnknownParent(_)
            | Self::ParentRetired(_)
            | Self::Circular
            | Self::TooDeep
            | Self::UnitRetired
            | Self::UnitsBelow(_) => Kind::Rule,
        }
    }
}

/// The unit register.
#[derive(Debug)]
pub struct UnitRegister;

impl Decider for UnitRegister {
    const CATEGORY: &'static str = "unit_register";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Register(unit) => state.register(unit),
            Command::Rename { unit, title, expected } => state.rename(unit, title, expected),
            Command::Move { unit, parent, expected } => state.move_below(unit, parent, expected),
            Command::Retire { unit, reason, expected } => state.retire(unit, reason, expected),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        state.events += 1;
        let changed_at = state.events;
        match event {
            Event::UnitRegistered(registered) => {
                let unit = Unit { registered: registered.clone(), retired: false, changed_at };
                state.units.insert(registered.unit.clone(), unit);
            }
            Event::UnitRenamed(UnitRenamed { unit, title }) => {
                state.change(unit, |unit| unit.registered.title.clone_from(title));
            }
            Event::UnitMoved(UnitMoved { unit, parent }) => {
                state.change(unit, |unit| unit.registered.parent.clone_from(parent));
            }
            Event::UnitRetired(UnitRetired { unit, .. }) => state.change(unit, |unit| unit.retired = true),
        }
        state
    }

    fn unit(_state: &State, event: &Event) -> String {
        super::last_id(&Self::thing(event))
    }

    fn thing(event: &Event) -> Cow<'_, str> {
        let (Event::UnitRegistered(UnitRegistered { unit, .. })
        | Event::UnitRenamed(UnitRenamed { unit, .. })
        | Event::UnitMoved(UnitMoved { unit, .. })
        | Event::UnitRetired(UnitRetired { unit, .. })) = event;
        unit.into()
    }
}

impl State {
    /// A unit by its resource name, in service or retired.
    pub fn unit(&self, unit: &str) -> Option<&Unit> {
        self.units.get(unit)
    }

    /// All units, by resource name.
    pub fn units(&self) -> impl Iterator<Item = (&str, &Unit)> {
        self.units.iter().map(|(name, unit)| (name.as_str(), unit))
    }

    fn register(&self, unit: UnitRegistered) -> Result<Vec<Event>, Rejection> {
        if let Some(known) = self.units.get(&unit.unit) {
            return if known.registered == unit { Ok(vec![]) } else { Err(Rejection::UnitExists) };
        }
        if unit.parent == unit.unit {
            return Err(Rejection::Circular);
        }
        self.check_parent(&unit.parent, 1)?;
        Ok(vec![unit.into()])
    }

    fn rename(&self, unit: String, title: String, expected: Option<u64>) -> Result<Vec<Event>, Rejection> {
        let known = self.in_service(&unit, expected)?;
        if known.registered.title == title {
            return Ok(vec![]);
        }
        Ok(vec![UnitRenamed { unit, title }.into()])
    }

    fn move_below(
        &self,
        unit: String,
        parent: String,
        expected: Option<u64>,
    ) -> Result<Vec<Event>, Rejection> {
        let known = self.in_service(&unit, expected)?;
        if known.registered.parent == parent {
            return Ok(vec![]);
        }
        if self.above_and_including(&parent).any(|above| above == unit) {
            return Err(Rejection::Circular);
        }
        self.check_parent(&parent, self.height(&unit))?;
        Ok(vec![UnitMoved { unit, parent }.into()])
    }

    fn retire(&self, unit: String, reason: String, expected: Option<u64>) -> Result<Vec<Event>, Rejection> {
        if self.units.get(&unit).is_some_and(|known| known.retired) {
            return Ok(vec![]);
        }
        self.in_service(&unit, expected)?;
        let below = self.units.values().find(|other| other.registered.parent == unit && !other.retired);
        if let Some(below) = below {
            return Err(Rejection::UnitsBelow(below.registered.unit.clone()));
        }
        Ok(vec![UnitRetired { unit, reason }.into()])
    }

    fn in_service(&self, unit: &str, expected: Option<u64>) -> Result<&Unit, Rejection> {
        let known = self.units.get(unit).ok_or_else(|| Rejection::UnknownUnit(unit.to_owned()))?;
        if known.retired {
            return Err(Rejection::UnitRetired);
        }
        if expected.is_some_and(|expected| expected != known.changed_at) {
            return Err(Rejection::UnitChanged(known.changed_at));
        }
        Ok(known)
    }

    /// Whether a subtree of `height` levels may stand below `parent`; empty: at the root.
    fn check_parent(&self, parent: &str, height: usize) -> Result<(), Rejection> {
        if parent.is_empty() {
            return Ok(());
        }
        match self.units.get(parent) {
            None => Err(Rejection::UnknownParent(parent.to_owned())),
            Some(known) if known.retired => Err(Rejection::ParentRetired(parent.to_owned())),
            Some(_) if self.above_and_including(parent).count() + height > DEPTH_MAX => {
                Err(Rejection::TooDeep)
            }
            Some(_) => Ok(()),
        }
    }

    fn above_and_including<'a>(&'a self, unit: &'a str) -> impl Iterator<Item = &'a str> {
        let known = |unit: &str| self.units.get(unit).map(|known| known.registered.unit.as_str());
        std::iter::successors(known(unit), move |unit| known(&self.units.get(*unit)?.registered.parent))
    }

    /// Levels of the subtree at `unit`, itself included. The tree is kept shallow, so this ends soon.
    fn height(&self, unit: &str) -> usize {
        let below = self.units.values().filter(|other| other.registered.parent == unit);
        1 + below.map(|other| self.height(&other.registered.unit)).max().unwrap_or(0)
    }

    fn change(&mut self, unit: &str, change: impl FnOnce(&mut Unit)) {
        let changed_at = self.events;
        if let Some(unit) = self.units.get_mut(unit) {
            change(unit);
            unit.changed_at = changed_at;
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::evaluation::UnitKind;
    use eventstore::testing::{Given, given};

    use super::*;

    fn name(unit: &str) -> String {
        format!("jurisdictions/city/units/{unit}")
    }

    fn unit(id: &str, parent: &str) -> UnitRegistered {
        UnitRegistered {
            unit: name(id),
            title: id.to_owned(),
            kind: UnitKind::Division.into(),
            parent: if parent.is_empty() { String::new() } else { name(parent) },
            grassroots: false,
            speciality: String::new(),
        }
    }

    fn rename(id: &str, title: &str) -> Command {
        Command::Rename { unit: name(id), title: title.to_owned(), expected: None }
    }

    fn move_below(id: &str, parent: &str) -> Command {
        Command::Move { unit: name(id), parent: name(parent), expected: None }
    }

    fn retire(id: &str) -> Command {
        Command::Retire { unit: name(id), reason: "merged".to_owned(), expected: None }
    }

    fn retired(id: &str) -> Event {
        UnitRetired { unit: name(id), reason: "merged".to_owned() }.into()
    }

    /// bureau › division › team.
    fn tree() -> Given<UnitRegister> {
        given([unit("bureau", "").into(), unit("division", "bureau").into(), unit("team", "division").into()])
    }

    #[test]
    fn a_unit_is_registered_below_one_in_service() {
        tree().when(Command::Register(unit("window", "team"))).then([unit("window", "team").into()]);
    }

    #[test]
    fn registering_the_same_unit_again_changes_nothing() {
        tree().when(Command::Register(unit("team", "division"))).then_nothing();
    }

    #[test]
    fn a_name_is_given_once() {
        tree().when(Command::Register(unit("team", "bureau"))).then_rejected(Rejection::UnitExists);
    }

    #[test]
    fn no_unit_is_an_orphan() {
        let command = Command::Register(unit("window", "nowhere"));
        tree().when(command).then_rejected(Rejection::UnknownParent(name("nowhere")));
        tree().when(move_below("team", "nowhere")).then_rejected(Rejection::UnknownParent(name("nowhere")));
    }

    #[test]
    fn nothing_comes_below_a_retired_unit() {
        let history = [unit("bureau", "").into(), retired("bureau")];
        let command = Command::Register(unit("team", "bureau"));
        given::<UnitRegister>(history).when(command).then_rejected(Rejection::ParentRetired(name("bureau")));
    }

    #[test]
    fn no_unit_stands_above_itself() {
        tree().when(Command::Register(unit("loop", "loop"))).then_rejected(Rejection::Circular);
        tree().when(move_below("bureau", "bureau")).then_rejected(Rejection::Circular);
        tree().when(move_below("bureau", "team")).then_rejected(Rejection::Circular);
    }

    #[test]
    fn the_tree_has_twelve_levels_at_most() {
        let chain = (1..=12).map(|level| {
            let parent = if level == 1 { String::new() } else { format!("u{}", level - 1) };
            Event::from(unit(&format!("u{level}"), &parent))
        });
        let chain = given::<UnitRegister>(chain);
        chain.when(Command::Register(unit("u13", "u12"))).then_rejected(Rejection::TooDeep);
        chain.when(Command::Register(unit("v12", "u11"))).then([unit("v12", "u11").into()]);
    }

    #[test]
    fn a_unit_is_renamed_and_moved_and_doing_it_again_changes_nothing() {
        let renamed = UnitRenamed { unit: name("team"), title: "Team One".to_owned() };
        tree().when(rename("team", "Team One")).then([renamed.into()]);
        tree().when(rename("team", "team")).then_nothing();
        let moved = UnitMoved { unit: name("team"), parent: name("bureau") };
        tree().when(move_below("team", "bureau")).then([moved.into()]);
        tree().when(move_below("team", "division")).then_nothing();
    }

    #[test]
    fn a_retired_unit_changes_no_more() {
        let history = [unit("bureau", "").into(), retired("bureau")];
        given::<UnitRegister>(history.clone())
            .when(rename("bureau", "x"))
            .then_rejected(Rejection::UnitRetired);
        given::<UnitRegister>(history).when(retire("bureau")).then_nothing();
    }

    #[test]
    fn a_unit_with_units_below_it_is_not_retired() {
        tree().when(retire("division")).then_rejected(Rejection::UnitsBelow(name("team")));
        tree().when(retire("team")).then([retired("team")]);
    }

    #[test]
    fn only_a_known_unit_can_change() {
        tree().when(rename("nobody", "x")).then_rejected(Rejection::UnknownUnit(name("nobody")));
        tree().when(retire("nobody")).then_rejected(Rejection::UnknownUnit(name("nobody")));
    }

    #[test]
    fn who_edits_an_old_reading_is_told() {
        let command = Command::Rename { unit: name("team"), title: "x".to_owned(), expected: Some(2) };
        tree().when(command).then_rejected(Rejection::UnitChanged(3));
    }
}
