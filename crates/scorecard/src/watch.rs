//! Every change of a cycle's scorecards, as it happens, from a resume token on.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use contract::field::BadField;
use contract::name::CycleName;
use contract::scorecard::{Freshness, Scorecard, WatchScorecardsResponse};
use contract::status::Failure;
use contract::token;
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_util::sync::CancellationToken;

use crate::as_of::Cut;
use crate::current::Current;
use crate::projection::{Projection, Reach};
use crate::queries::unit_of;

/// At most so many cards in one answer.
const CARDS_MAX: usize = 100;
/// Changes that come closer together than this are told together.
const GATHER: Duration = Duration::from_millis(200);
/// What is due by now is looked at again after this long, though nothing was recorded.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// One who watches a cycle.
pub(crate) struct Watcher {
    projection: Arc<Projection>,
    cycle: CycleName,
    /// Only this one; empty: all.
    unit: String,
    /// The cards that were told last, of how fresh they were the alarms alone; none: none yet.
    known: BTreeMap<String, Scorecard>,
    waiting: VecDeque<WatchScorecardsResponse>,
    moved: watch::Receiver<Reach>,
    begun: bool,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Watcher {
    /// Begins to watch; `resume_token` is of the last answer that arrived, or empty.
    pub(crate) async fn begin(
        projection: Arc<Projection>,
        cycle: CycleName,
        unit: String,
        resume_token: &str,
        place: OwnedSemaphorePermit,
    ) -> Result<Self, Failure> {
        projection.cycle(&cycle).await?;
        let (moved, stop) = (projection.moved(), projection.stop().clone());
        let (known, waiting) = (BTreeMap::new(), VecDeque::new());
        let mut watcher =
            Self { projection, cycle, unit, known, waiting, moved, begun: false, stop, _place: place };
        let (cut, alarmed) = parse(resume_token)?;
        if cut.positions.as_ref().is_some_and(|positions| !positions.is_empty()) {
            // Which alarms were told is not known: if there were some, all cards are told again.
            let alarms = if alarmed { vec![Freshness::default()] } else { Vec::new() };
            match watcher.projection.cycle_as_of(&watcher.cycle, cut).await {
                Ok(then) => watcher.known = watcher.cards(&then, &alarms),
                // The cycle was not opened by then.
                Err(Failure::Refused { .. }) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(watcher)
    }

    /// The next answer; waits for it as long as it takes. None: the program stops.
    pub(crate) async fn next(&mut self) -> Option<Result<WatchScorecardsResponse, Failure>> {
        loop {
            if let Some(answer) = self.waiting.pop_front() {
                return Some(Ok(answer));
            }
            if self.begun {
                let stop = self.stop.clone();
                stop.run_until_cancelled(self.change()).await?;
            }
            self.begun = true;
            self.moved.mark_unchanged();
            match self.projection.cycle(&self.cycle).await {
                Ok(current) => self.tell(&current),
                Err(failure) => return Some(Err(failure)),
            }
        }
    }

    async fn change(&mut self) {
        // An error: the projection is gone, and so is this.
        let moved = tokio::time::timeout(LOOK_AGAIN, self.moved.changed()).await;
        if let Ok(Ok(())) = moved {
            tokio::time::sleep(GATHER).await;
        }
    }

    fn tell(&mut self, current: &Current) {
        let alarms = alarms(&self.projection.shown(current));
        let cards = self.cards(current, &alarms);
        let changed = |(unit, card): &(&String, &Scorecard)| self.known.get(*unit) != Some(*card);
        let changed: Vec<_> = cards.iter().filter(changed).map(|(_, card)| card.clone()).collect();
        let removed = self.known.iter().filter(|(unit, _)| !cards.contains_key(*unit));
        let removed_units: Vec<_> = removed.map(|(_, card)| card.unit.clone()).collect();
        let fresh = |card: Scorecard| Scorecard { freshness: self.projection.shown(current), ..card };
        let pages: Vec<Vec<Scorecard>> =
            changed.chunks(CARDS_MAX).map(|page| page.iter().cloned().map(fresh).collect()).collect();
        for scorecards in pages {
            self.waiting.push_back(WatchScorecardsResponse { scorecards, ..Default::default() });
        }
        if !removed_units.is_empty() && self.waiting.is_empty() {
            self.waiting.push_back(WatchScorecardsResponse::default());
        }
        if let Some(last) = self.waiting.back_mut() {
            last.removed_units = removed_units;
            last.resume_token = resume_token(current, !alarms.is_empty());
        }
        self.known = cards;
    }

    fn cards(&self, current: &Current, alarms: &[Freshness]) -> BTreeMap<String, Scorecard> {
        let wanted = |card: &&Scorecard| self.unit.is_empty() || card.unit == self.unit;
        let cards = current.league.ordered().map(|(_, card)| card).filter(wanted);
        let card = |card: &Scorecard| {
            let unit = unit_of(card).to_owned();
            let shown = self.projection.finish(current, &unit, card.clone());
            (unit, Scorecard { freshness: alarms.to_vec(), ..shown })
        };
        cards.map(card).collect()
    }
}

/// What is wrong with the logs, and nothing that moves with every event.
fn alarms(freshness: &[Freshness]) -> Vec<Freshness> {
    let alarm = |fresh: &Freshness| Freshness {
        service: fresh.service.clone(),
        alarm: fresh.alarm.clone(),
        ..Freshness::default()
    };
    freshness.iter().filter(|fresh| !fresh.alarm.is_empty()).map(alarm).collect()
}

/// What was told: positions, `@`, the second by which what was due was due; `!` if an alarm was told with it. What
/// indices count as due is looked at once a minute: it is of this minute's beginning or later.
fn resume_token(current: &Current, alarmed: bool) -> String {
    let minute = current.instant().as_second().div_euclid(60) * 60;
    format!("{}@{minute}{}", current.token(), if alarmed { "!" } else { "" })
}

/// What had been told, and whether an alarm was among it.
fn parse(resume_token: &str) -> Result<(Cut, bool), BadField> {
    let (told, alarmed) = resume_token.strip_suffix('!').map_or((resume_token, false), |told| (told, true));
    let (positions, due) = match told.split_once('@') {
        None => (told, None),
        Some((positions, due)) => {
            let due = due.parse().ok().and_then(|second| Timestamp::from_second(second).ok());
            let bad = || BadField::new("resume_token", "must be a token as an answer had it");
            (positions, Some(due.ok_or_else(bad)?))
        }
    };
    let positions = Some(token::parse(positions)?);
    Ok((Cut { positions, due, ..Cut::default() }, alarmed))
}
