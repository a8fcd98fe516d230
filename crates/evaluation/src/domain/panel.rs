//! A panel 票决制 of one component: many electors mark the cycle's units in secret.
//!
//! - It is convened with its roll: every class of the scheme once, with at least one elector; an elector is on
//!   it once.
//! - Each elector casts at most one ballot. Who voted is recorded here; what was voted waits outside the log
//!   until the panel closes, and then lies in the box, all ballots in one draw: nothing joins the two.
//! - A ballot marks any of the cycle's units, each at most once, in `[0, max_points]`.
//! - A closed panel takes no more ballots.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use contract::evaluation::{BallotCast, ElectorRoll, ElectorVoted, PanelClosed, PanelConvened};
use contract::status::{self, Kind};
use eventstore::{Boxed, Decider};
use rust_decimal::Decimal;

/// The category of the stream that ballots lie in.
pub const BOX_CATEGORY: &str = "panel_box";

eventstore::events! {
    /// What can happen to a panel.
    pub enum Event { PanelConvened, ElectorVoted, BallotCast, PanelClosed }
}

/// The panel, if it was convened.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// There is none.
    #[default]
    NotConvened,
    /// There is one.
    Convened(Box<Convened>),
}

/// A convened panel.
#[derive(Debug, Clone)]
pub struct Convened {
    /// As it was convened.
    pub rolls: Arc<PanelConvened>,
    /// The electors on the roll.
    pub electors: BTreeMap<String, Elector>,
    /// Whether it is closed.
    pub closed: bool,
}

/// An elector on the roll.
#[derive(Debug, Clone)]
pub struct Elector {
    /// The elector's class.
    pub class_id: Arc<str>,
    /// Whether the elector voted.
    pub voted: bool,
}

/// Electors of one class, and how many of them voted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turnout {
    /// On the roll.
    pub electors: u32,
    /// Voted.
    pub voted: u32,
}

/// What a ballot may say.
#[derive(Debug, Clone)]
pub struct Allowed {
    /// Resource names of the units entered in the cycle.
    pub units: Arc<BTreeSet<String>>,
    /// The component's.
    pub max_points: Decimal,
}

/// What can be asked. A ballot comes without its class; `points` are its marks', in their order.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub enum Command {
    Convene { convened: PanelConvened, classes: BTreeSet<String> },
    Cast { elector: String, ballot: BallotCast, points: Vec<Decimal>, allowed: Allowed },
    Close(PanelClosed),
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It is convened otherwise.
    #[error("the panel is convened already, otherwise")]
    PanelExists,
    /// It was never convened.
    #[error("there is no such panel")]
    UnknownPanel,
    /// The roll is not about the scheme's classes.
    #[error("the roll must name every class of the component once, with its electors: {}", .0.join(", "))]
    RollIncomplete(Vec<String>),
    /// Somebody is on the roll twice.
    #[error("elector \"{0}\" is on the roll twice")]
    ElectorTwice(String),
    /// It is closed.
    #[error("the panel is closed")]
    PanelClosed,
    /// The elector is not on the roll.
    #[error("elector \"{0}\" is not on the roll")]
    NotOnRoll(String),
    /// The elector voted.
    #[error("elector \"{0}\" voted already: a ballot that was cast stays as it is")]
    AlreadyVoted(String),
    /// It marks a unit that is not appraised.
    #[error("{0} is not entered in the cycle")]
    UnitNotEntered(String),
    /// It marks a unit twice.
    #[error("{0} is marked twice")]
    UnitTwice(String),
    /// The points are out of range.
    #[error("points must lie between 0 and {0}")]
    MarkOutOfRange(Decimal),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::PanelExists => "evaluation.panel_exists",
            Self::UnknownPanel => "evaluation.unknown_panel",
            Self::RollIncomplete(_) => "evaluation.roll_incomplete",
            Self::ElectorTwice(_) => "evaluation.elector_twice",
            Self::PanelClosed => "evaluation.panel_closed",
            Self::NotOnRoll(_) => "evaluation.not_on_roll",
            Self::AlreadyVoted(_) => "evaluation.already_voted",
            Self::UnitNotEntered(_) => "evaluation.ballot_unit_not_entered",
            Self::UnitTwice(_) => "evaluation.ballot_unit_twice",
            Self::MarkOutOfRange(_) => "evaluation.ballot_mark_out_of_range",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::PanelExists => Kind::Exists,
            Self::UnknownPanel => Kind::NotFound,
            Self::RollIncomplete(_)
            | Self::ElectorTwice(_)
            | Self::PanelClosed
            | Self::NotOnRoll(_)
            | Self::AlreadyVoted(_)
            | Self::UnitNotEntered(_)
            | Self::UnitTwice(_)
            | Self::MarkOutOfRange(_) => Kind::Rule,
        }
    }
}

/// A panel.
#[derive(Debug)]
pub struct Panel;

