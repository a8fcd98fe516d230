//! The figures behind the indices (§5), of a unit with its whole subtree.

use contract::evaluation::IndexFigures;
use jiff::Timestamp;
use num_traits::{One as _, Zero as _};

use super::complaints::{Counts, day_of};
use super::drive::Seen;
use super::exact::{Q, clip, n, q};
use super::methods::Indices;
use super::past::{Commitment, Delivery, Past};

/// The first and the last day of a cycle.
pub(crate) type Days<'a> = (&'a str, &'a str);

/// As they stand at `now`.
pub(crate) fn standing(past: &Past, unit: &str, days: Days<'_>, now: Timestamp) -> Indices {
    let tree = past.subtree(unit);
    let mut complaints = Counts::default();
    for complaint in tree.iter().flat_map(|unit| past.complaints.of(unit)) {
        complaints.add(complaint, days, now);
    }
    let due: Vec<_> = tree.iter().flat_map(|unit| due(past, unit, days, now)).collect();
    let delivered = due.iter().filter(|commitment| commitment.state == Delivery::Verified).count();
    Indices {
        training: Seen::by(past, unit, days).map(|seen| training(seen.ratios())).unwrap_or_default(),
        rectification: rectification(&complaints),
        commitments: vec![(
            "delivered",
            share(u64::try_from(delivered).unwrap(), u64::try_from(due.len()).unwrap()),
        )],
    }
}

/// The commitments of a unit that are due by now.
pub(crate) fn due<'a>(
    past: &'a Past,
    unit: &str,
    (first, last): Days<'a>,
    now: Timestamp,
) -> impl Iterator<Item = &'a Commitment> {
    let (unit, today) = (unit.to_owned(), day_of(now));
    past.commitments.values().filter(move |commitment| {
        let day = commitment.due_date.as_str();
        commitment.unit == unit && day >= first && day <= last && day < today.as_str()
    })
}

/// As they were published.
pub(crate) fn published(figures: Option<&IndexFigures>) -> Indices {
    let Some(IndexFigures { training: drive, rectification: complaints, commitments }) = figures else {
        return Indices::default();
    };
    let counts = complaints.as_ref().map(|it| Counts {
        due: it.due,
        on_time: it.on_time,
        rated: it.satisfaction_count,
        satisfaction: q(&it.satisfaction_sum),
        closed: it.closed,
        reopened: it.reopened,
    });
    let drive = drive.map(|it| {
        training([
            ("participation", it.officers_attended, it.officers),
            ("leader_participation", it.leaders_attended, it.leaders),
            ("pass_rate", it.officers_passed, it.officers_to_pass),
            ("grassroots_coverage", it.grassroots_units_covered, it.grassroots_units),
        ])
    });
    Indices {
        training: drive.unwrap_or_default(),
        rectification: counts.as_ref().map(rectification).unwrap_or_default(),
        commitments: commitments
            .map(|it| vec![("delivered", share(it.delivered, it.due))])
            .unwrap_or_default(),
    }
}

fn training(counts: [(&'static str, u64, u64); 4]) -> Vec<(&'static str, Option<Q>)> {
    counts.map(|(ratio, count, of)| (ratio, share(count, of))).to_vec()
}

/// Without a due complaint undefined.
fn rectification(counts: &Counts) -> Vec<(&'static str, Option<Q>)> {
    if counts.due == 0 {
        return vec![];
    }
    let satisfaction = (counts.rated > 0).then(|| &counts.satisfaction / n(counts.rated));
    let reopened = share(counts.reopened, counts.closed);
    vec![
        ("on_time", share(counts.on_time, counts.due)),
        ("satisfaction", satisfaction),
        ("not_reopened", reopened.map(|reopened| clip(Q::one() - reopened, &Q::zero(), &Q::one()))),
    ]
}

fn share(count: u64, of: u64) -> Option<Q> {
    (of > 0).then(|| n(count) / n(of))
}
