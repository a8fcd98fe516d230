//! Measures promised to the public, as the API shows them.

use contract::evaluation::{Commitment, CommitmentState};
use contract::name::CommitmentName;
use eventstore::Loaded;

use super::times;
use crate::domain::commitment;

pub(crate) fn commitment(
    loaded: &Loaded<commitment::Commitment>,
    name: &CommitmentName,
) -> Option<Commitment> {
    let known = loaded.state.announced()?;
    let (create_time, update_time, etag) = times(loaded.stamp(""));
    let (unit, due_date) =
        known.assigned.clone().map(|assigned| (assigned.unit, assigned.due_date)).unwrap_or_default();
    Some(Commitment {
        name: name.to_string(),
        title: known.announced.title.clone(),
        level: known.announced.level,
        state: commitment_state(known).into(),
        unit,
        due_date,
        announce_date: known.announced.announce_date.clone(),
        statement: known.report.as_ref().map(|report| report.statement.clone()).unwrap_or_default(),
        refutations: known.refutations,
        refutation_reason: known
            .refutation
            .as_ref()
            .map(|refuted| refuted.reason.clone())
            .unwrap_or_default(),
        create_time,
        update_time,
        etag,
    })
}

fn commitment_state(known: &commitment::Announced) -> CommitmentState {
    match known {
        _ if known.verified => CommitmentState::Verified,
        _ if known.lapsed => CommitmentState::Lapsed,
        _ if known.refutation.is_some() => CommitmentState::Refuted,
        _ if known.report.is_some() => CommitmentState::Reported,
        _ if known.assigned.is_some() => CommitmentState::Assigned,
        _ => CommitmentState::Announced,
    }
}
