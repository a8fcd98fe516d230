//! States as the API shows them.

use contract::accountability::{
    Case, CaseStage, DispositionState, Evidence, EvidenceAdded, Finding, disposition_state::Subject,
};
use contract::field::{day_of, to_wire};
use contract::name::CaseName;
use contract::words::VaultText;
use eventstore::{Loaded, Stamp};
use jiff::Timestamp;

use crate::domain::case;

/// A case as it is at `now`.
pub(crate) fn case(loaded: &Loaded<case::Case>, name: &CaseName, now: Timestamp) -> Option<Case> {
    let opened = loaded.state.opened()?;
    let created = loaded.stamp("").created_at;
    let terms = opened.terms.clone();
    let responsible = opened.finding().filter(|finding| !finding.exonerated);
    let stage = match &opened.phase {
        case::Phase::Waiting => CaseStage::Opened,
        case::Phase::Investigation { .. } => CaseStage::Investigation,
        case::Phase::Found { finding, .. } if finding.exonerated => CaseStage::Exonerated,
        case::Phase::Found { .. } => CaseStage::Found,
    };
    Some(Case {
        name: name.to_string(),
        stage: stage.into(),
        origin: terms.origin,
        nature: responsible.map_or(terms.nature, |finding| finding.nature),
        units: terms.units,
        officers: terms.officers,
        grounds_key: key(terms.grounds.as_ref()),
        complaint: terms.complaint,
        cycle: terms.cycle,
        points_lost: terms.points_lost,
        threshold: terms.threshold,
        causes: terms.causes,
        merged_cases: vec![],
        merged_into: String::new(),
        investigator: opened.investigator().unwrap_or_default().to_owned(),
        former_investigators: former(opened),
        evidence: opened.evidence.iter().map(|added| evidence(loaded, added)).collect(),
        finding: finding(loaded, opened),
        dispositions: dispositions(opened),
        appeals: vec![],
        outcome: 0,
        age_days: created.map_or(0, |created| days_between(created, now)),
        create_time: created.map(to_wire),
        update_time: last(loaded, opened).updated_at.map(to_wire),
        etag: format!("\"{}\"", loaded.stream_version),
    })
}

fn evidence(loaded: &Loaded<case::Case>, added: &EvidenceAdded) -> Evidence {
    let stamp = loaded.stamp(&case::Opened::evidence_thing(&added.evidence_id));
    Evidence {
        evidence_id: added.evidence_id.clone(),
        kind: added.kind,
        text_key: key(added.text.as_ref()),
        facts: added.facts.clone(),
        create_time: stamp.created_at.map(to_wire),
    }
}

/// The finding, without its event id: the log gives that.
fn finding(loaded: &Loaded<case::Case>, opened: &case::Opened) -> Option<Finding> {
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
        create_time: loaded.stamp(case::Opened::FINDING_THING).created_at.map(to_wire),
    })
}

/// Those responsible, who wait for a disposition.
fn dispositions(opened: &case::Opened) -> Vec<DispositionState> {
    let Some(finding) = opened.finding() else { return vec![] };
    let units = finding.units.iter().cloned().map(Subject::Unit);
    let officers = finding.officers.iter().cloned().map(Subject::Officer);
    let waits = |subject| DispositionState { subject: Some(subject), ..DispositionState::default() };
    units.chain(officers).map(waits).collect()
}

/// Each of those who investigated before, once.
fn former(opened: &case::Opened) -> Vec<String> {
    let mut former: Vec<String> = vec![];
    for case::Former { investigator, .. } in &opened.former {
        if !former.contains(investigator) {
            former.push(investigator.clone());
        }
    }
    former
}

/// The stamp of the case's last event.
fn last(loaded: &Loaded<case::Case>, opened: &case::Opened) -> Stamp {
    let evidence = opened.evidence.last().map(|added| case::Opened::evidence_thing(&added.evidence_id));
    let things = ["", case::Opened::FINDING_THING].into_iter().chain(evidence.as_deref());
    things.map(|thing| loaded.stamp(thing)).max_by_key(|stamp| stamp.stream_version).unwrap_or_default()
}

fn days_between(first: Timestamp, last: Timestamp) -> u32 {
    u32::try_from((day_of(last) - day_of(first)).get_days()).unwrap_or(0)
}

fn key(text: Option<&VaultText>) -> String {
    text.map(|text| text.vault_key.clone()).unwrap_or_default()
}
