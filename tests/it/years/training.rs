//! What is sent to training.

use serde_json::json;

use super::walk::Walk;
use crate::arbitrary::pick;

const QUALITIES: [&str; 4] =
    ["QUALITY_POLITICAL", "QUALITY_PROFESSIONAL", "QUALITY_PHYSICAL", "QUALITY_COMBAT"];
const BASICS: [&str; 3] = ["BASIC_GRASSROOTS", "BASIC_FOUNDATION", "BASIC_SKILLS"];
const MODES: [&str; 4] = [
    "TRAINING_MODE_SELF_STUDY",
    "TRAINING_MODE_MUTUAL",
    "TRAINING_MODE_ON_THE_JOB",
    "TRAINING_MODE_CENTRALISED",
];
const LEVELS: [&str; 3] = ["POST_LEVEL_STAFF", "POST_LEVEL_SECTION_HEAD", "POST_LEVEL_DIVISION_HEAD"];

impl Walk {
    fn campaign(&self) -> String {
        format!("{}/campaigns/drive", self.city)
    }

    /// The drive begins, with two items.
    pub(super) async fn open_drive(&mut self) {
        let bureau = self.unit("bureau");
        let cutoff = *pick(&["2024-06-30", "2024-10-15", "2024-12-31"], &mut self.chance);
        let drive = json!({"campaign_id": "drive", "title": "Drive", "outline": "Everyone", "unit": bureau,
            "political_department": bureau, "office": bureau,
            "leading_group": [format!("{}/officers/chief", self.city)],
            "start_date": "2024-01-10", "end_date": "2024-12-31",
            "rules": {"plan_due_date": "2024-02-29", "cutoff_date": cutoff,
                "session_interval_working_days": 60, "centralised_hours_max": "6.5",
                "leader_from": "POST_LEVEL_DIVISION_HEAD"}});
        self.must("LaunchCampaign", drive).await;
        for (item, speciality) in [("run", ""), ("read", "traffic"), ("talk", "window")] {
            let (basic, quality) = (*pick(&BASICS, &mut self.chance), *pick(&QUALITIES, &mut self.chance));
            let campaign = self.campaign();
            let item = json!({"parent": campaign, "item_id": item, "title": item, "design_unit": bureau,
                "guiding_department": bureau, "basic": basic, "quality": quality, "speciality": speciality,
                "operational_need": "it lacks"});
            self.must("DesignItem", item.clone()).await;
            let name = format!("{campaign}/items/{}", item["item_id"].as_str().unwrap());
            self.must("ApproveItem", json!({"name": name})).await;
        }
    }

    /// Something of the drive, or of the roster.
    pub(super) async fn train(&mut self) {
        match self.chance.below(14) {
            0..=3 => self.hold_session().await,
            4 => self.correct_session().await,
            5 => {
                let Some(name) = self.any("session") else { return };
                self.may("VoidSession", json!({"name": name, "reason": "it was none"})).await;
            }
            6..=8 => self.assess().await,
            9 => self.correct_assessment().await,
            10 => self.plan_drive().await,
            11 => self.need().await,
            12 => self.repost().await,
            _ => self.require().await,
        }
    }

    async fn hold_session(&mut self) {
        let campaign = self.campaign();
        let session_id = self.new_id("session", &format!("{campaign}/sessions"));
        let mut held = self.session();
        held["parent"] = json!(campaign);
        held["session_id"] = json!(session_id);
        self.may("HoldSession", held).await;
    }

    fn session(&mut self) -> serde_json::Value {
        let item = *pick(&["run", "read", "talk"], &mut self.chance);
        let (unit, day, mode) = (self.any_unit(), self.past_day(), *pick(&MODES, &mut self.chance));
        let hours = format!("{}.{}", self.chance.below(5), 25 * (1 + self.chance.below(3)));
        let mut participants: Vec<_> = (0..=self.chance.below(3)).map(|_| self.any_officer()).collect();
        participants.sort();
        participants.dedup();
        json!({"item": format!("{}/items/{item}", self.campaign()), "unit": unit, "mode": mode,
            "session_date": day, "hours": hours, "participants": participants})
    }

    async fn correct_session(&mut self) {
        let Some(name) = self.any("session") else { return };
        let mut corrected = self.session();
        corrected["name"] = json!(name);
        corrected["reason"] = json!("written down wrong");
        self.may("CorrectSession", corrected).await;
    }

    async fn assess(&mut self) {
        let officer = self.any_officer();
        let assessment_id = self.new_id("assessment", &format!("{officer}/assessments"));
        let (quality, passed, day) = (*pick(&QUALITIES, &mut self.chance), !self.one_in(3), self.past_day());
        let assessed = json!({"parent": officer, "assessment_id": assessment_id, "campaign": self.campaign(),
            "quality": quality, "assessment_date": day, "passed": passed});
        self.may("RecordAssessment", assessed).await;
    }

    async fn correct_assessment(&mut self) {
        let Some(name) = self.any("assessment") else { return };
        let (passed, day) = (self.one_in(2), self.past_day());
        let corrected = json!({"name": name, "assessment_date": day, "passed": passed, "reason": "misread"});
        self.may("CorrectAssessment", corrected).await;
    }

    async fn plan_drive(&mut self) {
        let (unit, with_subtree, campaign) = (self.any_unit(), self.one_in(2), self.campaign());
        let name = format!("{campaign}/plans/{}", unit.rsplit('/').next().unwrap());
        let filed =
            json!({"parent": campaign, "unit": unit, "plan": "We train.", "with_subtree": with_subtree});
        self.may("FilePlan", filed).await;
        if self.one_in(2) {
            self.may("ApprovePlan", json!({"name": name})).await;
        } else {
            self.may("ReturnPlan", json!({"name": name, "reason": "too short"})).await;
        }
    }

    async fn need(&mut self) {
        let quality = *pick(&QUALITIES, &mut self.chance);
        if let Some(name) = self.any("need").filter(|_| self.chance.below(2) == 0) {
            return self.may("MeetNeed", json!({"name": name, "statement": "They can now."})).await;
        }
        let unit = self.any_unit();
        let need_id = self.new_id("need", &format!("{}/needs", self.city));
        let need = json!({"need_id": need_id, "unit": unit, "quality": quality, "statement": "They cannot."});
        self.may("IdentifyNeed", need).await;
    }

    async fn repost(&mut self) {
        let (name, unit) = (self.any_officer(), self.any_unit());
        match self.chance.below(3) {
            0 => self.may("TransferOfficer", json!({"name": name, "unit": unit})).await,
            1 => {
                let post_level = *pick(&LEVELS, &mut self.chance);
                self.may("ChangePostLevel", json!({"name": name, "post_level": post_level})).await;
            }
            _ => {
                // The investigators and leaders stay.
                let name = format!("{}/officers/seventh", self.city);
                self.may("RemoveOfficer", json!({"name": name})).await;
            }
        }
    }

    /// The acceptance method, or the end of the drive.
    async fn require(&mut self) {
        let name = self.campaign();
        if self.now.to_string().as_str() > "2024-10" && self.one_in(3) {
            return self.may("ConcludeCampaign", json!({"name": name})).await;
        }
        let required: Vec<_> = QUALITIES.into_iter().filter(|_| self.one_in(2)).collect();
        let required = if required.is_empty() { vec![QUALITIES[0]] } else { required };
        let method = json!({"name": name, "method": "Run and tell.", "required_qualities": required});
        self.may("IssueAcceptanceMethod", method).await;
    }
}
