//! States as the API shows them.

use contract::accountability::{
    Appeal, AppealLodged, Case, DispositionScale, DispositionState, Evidence, EvidenceAdded, Finding,
};
use contract::field::{day_of, to_wire};
use contract::name::CaseName;
use contract::words::VaultText;
use eventstore::{Loaded, Stamp};
use jiff::Timestamp;

use crate::domain::case::{self, Opened, Phase, Subject, Verdict};
use crate::domain::scale;

/// A case as it is at `now`.
pub(crate) fn case(loaded: &Loaded<case::Case>, name: &CaseName, now: Timestamp) -> Option<Case> {
    let opened = loaded.state.opened()?;
    let created = loaded.stamp("").created_at;
    let terms = opened.terms.clone();
    let responsible = opened.finding().filter(|finding| !finding.exonerated);
    Some(Case {
        name: name.to_string(),
        stage: opened.stage().into(),
        origin: terms.origin,
        nature: responsible.map_or(terms.nature, |finding| finding.nature),
        units: opened.grounds.units.clone(),
        officers: opened.grounds.officers.clone(),
        grounds_key: key(terms.grounds.as_ref()),
        complaint: terms.complaint,
        cycle: terms.cycle,
        points_lost: terms.points_lost,
        threshold: terms.threshold,
        causes: opened.grounds.causes.clone(),
        merged_cases: opened.merged.clone(),
        merged_into: merged_into(opened),
        investigator: opened.investigator().unwrap_or_default().to_owned(),
        former_investigators: former(opened),
        evidence: opened.evidence.iter().map(|added| evidence(loaded, added)).collect(),
        finding: finding(loaded, opened),
        dispositions: opened.verdict().map(dispositions).unwrap_or_default(),
        appeals: appeals(loaded, opened),
        outcome: outcome(opened),
        age_days: created.map_or(0, |created| days_between(created, ended(loaded, opened).unwrap_or(now))),
        create_time: created.map(to_wire),
        update_time: last(loaded, opened).updated_at.map(to_wire),
        etag: format!("\"{}\"", loaded.stream_version),
        fallen_causes: opened.fallen_causes().cloned().collect(),
        needs_review: opened.needs_review(),
    })
}

/// The scale as one of its versions was; none: there is no such version.
pub(crate) fn scale(
    loaded: &Loaded<scale::Scale>,
    jurisdiction: &str,
    scale_version: u64,
) -> Option<DispositionScale> {
    let stamp = loaded.stamp("");
    Some(DispositionScale {
        name: format!("jurisdictions/{jurisdiction}/dispositionScale"),
        steps: loaded.state.steps(scale_version)?,
        create_time: stamp.created_at.map(to_wire),
        update_time: stamp.updated_at.map(to_wire),
        etag: format!("\"{}\"", loaded.stream_version),
        scale_version,
    })
}

/// What is done to each of those responsible.
pub(crate) fn dispositions(verdict: &Verdict) -> Vec<DispositionState> {
    let shown = |measure: &case::Measure| {
        let decided = measure.decided.clone().unwrap_or_default();
        DispositionState {
            subject: Some(measure.subject.clone().into()),
            disposition: decided.disposition,
            minimum: decided.minimum,
            departure_reason: decided.departure_reason,
            approver: decided.approver,
            approver_post_level: decided.approver_post_level,
            execution_date: measure.execution_date.clone(),
            due_date: measure.due.map(|due| due.to_string()).unwrap_or_default(),
            overdue: measure.overdue,
        }
    };
    verdict.measures.iter().map(shown).collect()
}

fn evidence(loaded: &Loaded<case::Case>, added: &EvidenceAdded) -> Evidence {
    let stamp = loaded.stamp(&Opened::evidence_thing(&added.evidence_id));
    Evidence {
        evidence_id: added.evidence_id.clone(),
        kind: added.kind,
        text_key: key(added.text.as_ref()),
        facts: added.facts.clone(),
        create_time: stamp.created_at.map(to_wire),
        content_sha256: added.content_sha256.clone(),
    }
}

