//! An assessor's mark 打分 of one unit on one component.
//!
//! - It lies in `[0, max_points]`.
//! - It is recorded once; after that it is revised, with a reason. The last one stands (scoring.md §2).

use contract::evaluation::{MarkRecorded, MarkRevised};
use contract::status;
use eventstore::Decider;
use rust_decimal::Decimal;

eventstore::events! {
    /// What can happen to a mark.
    pub enum Event { MarkRecorded, MarkRevised }
}

/// The mark, if there is one.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// There is none.
    #[default]
    NotMarked,
    /// There is one.
    Marked {
        /// The points that stand, as written.
        points: String,
        /// Why they were revised; empty: they were not.
        reason: String,
        /// How often they were revised.
        revisions: u32,
    },
}

/// What can be asked. `max_points` is the component's; `points` lie in the event too, as written.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub enum Command {
    Record { mark: MarkRecorded, points: Decimal, max_points: Decimal },
    Revise { mark: MarkRevised, points: Decimal, max_points: Decimal },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The points are out of range.
    #[error("points must lie between 0 and {0}")]
    MarkOutOfRange(Decimal),
    /// There is a mark already.
    #[error("it is marked {0} already: revise the mark, with a reason")]
    AlreadyMarked(String),
    /// There is no mark to revise.
    #[error("there is no mark to revise")]
    NotMarked,
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::MarkOutOfRange(_) => "evaluation.mark_out_of_range",
            Self::AlreadyMarked(_) => "evaluation.already_marked",
            Self::NotMarked => "evaluation.not_marked",
        }
    }
}

/// An assessor's mark.
#[derive(Debug)]
pub struct Mark;

impl Decider for Mark {
    const CATEGORY: &'static str = "mark";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Record { mark, points, max_points } => record(state, mark, points, max_points),
            Command::Revise { mark, points, max_points } => revise(state, mark, points, max_points),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        let before = if let State::Marked { revisions, .. } = state { revisions } else { 0 };
        match event {
            Event::MarkRecorded(MarkRecorded { points, .. }) => {
                State::Marked { points: points.clone(), reason: String::new(), revisions: 0 }
            }
            Event::MarkRevised(MarkRevised { points, reason, .. }) => {
                State::Marked { points: points.clone(), reason: reason.clone(), revisions: before + 1 }
            }
        }
    }

    fn unit(_state: &State, event: &Event) -> String {
        let (Event::MarkRecorded(MarkRecorded { unit, .. }) | Event::MarkRevised(MarkRevised { unit, .. })) =
            event;
        super::last_id(unit)
    }
}

fn record(
    state: &State,
    mark: MarkRecorded,
    points: Decimal,
    max_points: Decimal,
) -> Result<Vec<Event>, Rejection> {
    if let State::Marked { points: standing, .. } = state {
        let same = standing == &mark.points;
        return if same { Ok(vec![]) } else { Err(Rejection::AlreadyMarked(standing.clone())) };
    }
    check_range(points, max_points)?;
    Ok(vec![mark.into()])
}

fn revise(
    state: &State,
    mark: MarkRevised,
    points: Decimal,
    max_points: Decimal,
) -> Result<Vec<Event>, Rejection> {
    let State::Marked { points: standing, .. } = state else { return Err(Rejection::NotMarked) };
    if standing == &mark.points {
        return Ok(vec![]);
    }
    check_range(points, max_points)?;
    Ok(vec![mark.into()])
}

fn check_range(points: Decimal, max_points: Decimal) -> Result<(), Rejection> {
    let within = points >= Decimal::ZERO && points <= max_points;
    if within { Ok(()) } else { Err(Rejection::MarkOutOfRange(max_points)) }
}

#[cfg(test)]
mod tests {
    use eventstore::testing::given;

    use super::*;

    fn recorded(points: &str) -> MarkRecorded {
        MarkRecorded { points: points.to_owned(), ..MarkRecorded::default() }
    }

    fn revised(points: &str) -> MarkRevised {
        MarkRevised { points: points.to_owned(), reason: "typo".to_owned(), ..MarkRevised::default() }
    }

    fn record(points: &str) -> Command {
        Command::Record { mark: recorded(points), points: points.parse().unwrap(), max_points: 30.into() }
    }

    fn revise(points: &str) -> Command {
        Command::Revise { mark: revised(points), points: points.parse().unwrap(), max_points: 30.into() }
    }

    #[test]
    fn a_mark_lies_between_nothing_and_the_maximum() {
        for points in ["0", "26.40", "30"] {
            given::<Mark>([]).when(record(points)).then([recorded(points).into()]);
        }
        for points in ["-0.01", "30.01"] {
            given::<Mark>([]).when(record(points)).then_rejected(Rejection::MarkOutOfRange(30.into()));
            let marked = [recorded("20").into()];
            given::<Mark>(marked).when(revise(points)).then_rejected(Rejection::MarkOutOfRange(30.into()));
        }
    }

    #[test]
    fn a_mark_is_recorded_once() {
        given::<Mark>([recorded("20").into()]).when(record("20")).then_nothing();
        let already = Rejection::AlreadyMarked("20".to_owned());
        given::<Mark>([recorded("20").into()]).when(record("21")).then_rejected(already);
    }

    #[test]
    fn a_mark_is_revised_with_a_reason() {
        given::<Mark>([recorded("20").into()]).when(revise("21")).then([revised("21").into()]);
        given::<Mark>([recorded("20").into(), revised("21").into()]).when(revise("21")).then_nothing();
    }

    #[test]
    fn what_is_not_marked_is_not_revised() {
        given::<Mark>([]).when(revise("21")).then_rejected(Rejection::NotMarked);
    }
}
