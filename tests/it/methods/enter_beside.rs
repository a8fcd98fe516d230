//! What other contexts say of a year's units, entered command by command.

use serde_json::json;
use tonic::transport::Channel;

use super::beside::{Complaint, Officer};
use super::year::Year;
use crate::desk::Desk;

const DEADLINE: &str = "2024-05-31T04:00:00Z";

pub(super) async fn enter(channel: &Channel, year: &Year) {
    let desk = Desk::of(channel.clone(), &year.parent());
    let beside = &year.beside;
    if !beside.drive && beside.complaints.is_empty() && beside.vetoed.is_empty() {
        return;
    }
    open_office(&desk).await;
    if beside.drive {
        drive(&desk, year).await;
    }
    for (number, complaint) in beside.complaints.iter().enumerate() {
        complain(&desk, number, complaint).await;
    }
    for (number, unit) in beside.vetoed.iter().enumerate() {
        veto(&desk, year, number, unit).await;
    }
}

/// A unit that is not appraised, with those who handle complaints and cases.
async fn open_office(desk: &Desk) {
    let office = json!({"unit_id": "office", "title": "The office", "kind": "UNIT_KIND_DIVISION"});
    desk.must("clerk", "RegisterUnit", office).await;
    for (officer, level) in [("leader", "DIVISION_HEAD"), ("supervisor", "DIVISION_HEAD"), ("clerk", "STAFF")]
    {
        let unit = format!("{}/units/office", desk.city);
        enrol(desk, officer, &unit, level).await;
    }
}

async fn enrol(desk: &Desk, officer: &str, unit: &str, level: &str) {
    let enrolled = json!({"officer_id": officer, "unit": unit, "effective_date": "2024-01-02",
        "post_level": format!("POST_LEVEL_{level}")});
    desk.must("clerk", "EnrolOfficer", enrolled).await;
}

async fn drive(desk: &Desk, year: &Year) {
    let (whole, campaign) = (year.first(), format!("{}/campaigns/drive", desk.city));
    let launched = json!({"campaign_id": "drive", "title": "Drive", "outline": "Everyone", "unit": whole,
        "political_department": whole, "office": whole,
        "leading_group": [format!("{}/officers/leader", desk.city)],
        "start_date": "2024-01-05", "end_date": "2024-12-31",
        "rules": {"plan_due_date": "2024-12-30", "cutoff_date": "2024-03-31", "centralised_hours_max": "40",
            "session_interval_working_days": 250, "leader_from": "POST_LEVEL_DIVISION_HEAD"}});
    desk.must("clerk", "LaunchCampaign", launched).await;
    let item = json!({"parent": campaign, "item_id": "run", "title": "Run", "design_unit": whole,
        "guiding_department": whole, "basic": "BASIC_SKILLS", "quality": "QUALITY_PHYSICAL",
        "operational_need": "suspects get away"});
    desk.must("clerk", "DesignItem", item).await;
    let run = format!("{campaign}/items/run");
    desk.must("clerk", "ApproveItem", json!({"name": run})).await;
    if year.beside.accepted {
        let method = json!({"name": campaign, "method": "Run.", "required_qualities": ["QUALITY_PHYSICAL"]});
        desk.must("clerk", "IssueAcceptanceMethod", method).await;
    }
    for (number, Officer { unit, leads, attended, passed }) in year.beside.officers.iter().enumerate() {
        let (id, level) = (format!("officer-{number}"), if *leads { "DIVISION_HEAD" } else { "STAFF" });
        enrol(desk, &id, unit, level).await;
        let officer = format!("{}/officers/{id}", desk.city);
        if let Some(unit) = attended {
            let held = json!({"parent": campaign, "session_id": format!("session-{number}"), "item": run,
                "unit": unit, "mode": "TRAINING_MODE_MUTUAL", "session_date": "2024-03-01", "hours": "2",
                "participants": [officer]});
            desk.must("clerk", "HoldSession", held).await;
        }
        if let Some(passed) = passed {
            let assessed = json!({"parent": officer, "assessment_id": "run", "campaign": campaign,
                "quality": "QUALITY_PHYSICAL", "assessment_date": "2024-03-02", "passed": passed});
            desk.must("clerk", "RecordAssessment", assessed).await;
        }
    }
}

async fn complain(desk: &Desk, number: usize, complaint: &Complaint) {
    let (id, officer) = (format!("complaint-{number}"), |id: &str| format!("{}/officers/{id}", desk.city));
    let name = format!("{}/complaints/{id}", desk.city);
    let lodged = json!({"channel": "COMPLAINT_CHANNEL_LETTER", "text": "Late again", "unit": complaint.unit});
    let mut steps = vec![
        ("LodgeComplaint", json!({"complaint_id": id, "complaint": lodged})),
        ("AcceptComplaint", json!({"name": name})),
        ("AppointLeader", json!({"name": name, "leader": officer("leader")})),
        ("AppointSupervisor", json!({"name": name, "supervisor": officer("supervisor")})),
        ("AssignComplaint", json!({"name": name, "officer": officer("clerk"), "deadline": DEADLINE})),
    ];
    if let Some(word) = complaint.word {
        let source = if word.ends_with("UNSPECIFIED") { "INSPECTION" } else { "VISIT" };
        let source = format!("RATING_SOURCE_{source}");
        steps.push(("ReportRectification", json!({"name": name, "report": "It is put right."})));
        steps.push(("VerifyRectification", json!({"name": name, "satisfaction": word, "source": source})));
        steps.push(("CloseComplaint", json!({"name": name, "outcome": "CLOSURE_OUTCOME_RECTIFIED"})));
    }
    if complaint.reopened {
        steps.push(("ReopenComplaint", json!({"name": name, "grounds": "It came back."})));
    }
    for (rpc, request) in steps {
        desk.must("desk", rpc, request).await;
    }
}

/// A grave finding against a unit.
async fn veto(desk: &Desk, year: &Year, number: usize, unit: &str) {
    let id = format!("case-{number}");
    let (name, investigator) =
        (format!("{}/cases/{id}", desk.city), format!("{}/officers/leader", desk.city));
    let steps = [
        (
            "OpenCase",
            json!({"case_id": id, "nature": "CASE_NATURE_ABUSE", "units": [unit], "grounds": "told"}),
        ),
        ("AssignInvestigator", json!({"name": name, "investigator": investigator})),
        (
            "AddEvidence",
            json!({"name": name, "evidence_id": "letter", "kind": "EVIDENCE_KIND_DOCUMENT",
            "text": "a letter"}),
        ),
        (
            "MakeFinding",
            json!({"name": name, "nature": "CASE_NATURE_ABUSE", "gravity": "GRAVITY_GRAVE",
            "units": [unit], "facts": "It is so.", "cycle": year.cycle()}),
        ),
    ];
    for (rpc, request) in steps {
        let actor = if rpc == "MakeFinding" { &investigator } else { "clerk" };
        desk.must(actor, rpc, request).await;
    }
}
