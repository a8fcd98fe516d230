//! The figures of training as a card shows them.

use std::collections::HashMap;
use std::ops::Deref;

use contract::training::{
    BasicHours, Count, HoursSpread, ModeHours, QualityFigures, SpecialityHours, TrainingFigures,
};
use jiff::civil::Date;
use parking_lot::Mutex;
use scoring::figures::training::{Figures, Scope, Share, Trained, Training};

use super::narrow;

/// The training of a jurisdiction, and what cards show of it, which is kept until it changes: no clock is in it.
#[derive(Debug, Default)]
pub(crate) struct Drilled {
    training: Training,
    /// By the days of the cycle.
    shown: Mutex<HashMap<(Date, Date), OfUnits>>,
}

/// What cards show of units, by name.
type OfUnits = HashMap<String, Option<Shown>>;

/// What a card shows of training.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) figures: TrainingFigures,
    /// Whether the unit stands still.
    pub(super) stalled: bool,
}

impl Deref for Drilled {
    type Target = Training;

    fn deref(&self) -> &Training {
        &self.training
    }
}

impl Drilled {
    /// Folds an event, as [`Training::apply`].
    pub(crate) fn apply(&mut self, event_type: &str, payload: &[u8]) -> Result<(), String> {
        self.shown.get_mut().clear();
        self.training.apply(event_type, payload)
    }

    /// What a card shows of a unit, by its name, with all below it, in a cycle with these days; none: no campaign of the
    /// cycle has the unit take part.
    pub(super) fn shown(&self, unit: &str, days: (Date, Date)) -> Option<Shown> {
        if let Some(known) = self.shown.lock().get(&days).and_then(|units| units.get(unit)) {
            return known.clone();
        }
        let shown = self.campaign_of(unit, days.0, days.1).and_then(|campaign| {
            let figures = self.figures(&campaign, &Scope { unit, with_subtree: true, speciality: "" })?;
            let stalled = self.stalls(&campaign).iter().any(|stall| stall.unit == unit);
            Some(Shown { figures: shown(campaign, unit.to_owned(), figures), stalled })
        });
        self.shown.lock().entry(days).or_default().insert(unit.to_owned(), shown.clone());
        shown
    }
}

/// The figures of a unit with its subtree.
fn shown(campaign: String, unit: String, figures: Figures) -> TrainingFigures {
    let mode = |(mode, trained): (contract::training::TrainingMode, Trained)| ModeHours {
        mode: mode.into(),
        sessions: narrow(trained.sessions),
        hours: trained.hours.to_string(),
    };
    let basic = |(basic, trained): (contract::training::Basic, Trained)| BasicHours {
        basic: basic.into(),
        sessions: narrow(trained.sessions),
        hours: trained.hours.to_string(),
    };
    let quality =
        |(quality, trained, passed): (contract::training::Quality, Trained, Share)| QualityFigures {
            quality: quality.into(),
            sessions: narrow(trained.sessions),
            hours: trained.hours.to_string(),
            passed: Some(count(passed)),
        };
    let speciality = |(speciality, trained): (String, Trained)| SpecialityHours {
        speciality,
        sessions: narrow(trained.sessions),
        hours: trained.hours.to_string(),
    };
    TrainingFigures {
        campaign,
        unit,
        with_subtree: true,
        participation: Some(count(figures.participation)),
        leader_participation: Some(count(figures.leaders)),
        passed: Some(count(figures.passed)),
        grassroots_coverage: Some(count(figures.coverage)),
        hours: Some(HoursSpread {
            total_hours: figures.hours.total.to_string(),
            median_hours: figures.hours.median.to_string(),
            busiest_officers: narrow(figures.hours.busiest_officers),
            busiest_hours: figures.hours.busiest.to_string(),
        }),
        modes: figures.modes.into_iter().map(mode).collect(),
        basics: figures.basics.into_iter().map(basic).collect(),
        qualities: figures.qualities.into_iter().map(quality).collect(),
        specialities: figures.specialities.into_iter().map(speciality).collect(),
        officers_over_cap: narrow(figures.officers_over_cap),
        centralised_hours_over_cap: figures.hours_over_cap.to_string(),
        needs_open: narrow(figures.needs_open),
        needs_met: narrow(figures.needs_met),
        plans_filed: Some(count(figures.plans_filed)),
        plans_approved: Some(count(figures.plans_approved)),
        units_stalled: narrow(figures.units_stalled),
        ..TrainingFigures::default()
    }
}

fn count(share: Share) -> Count {
    Count { count: narrow(share.count), of: narrow(share.of) }
}
