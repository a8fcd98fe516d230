//! What happened to a complaint, line by line: for those who handle it, and for its complainant.

use super::secrets::reveal;
use super::*;

/// Sends requests under ids of their own.
struct Desk<'a> {
    world: &'a World,
    name: String,
    sent: std::cell::Cell<u128>,
}

impl Desk<'_> {
    fn request_id(&self) -> String {
        self.sent.set(self.sent.get() + 1);
        Uuid::from_u128(self.sent.get()).to_string()
    }

    fn service(&self) -> &Service {
        &self.world.service
    }

    fn pass(&self, days: i64) {
        self.world.now.fetch_add(days * 24 * 3600, Ordering::Relaxed);
    }

    async fn tick(&self) {
        Clocks::new(self.world.service.clone()).tick(self.world.now()).await.unwrap();
    }

    async fn report(&self, report: &str) {
        let report = ReportRectificationRequest {
            request_id: self.request_id(),
            name: self.name.clone(),
            report: report.to_owned(),
            ..ReportRectificationRequest::default()
        };
        self.service().report_rectification(by("responsible", report)).await.unwrap();
    }

    async fn close(&self, outcome: ClosureOutcome) {
        let close = CloseComplaintRequest {
            request_id: self.request_id(),
            name: self.name.clone(),
            outcome: outcome.into(),
            ..CloseComplaintRequest::default()
        };
        self.service().close_complaint(Request::new(close)).await.unwrap();
    }

    /// Extended, asked and answered, worked on, overdue, escalated, reported.
    async fn put_right_late(&self, receipt_code: &str) {
        let (service, name) = (self.service(), self.name.clone());
        let extend = ExtendDeadlineRequest {
            request_id: self.request_id(),
            name: name.clone(),
            deadline: Some(to_wire("2024-09-25T00:00:00+08:00".parse().unwrap())),
            reason: "a witness is away".to_owned(),
            ..ExtendDeadlineRequest::default()
        };
        service.extend_deadline(Request::new(extend)).await.unwrap();
        let ask = AskQuestionRequest {
            request_id: self.request_id(),
            name: name.clone(),
            question_id: "q1".to_owned(),
            question: "Where was it?".to_owned(),
            ..AskQuestionRequest::default()
        };
        service.ask_question(Request::new(ask)).await.unwrap();
        let answer = AnswerQuestionRequest {
            request_id: self.request_id(),
            receipt_code: receipt_code.to_owned(),
            question_id: "q1".to_owned(),
            answer: "At the counter.".to_owned(),
            ..AnswerQuestionRequest::default()
        };
        service.answer_question(Request::new(answer)).await.unwrap();
        let progress = ReportProgressRequest {
            request_id: self.request_id(),
            name,
            progress: "Half of it.".to_owned(),
            ..ReportProgressRequest::default()
        };
        service.report_progress(by("responsible", progress)).await.unwrap();
        self.pass(30);
        self.tick().await;
        self.report("Said sorry.").await;
    }

    /// Refuted, found true and then not, verified, closed.
    async fn end(&self, receipt_code: &str) {
        let (service, name) = (self.service(), self.name.clone());
        let refute = RateRectificationRequest {
            request_id: self.request_id(),
            receipt_code: receipt_code.to_owned(),
            rectified: false,
            ..RateRectificationRequest::default()
        };
        service.rate_rectification(Request::new(refute)).await.unwrap();
        let substantiate = SubstantiateComplaintRequest {
            request_id: self.request_id(),
            name: name.clone(),
            harms_public: true,
            finding: "As they say.".to_owned(),
            ..SubstantiateComplaintRequest::default()
        };
        service.substantiate_complaint(Request::new(substantiate)).await.unwrap();
        let unsubstantiate = UnsubstantiateComplaintRequest {
            request_id: self.request_id(),
            name: name.clone(),
            finding: "Not as they say.".to_owned(),
            ..UnsubstantiateComplaintRequest::default()
        };
        service.unsubstantiate_complaint(Request::new(unsubstantiate)).await.unwrap();
        self.report("Said sorry again.").await;
        let verify = VerifyRectificationRequest {
            request_id: self.request_id(),
            name,
            satisfaction: Satisfaction::BasicallySatisfied.into(),
            source: RatingSource::CallBack.into(),
            ..VerifyRectificationRequest::default()
        };
        service.verify_rectification(Request::new(verify)).await.unwrap();
        self.close(ClosureOutcome::Rectified).await;
    }

    /// Reopened, given to another unit, withdrawn, closed, read, erased.
    async fn come_back(&self) {
        let (service, name) = (self.service(), self.name.clone());
        let reopen = ReopenComplaintRequest {
            request_id: self.request_id(),
            name: name.clone(),
            grounds: "It began again.".to_owned(),
            ..ReopenComplaintRequest::default()
        };
        service.reopen_complaint(Request::new(reopen)).await.unwrap();
        let transfer = TransferComplaintRequest {
            request_id: self.request_id(),
            name: name.clone(),
            unit: unit("north"),
            reason: "theirs".to_owned(),
            ..TransferComplaintRequest::default()
        };
        service.transfer_complaint(Request::new(transfer)).await.unwrap();
        let withdraw = WithdrawComplaintRequest {
            request_id: self.request_id(),
            name: name.clone(),
            ..WithdrawComplaintRequest::default()
        };
        service.withdraw_complaint(Request::new(withdraw)).await.unwrap();
        self.close(ClosureOutcome::Withdrawn).await;
        service.reveal_complainant(by("inspector", reveal(900, &name))).await.unwrap();
        let erase = EraseComplainantRequest {
            request_id: self.request_id(),
            name,
            reason: "asked for".to_owned(),
            ..EraseComplainantRequest::default()
        };
        service.erase_complainant(Request::new(erase)).await.unwrap();
    }

    /// The lines of its history, three to a page.
    async fn lines(&self) -> Vec<HistoryLine> {
        let (mut lines, mut page_token) = (Vec::new(), String::new());
        loop {
            let parent = self.name.clone();
            let asked =
                ListComplaintHistoryRequest { parent, page_size: 3, page_token, ..Default::default() };
            let page = self.service().list_complaint_history(Request::new(asked)).await.unwrap().into_inner();
            assert!(page.lines.len() <= 3);
            lines.extend(page.lines);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return lines;
            }
        }
    }
}

