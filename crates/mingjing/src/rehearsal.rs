//! The rehearsal clock 演练时钟: time that is moved by hand, so that a year is rehearsed in minutes.
//!
//! It stands still until `ClockService` moves it, never goes back, and can be let go: then it is the system's. What
//! is recorded bears its time, and timers raise what is due by it.

use std::sync::Arc;

use contract::clock::clock_service_server::ClockService;
use contract::clock::{
    Clock as ClockNow, GetClockRequest, GetClockResponse, MoveClockRequest, MoveClockResponse,
    ReleaseClockRequest, ReleaseClockResponse,
};
use contract::field::{self, BadField};
use contract::status::{self, Failure};
use eventstore::{Clock, LogReader, StoreError};
use jiff::Timestamp;
use parking_lot::RwLock;
use shell::Timers;
use tonic::{Request, Response, Status};

/// Time that is moved by hand. Cheap to clone.
#[derive(Clone)]
pub struct HandMoved {
    /// `None`: let go.
    at: Arc<RwLock<Option<Timestamp>>>,
    system: Clock,
}

impl HandMoved {
    /// Stands at `start`; once it is let go, it is `system`.
    pub fn new(start: Timestamp, system: Clock) -> Self {
        Self { at: Arc::new(RwLock::new(Some(start))), system }
    }

    /// What tells its time.
    pub fn clock(&self) -> Clock {
        let time = self.clone();
        Arc::new(move || time.now())
    }

    /// Moves it on to when the last event of each log was recorded: what a log has seen has passed.
    pub async fn pass(&self, logs: &[LogReader]) -> Result<(), StoreError> {
        for log in logs {
            let head_position = log.head().await?.position;
            if let Some(last) = log.read_all(head_position.max(1), 1).await?.pop() {
                let mut at = self.at.write();
                *at = at.map(|at| at.max(last.recorded_at));
            }
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.at.read().unwrap_or_else(|| (self.system)())
    }

    fn move_to(&self, to: Timestamp) -> Result<(), Rejection> {
        let mut at = self.at.write();
        *at = Some(at.ok_or(Rejection::Released)?.max(to));
        Ok(())
    }

    fn release(&self) -> Result<(), Rejection> {
        let mut at = self.at.write();
        if at.is_some_and(|at| at > (self.system)()) {
            return Err(Rejection::Ahead);
        }
        *at = None;
        Ok(())
    }

    fn shown(&self) -> ClockNow {
        ClockNow { now: Some(field::to_wire(self.now())), by_hand: self.at.read().is_some() }
    }
}

/// Why the clock is not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It was let go.
    #[error("the clock was let go: time is the system's")]
    Released,
    /// It is ahead of the system's.
    #[error("the clock is ahead of the system's, and time never goes back")]
    Ahead,
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::Released => "clock.released",
            Self::Ahead => "clock.ahead",
        }
    }
}

/// Serves a process's clock.
pub struct Rehearsal {
    time: HandMoved,
    timers: Timers,
    logs: Vec<LogReader>,
}

impl Rehearsal {
    /// Serves `time`, by which `timers` look and write to `logs`.
    pub fn new(time: HandMoved, timers: Timers, logs: Vec<LogReader>) -> Self {
        Self { time, timers, logs }
    }

    /// Has the timers look until they raise nothing more; what the time is then.
    async fn looked(&self) -> Result<ClockNow, Failure> {
        loop {
            let before = self.heads().await?;
            self.timers.look().await?;
            if self.heads().await? == before {
                return Ok(self.time.shown());
            }
        }
    }

    async fn heads(&self) -> Result<Vec<u64>, Failure> {
        let mut heads = Vec::new();
        for log in &self.logs {
            let head = log.head().await.map_err(|error| shell::commands::store_failure(&error))?;
            heads.push(head.position);
        }
        Ok(heads)
    }
}

#[tonic::async_trait]
impl ClockService for Rehearsal {
    async fn get_clock(&self, _: Request<GetClockRequest>) -> Result<Response<GetClockResponse>, Status> {
        Ok(Response::new(GetClockResponse { clock: Some(self.time.shown()) }))
    }

    async fn move_clock(
        &self,
        request: Request<MoveClockRequest>,
    ) -> Result<Response<MoveClockResponse>, Status> {
        let to = request.into_inner().to.ok_or_else(|| BadField::new("to", "must be an instant"))?;
        self.time.move_to(field::instant("to", to)?).map_err(|rejection| Failure::from(&rejection))?;
        Ok(Response::new(MoveClockResponse { clock: Some(self.looked().await?) }))
    }

    async fn release_clock(
        &self,
        _: Request<ReleaseClockRequest>,
    ) -> Result<Response<ReleaseClockResponse>, Status> {
        self.time.release().map_err(|rejection| Failure::from(&rejection))?;
        Ok(Response::new(ReleaseClockResponse { clock: Some(self.looked().await?) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn rehearsal(start: &str) -> HandMoved {
        HandMoved::new(at(start), Arc::new(|| at("2026-06-01T00:00:00Z")))
    }

    #[test]
    fn time_stands_still_until_it_is_moved_and_never_goes_back() {
        let time = rehearsal("2025-01-01T00:00:00Z");
        let clock = time.clock();
        assert_eq!(clock(), at("2025-01-01T00:00:00Z"));
        time.move_to(at("2025-03-01T00:00:00Z")).unwrap();
        time.move_to(at("2025-02-01T00:00:00Z")).unwrap();
        assert_eq!(clock(), at("2025-03-01T00:00:00Z"));
        assert!(time.shown().by_hand);
    }

    #[test]
    fn once_let_go_time_is_the_systems_and_is_moved_no_more() {
        let time = rehearsal("2025-01-01T00:00:00Z");
        time.release().unwrap();
        time.release().unwrap();
        assert_eq!(time.clock()(), at("2026-06-01T00:00:00Z"));
        assert!(!time.shown().by_hand);
        assert_eq!(time.move_to(at("2027-01-01T00:00:00Z")), Err(Rejection::Released));
    }

    #[test]
    fn time_that_is_ahead_of_the_systems_is_not_let_go() {
        let time = rehearsal("2027-01-01T00:00:00Z");
        assert_eq!(time.release(), Err(Rejection::Ahead));
        assert!(time.shown().by_hand);
    }
}
