//! Index components, from the events of all four logs, by a path of their own: every count below is taken by hand.

use contract::complaints::{
    ClosureOutcome, ComplaintAssigned, ComplaintClosed, ComplaintLodged, RectificationVerified, Satisfaction,
};
use contract::evaluation::{self, CommitmentAssigned, DeliveryVerified, UnitResult};
use contract::field::to_wire;
use contract::scorecard::scorecard_service_server::ScorecardService as _;
use contract::scorecard::{
    CompareScorecardsRequest, ExplainScorecardRequest, GetScorecardRequest, ListRisksRequest, LossKind,
    RebuildScorecardsRequest, RiskKind, WatchScorecardsRequest, WatchScorecardsResponse,
};
use contract::training::{
    AcceptanceMethodIssued, AssessmentRecorded, Basic, ItemDesigned, Quality, SessionHeld, SessionVoided,
    TrainingMode,
};
use contract::words::component::Method;
use contract::words::{IndexKind, IndexMethod, SchemeRules};
use futures::StreamExt as _;
use jiff::Timestamp;
use rust_decimal::Decimal;
use scoring::indices::IndexFigures;
use tonic::Request;

use super::history::{History, closed_year, complaint, cycle, instant, officer, rules, unit, year};
use super::running::{City, PATIENCE, Running, while_read};
use crate::explain;

