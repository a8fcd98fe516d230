//! What every command's answer has in common: a position, a consistency token, and a resource with times.

use prost::Message;
use prost_types::Timestamp;

/// An answer of a command. It is stored without what is known only once it is recorded, and stamped with
/// that when it is sent.
pub trait Answer: Message + Default {
    /// Fills in where in the log the command is recorded; and when, for a resource that it made or changed.
    fn stamp(&mut self, position: u64, consistency_token: String, recorded_at: Timestamp);
}

macro_rules! answers {
    ($($context:ident { $($response:ident . $resource:ident)+ })+) => {$($(
        impl Answer for crate::$context::$response {
            fn stamp(&mut self, position: u64, consistency_token: String, recorded_at: Timestamp) {
                self.position = position;
                self.consistency_token = consistency_token;
                if let Some(resource) = &mut self.$resource {
                    resource.create_time.get_or_insert(recorded_at);
                    resource.update_time.get_or_insert(recorded_at);
                }
            }
        }
    )+)+};
}

answers! {
    evaluation {
        RegisterUnitResponse.unit RenameUnitResponse.unit MoveUnitResponse.unit RetireUnitResponse.unit
        DraftSchemeResponse.scheme PublishSchemeResponse.scheme
        OpenCycleResponse.cycle EnterUnitResponse.cycle_unit RemoveUnitResponse.cycle_unit
        CloseCycleResponse.cycle PublishResultsResponse.cycle ReviseResultsResponse.cycle
        RecordMarkResponse.mark ReviseMarkResponse.mark
        SetIndicatorTargetResponse.figure ReportIndicatorResponse.figure
        ConvenePanelResponse.panel CastBallotResponse.panel ClosePanelResponse.panel
        PlanSurveyResponse.survey IssueFormsResponse.survey AnswerFormsResponse.survey CloseSurveyResponse.survey
        RecordEntryResponse.entry ReverseEntryResponse.entry ContestEntryResponse.entry DecideContestResponse.entry
        AnnounceCommitmentResponse.commitment AssignCommitmentResponse.commitment ReportDeliveryResponse.commitment
        VerifyDeliveryResponse.commitment RefuteDeliveryResponse.commitment
    }
    training {
        EnrolOfficerResponse.officer TransferOfficerResponse.officer ChangePostLevelResponse.officer
        RemoveOfficerResponse.officer
        LaunchCampaignResponse.campaign IssueAcceptanceMethodResponse.campaign ConcludeCampaignResponse.campaign
        FilePlanResponse.plan ReturnPlanResponse.plan ApprovePlanResponse.plan
        DesignItemResponse.item ApproveItemResponse.item RetireItemResponse.item
        HoldSessionResponse.session CorrectSessionResponse.session VoidSessionResponse.session
        RecordAssessmentResponse.assessment CorrectAssessmentResponse.assessment
        IdentifyNeedResponse.need MeetNeedResponse.need
    }
    accountability {
        OpenCaseResponse.case AssignInvestigatorResponse.case RecuseInvestigatorResponse.case
        AddEvidenceResponse.case MakeFindingResponse.case
    }
    complaints {
        LodgeComplaintResponse.complaint AcceptComplaintResponse.complaint RejectComplaintResponse.complaint
        ReferComplaintResponse.complaint TransferComplaintResponse.complaint
        AppointLeaderResponse.complaint AppointSupervisorResponse.complaint AssignComplaintResponse.complaint
        ExtendDeadlineResponse.complaint ReportRectificationResponse.complaint
        VerifyRectificationResponse.complaint RefuteRectificationResponse.complaint
        ReportProgressResponse.complaint SubstantiateComplaintResponse.complaint
        UnsubstantiateComplaintResponse.complaint ReopenComplaintResponse.complaint
        WithdrawComplaintResponse.complaint AskQuestionResponse.complaint EraseComplainantResponse.complaint
        CloseComplaintResponse.complaint SetCalendarResponse.calendar SetTermsResponse.terms
    }
}

/// Answers whose resource, if any, comes from the vault when they are sent: it is never stored.
macro_rules! bare_answers {
    ($($context:ident { $($response:ident)+ })+) => {$($(
        impl Answer for crate::$context::$response {
            fn stamp(&mut self, position: u64, consistency_token: String, _recorded_at: Timestamp) {
                self.position = position;
                self.consistency_token = consistency_token;
            }
        }
    )+)+};
}

bare_answers! {
    complaints {
        AnswerQuestionResponse RateRectificationResponse RevealComplainantResponse RevealTextsResponse
    }
}
