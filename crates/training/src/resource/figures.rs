//! Figures as the API shows them.

use std::collections::BTreeMap;

use contract::field::to_wire;
use contract::training::{
    BasicHours, Count, HoursSpread, ModeHours, OfficerRecord, Posting, Quality, QualityFigures,
    SpecialityHours, StalledUnit, TrainingFigures, TrainingMode,
};
use jiff::civil::Date;
use rust_decimal::Decimal;
use scoring::figures::training::{Attendance, Figures, OfficerPlace, Share, Trained};

use crate::read_model::Stall;

/// Without what they are of.
pub(crate) fn figures(figures: &Figures) -> TrainingFigures {
    let basics = figures.basics.iter().map(|(basic, trained)| BasicHours {
        basic: (*basic).into(),
        sessions: small(trained.sessions),
        hours: trained.hours.to_string(),
    });
    let qualities = figures.qualities.iter().map(|(at, trained, passed)| quality(*at, trained, *passed));
    let specialities = figures.specialities.iter().map(|(speciality, trained)| SpecialityHours {
        speciality: speciality.clone(),
        sessions: small(trained.sessions),
        hours: trained.hours.to_string(),
    });
    TrainingFigures {
        participation: Some(count(figures.participation)),
        leader_participation: Some(count(figures.leaders)),
        passed: Some(count(figures.passed)),
        grassroots_coverage: Some(count(figures.coverage)),
        hours: Some(HoursSpread {
            total_hours: figures.hours.total.to_string(),
            median_hours: figures.hours.median.to_string(),
            busiest_officers: small(figures.hours.busiest_officers),
            busiest_hours: figures.hours.busiest.to_string(),
        }),
        modes: figures.modes.iter().map(|(at, trained)| mode(*at, trained)).collect(),
        basics: basics.collect(),
        qualities: qualities.collect(),
        specialities: specialities.collect(),
        officers_over_cap: small(figures.officers_over_cap),
        centralised_hours_over_cap: figures.hours_over_cap.to_string(),
        needs_open: small(figures.needs_open),
        needs_met: small(figures.needs_met),
        plans_filed: Some(count(figures.plans_filed)),
        plans_approved: Some(count(figures.plans_approved)),
        units_stalled: small(figures.units_stalled),
        ..TrainingFigures::default()
    }
}

/// An officer's record, without the officer, the assessments and the needs.
pub(crate) fn record(attended: &BTreeMap<String, Attendance>, places: &[OfficerPlace]) -> OfficerRecord {
    let sum = |of: &dyn Fn(&Attendance) -> Trained| {
        attended.values().map(of).fold(Trained::default(), |sum, trained| Trained {
            sessions: sum.sessions + trained.sessions,
            hours: sum.hours + trained.hours,
        })
    };
    let modes =
        [TrainingMode::SelfStudy, TrainingMode::Mutual, TrainingMode::OnTheJob, TrainingMode::Centralised];
    let by_mode = |at| mode(at, &sum(&|attended| attended.modes.get(&at).copied().unwrap_or_default()));
    let qualities = [Quality::Political, Quality::Professional, Quality::Physical, Quality::Combat];
    let by_quality = |at| {
        let outcomes = attended.values().flat_map(|attended| &attended.assessments);
        let outcomes: Vec<_> =
            outcomes.filter(|(found, ..)| *found == at).map(|(.., passed)| *passed).collect();
        let passed = outcomes.iter().filter(|passed| **passed).count();
        let share = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let passed = Share { count: share(passed), of: share(outcomes.len()) };
        quality(at, &sum(&|attended| attended.qualities.get(&at).copied().unwrap_or_default()), passed)
    };
    let all = sum(&|attended| attended.trained);
    OfficerRecord {
        postings: places.iter().map(posting).collect(),
        sessions: small(all.sessions),
        hours: all.hours.to_string(),
        modes: modes.map(by_mode).to_vec(),
        qualities: qualities.map(by_quality).to_vec(),
        centralised_hours_over_cap: attended
            .values()
            .map(|attended| attended.hours_over_cap)
            .sum::<Decimal>()
            .to_string(),
        ..OfficerRecord::default()
    }
}

pub(crate) fn stall(stall: &Stall) -> StalledUnit {
    StalledUnit {
        unit: stall.stalled.unit.clone(),
        cause: stall.stalled.cause,
        due_date: stall.stalled.due_date.clone(),
        stall_time: Some(to_wire(stall.stalled_at)),
        resume_time: stall.resumed_at.map(to_wire),
        event_id: stall.event_id.to_string(),
    }
}

fn posting(place: &OfficerPlace) -> Posting {
    let last = place.until_date.and_then(|day: Date| day.yesterday().ok());
    Posting {
        unit: place.unit.clone(),
        post_level: place.post_level.into(),
        start_date: place.start_date.to_string(),
        end_date: last.map(|day| day.to_string()).unwrap_or_default(),
    }
}

fn mode(mode: TrainingMode, trained: &Trained) -> ModeHours {
    ModeHours { mode: mode.into(), sessions: small(trained.sessions), hours: trained.hours.to_string() }
}

fn quality(quality: Quality, trained: &Trained, passed: Share) -> QualityFigures {
    QualityFigures {
        quality: quality.into(),
        sessions: small(trained.sessions),
        hours: trained.hours.to_string(),
        passed: Some(count(passed)),
    }
}

fn count(share: Share) -> Count {
    Count { count: small(share.count), of: small(share.of) }
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
