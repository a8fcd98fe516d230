//! What `Get…` and `List…` read: campaigns, items and needs folded by their own rules; the figures and what lies
//! behind them; when units stood still. Officers, sessions and assessments are read from their streams: of
//! millions, only what figures need is kept in memory.

use std::collections::{BTreeMap, HashMap};

use contract::name::{CampaignName, UnitName};
use contract::training::{UnitResumed, UnitStalled};
use eventstore::{Decider as _, EventSet as _, RecordedEvent};
use jiff::Timestamp;
use scoring::figures::training::Training;
use shell::{Folded, Model};
use uuid::Uuid;

use crate::domain::{assessment, campaign, item, need, officer, session};

/// The log whose streams are folded; of others only the tree of units is.
pub(crate) const SERVICE: &str = "training";

eventstore::events! {
    enum Moving { UnitStalled, UnitResumed }
}

/// What is read. Keys are ids joined by `/`, the jurisdiction first.
#[derive(Default)]
pub struct ReadModel {
    /// By jurisdiction and campaign.
    pub campaigns: Folded<campaign::Campaign>,
    /// By jurisdiction, campaign and item.
    pub items: Folded<item::Item>,
    /// By jurisdiction and need.
    pub needs: Folded<need::Need>,
    /// The figures, and what lies behind them.
    pub training: Training,
    stalls: BTreeMap<String, Vec<Stall>>,
    /// Where in the log a session was last recorded or corrected, by campaign and unit.
    moved: HashMap<String, HashMap<String, u64>>,
}

/// A time in which a unit stood still.
#[derive(Debug, Clone)]
pub struct Stall {
    /// Which unit, and why.
    pub stalled: UnitStalled,
    /// When it was raised.
    pub stalled_at: Timestamp,
    /// When it moved again; none: it stands still.
    pub resumed_at: Option<Timestamp>,
    /// Event id of the `UnitStalled`.
    pub event_id: Uuid,
    /// Where it stands in the log.
    pub position: u64,
}

impl Model for ReadModel {
    fn apply(&mut self, service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        self.training.apply(&event.event_type, &event.payload)?;
        if service != SERVICE {
            return Ok(());
        }
        self.remember(event)?;
        self.remember_session(event);
        let known =
            [officer::Officer::CATEGORY, session::Session::CATEGORY, assessment::Assessment::CATEGORY];
        let folded = self.campaigns.apply(event)?
            || self.items.apply(event)?
            || self.needs.apply(event)?
            || known.contains(&event.stream.category());
        if folded { Ok(()) } else { Err(format!("stream `{}` is of no known kind", event.stream)) }
    }
}

impl ReadModel {
    /// The times in which units of a campaign (a resource name) stood still, in the order of their raising.
    pub fn stalls(&self, campaign: &str) -> &[Stall] {
        self.stalls.get(campaign).map_or(&[], Vec::as_slice)
    }

    /// The units that a session of the campaign was recorded of, or corrected, after a position of the log.
    pub fn moved_since(&self, campaign: &str, position: u64) -> impl Iterator<Item = &str> {
        let units = self.moved.get(campaign).into_iter().flatten();
        units.filter(move |(_, last)| **last > position).map(|(unit, _)| unit.as_str())
    }

    fn remember_session(&mut self, event: &RecordedEvent) {
        let what = event.event_type.rsplit('.').next();
        if !matches!(what, Some("SessionHeld" | "SessionCorrected")) {
            return;
        }
        let mut ids = event.stream.key().split('/').map(str::to_owned);
        let (Some(jurisdiction), Some(campaign)) = (ids.next(), ids.next()) else { return };
        let unit = UnitName { jurisdiction: jurisdiction.clone(), unit: event.unit.clone() };
        let campaign = CampaignName { jurisdiction, campaign };
        self.moved.entry(campaign.to_string()).or_default().insert(unit.to_string(), event.position);
    }

    fn remember(&mut self, event: &RecordedEvent) -> Result<(), String> {
        let decoded = Moving::decode(&event.event_type, &event.payload).map_err(|error| error.to_string())?;
        match decoded {
            Some(Moving::UnitStalled(stalled)) => {
                let campaign = stalled.campaign.clone();
                let (stalled_at, event_id) = (event.recorded_at, event.event_id);
                let stall =
                    Stall { stalled, stalled_at, resumed_at: None, event_id, position: event.position };
                self.stalls.entry(campaign).or_default().push(stall);
            }
            Some(Moving::UnitResumed(UnitResumed { campaign, unit })) => {
                let stalls = self.stalls.entry(campaign).or_default().iter_mut();
                if let Some(stall) = stalls.rev().find(|stall| stall.stalled.unit == unit) {
                    stall.resumed_at = Some(event.recorded_at);
                }
            }
            None => {}
        }
        Ok(())
    }
}