/// The finding, without its event id: the log gives that.
fn finding(loaded: &Loaded<case::Case>, opened: &Opened) -> Option<Finding> {
    let made = opened.finding()?.clone();
    Some(Finding {
        exonerated: made.exonerated,
        nature: made.nature,
        gravity: made.gravity,
        units: made.units,
        officers: made.officers,
        facts_key: key(made.facts.as_ref()),
        cycle: made.cycle,
        event_id: String::new(),
        create_time: loaded.stamp(Opened::FINDING_THING).created_at.map(to_wire),
        scale_version: made.scale_version,
    })
}

fn appeals(loaded: &Loaded<case::Case>, opened: &Opened) -> Vec<Appeal> {
    let shown = |appeal: &case::Appealed| {
        let AppealLodged { appeal_id, appellant, grounds, .. } = appeal.lodged.clone();
        let decided = appeal.decided.clone().unwrap_or_default();
        let stamp = loaded.stamp(&Opened::appeal_thing(&appeal_id));
        Appeal {
            appeal_id,
            appellant: appellant.map(|appellant| Subject::from(appellant).into()),
            grounds_key: key(grounds.as_ref()),
            outcome: decided.outcome,
            reason: decided.reason,
            create_time: stamp.created_at.map(to_wire),
            units_cleared: decided.units_cleared,
            officers_cleared: decided.officers_cleared,
        }
    };
    opened.verdict().into_iter().flat_map(|verdict| &verdict.appeals).map(shown).collect()
}

/// Each of those who investigated before, once.
fn former(opened: &Opened) -> Vec<String> {
    let mut former: Vec<String> = vec![];
    for case::Former { investigator, .. } in &opened.former {
        if !former.contains(investigator) {
            former.push(investigator.clone());
        }
    }
    former
}

fn merged_into(opened: &Opened) -> String {
    match &opened.phase {
        Phase::Merged { into } => into.clone(),
        Phase::Waiting | Phase::Investigation { .. } | Phase::Found(_) | Phase::Closed { .. } => {
            String::new()
        }
    }
}

fn outcome(opened: &Opened) -> i32 {
    match &opened.phase {
        Phase::Closed { outcome, .. } => (*outcome).into(),
        Phase::Waiting | Phase::Investigation { .. } | Phase::Found(_) | Phase::Merged { .. } => 0,
    }
}

/// When it was closed or merged, if it is.
fn ended(loaded: &Loaded<case::Case>, opened: &Opened) -> Option<Timestamp> {
    match &opened.phase {
        Phase::Closed { .. } => loaded.stamp(Opened::END_THING).updated_at,
        // Nothing but readings of its texts comes after.
        Phase::Merged { .. } => loaded.stamp("").updated_at,
        Phase::Waiting | Phase::Investigation { .. } | Phase::Found(_) => None,
    }
}

/// The stamp of the case's last event.
fn last(loaded: &Loaded<case::Case>, opened: &Opened) -> Stamp {
    let evidence = opened.evidence.iter().map(|added| Opened::evidence_thing(&added.evidence_id));
    let appeals = opened.verdict().into_iter().flat_map(|verdict| &verdict.appeals);
    let appeals = appeals.map(|appeal| Opened::appeal_thing(&appeal.lodged.appeal_id));
    let things =
        ["", Opened::FINDING_THING, Opened::END_THING, Opened::TEXTS_THING].map(str::to_owned).into_iter();
    let stamps = things.chain(evidence).chain(appeals).map(|thing| loaded.stamp(&thing));
    stamps.max_by_key(|stamp| stamp.stream_version).unwrap_or_default()
}

fn days_between(first: Timestamp, last: Timestamp) -> u32 {
    u32::try_from((day_of(last) - day_of(first)).get_days()).unwrap_or(0)
}

fn key(text: Option<&VaultText>) -> String {
    text.map(|text| text.vault_key.clone()).unwrap_or_default()
}