/// Three indices in the place of the panel, the indicators and the survey.
fn index_rules() -> SchemeRules {
    let mut rules = rules();
    let kinds = [IndexKind::Training, IndexKind::Rectification, IndexKind::Commitments];
    let others = rules.components.iter_mut().filter(|component| {
        matches!(component.method, Some(Method::Panel(_) | Method::Indicator(_) | Method::Survey(_)))
    });
    for (component, kind) in others.zip(kinds) {
        component.method = Some(Method::Index(IndexMethod { kind: kind.into(), weights: vec![] }));
    }
    rules
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A year of a bureau with two units: sessions, complaints and commitments of the units count for the bureau, too.
fn index_year() -> History {
    let mut history = History::default();
    history.open_with(index_rules());
    for (id, parent, group) in [("bureau", "", 1), ("station", "bureau", 2)] {
        history.register(id, parent);
        history.enter(id, parent, group);
    }
    history.mark("bureau", "26.40");
    history.mark("station", "20");
    history.launch();
    for (id, unit_id) in [("o1", "station"), ("o2", "station"), ("o3", "bureau")] {
        history.enrol(id, unit_id);
    }
    let item = "jurisdictions/city/campaigns/drive/items/i1".to_owned();
    let designed = ItemDesigned {
        item: item.clone(),
        basic: Basic::Skills.into(),
        quality: Quality::Professional.into(),
        ..Default::default()
    };
    history.tell("training", "item-city/drive/i1", &designed);
    let held = SessionHeld {
        session: "jurisdictions/city/campaigns/drive/sessions/s1".to_owned(),
        item,
        unit: unit("station"),
        mode: TrainingMode::Mutual.into(),
        session_date: "2024-05-06".to_owned(),
        hours: "2.5".to_owned(),
        participants: vec![officer("o1")],
    };
    history.tell("training", "session-city/drive/s1", &held);
    for (id, deadline, closed) in
        [("c1", "2024-06-01T00:00:00Z", Some("2024-05-20T00:00:00Z")), ("c2", "2024-07-01T00:00:00Z", None)]
    {
        complain(&mut history, id, at(deadline), closed.map(at));
    }
    for (id, due_date) in [("windows", "2024-08-01"), ("lights", "2024-09-01")] {
        let commitment = format!("jurisdictions/city/commitments/{id}");
        let assigned =
            CommitmentAssigned { commitment, unit: unit("station"), due_date: due_date.to_owned() };
        history.tell("evaluation", &format!("commitment-city/{id}"), &assigned);
    }
    let commitment = "jurisdictions/city/commitments/windows".to_owned();
    let verified = DeliveryVerified { commitment, unit: unit("station"), ..Default::default() };
    history.tell("evaluation", "commitment-city/windows", &verified);
    history
}

fn complain(history: &mut History, id: &str, deadline: Timestamp, closed: Option<Timestamp>) {
    let stream = format!("complaint-city/{id}");
    let lodged = ComplaintLodged {
        complaint: complaint(id),
        unit: unit("station"),
        lodge_time: Some(to_wire(at("2024-05-01T00:00:00Z"))),
        ..Default::default()
    };
    history.tell("complaints", &stream, &lodged);
    let assigned = ComplaintAssigned {
        complaint: complaint(id),
        unit: unit("station"),
        officer: officer("o2"),
        deadline: Some(to_wire(deadline)),
    };
    history.tell("complaints", &stream, &assigned);
    let Some(closed) = closed else { return };
    let verified = RectificationVerified {
        complaint: complaint(id),
        satisfaction: Satisfaction::Satisfied.into(),
        ..Default::default()
    };
    history.tell("complaints", &stream, &verified);
    let outcome = ClosureOutcome::Rectified.into();
    let close = ComplaintClosed { complaint: complaint(id), unit: unit("station"), outcome };
    history.tell("complaints", &stream, &close);
    history.0.last_mut().unwrap().occurred_at = closed;
}

#[test]
fn index_components_are_computed_from_all_four_logs() {
    let history = index_year();
    let card = history.card("bureau");
    let ratios: Vec<_> = card
        .components
        .iter()
        .flat_map(|component| &component.ratios)
        .map(|ratio| (ratio.ratio.as_str(), ratio.value.as_deref()))
        .collect();
    let expected = [
        ("participation", Some("0.333333")), // o1 of o1, o2, o3
        ("leader_participation", None),      // nobody leads
        ("pass_rate", None),                 // no method of acceptance yet
        ("grassroots_coverage", Some("1")),  // the station held one
        ("on_time", Some("0.5")),            // c1 of c1, c2
        ("satisfaction", Some("0.8")),
        ("not_reopened", Some("1")),
        ("delivered", Some("0.5")), // windows of windows, lights
    ];
    let shown = |pairs: &[(&str, Option<&str>)]| -> Vec<(String, Option<Decimal>)> {
        let number = |text: &str| text.parse::<Decimal>().unwrap().normalize();
        pairs.iter().map(|(ratio, value)| ((*ratio).to_owned(), value.map(number))).collect()
    };
    assert_eq!(shown(&ratios), shown(&expected));
    let in_place = history.card("station").four_in_place.unwrap();
    assert_eq!((in_place.complaints_due, in_place.complaints_on_time, in_place.complaints_open), (2, 1, 1));
    assert_eq!((in_place.commitments_due, in_place.commitments_due_delivered), (2, 1));
    assert_eq!(in_place.satisfaction.as_deref(), Some("0.80"));
    let training = history.card("station").training.unwrap();
    assert_eq!(training.hours.unwrap().total_hours.parse::<Decimal>().unwrap(), "2.5".parse().unwrap());
}

/// The counts as an event says them.
fn counts(figures: &IndexFigures) -> evaluation::IndexFigures {
    let (training, rectification, commitments) =
        (figures.training.unwrap(), figures.rectification.unwrap(), figures.commitments.unwrap());
    evaluation::IndexFigures {
        training: Some(evaluation::TrainingFigures {
            officers: training.officers,
            officers_attended: training.officers_attended,
            officers_to_pass: training.officers_to_pass,
            officers_passed: training.officers_passed,
            leaders: training.leaders,
            leaders_attended: training.leaders_attended,
            grassroots_units: training.grassroots_units,
            grassroots_units_covered: training.grassroots_units_covered,
        }),
        rectification: Some(evaluation::RectificationFigures {
            due: rectification.due,
            on_time: rectification.on_time,
            satisfaction_count: rectification.satisfaction_count,
            satisfaction_sum: rectification.satisfaction_sum.to_string(),
            closed: rectification.closed,
            reopened: rectification.reopened,
        }),
        commitments: Some(evaluation::CommitmentFigures {
            due: commitments.due,
            delivered: commitments.delivered,
        }),
    }
}

async fn running(history: &History) -> (City, Running) {
    let mut city = City::start().await;
    city.record(history).await;
    let running = Running::start(&city).await;
    (city, running)
}

fn name(id: &str) -> String {
    format!("{}/scorecards/{id}", cycle())
}

#[tokio::test]
async fn a_running_projection_computes_the_same_indices_and_explains_them_to_the_cent() {
    let history = index_year();
    let (_city, running) = running(&history).await;
    let request = ExplainScorecardRequest { name: name("bureau"), ..Default::default() };
    let explained = running.service().explain_scorecard(Request::new(request)).await.unwrap().into_inner();
    let card = explained.scorecard.unwrap();
    assert_eq!(card.components, history.card("bureau").components);
    assert_eq!((card.training, card.four_in_place), {
        let card = history.card("bureau");
        (card.training, card.four_in_place)
    });
    let sum: Decimal = explained.lines.iter().map(|line| line.points.parse::<Decimal>().unwrap()).sum();
    assert_eq!(explained.total_points.unwrap().parse::<Decimal>().unwrap(), sum);
    let ratios = explained.lines.iter().filter(|line| line.kind() == LossKind::Ratio).count();
    assert_eq!(ratios, 6, "participation, coverage, three of complaints, delivered");
    for line in &explained.lines {
        assert!(line.kind() == LossKind::Rounding || !line.events.is_empty(), "{line:?}");
        assert!(line.events.iter().all(|event| event.recorded_at.is_some()), "{line:?}");
    }
    running.stop().await;
}

/// The types of the events behind a ratio, in order.
fn behind(history: &History, ratio: &str) -> Vec<String> {
    let (league, past) = (history.league(), history.past());
    let found = explain::counted(|| past.events(), &league, "bureau", super::running::clock()()).unwrap();
    let (_, events) = found.into_iter().find(|((_, item), _)| item == ratio).unwrap();
    events.into_iter().map(|event| event.event_type).collect()
}

#[test]
fn a_ratio_leads_to_all_that_it_counts() {
    let history = index_year();
    assert_eq!(behind(&history, "participation"), ["CampaignLaunched", "SessionHeld"]);
    assert_eq!(behind(&history, "leader_participation"), ["CampaignLaunched"]);
    assert_eq!(behind(&history, "grassroots_coverage"), ["CampaignLaunched", "SessionHeld"]);
    let on_time = ["ComplaintAssigned", "ComplaintClosed", "ComplaintAssigned"];
    assert_eq!(behind(&history, "on_time"), on_time);
    assert_eq!(behind(&history, "satisfaction"), ["RectificationVerified"]);
    assert_eq!(behind(&history, "not_reopened"), ["ComplaintClosed"]);
    let delivered = ["CommitmentAssigned", "CommitmentAssigned", "DeliveryVerified"];
    assert_eq!(behind(&history, "delivered"), delivered);
}

#[test]
fn a_session_of_others_a_voided_one_and_an_assessment_that_counts_no_more_are_not_behind_a_ratio() {
    let mut history = index_year();
    let session = |id: &str| format!("jurisdictions/city/campaigns/drive/sessions/{id}");
    for (id, participant) in [("s2", "o2"), ("s3", "stranger")] {
        let held = SessionHeld {
            session: session(id),
            item: "jurisdictions/city/campaigns/drive/items/i1".to_owned(),
            unit: unit("station"),
            mode: TrainingMode::Mutual.into(),
            session_date: "2024-05-07".to_owned(),
            hours: "1".to_owned(),
            participants: vec![officer(participant)],
        };
        history.tell("training", &format!("session-city/drive/{id}"), &held);
    }
    let voided = SessionVoided { session: session("s1"), ..Default::default() };
    history.tell("training", "session-city/drive/s1", &voided);
    let issued = AcceptanceMethodIssued {
        campaign: "jurisdictions/city/campaigns/drive".to_owned(),
        required_qualities: vec![Quality::Physical.into()],
        ..Default::default()
    };
    history.tell("training", "campaign-city/drive", &issued);
    for (id, day) in [("a1", "2024-05-08"), ("a2", "2024-05-09")] {
        let recorded = AssessmentRecorded {
            assessment: format!("{}/assessments/{id}", officer("o1")),
            campaign: "jurisdictions/city/campaigns/drive".to_owned(),
            quality: Quality::Physical.into(),
            assessment_date: day.to_owned(),
            passed: true,
            score: None,
        };
        history.tell("training", &format!("assessment-city/o1/{id}"), &recorded);
    }
    assert_eq!(behind(&history, "participation"), ["CampaignLaunched", "SessionHeld"]);
    let passed = ["CampaignLaunched", "AcceptanceMethodIssued", "AssessmentRecorded"];
    assert_eq!(behind(&history, "pass_rate"), passed);
}

#[test]
fn behind_a_published_ratio_is_what_was_known_then() {
    let mut history = index_year();
    history.close();
    let before = behind(&history, "not_reopened");
    history.publish(vec![super::history::result(history.card("bureau"))]);
    complain(&mut history, "c3", at("2024-06-01T00:00:00Z"), Some(at("2024-05-20T00:00:00Z")));
    assert_eq!(behind(&history, "not_reopened"), before);
}

#[tokio::test]
async fn as_of_an_instant_only_what_was_due_by_then_is_due() {
    let (_city, running) = running(&index_year()).await;
    let due = async |instant: &str| {
        let as_of_occurred = Some(to_wire(at(instant)));
        let request = GetScorecardRequest { name: name("station"), as_of_occurred, ..Default::default() };
        let card = running.service().get_scorecard(Request::new(request)).await.unwrap().into_inner();
        let in_place = card.scorecard.unwrap().four_in_place.unwrap();
        (in_place.complaints_due, in_place.complaints_on_time, in_place.commitments_due)
    };
    assert_eq!(due("2024-05-10T00:00:00Z").await, (0, 0, 0));
    assert_eq!(due("2024-06-02T00:00:00Z").await, (1, 1, 0));
    assert_eq!(due("2024-08-02T00:00:00Z").await, (2, 1, 1));
    running.stop().await;
}

#[tokio::test]
async fn published_indices_stay_as_they_were_whatever_is_recorded_later() {
    let mut history = index_year();
    history.close();
    let league = history.league();
    let result = |id: &str| UnitResult {
        figures: Some(counts(&league.facts.units[id].figures)),
        ..super::history::result(history.card(id))
    };
    let results = vec![result("bureau"), result("station")];
    let published = history.card("bureau");
    history.publish(results);
    complain(&mut history, "c3", at("2024-06-01T00:00:00Z"), None);
    let (_city, running) = running(&history).await;
    let request = GetScorecardRequest { name: name("bureau"), ..Default::default() };
    let card = running.service().get_scorecard(Request::new(request)).await.unwrap().into_inner();
    let card = card.scorecard.unwrap();
    assert_eq!(card.components, published.components);
    assert_eq!(card.final_points, published.final_points);
    assert!(card.freshness.iter().all(|fresh| fresh.alarm.is_empty()), "{:?}", card.freshness);
    running.stop().await;
}

#[tokio::test]
async fn what_is_due_and_what_is_pending_is_at_risk_with_its_price() {
    let mut history = index_year();
    history.entry(
        "station",
        "e1",
        evaluation::entry_recorded::Target::SourceId("inspection".to_owned()),
        "-1.5",
    );
    history.contest("station", "e1");
    let (_city, running) = running(&history).await;
    let request = ListRisksRequest { parent: name("station"), ..Default::default() };
    let found = running.service().list_risks(Request::new(request)).await.unwrap().into_inner().risks;
    let kinds: Vec<_> =
        found.iter().map(|risk| (risk.kind(), risk.source.rsplit('/').next().unwrap())).collect();
    assert!(kinds.contains(&(RiskKind::Complaint, "c2")), "{kinds:?}");
    assert!(kinds.contains(&(RiskKind::Commitment, "lights")), "{kinds:?}");
    assert!(kinds.contains(&(RiskKind::StandingStill, "drive")), "{kinds:?}");
    assert!(kinds.contains(&(RiskKind::Contested, "e1")), "{kinds:?}");
    assert!(!kinds.iter().any(|(_, source)| *source == "c1" || *source == "windows"), "{kinds:?}");
    let contested = found.iter().find(|risk| risk.kind() == RiskKind::Contested).unwrap();
    assert_eq!((contested.points.as_str(), contested.due_time), ("1.50", None));
    let complaint = found.iter().find(|risk| risk.kind() == RiskKind::Complaint).unwrap();
    assert!(complaint.overdue, "its deadline is over");
    running.stop().await;
}

#[tokio::test]
async fn two_instants_of_a_scorecard_differ_by_what_happened_between_them() {
    let mut history = closed_year();
    let before = instant(history.0.len());
    history.reverse("traffic", "e2");
    let (_city, running) = running(&history).await;
    let request = CompareScorecardsRequest {
        name: name("traffic"),
        as_of_occurred: Some(to_wire(before)),
        ..Default::default()
    };
    let compared = running.service().compare_scorecards(Request::new(request)).await.unwrap().into_inner();
    let moved: Vec<_> = compared
        .differences
        .iter()
        .map(|difference| {
            let line = difference.line.as_ref().or(difference.other.as_ref()).unwrap();
            (line.kind(), line.item.as_str(), difference.points.parse::<Decimal>().unwrap().normalize())
        })
        .collect();
    assert_eq!(moved[0], (LossKind::Entry, "e2", "-2".parse().unwrap()), "{moved:?}");
    let line = compared.differences[0].line.as_ref().unwrap();
    assert_eq!(
        (line.events[0].event_type.as_str(), line.events[0].actor.as_str()),
        ("EntryRecorded", "clerk")
    );
    let sum: Decimal = moved.iter().map(|(_, _, points)| points).sum();
    assert_eq!(compared.total_points.unwrap().parse::<Decimal>().unwrap(), sum);
    running.stop().await;
}

#[tokio::test]
async fn a_watcher_is_told_what_changed_and_goes_on_where_it_was() {
    let mut history = year();
    let (mut city, running) = running(&history).await;
    let watch = async |resume_token: String| {
        let request = WatchScorecardsRequest { parent: cycle(), resume_token, ..Default::default() };
        running.service().watch_scorecards(Request::new(request)).await.unwrap().into_inner()
    };
    let next = async |answers: &mut tonic::codegen::BoxStream<WatchScorecardsResponse>| {
        tokio::time::timeout(PATIENCE, answers.next()).await.unwrap().unwrap().unwrap()
    };
    let units = |answer: &WatchScorecardsResponse| -> Vec<String> {
        answer.scorecards.iter().map(|card| card.unit.rsplit('/').next().unwrap().to_owned()).collect()
    };
    let mut answers = watch(String::new()).await;
    let first = next(&mut answers).await;
    assert_eq!(first.scorecards.len(), 4);
    history.revise_mark("traffic", "20");
    city.record(&history).await;
    assert_eq!(units(&next(&mut answers).await), ["traffic"]);
    drop(answers);
    history.revise_mark("station", "20");
    city.record(&history).await;
    running.scorecard.catch_up(PATIENCE).await.unwrap();
    let since = next(&mut watch(first.resume_token).await).await;
    assert_eq!(units(&since), ["station", "traffic"]);
    assert!(!since.resume_token.is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_rebuild_takes_the_place_of_what_is_read_without_a_pause_and_changes_nothing() {
    let mut history = index_year();
    let (mut city, running) = running(&history).await;
    let generation = running.scorecard.projection.generation().number();
    let before = running.card("bureau").await.unwrap().components;
    let rebuilding = async {
        let answers = running.service().rebuild_scorecards(Request::new(RebuildScorecardsRequest {})).await;
        let answers = answers.unwrap().into_inner().map(Result::unwrap).collect::<Vec<_>>();
        let recording = async {
            for number in 0..20 {
                history.register(&format!("later-{number}"), "");
                city.record(&history).await;
            }
        };
        let (answers, ()) = tokio::join!(answers, recording);
        answers
    };
    let rebuilding = while_read(&running, "bureau", rebuilding);
    let answers = tokio::time::timeout(PATIENCE, rebuilding).await.unwrap();
    assert!(answers.iter().rev().skip(1).all(|answer| !answer.ended), "{answers:?}");
    assert!(answers.is_sorted_by_key(|answer| answer.events), "{answers:?}");
    let last = answers.last().unwrap();
    assert!(last.ended && last.failure.is_empty() && last.events > 0, "{last:?}");
    assert!(last.events >= last.events_total, "{last:?}");
    assert!(running.scorecard.projection.generation().number() > generation);
    running.scorecard.catch_up(PATIENCE).await.unwrap();
    assert_eq!(running.card("bureau").await.unwrap().components, before);
    running.stop().await;
}
