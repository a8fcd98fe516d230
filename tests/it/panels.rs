//! Panels, from the roll to the result.

use contract::words::{Component, ElectorClass, PanelMethod, SchemeRules, component::Method};
use tempfile::tempdir;
use tonic::Code;
use tonic::transport::Channel;

use crate::chance::Chance;
use crate::harness::*;
use contract::evaluation::evaluation_service_client::EvaluationServiceClient;
use contract::evaluation::*;

pub(crate) const CLASSES: [&str; 2] = ["mayor", "members"];

/// So many panels, each worth the same, all of a mayor and members of equal weight.
pub(crate) fn panels(count: u32, quorum: &str) -> SchemeRules {
    let class = |class_id: &str| ElectorClass {
        class_id: class_id.to_owned(),
        title: class_id.to_owned(),
        weight: "1".to_owned(),
    };
    let panel = |number| Component {
        component_id: panel_id(number),
        title: format!("Panel {number}"),
        max_points: (100 / count).to_string(),
        method: Some(Method::Panel(PanelMethod {
            classes: CLASSES.map(class).to_vec(),
            quorum: quorum.to_owned(),
            ..Default::default()
        })),
    };
    SchemeRules {
        title: "Panels".to_owned(),
        components: (0..count).map(panel).collect(),
        excellent_quota: 1,
        ..Default::default()
    }
}

pub(crate) fn panel_id(number: u32) -> String {
    format!("panel-{number}")
}

pub(crate) fn panel_name(number: u32) -> String {
    format!("{CYCLE}/panels/{}", panel_id(number))
}

pub(crate) async fn convene(channel: &Channel, number: u32, electors: &[String]) {
    let roll = |class_id: &str, electors: &[String]| ElectorRoll {
        class_id: class_id.to_owned(),
        electors: electors.to_vec(),
    };
    let request = ConvenePanelRequest {
        request_id: request_id(),
        parent: CYCLE.to_owned(),
        component_id: panel_id(number),
        rolls: vec![roll(CLASSES[0], &electors[..1]), roll(CLASSES[1], &electors[1..])],
        occurred_at: None,
    };
    EvaluationServiceClient::new(channel.clone()).convene_panel(request).await.unwrap();
}

pub(crate) fn ballot(number: u32, elector: &str, marks: &[(&str, String)]) -> CastBallotRequest {
    let mark = |(unit, points): &(&str, String)| BallotMark { unit: unit_name(unit), points: points.clone() };
    CastBallotRequest {
        request_id: request_id(),
        name: panel_name(number),
        elector: elector.to_owned(),
        marks: marks.iter().map(mark).collect(),
    }
}

pub(crate) async fn close(channel: &Channel, number: u32) -> Panel {
    let mut client = EvaluationServiceClient::new(channel.clone());
    let request = ClosePanelRequest { request_id: request_id(), name: panel_name(number), occurred_at: None };
    let closed = client.close_panel(request).await.unwrap().into_inner();
    let request = GetPanelRequest { name: panel_name(number), consistency_token: closed.consistency_token };
    client.get_panel(request).await.unwrap().into_inner().panel.unwrap()
}

pub(crate) fn electors(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("elector-{number}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn electors_vote_once_each_and_while_the_panel_is_open_nobody_sees_a_mark() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path()).await;
    let channel = server.channel();
    city_under(&channel, &["north", "south"], panels(1, "0.5")).await;
    let electors = electors(8);
    convene(&channel, 0, &electors).await;
    let mut client = server.evaluation();
    for elector in &electors[..7] {
        let marks = [("north", "26.5".to_owned()), ("south", "20".to_owned())];
        let request = ballot(0, elector, &marks);
        let first = client.cast_ballot(request.clone()).await.unwrap().into_inner();
        assert_eq!(client.cast_ballot(request).await.unwrap().into_inner(), first, "repeated, not doubled");
        let again = client.cast_ballot(ballot(0, elector, &marks)).await;
        assert_refused(again, Code::FailedPrecondition, "evaluation.already_voted", "a second ballot");
    }
    let request = GetPanelRequest { name: panel_name(0), consistency_token: server.everything().await };
    let open = client.get_panel(request).await.unwrap().into_inner().panel.unwrap();
    let turnout: Vec<_> = open.classes.iter().map(|class| (class.electors, class.voted)).collect();
    assert_eq!((turnout, open.results, open.quorum_reached), (vec![(1, 1), (7, 6)], vec![], None));
    assert!(!server.log("evaluation").await.iter().any(|event| event.event_type.ends_with(".BallotCast")));
    let closing = CloseCycleRequest { request_id: request_id(), name: CYCLE.to_owned(), occurred_at: None };
    let refused = client.close_cycle(closing).await;
    assert_refused(refused, Code::FailedPrecondition, "evaluation.not_ready", "a panel is open");

    let closed = close(&channel, 0).await;
    assert_eq!(closed.quorum_reached, Some(true));
    let north = &closed.results[0];
    assert_eq!((north.unit.as_str(), north.points.as_deref()), (&*unit_name("north"), Some("26.50")));
    // The mayor's class has one ballot: from the other's mean it could be told.
    assert!(north.classes.iter().all(|class| class.mean.is_none()), "{north:?}");
    let card = server.scorecard("south").await;
    assert_eq!(card.components[0].points.as_deref(), Some("20.00"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn below_its_quorum_a_panel_gives_no_points() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path()).await;
    city_under(&server.channel(), &["north"], panels(1, "0.51")).await;
    let electors = electors(2);
    convene(&server.channel(), 0, &electors).await;
    let request = ballot(0, &electors[0], &[("north", "50".to_owned())]);
    server.evaluation().cast_ballot(request).await.unwrap();
    let closed = close(&server.channel(), 0).await;
    assert_eq!((closed.quorum_reached, closed.results[0].points.as_deref()), (Some(false), None));
    assert_eq!(server.scorecard("north").await.final_points, None);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_electors_mark_a_hundred_and_one_units() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path()).await;
    let channel = server.channel();
    let names: Vec<_> = (0..101).map(|number| format!("unit-{number}")).collect();
    let units: Vec<_> = names.iter().map(String::as_str).collect();
    city_under(&channel, &units, panels(1, "1")).await;
    let electors = electors(500);
    convene(&channel, 0, &electors).await;
    let mut votes = tokio::task::JoinSet::new();
    for (seed, elector) in (0..).zip(&electors) {
        let mut chance = Chance::seeded(seed);
        let marks: Vec<_> = units.iter().map(|unit| (*unit, chance.below(101).to_string())).collect();
        let request = ballot(0, elector, &marks);
        let mut client = server.evaluation();
        votes.spawn(async move { client.cast_ballot(request).await.unwrap() });
    }
    votes.join_all().await;
    let closed = close(&channel, 0).await;
    assert_eq!((closed.results.len(), closed.quorum_reached), (101, Some(true)));
    server.stop().await;
}
