//! States as the API shows them.

use std::sync::Arc;

use contract::complaints::{Calendar, Complaint, ComplaintStage, ComplaintTimer, ComplaintVerdict, Terms};
use contract::field::to_wire;
use contract::name::{ComplaintName, JurisdictionName};
use eventstore::{Loaded, Stamp};
use jiff::Timestamp;
use scoring::WorkingDays;

use crate::domain::calendar::TIME_ZONE;
use crate::domain::complaint::{self, Lodged};
use crate::domain::{calendar, terms};

/// A complaint that is shown, by the working days of its jurisdiction.
pub(crate) struct View {
    pub(crate) name: ComplaintName,
    pub(crate) calendar: Arc<Loaded<calendar::Calendar>>,
    pub(crate) now: Timestamp,
}

impl View {
    pub(crate) fn complaint(&self, loaded: &Loaded<complaint::Complaint>) -> Option<Complaint> {
        complaint(loaded, &self.name, &self.calendar.state.working_days, self.now)
    }
}

pub(crate) fn complaint(
    loaded: &Loaded<complaint::Complaint>,
    name: &ComplaintName,
    working_days: &WorkingDays,
    now: Timestamp,
) -> Option<Complaint> {
    let complaint = loaded.state.lodged()?;
    let (create_time, update_time, etag) = times(loaded.stamp(""));
    let timer = |due| timer(working_days, due, now);
    let lodged = complaint.lodged.clone();
    let (responsible, verdict) = (complaint.responsible.as_ref(), complaint.verdict.as_ref());
    Some(Complaint {
        name: name.to_string(),
        stage: complaint.stage.into(),
        channel: lodged.channel,
        source_reference: lodged.source_reference,
        anonymous: lodged.complainant_key.is_empty(),
        identity_disclosed: lodged.identity_disclosed,
        erased: complaint.erased,
        text_key: lodged.text.map(|text| text.vault_key).unwrap_or_default(),
        category: lodged.category,
        repeats: lodged.repeats,
        unit: complaint.unit.clone(),
        complained_of: lodged.complained_of,
        leader: complaint.leader.as_ref().map(|leader| leader.officer.clone()).unwrap_or_default(),
        supervisor: complaint.supervisor.clone().unwrap_or_default(),
        responsible_unit: responsible.map(|responsible| responsible.unit.clone()).unwrap_or_default(),
        responsible_officer: responsible
            .and_then(|responsible| responsible.officer.clone())
            .unwrap_or_default(),
        deadline: responsible.map(|responsible| to_wire(responsible.deadline)),
        overdue: responsible.is_some_and(|responsible| responsible.overdue),
        extensions: complaint.extensions,
        escalated_to: complaint.escalated_to().into(),
        stage_clock: complaint.stage_due.map(timer),
        case_clock: complaint.case_due().map(timer),
        age_working_days: age(complaint, working_days, now),
        verdict: verdict.map_or(ComplaintVerdict::Unspecified, |verdict| verdict.word).into(),
        harms_public: verdict.is_some_and(|verdict| verdict.harms_public),
        satisfaction: complaint.satisfaction.into(),
        outcome: complaint.outcome.into(),
        reopenings: complaint.reopenings,
        refutations: complaint.refutations,
        reason: reason(complaint),
        attachments: lodged.attachments,
        create_time,
        update_time,
        etag,
    })
}

pub(crate) fn calendar(loaded: &Loaded<calendar::Calendar>, parent: &JurisdictionName) -> Calendar {
    let (create_time, update_time, etag) = times(loaded.stamp(""));
    Calendar {
        name: format!("{parent}/calendar"),
        time_zone: TIME_ZONE.to_owned(),
        holidays: loaded.state.holidays().to_vec(),
        make_up_days: loaded.state.make_up_days().to_vec(),
        create_time,
        update_time,
        etag,
    }
}

pub(crate) fn terms(loaded: &Loaded<terms::Terms>, parent: &JurisdictionName) -> Terms {
    let (create_time, update_time, etag) = times(loaded.stamp(""));
    Terms {
        name: format!("{parent}/terms"),
        stages: loaded.state.stages(),
        case_working_days: loaded.state.case_working_days(),
        escalation_working_days: loaded.state.escalation_working_days(),
        create_time,
        update_time,
        etag,
    }
}

pub(crate) fn timer(working_days: &WorkingDays, due: Timestamp, now: Timestamp) -> ComplaintTimer {
    let left = working_days.left(due, now);
    ComplaintTimer {
        due_time: Some(to_wire(due)),
        working_days_left: i32::try_from(left).unwrap_or(if left < 0 { i32::MIN } else { i32::MAX }),
        colour: working_days.colour(due, now).into(),
    }
}

fn age(complaint: &Lodged, working_days: &WorkingDays, now: Timestamp) -> u32 {
    if !complaint.is_open() {
        return 0;
    }
    u32::try_from(working_days.age(complaint.lodged_at(), now)).unwrap_or(u32::MAX)
}

/// Why it was rejected or referred, and to which organ.
pub(crate) fn reason(complaint: &Lodged) -> String {
    if complaint.stage == ComplaintStage::Referred {
        return format!("{}: {}", complaint.organ, complaint.reason);
    }
    complaint.reason.clone()
}

/// When a thing was made and last changed, as far as it is recorded, and its etag.
fn times(stamp: Stamp) -> (Option<contract::Timestamp>, Option<contract::Timestamp>, String) {
    (stamp.created_at.map(to_wire), stamp.updated_at.map(to_wire), format!("\"{}\"", stamp.stream_version))
}
