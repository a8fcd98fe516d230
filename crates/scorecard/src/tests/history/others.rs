//! What the three other services record.

use contract::accountability::{CaseClosed, CaseMerged, CaseOpened, VetoLifted, VetoRaised};
use contract::complaints::{ComplaintClosed, ComplaintLodged, ComplaintOverdue, ComplaintTransferred};
use contract::training::{
    CampaignLaunched, CampaignRules, OfficerEnrolled, OfficerLeft, OfficerTransferred, StallCause,
    UnitResumed, UnitStalled,
};
use contract::words::PostLevel;

use super::{CAMPAIGN, History, case, complaint, cycle, officer, optional_unit, unit};

impl History {
    pub(in crate::tests) fn raise_veto(&mut self, id: &str) {
        let raised = VetoRaised { case: case("c1"), unit: unit(id), cycle: cycle() };
        self.tell("accountability", "case-city/c1", &raised);
    }

    pub(in crate::tests) fn lift_veto(&mut self, id: &str) {
        let lifted =
            VetoLifted { case: case("c1"), unit: unit(id), cycle: cycle(), reason: "appeal".to_owned() };
        self.tell("accountability", "case-city/c1", &lifted);
    }

    pub(in crate::tests) fn open_case(&mut self, id: &str, units: &[&str]) {
        let units = units.iter().map(|id| unit(id)).collect();
        let opened = CaseOpened { case: case(id), units, ..CaseOpened::default() };
        self.tell("accountability", &format!("case-city/{id}"), &opened);
    }

    pub(in crate::tests) fn merge_case(&mut self, into: &str, merged: &str, units: &[&str]) {
        let units = units.iter().map(|id| unit(id)).collect();
        let merge =
            CaseMerged { case: case(into), merged_case: case(merged), units, ..CaseMerged::default() };
        for id in [into, merged] {
            self.tell("accountability", &format!("case-city/{id}"), &merge);
        }
    }

    pub(in crate::tests) fn close_case(&mut self, id: &str) {
        let closed = CaseClosed { case: case(id), ..CaseClosed::default() };
        self.tell("accountability", &format!("case-city/{id}"), &closed);
    }

    pub(in crate::tests) fn lodge(&mut self, id: &str, unit_id: &str) {
        let lodged =
            ComplaintLodged { complaint: complaint(id), unit: optional_unit(unit_id), ..Default::default() };
        self.tell("complaints", &format!("complaint-city/{id}"), &lodged);
    }

    pub(in crate::tests) fn transfer(&mut self, id: &str, unit_id: &str) {
        let moved =
            ComplaintTransferred { complaint: complaint(id), unit: unit(unit_id), ..Default::default() };
        self.tell("complaints", &format!("complaint-city/{id}"), &moved);
    }

    pub(in crate::tests) fn overdue(&mut self, id: &str) {
        let overdue = ComplaintOverdue { complaint: complaint(id), ..Default::default() };
        self.tell("complaints", &format!("complaint-city/{id}"), &overdue);
    }

    pub(in crate::tests) fn close_complaint(&mut self, id: &str) {
        let closed = ComplaintClosed { complaint: complaint(id), ..Default::default() };
        self.tell("complaints", &format!("complaint-city/{id}"), &closed);
    }

    pub(in crate::tests) fn launch(&mut self) {
        let launched = CampaignLaunched {
            campaign: CAMPAIGN.to_owned(),
            unit: unit("bureau"),
            start_date: "2024-02-01".to_owned(),
            end_date: "2024-11-30".to_owned(),
            rules: Some(CampaignRules {
                plan_due_date: "2024-03-01".to_owned(),
                cutoff_date: "2024-10-31".to_owned(),
                session_interval_working_days: 20,
                centralised_hours_max: "40".to_owned(),
                leader_from: PostLevel::DivisionHead.into(),
            }),
            ..CampaignLaunched::default()
        };
        self.tell("training", "campaign-city/drive", &launched);
    }

    pub(in crate::tests) fn enrol(&mut self, id: &str, unit_id: &str) {
        let enrolled = OfficerEnrolled {
            officer: officer(id),
            unit: unit(unit_id),
            post_level: PostLevel::Staff.into(),
            effective_date: "2024-01-02".to_owned(),
        };
        self.tell("training", &format!("officer-city/{id}"), &enrolled);
    }

    pub(in crate::tests) fn transfer_officer(&mut self, id: &str, unit_id: &str) {
        let moved = OfficerTransferred {
            officer: officer(id),
            unit: unit(unit_id),
            effective_date: "2024-01-03".to_owned(),
        };
        self.tell("training", &format!("officer-city/{id}"), &moved);
    }

    pub(in crate::tests) fn leave(&mut self, id: &str) {
        let left = OfficerLeft { officer: officer(id), effective_date: "2024-01-04".to_owned() };
        self.tell("training", &format!("officer-city/{id}"), &left);
    }

    pub(in crate::tests) fn stall(&mut self, id: &str) {
        let stalled = UnitStalled {
            campaign: CAMPAIGN.to_owned(),
            unit: unit(id),
            cause: StallCause::PlanNotFiled.into(),
            due_date: "2024-03-01".to_owned(),
        };
        self.tell("training", "campaign-city/drive", &stalled);
    }

    pub(in crate::tests) fn resume(&mut self, id: &str) {
        let resumed = UnitResumed { campaign: CAMPAIGN.to_owned(), unit: unit(id) };
        self.tell("training", "campaign-city/drive", &resumed);
    }
}