#[tokio::test]
async fn a_whole_life_is_told_line_by_line_and_to_the_complainant_without_officers() {
    let world = World::start().await;
    let north = UnitRegistered { unit: unit("north"), ..UnitRegistered::default() };
    record(&world.evaluation, "unit_register-city", north).await;
    let name = world.assign().await.name;
    // The same request answers the receipt code again.
    let receipt_code = world.lodge(1).await.unwrap().receipt_code;
    let desk = Desk { world: &world, name, sent: std::cell::Cell::new(100) };
    desk.put_right_late(&receipt_code).await;
    desk.end(&receipt_code).await;
    desk.come_back().await;

    let lines = desk.lines().await;
    let told: Vec<_> = lines.iter().map(|line| (line.event_type.as_str(), line.text.as_str())).collect();
    let wanted = [
        ("ComplaintLodged", "lodged by hotline"),
        ("ComplaintAccepted", "accepted for jurisdictions/city/units/station"),
        ("LeaderAppointed", "taken over by jurisdictions/city/officers/leader"),
        ("SupervisorAppointed", "supervised by jurisdictions/city/officers/supervisor"),
        (
            "ComplaintAssigned",
            "jurisdictions/city/officers/responsible of jurisdictions/city/units/station is responsible, by 2024-09-23",
        ),
        ("DeadlineExtended", "extended to 2024-09-24: a witness is away"),
        ("QuestionAsked", "question q1 was asked"),
        ("QuestionAnswered", "question q1 was answered"),
        ("ProgressReported", "progress was reported"),
        ("ComplaintAlerted", "the stage assigned turned yellow, due by 2024-09-24"),
        ("ComplaintOverdue", "the deadline 2024-09-24 passed without a report"),
        ("ComplaintEscalated", "escalated, 1: now for division head"),
        ("RectificationReported", "reported as put right"),
        ("RectificationRefuted", "refuted, by receipt code; due by 2024-10-23"),
        (
            "ComplaintSubstantiated",
            "found to be true, and to have harmed the public: jurisdictions/city/units/station",
        ),
        ("ComplaintUnsubstantiated", "found not to be true"),
        ("RectificationReported", "reported as put right"),
        ("RectificationVerified", "verified: basically satisfied, by call back"),
        ("ComplaintClosed", "closed as rectified"),
        ("ComplaintReopened", "opened again, back to jurisdictions/city/officers/leader"),
        (
            "ComplaintTransferred",
            "given from jurisdictions/city/units/station to jurisdictions/city/units/north: theirs",
        ),
        ("ComplaintWithdrawn", "withdrawn by the complainant"),
        ("ComplaintClosed", "closed as withdrawn"),
        ("PersonalDataRevealed", "personal data was read: inquiry"),
        ("ComplainantErased", "the complainant was erased: asked for"),
    ];
    assert_eq!(told, wanted);
    let actors: BTreeSet<_> = lines.iter().map(|line| line.actor.as_str()).collect();
    assert_eq!(
        actors.into_iter().collect::<Vec<_>>(),
        ["complainant", "complaints-clocks", "inspector", "responsible", "unnamed"]
    );
    let log = world.log().await;
    for (line, event) in lines.iter().zip(&log) {
        assert_eq!((line.position, &line.event_id), (event.position, &event.event_id.to_string()));
        assert_eq!(line.occurred_at, Some(to_wire(event.occurred_at)));
    }
    // What was written is named by its key, what was not by none.
    let keys = |at: usize| lines[at].vault_keys.len();
    assert_eq!((keys(0), keys(1), keys(6), keys(7), keys(8), keys(12)), (1, 0, 1, 1, 1, 1));

    let follow = FollowComplaintRequest { receipt_code, ..FollowComplaintRequest::default() };
    let followed = world.service.follow_complaint(Request::new(follow)).await.unwrap().into_inner();
    let steps: Vec<_> = followed.complaint.unwrap().steps.into_iter().map(|step| step.text).collect();
    let wanted = [
        "lodged",
        "accepted",
        "a leader has taken it over",
        "being put right, by 2024-09-23",
        "the deadline was extended to 2024-09-24",
        "you were asked a question",
        "you answered a question",
        "work goes on",
        "the deadline passed",
        "reported as put right",
        "not put right; it is worked on again",
        "found to be true",
        "found not to be true",
        "reported as put right",
        "verified as put right",
        "closed",
        "opened again",
        "given to the unit that owns it",
        "withdrawn",
        "closed",
        "your personal data was erased",
    ];
    assert_eq!(steps, wanted);
}
