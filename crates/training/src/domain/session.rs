//! A session 训练 that was held: of an approved item, by a unit that takes part, with officers on the roster.
//!
//! - It is recorded once; what was wrong is corrected, with a reason, and the last correction stands.
//! - An item that was retired since keeps its sessions, also when they are corrected.
//! - A voided session counts no more, and is corrected no more.
//! - Centralised hours over the campaign's cap are no rule here: they are accepted, and flagged where they are
//!   shown.

use contract::status::{self, Kind};
use contract::training::{SessionCorrected, SessionHeld, SessionVoided};
use eventstore::Decider;

use super::admission::NotAdmitted;

eventstore::events! {
    /// What can happen to a session.
    pub enum Event { SessionHeld, SessionCorrected, SessionVoided }
}

/// A session, if it was recorded.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// There is none.
    #[default]
    NotHeld,
    /// There is one.
    Held(Box<Held>),
}

/// A recorded session.
#[derive(Debug, Clone)]
pub struct Held {
    /// What stands.
    pub standing: SessionHeld,
    /// How often it was corrected.
    pub corrections: u32,
    /// Why it was corrected last; empty: it was not.
    pub correction_reason: String,
    /// Why it counts no more; none: it counts.
    pub void_reason: Option<String>,
    events: u64,
}

/// What can be asked. `admitted`: what campaign, item and roster say. `expected` is the stream version that the
/// caller read, if the caller edits what it read.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub enum Command {
    Hold { held: SessionHeld, admitted: Result<(), NotAdmitted> },
    Correct { corrected: SessionCorrected, admitted: Result<(), NotAdmitted>, expected: Option<u64> },
    Void { voided: SessionVoided, admitted: Result<(), NotAdmitted>, expected: Option<u64> },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// See [`NotAdmitted`].
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// The id is taken by a session of other content.
    #[error("there is another session of this name: correct it, with a reason")]
    SessionExists,
    /// No such session.
    #[error("there is no such session")]
    UnknownSession,
    /// It counts no more.
    #[error("the session is voided")]
    SessionVoided,
    /// It was changed since it was read.
    #[error("the session was changed since it was read: it is at \"{0}\"")]
    SessionChanged(u64),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::NotAdmitted(refusal) => refusal.rule(),
            Self::SessionExists => "training.session_exists",
            Self::UnknownSession => "training.unknown_session",
            Self::SessionVoided => "training.session_voided",
            Self::SessionChanged(_) => "training.session_changed",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NotAdmitted(refusal) => refusal.kind(),
            Self::SessionExists => Kind::Exists,
            Self::UnknownSession => Kind::NotFound,
            Self::SessionVoided => Kind::Rule,
            Self::SessionChanged(_) => Kind::Changed,
        }
    }
}

/// A session.
#[derive(Debug)]
pub struct Session;

impl Decider for Session {
    const CATEGORY: &'static str = "session";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Hold { held, admitted } => state.hold(held, admitted),
            Command::Correct { corrected, admitted, expected } => {
                state.known()?.correct(corrected, admitted, expected)
            }
            Command::Void { voided, admitted, expected } => state.known()?.void(voided, admitted, expected),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        if let Event::SessionHeld(held) = event {
            return State::Held(Box::new(Held::of(held)));
        }
        if let State::Held(session) = &mut state {
            session.evolve(event);
        }
        state
    }

    fn unit(state: &State, _event: &Event) -> String {
        state.held().map(|session| super::last_id(&session.standing.unit)).unwrap_or_default()
    }
}

impl State {
    /// The session, if it was recorded.
    pub fn held(&self) -> Option<&Held> {
        match self {
            Self::NotHeld => None,
            Self::Held(session) => Some(session),
        }
    }

    fn known(&self) -> Result<&Held, Rejection> {
        self.held().ok_or(Rejection::UnknownSession)
    }

    fn hold(&self, held: SessionHeld, admitted: Result<(), NotAdmitted>) -> Result<Vec<Event>, Rejection> {
        if let Self::Held(session) = self {
            let same = session.corrections == 0 && session.standing == held;
            return if same { Ok(vec![]) } else { Err(Rejection::SessionExists) };
        }
        admitted?;
        Ok(vec![held.into()])
    }
}

impl Held {
    fn of(held: &SessionHeld) -> Self {
        Self {
            standing: held.clone(),
            corrections: 0,
            correction_reason: String::new(),
            void_reason: None,
            events: 1,
        }
    }

    fn evolve(&mut self, event: &Event) {
        self.events += 1;
        match event {
            Event::SessionHeld(_) => {}
            Event::SessionCorrected(corrected) => {
                self.standing = standing(corrected.clone());
                self.corrections += 1;
                self.correction_reason.clone_from(&corrected.reason);
            }
            Event::SessionVoided(SessionVoided { reason, .. }) => self.void_reason = Some(reason.clone()),
        }
    }

    fn correct(
        &self,
        corrected: SessionCorrected,
        admitted: Result<(), NotAdmitted>,
        expected: Option<u64>,
    ) -> Result<Vec<Event>, Rejection> {
        if self.void_reason.is_none() && self.standing == standing(corrected.clone()) {
            return Ok(vec![]);
        }
        self.check_unchanged(expected)?;
        if self.void_reason.is_some() {
            return Err(Rejection::SessionVoided);
        }
        admitted?;
        Ok(vec![corrected.into()])
    }

    fn void(
        &self,
        voided: SessionVoided,
        admitted: Result<(), NotAdmitted>,
        expected: Option<u64>,
    ) -> Result<Vec<Event>, Rejection> {
        if self.void_reason.is_some() {
            return Ok(vec![]);
        }
        self.check_unchanged(expected)?;
        admitted?;
        Ok(vec![voided.into()])
    }

    fn check_unchanged(&self, expected: Option<u64>) -> Result<(), Rejection> {
        let unchanged = expected.is_none_or(|expected| expected == self.events);
        if unchanged { Ok(()) } else { Err(Rejection::SessionChanged(self.events)) }
    }
}

/// What stands after a correction.
fn standing(corrected: SessionCorrected) -> SessionHeld {
    let SessionCorrected { session, item, unit, mode, session_date, hours, participants, .. } = corrected;
    SessionHeld { session, item, unit, mode, session_date, hours, participants }
}

#[cfg(test)]
mod tests;
