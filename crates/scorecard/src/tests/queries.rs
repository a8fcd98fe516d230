use contract::evaluation::entry_recorded::Target;
use contract::scorecard::scorecard_service_server::ScorecardService as _;
use contract::scorecard::simulate_scorecard_request::Rules;
use contract::scorecard::simulate_table_request::Rules as TableRules;
use contract::scorecard::{
    ExplainScorecardRequest, GetFreshnessRequest, GetScorecardRequest, ListScorecardsRequest, LossKind,
    SimulateScorecardRequest, SimulateTableRequest,
};
use rust_decimal::Decimal;
use tonic::{Code, Request};

use super::history::{History, closed_year, cycle, year};
use super::running::{City, Running};

fn card_name(unit: &str) -> String {
    format!("{}/scorecards/{unit}", cycle())
}

fn get(unit: &str) -> GetScorecardRequest {
    GetScorecardRequest { name: card_name(unit), ..GetScorecardRequest::default() }
}

async fn running(history: &History) -> (City, Running, String) {
    let mut city = City::start().await;
    let token = city.record(history).await;
    let running = Running::start(&city).await;
    (city, running, token)
}

#[tokio::test]
async fn a_scorecard_says_how_fresh_it_is() {
    let (_city, running, consistency_token) = running(&closed_year()).await;
    let request = GetScorecardRequest { consistency_token, ..get("bureau") };
    let card = running.service().get_scorecard(Request::new(request)).await.unwrap().into_inner();
    let card = card.scorecard.unwrap();
    assert_eq!((card.name, card.unit_title.as_str()), (card_name("bureau"), "Unit bureau"));
    let services: Vec<_> = card.freshness.iter().map(|fresh| fresh.service.as_str()).collect();
    assert_eq!(services, contract::token::SERVICES);
    let evaluation = &card.freshness[2];
    assert!(evaluation.position > 0 && evaluation.recorded_at.is_some());
    assert_eq!((evaluation.head_position, evaluation.alarm.as_str()), (evaluation.position, ""));
}