impl Decider for Panel {
    const CATEGORY: &'static str = "panel";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        if let Command::Convene { convened, classes } = command {
            return state.convene(convened, &classes);
        }
        let panel = state.convened().ok_or(Rejection::UnknownPanel)?;
        match command {
            Command::Convene { .. } => Ok(vec![]),
            Command::Cast { elector, ballot, points, allowed } => {
                panel.cast(elector, ballot, &points, &allowed)
            }
            Command::Close(_) if panel.closed => Ok(vec![]),
            Command::Close(closed) => Ok(vec![closed.into()]),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        if let Event::PanelConvened(convened) = event {
            return State::Convened(Box::new(Convened::new(convened)));
        }
        if let State::Convened(panel) = &mut state {
            panel.evolve(event);
        }
        state
    }

    fn boxed(event: &Event) -> Option<Boxed<'_>> {
        match event {
            Event::BallotCast(ballot) => {
                Some(Boxed { category: BOX_CATEGORY, part: &ballot.class_id, keep: usize::MAX })
            }
            Event::PanelConvened(_) | Event::ElectorVoted(_) | Event::PanelClosed(_) => None,
        }
    }

    fn unboxes(event: &Event) -> Option<&'static str> {
        match event {
            Event::PanelClosed(_) => Some(BOX_CATEGORY),
            Event::PanelConvened(_) | Event::ElectorVoted(_) | Event::BallotCast(_) => None,
        }
    }
}

impl State {
    /// The panel, if it was convened.
    pub fn convened(&self) -> Option<&Convened> {
        match self {
            Self::NotConvened => None,
            Self::Convened(convened) => Some(convened),
        }
    }

    fn convene(&self, convened: PanelConvened, classes: &BTreeSet<String>) -> Result<Vec<Event>, Rejection> {
        if let Self::Convened(known) = self {
            return if *known.rolls == convened { Ok(vec![]) } else { Err(Rejection::PanelExists) };
        }
        let named: BTreeSet<_> = convened.rolls.iter().map(|roll| roll.class_id.clone()).collect();
        let nobody = convened.rolls.iter().any(|roll| roll.electors.is_empty());
        if named != *classes || convened.rolls.len() != classes.len() || nobody {
            return Err(Rejection::RollIncomplete(classes.iter().cloned().collect()));
        }
        let mut seen = HashSet::new();
        let twice =
            convened.rolls.iter().flat_map(|roll| &roll.electors).find(|elector| !seen.insert(*elector));
        if let Some(elector) = twice {
            return Err(Rejection::ElectorTwice(elector.clone()));
        }
        Ok(vec![convened.into()])
    }
}

impl Convened {
    fn new(convened: &PanelConvened) -> Self {
        let mut electors = BTreeMap::new();
        for ElectorRoll { class_id, electors: of_class } in &convened.rolls {
            let class_id: Arc<str> = class_id.as_str().into();
            let elector = Elector { class_id, voted: false };
            electors.extend(of_class.iter().map(|name| (name.clone(), elector.clone())));
        }
        Self { rolls: Arc::new(convened.clone()), electors, closed: false }
    }

    /// Electors and votes of each class.
    pub fn turnout(&self) -> BTreeMap<&str, Turnout> {
        let mut classes: BTreeMap<_, Turnout> = BTreeMap::new();
        for elector in self.electors.values() {
            let turnout = classes.entry(&*elector.class_id).or_default();
            turnout.electors += 1;
            turnout.voted += u32::from(elector.voted);
        }
        classes
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::PanelConvened(_) | Event::BallotCast(_) => {}
            Event::ElectorVoted(ElectorVoted { elector, .. }) => {
                if let Some(elector) = self.electors.get_mut(elector) {
                    elector.voted = true;
                }
            }
            Event::PanelClosed(_) => self.closed = true,
        }
    }

    fn cast(
        &self,
        elector: String,
        ballot: BallotCast,
        points: &[Decimal],
        allowed: &Allowed,
    ) -> Result<Vec<Event>, Rejection> {
        if self.closed {
            return Err(Rejection::PanelClosed);
        }
        let Some(on_roll) = self.electors.get(&elector) else {
            return Err(Rejection::NotOnRoll(elector));
        };
        if on_roll.voted {
            return Err(Rejection::AlreadyVoted(elector));
        }
        allowed.check(&ballot, points)?;
        let ballot = BallotCast { class_id: on_roll.class_id.to_string(), ..ballot };
        let (cycle, component_id) = (ballot.cycle.clone(), ballot.component_id.clone());
        Ok(vec![ElectorVoted { cycle, component_id, elector }.into(), ballot.into()])
    }
}

impl Allowed {
    fn check(&self, ballot: &BallotCast, points: &[Decimal]) -> Result<(), Rejection> {
        let mut marked = HashSet::new();
        for mark in &ballot.marks {
            if !self.units.contains(&mark.unit) {
                return Err(Rejection::UnitNotEntered(mark.unit.clone()));
            }
            if !marked.insert(&mark.unit) {
                return Err(Rejection::UnitTwice(mark.unit.clone()));
            }
        }
        let within = points.iter().all(|points| (Decimal::ZERO..=self.max_points).contains(points));
        if within { Ok(()) } else { Err(Rejection::MarkOutOfRange(self.max_points)) }
    }
}

#[cfg(test)]
mod tests;
