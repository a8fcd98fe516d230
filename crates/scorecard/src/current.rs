//! A cycle as it is answered: computed, with what stands beside it, now or as of then.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::token;
use jiff::Timestamp;
use parking_lot::RwLock;

use crate::as_of::{AsOf, Cut};
use crate::drill::Drill;
use crate::figures::Standing;
use crate::fold::Reached;
use crate::generation::Generation;
use crate::history::Past;
use crate::league::League;
use crate::{freshness, store};

/// A cycle's cards, what stands beside them, and how far the logs were folded when they were right.
pub(crate) struct Current {
    /// The cycle.
    pub(crate) league: Arc<League>,
    generation: Arc<Generation>,
    beside: Beside,
    now: Timestamp,
    reached: BTreeMap<&'static str, Reached>,
}

/// What stands beside a cycle: of now, or of then.
enum Beside {
    Now(Arc<RwLock<Drill>>),
    Then(Arc<AsOf>),
}

impl Current {
    /// `reached`: when the version was looked at that the league is of, or before it.
    pub(crate) fn now(
        league: Arc<League>,
        generation: Arc<Generation>,
        drill: Arc<RwLock<Drill>>,
        now: Timestamp,
        reached: BTreeMap<&'static str, Reached>,
    ) -> Self {
        let reached = freshness::further(reached, &league.reached);
        Self { league, generation, beside: Beside::Now(drill), now, reached }
    }

    /// As it was.
    pub(crate) fn then(
        league: Arc<League>,
        generation: Arc<Generation>,
        as_of: Arc<AsOf>,
        now: Timestamp,
        reached: BTreeMap<&'static str, Reached>,
    ) -> Self {
        Self { league, generation, beside: Beside::Then(as_of), now, reached }
    }

    /// How far each log was folded.
    pub(crate) fn reached(&self) -> &BTreeMap<&'static str, Reached> {
        &self.reached
    }

    /// What stands beside the cycle, and why its training goes no further. Never hold it across an await.
    pub(crate) fn standing<T>(&self, read: impl FnOnce(Standing<'_>, &str) -> T) -> T {
        let (days, now) = (self.league.cycle.days(), self.now);
        match &self.beside {
            Beside::Now(drill) => {
                let drill = drill.read();
                let training = &drill.training;
                self.generation
                    .read(|folded| read(Standing { facts: &folded.facts, training, days, now }, &drill.alarm))
            }
            Beside::Then(as_of) => {
                let (facts, training) = (&as_of.folded.facts, &as_of.training);
                read(Standing { facts, training, days, now }, "")
            }
        }
    }

    /// As of when it is; none: now.
    pub(crate) fn cut(&self) -> Option<&Cut> {
        match &self.beside {
            Beside::Now(_) => None,
            Beside::Then(as_of) => Some(&as_of.cut),
        }
    }

    /// The instant as of which what is due is due.
    pub(crate) fn instant(&self) -> Timestamp {
        self.now
    }

    /// How far a log was folded when it was right.
    pub(crate) fn position(&self, service: &str) -> u64 {
        self.reached.get(service).map_or(0, |reached| reached.position)
    }

    /// What it is of, as a token.
    pub(crate) fn token(&self) -> String {
        let tokens = self.reached.iter().map(|(service, reached)| token::write(service, reached.position));
        tokens.collect::<Vec<_>>().join(",")
    }

    /// The history of its jurisdiction.
    pub(crate) async fn past(&self) -> Result<Past, store::Error> {
        self.generation.past(&self.league.name.jurisdiction).await
    }
}