#[tokio::test]
async fn what_was_written_is_read() {
    let mut history = closed_year();
    let (mut city, running, _) = running(&history).await;
    let service = running.service();
    for round in 0..5 {
        let source = Target::SourceId("complaint".to_owned());
        history.entry("tax", &format!("round-{round}"), source, "-0.10");
        let consistency_token = city.record(&history).await;
        let request = GetScorecardRequest { consistency_token, ..get("tax") };
        let card =
            service.get_scorecard(Request::new(request)).await.unwrap().into_inner().scorecard.unwrap();
        assert_eq!(card.daily[1].entries, round + 1);
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_a_bad_name_names_the_field() {
    let (_city, running, _) = running(&year()).await;
    let service = running.service();
    let ask = async |name: &str| {
        let request = GetScorecardRequest { name: name.to_owned(), ..GetScorecardRequest::default() };
        service.get_scorecard(Request::new(request)).await.unwrap_err()
    };
    let unknown_unit = ask(&card_name("nobody")).await;
    assert_eq!(unknown_unit.code(), Code::NotFound);
    assert!(unknown_unit.message().contains("scorecards/nobody"), "{unknown_unit}");
    let unknown_cycle = ask("jurisdictions/city/cycles/1999/scorecards/bureau").await;
    assert_eq!(unknown_cycle.code(), Code::NotFound);
    assert!(unknown_cycle.message().contains("jurisdictions/city/cycles/1999"), "{unknown_cycle}");
    let bad = ask("bureau").await;
    assert_eq!(bad.code(), Code::InvalidArgument);
    assert!(bad.message().starts_with("name: "), "{bad}");
}

#[tokio::test]
async fn a_query_that_cannot_wait_longer_says_how_far_it_got() {
    let (_city, running, _) = running(&year()).await;
    let mut request = Request::new(GetFreshnessRequest { consistency_token: "evaluation:9999".to_owned() });
    request.set_timeout(std::time::Duration::from_millis(20));
    let late = running.service().get_freshness(request).await.unwrap_err();
    assert_eq!(late.code(), Code::Unavailable);
    assert!(late.message().contains("not evaluation:9999"), "{late}");
}

#[tokio::test]
async fn a_projection_that_stopped_says_so_at_once() {
    let mut history = year();
    history.mark("tax", "much");
    let mut city = City::start().await;
    let consistency_token = city.record(&history).await;
    let tasks = shell::Tasks::default();
    let scorecard =
        crate::Scorecard::start(&city.sources(), &city.database(), super::running::clock(), &tasks)
            .await
            .unwrap();
    let stopped = scorecard.catch_up(super::running::PATIENCE).await.unwrap_err();
    let text = format!("{stopped:?}");
    assert!(text.contains("MarkRecorded"), "{text}");
    let service = crate::service::Service::new(scorecard.projection.clone());
    let wait = Request::new(GetFreshnessRequest { consistency_token });
    assert_eq!(service.get_freshness(wait).await.unwrap_err().code(), Code::Unavailable);
    let now = service.get_freshness(Request::new(GetFreshnessRequest::default())).await.unwrap();
    let evaluation = now.into_inner().freshness[2].clone();
    assert!(evaluation.alarm.contains("MarkRecorded"), "{evaluation:?}");
    assert_eq!(evaluation.head_position, evaluation.position + 1);
}

#[tokio::test]
async fn a_league_table_goes_by_group_rank_and_name_page_by_page() {
    let mut history = closed_year();
    history.register("audit", "");
    history.enter("audit", "", 1);
    let (_city, running, _) = running(&history).await;
    let service = running.service();
    let list = async |request: ListScorecardsRequest| {
        let request = ListScorecardsRequest { parent: cycle(), ..request };
        service.list_scorecards(Request::new(request)).await.unwrap().into_inner()
    };
    let (mut page_token, mut units) = (String::new(), Vec::new());
    loop {
        let request = ListScorecardsRequest { page_size: 2, page_token, ..Default::default() };
        let page = list(request).await;
        assert_eq!(page.total_size, 5);
        units.extend(page.scorecards.into_iter().map(|card| card.unit_title));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(units, ["Unit bureau", "Unit audit", "Unit tax", "Unit station", "Unit traffic"]);
    let group = list(ListScorecardsRequest { group: 2, ..Default::default() }).await;
    assert_eq!((group.total_size, group.scorecards.len()), (2, 2));
    let excellent = list(ListScorecardsRequest { excellent_only: true, ..Default::default() }).await;
    assert_eq!(excellent.scorecards.len(), 1);
    assert_eq!(excellent.scorecards[0].freshness.len(), 4);
}

#[tokio::test]
async fn an_explanation_leads_to_every_form_about_the_unit() {
    let (city, running, _) = running(&closed_year()).await;
    let request = ExplainScorecardRequest { name: card_name("bureau"), ..Default::default() };
    let explained = running.service().explain_scorecard(Request::new(request)).await.unwrap().into_inner();
    let sum: Decimal = explained.lines.iter().map(|line| line.points.parse::<Decimal>().unwrap()).sum();
    assert_eq!(explained.total_points.unwrap().parse::<Decimal>().unwrap(), sum);
    let log = city.logs().into_iter().find(|log| log.service() == "evaluation").unwrap();
    for (stratum, forms) in [("recipients", 3), ("residents", 1)] {
        let line = explained.lines.iter().find(|line| line.item == stratum).unwrap();
        assert_eq!((line.kind(), line.events.len()), (LossKind::Stratum, forms), "{stratum}");
        for reference in &line.events {
            let event = log.read_all(reference.position, 1).await.unwrap().remove(0);
            assert_eq!(event.event_id.to_string(), reference.event_id);
            assert!(event.event_type.ends_with(&reference.event_type));
        }
    }
}

#[tokio::test]
async fn a_simulation_stands_beside_the_actual_card() {
    let mut history = closed_year();
    let results = history.results();
    history.publish(results);
    let (_city, running, _) = running(&history).await;
    let name = card_name("traffic");
    let mut rules = super::history::rules();
    rules.rollup_share = String::new();
    rules.components[0].max_points = "20".to_owned();
    let table = SimulateTableRequest {
        parent: cycle(),
        rules: Some(TableRules::Inline(rules.clone())),
        ..Default::default()
    };
    let table = running.service().simulate_table(Request::new(table)).await.unwrap().into_inner();
    assert_eq!(table.rows.len(), 4);
    for row in table.rows {
        let Some(difference) = row.difference else { continue };
        let moved: Decimal = row.differences.iter().map(|line| line.points.parse::<Decimal>().unwrap()).sum();
        let maxima = Decimal::from(100 - 90);
        assert_eq!(difference.parse::<Decimal>().unwrap(), -moved - maxima, "{:?}", row.differences);
    }
    let rules = Some(Rules::Inline(rules));
    let request = SimulateScorecardRequest { name, rules, ..Default::default() };
    let answer = running.service().simulate_scorecard(Request::new(request)).await.unwrap().into_inner();
    let (actual, simulated) = (answer.actual.unwrap(), answer.simulated.unwrap());
    assert_eq!((actual.max_points.as_str(), simulated.max_points.as_str()), ("100.00", "90.00"));
    assert_eq!(answer.difference.as_deref(), Some("-9.00"));
    assert_eq!(simulated.unit_title, "Unit traffic");
}
