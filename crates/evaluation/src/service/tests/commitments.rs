//! Promises through the service: the timer, and what a broken promise costs.

use super::*;
use crate::reactions::commitments::Commitments;

const NAME: &str = "jurisdictions/city/commitments/hours";

impl World {
    async fn promise(&self, due_date: &str) {
        let request = AnnounceCommitmentRequest {
            request_id: self.request_id(),
            parent: CITY.to_owned(),
            commitment_id: "hours".to_owned(),
            title: "Windows are open on Saturdays".to_owned(),
            level: CommitmentLevel::Ministry.into(),
            ..Default::default()
        };
        self.service.announce_commitment(Request::new(request)).await.unwrap();
        let request = AssignCommitmentRequest {
            request_id: self.request_id(),
            name: NAME.to_owned(),
            unit: TRAFFIC.to_owned(),
            due_date: due_date.to_owned(),
            ..Default::default()
        };
        self.service.assign_commitment(Request::new(request)).await.unwrap();
    }

    async fn report(&self) {
        let request = ReportDeliveryRequest {
            request_id: self.request_id(),
            name: NAME.to_owned(),
            statement: "They are".to_owned(),
            ..Default::default()
        };
        self.service.report_delivery(by("clerk", request)).await.unwrap();
    }

    async fn refute(&self) {
        let request = RefuteDeliveryRequest {
            request_id: self.request_id(),
            name: NAME.to_owned(),
            reason: "They were closed".to_owned(),
            ..Default::default()
        };
        self.service.refute_delivery(by("inspector", request)).await.unwrap();
    }

    async fn verify(&self, actor: &'static str) -> Result<Commitment, Status> {
        let name = NAME.to_owned();
        let request = VerifyDeliveryRequest { request_id: self.request_id(), name, ..Default::default() };
        let answer = self.service.verify_delivery(by(actor, request)).await?;
        Ok(answer.into_inner().commitment.unwrap())
    }

    /// Gives the reaction the last event of the log, twice.
    async fn react_to_own(&self) {
        let event = self.last_own().await;
        self.react::<Commitments>(&event).await;
    }

    async fn tick(&self) {
        Lapses::new(self.service.clone()).tick((self.service.clock)()).await.unwrap();
    }

    async fn list(&self, asked: ListCommitmentsRequest) -> Vec<Commitment> {
        self.service.reads.catch_up(PATIENCE).await.unwrap();
        let request = ListCommitmentsRequest { parent: CITY.to_owned(), ..asked };
        let answer = self.service.list_commitments(Request::new(request)).await.unwrap();
        answer.into_inner().commitments
    }
}

#[tokio::test]
async fn a_promise_that_was_not_kept_lapses_once_and_costs_its_tariff() {
    let world = World::start().await;
    world.promise("2025-06-30").await;
    world.at("2025-06-30T15:59:59Z");
    world.tick().await;
    assert_eq!(world.list(ListCommitmentsRequest::default()).await[0].state(), CommitmentState::Assigned);
    world.at("2025-06-30T16:00:00Z");
    world.tick().await;
    let lapsed = world.last_own().await;
    assert_eq!(lapsed.event_type, "mingjing.evaluation.v1.CommitmentLapsed");
    world.tick().await;
    assert_eq!(world.last_own().await.position, lapsed.position);
    world.react_to_own().await;
    assert_eq!(world.standing().await, [(TariffCause::CommitmentLapsed, "-0.7".to_owned())]);
    let entries = world.entries(ListEntriesRequest::default()).await;
    assert_eq!(entries[0].entry_date, "2025-06-30");
    assert_eq!(entries[0].cause_thing, NAME);
}

#[tokio::test]
async fn a_cycle_is_not_closed_before_its_promises_are_settled() {
    let world = World::start().await;
    world.promise("2025-06-30").await;
    let refused = async || world.close(CYCLE).await.unwrap_err().message().to_owned();
    world.at("2025-07-01T02:00:00Z");
    assert!(refused().await.contains("commitment hours: its last day has passed"));
    world.at("2025-06-20T02:00:00Z");
    world.report().await;
    world.at("2025-07-01T02:00:00Z");
    assert!(refused().await.contains("commitment hours: the reported delivery is not looked at"));
    world.verify("inspector").await.unwrap();
    world.close(CYCLE).await.unwrap();
}

#[tokio::test]
async fn an_overturned_refutation_gives_back_what_it_cost_and_the_lapse_that_came_of_it() {
    let world = World::start().await;
    world.promise("2025-06-30").await;
    world.report().await;
    world.refute().await;
    world.react_to_own().await;
    world.report().await;
    world.at("2025-07-01T02:00:00Z");
    world.refute().await;
    world.react_to_own().await;
    world.tick().await;
    world.react_to_own().await;
    assert_eq!(world.standing().await.len(), 3);
    assert_eq!(rule(world.verify("inspector").await), "evaluation.judges_own_delivery");
    let delivered = world.verify("third").await.unwrap();
    assert_eq!((delivered.state(), delivered.refutations), (CommitmentState::Verified, 1));
    world.react_to_own().await;
    assert_eq!(world.standing().await, [(TariffCause::DeliveryRefuted, "-0.6".to_owned())]);
}

#[tokio::test]
async fn commitments_are_listed_by_what_is_asked() {
    let world = World::start().await;
    world.promise("2025-06-30").await;
    let asked = || ListCommitmentsRequest::default();
    let matching = [
        ListCommitmentsRequest { unit: TRAFFIC.to_owned(), ..asked() },
        ListCommitmentsRequest { state: CommitmentState::Assigned.into(), ..asked() },
        ListCommitmentsRequest { level: CommitmentLevel::Ministry.into(), ..asked() },
        ListCommitmentsRequest { due_until: "2025-06-30".to_owned(), ..asked() },
        ListCommitmentsRequest { announced_from: "2025-06-02".to_owned(), ..asked() },
    ];
    for asked in matching {
        assert_eq!(world.list(asked.clone()).await.len(), 1, "{asked:?}");
    }
    let others = [
        ListCommitmentsRequest { unit: STATION.to_owned(), ..asked() },
        ListCommitmentsRequest { state: CommitmentState::Lapsed.into(), ..asked() },
        ListCommitmentsRequest { level: CommitmentLevel::Bureau.into(), ..asked() },
        ListCommitmentsRequest { due_from: "2025-07-01".to_owned(), ..asked() },
        ListCommitmentsRequest { announced_until: "2025-06-01".to_owned(), ..asked() },
    ];
    for asked in others {
        assert_eq!(world.list(asked.clone()).await, [], "{asked:?}");
    }
    let unknown = ListCommitmentsRequest { parent: CITY.to_owned(), state: 99, ..asked() };
    let refused = world.service.list_commitments(Request::new(unknown)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}
