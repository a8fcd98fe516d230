//! The figures of training as a card shows them.

use contract::training::{
    BasicHours, Count, HoursSpread, ModeHours, QualityFigures, SpecialityHours, TrainingFigures,
};
use scoring::figures::training::{Figures, Share, Trained};

use super::narrow;

/// The figures of a unit with its subtree.
pub(super) fn shown(campaign: String, unit: String, figures: Figures) -> TrainingFigures {
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
