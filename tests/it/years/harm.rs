//! What is sent to complaints and accountability.

use serde_json::{Value, json};

use super::walk::Walk;
use crate::arbitrary::pick;

const WORDS: [&str; 4] = [
    "SATISFACTION_VERY_SATISFIED",
    "SATISFACTION_SATISFIED",
    "SATISFACTION_BASICALLY_SATISFIED",
    "SATISFACTION_UNSPECIFIED",
];
const OUTCOMES: [&str; 3] =
    ["CLOSURE_OUTCOME_RECTIFIED", "CLOSURE_OUTCOME_UNSUBSTANTIATED", "CLOSURE_OUTCOME_WITHDRAWN"];
const GRAVITIES: [&str; 3] = ["GRAVITY_MINOR", "GRAVITY_SERIOUS", "GRAVITY_GRAVE"];

impl Walk {
    fn officer(&self, id: &str) -> String {
        format!("{}/officers/{id}", self.city)
    }

    /// Someone complains; now and then nobody does anything about it.
    async fn lodge(&mut self) {
        let (unit, collection) = (self.any_unit(), format!("{}/complaints", self.city));
        let id = self.new_id("complaint", &collection);
        let complaint =
            json!({"channel": "COMPLAINT_CHANNEL_HOTLINE", "text": "Sirens at night", "unit": unit});
        self.may("LodgeComplaint", json!({"complaint_id": id, "complaint": complaint})).await;
        let name = format!("{collection}/{id}");
        if self.one_in(8) {
            return self.may("RejectComplaint", json!({"name": name, "reason": "not for us"})).await;
        }
        self.may("AcceptComplaint", json!({"name": name})).await;
        self.may("AppointLeader", json!({"name": name, "leader": self.officer("leader")})).await;
        self.may("AppointSupervisor", json!({"name": name, "supervisor": self.officer("second")})).await;
        self.assign_complaint(&name).await;
    }

    async fn assign_complaint(&mut self, name: &str) {
        let deadline = format!("{}T04:00:00Z", self.coming_day());
        let officer = *pick(&["third", "fourth", "fifth", "sixth"], &mut self.chance);
        let assigned = json!({"name": name, "officer": self.officer(officer), "deadline": deadline});
        self.may("AssignComplaint", assigned).await;
    }

    /// A complaint, or what becomes of one.
    pub(super) async fn complain(&mut self) {
        let Some(name) = self.any("complaint").filter(|_| self.chance.below(4) > 0) else {
            return self.lodge().await;
        };
        let named = |more: Value| {
            let mut request = json!({"name": name});
            request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            request
        };
        let unit = self.any_unit();
        match self.chance.below(12) {
            0 => {
                let deadline = format!("{}T04:00:00Z", self.coming_day());
                self.may("ExtendDeadline", named(json!({"deadline": deadline, "reason": "rain"}))).await;
            }
            1..=4 => {
                self.may("ReportRectification", named(json!({"report": "done"}))).await;
                if self.one_in(4) {
                    let refuted =
                        named(json!({"source": "RATING_SOURCE_CALL_BACK", "statement": "it is not"}));
                    return self.may("RefuteRectification", refuted).await;
                }
                let word = *pick(&WORDS, &mut self.chance);
                let source = if word == WORDS[3] { "INSPECTION" } else { "CALL_BACK" };
                let source = format!("RATING_SOURCE_{source}");
                let verified = named(json!({"satisfaction": word, "source": source}));
                self.may("VerifyRectification", verified).await;
                self.may("CloseComplaint", named(json!({"outcome": OUTCOMES[0]}))).await;
            }
            5 => {
                let outcome = *pick(&OUTCOMES, &mut self.chance);
                self.may("CloseComplaint", named(json!({"outcome": outcome}))).await;
            }
            6 => {
                self.may("ReopenComplaint", named(json!({"grounds": "again"}))).await;
                self.assign_complaint(&name).await;
            }
            7 => {
                let harms = self.one_in(2);
                let found = named(json!({"unit": unit, "harms_public": harms, "finding": "it is so"}));
                self.may("SubstantiateComplaint", found).await;
            }
            8 => self.may("UnsubstantiateComplaint", named(json!({"finding": "it is not so"}))).await,
            9 => self.may("TransferComplaint", named(json!({"unit": unit, "reason": "theirs"}))).await,
            10 => self.may("WithdrawComplaint", named(json!({}))).await,
            _ => self.assign_complaint(&name).await,
        }
    }

    /// A case from its opening to its finding; now and then grave.
    async fn open_case(&mut self) {
        let (unit, collection, cycle) = (self.any_unit(), format!("{}/cases", self.city), self.cycle());
        let case_id = self.new_id("case", &collection);
        let name = format!("{collection}/{case_id}");
        let opened = json!({"case_id": case_id, "nature": "CASE_NATURE_DELAY", "units": [unit], "cycle": cycle,
            "grounds": "nine months"});
        self.may("OpenCase", opened).await;
        if self.one_in(5) {
            return;
        }
        self.investigate(&name, &[unit]).await;
        if self.one_in(2) {
            self.dispose(&name).await;
        }
        if self.one_in(2) {
            self.appeal(&name).await;
        }
    }

    async fn dispose(&mut self, name: &str) {
        let dispositions = ["DISPOSITION_UNIT_CRITICISM", "DISPOSITION_UNIT_LEADERSHIP_REPLACED"];
        let disposition = *pick(&dispositions, &mut self.chance);
        for unit in ["bureau", "north", "south", "station", "window"] {
            let decided = json!({"name": name, "unit": self.unit(unit), "disposition": disposition});
            self.may("DecideDisposition", decided).await;
        }
    }

    async fn investigate(&mut self, name: &str, units: &[String]) {
        self.may("AssignInvestigator", json!({"name": name, "investigator": self.officer("deputy")})).await;
        let evidence =
            json!({"name": name, "evidence_id": "e1", "kind": "EVIDENCE_KIND_DOCUMENT", "text": "a letter"});
        self.may("AddEvidence", evidence).await;
        let (gravity, cycle) = (*pick(&GRAVITIES, &mut self.chance), self.cycle());
        let mut finding = json!({"name": name, "nature": "CASE_NATURE_DELAY", "gravity": gravity,
            "units": units, "facts": "nobody looked", "cycle": cycle});
        if self.one_in(6) {
            finding = json!({"name": name, "exonerated": true, "facts": "nobody could have known"});
        }
        let deputy = self.officer("deputy");
        self.try_as(&deputy, "MakeFinding", finding).await;
    }

    /// A case, or what becomes of one.
    pub(super) async fn hold_to_account(&mut self) {
        let Some(name) = self.any("case").filter(|_| self.chance.below(4) > 0) else {
            return self.open_case().await;
        };
        let (unit, other) = (self.any_unit(), self.any("case").unwrap());
        match self.chance.below(9) {
            0 => self.investigate(&name, &[unit]).await,
            1 | 2 => self.dispose(&name).await,
            3 => {
                for unit in ["bureau", "north", "south", "station", "window"] {
                    let unit = self.unit(unit);
                    self.may("ExecuteDisposition", json!({"name": name, "unit": unit})).await;
                }
            }
            4 | 5 => self.appeal(&name).await,
            6 => self.may("CloseCase", json!({"name": name})).await,
            7 if other != name => {
                self.may("MergeCase", json!({"name": name, "merged_case": other, "reason": "the same"}))
                    .await;
            }
            _ => {
                self.may("RecuseInvestigator", json!({"name": name, "reason": "a cousin"})).await;
            }
        }
    }

    /// Every unit appeals; one of those responsible is heard.
    pub(super) async fn appeal(&mut self, name: &str) {
        let outcome = *pick(&["DISMISSED", "OVERTURNED", "VARIED"], &mut self.chance);
        for (number, unit) in
            ["bureau", "north", "south", "station", "team", "window", "taxes"].iter().enumerate()
        {
            let (unit, appeal_id) = (self.unit(unit), format!("a{number}"));
            let lodged = json!({"name": name, "appeal_id": appeal_id, "unit": unit, "grounds": "ill"});
            self.may("LodgeAppeal", lodged).await;
            let mut decided = json!({"name": name, "appeal_id": appeal_id, "reason": "heard",
                "outcome": format!("APPEAL_OUTCOME_{outcome}")});
            if outcome == "VARIED" {
                decided["gravity"] = json!("GRAVITY_MINOR");
            }
            self.try_as("court", "DecideAppeal", decided).await;
        }
    }
}
