//! The three odd sub-units stand out, each by the figure that the rule is about; all others move.

use std::collections::BTreeMap;

use contract::scorecard::{GetScorecardRequest, ListScorecardsRequest};
use contract::training::training_service_client::TrainingServiceClient;
use contract::training::{
    Count, ListStalledUnitsRequest, ListTrainingFiguresRequest, StalledUnit, TrainingBreakdown,
    TrainingFigures,
};
use rust_decimal::Decimal;

use super::Year;

const CAMPAIGN: &str = "jurisdictions/city/campaigns/drive-2025";
const STANDS_STILL: &str = "west-sub-bureau";
const STARS_ONLY: &str = "special-police";
const LEADERS_AWAY: &str = "harbour-sub-bureau";
const JULY: &str = "2025-07-01T04:00:00Z";
const BUREAU: &str = "public-security-bureau";
/// They are no sub-units.
const DEPARTMENTS: [&str; 3] = ["political-department", "command-centre", "supervision-department"];

pub(crate) async fn the_whole_bureau_trains_in_all_that_there_is_to_train(year: &Year) {
    let figures = figures(year).await;
    let bureau = &figures[BUREAU];
    assert_eq!(bureau.roster_date, "2025-11-30");
    assert_eq!(bureau.participation.unwrap().of, 6000);
    assert_eq!(bureau.grassroots_coverage, Some(Count { count: 120, of: 120 }));
    assert_eq!(sub_units(&figures).count(), 16);
    assert!(bureau.modes.len() == 4 && bureau.modes.iter().all(|mode| mode.sessions > 0));
    assert!(bureau.basics.len() == 3 && bureau.basics.iter().all(|basic| basic.sessions > 0));
    assert!(bureau.qualities.len() == 4 && bureau.qualities.iter().all(|quality| quality.sessions > 0));
    assert_eq!(bureau.specialities.len(), 9, "eight detachments' own, and all others'");
    assert_eq!((bureau.needs_met, bureau.needs_open), (12, 3));
    let plans = bureau.plans_approved.unwrap();
    assert_eq!(plans.count, plans.of);
}

pub(crate) async fn one_sub_unit_stood_still_until_october_and_nothing_else_ever_did(year: &Year) {
    let stalled = stalled(year).await;
    assert_eq!(stalled.len(), 11, "the sub-unit and its ten grassroots units, once each");
    for unit in &stalled {
        assert!(unit.unit.contains(STANDS_STILL), "{} stood still", unit.unit);
        assert_eq!(unit.due_date, "2025-02-28");
        let resumed = contract::field::instant("resume_time", unit.resume_time.unwrap()).unwrap();
        assert_eq!(contract::field::day_of(resumed).to_string(), "2025-10-09");
    }
    assert_eq!(figures(year).await[BUREAU].units_stalled, 0);
    // That costs the sub-unit points, once for each of its units, and nobody else any.
    let entries = year.server.log("evaluation").await.into_iter();
    let by_training = entries.filter(|event| event.actor == "evaluation-from-training");
    let costs: Vec<_> = by_training.map(|event| event.unit).collect();
    assert_eq!(costs, [STANDS_STILL; 11]);
}

/// In the middle of the standstill it shows on the scorecard, and on those above it by its count alone.
pub(crate) async fn in_july_its_scorecard_said_that_it_stood_still(year: &Year) {
    let request = ListScorecardsRequest {
        parent: super::CYCLE.to_owned(),
        page_size: 1000,
        as_of_occurred: Some(contract::field::to_wire(JULY.parse().unwrap())),
        consistency_token: year.server.everything().await,
        ..Default::default()
    };
    let cards = year.server.scorecards().list_scorecards(request).await.unwrap().into_inner().scorecards;
    let mut standing = BTreeMap::new();
    for card in cards {
        let unit = card.unit.rsplit('/').next().unwrap().to_owned();
        let units = card.training.map_or(0, |training| training.units_stalled);
        if card.stalled || units > 0 {
            standing.insert(unit, (card.stalled, units));
        }
    }
    // The sub-unit and its ten grassroots units.
    let expected = [(BUREAU, (false, 11)), (STANDS_STILL, (true, 11))];
    assert_eq!(standing, expected.map(|(unit, stands)| (unit.to_owned(), stands)).into());
}

pub(crate) async fn one_trains_only_its_stars(year: &Year) {
    let figures = figures(year).await;
    for (unit, row) in sub_units(&figures) {
        let share = busiest_share(row);
        let missing = missing(row);
        if unit == STARS_ONLY {
            assert!(share > percent(80), "{unit}: {share}");
            assert!(missing > percent(40), "{unit}: {missing}");
            assert!(row.officers_over_cap > 0, "their hours are flagged");
        } else {
            assert!(share < percent(25), "{unit}: {share}");
            assert!(missing < percent(10), "{unit}: {missing}");
        }
    }
    let card = on_scorecard(year, STARS_ONLY).await;
    assert_eq!(card.hours, figures[STARS_ONLY].hours);
    assert_eq!(card.participation, figures[STARS_ONLY].participation);
}

pub(crate) async fn the_leaders_of_one_stay_away(year: &Year) {
    let figures = figures(year).await;
    for (unit, row) in sub_units(&figures) {
        let come = if unit == LEADERS_AWAY { 0 } else { 5 };
        assert_eq!(row.leader_participation, Some(Count { count: come, of: 5 }), "{unit}");
    }
    let card = on_scorecard(year, LEADERS_AWAY).await;
    assert_eq!(card.leader_participation, Some(Count { count: 0, of: 5 }));
}

/// The figures of the bureau and of each unit directly below it, by unit, each with its subtree.
async fn figures(year: &Year) -> BTreeMap<String, TrainingFigures> {
    let request = ListTrainingFiguresRequest {
        parent: CAMPAIGN.to_owned(),
        with_subtree: true,
        breakdown: TrainingBreakdown::Unit.into(),
        consistency_token: year.server.everything().await,
        ..Default::default()
    };
    let mut client = TrainingServiceClient::new(year.server.channel());
    let rows = client.list_training_figures(request).await.unwrap().into_inner().figures;
    rows.into_iter().map(|row| (row.unit.rsplit('/').next().unwrap().to_owned(), row)).collect()
}

fn sub_units(
    figures: &BTreeMap<String, TrainingFigures>,
) -> impl Iterator<Item = (&String, &TrainingFigures)> {
    figures.iter().filter(|(unit, _)| *unit != BUREAU && !DEPARTMENTS.contains(&unit.as_str()))
}

/// Every unit that stands still, or did.
async fn stalled(year: &Year) -> Vec<StalledUnit> {
    let request = ListStalledUnitsRequest {
        parent: CAMPAIGN.to_owned(),
        with_subtree: true,
        include_resumed: true,
        page_size: 1000,
        consistency_token: year.server.everything().await,
        ..Default::default()
    };
    let mut client = TrainingServiceClient::new(year.server.channel());
    client.list_stalled_units(request).await.unwrap().into_inner().stalled_units
}

/// What a sub-unit's scorecard says of its training.
async fn on_scorecard(year: &Year, unit: &str) -> TrainingFigures {
    let request = GetScorecardRequest {
        name: format!("jurisdictions/city/cycles/second-year/scorecards/{unit}"),
        consistency_token: year.server.everything().await,
        ..Default::default()
    };
    let card = year.server.scorecards().get_scorecard(request).await.unwrap().into_inner().scorecard;
    card.unwrap().training.unwrap()
}

/// The share of the busiest tenth in all hours.
fn busiest_share(row: &TrainingFigures) -> Decimal {
    let hours = row.hours.as_ref().unwrap();
    hours.busiest_hours.parse::<Decimal>().unwrap() / hours.total_hours.parse::<Decimal>().unwrap()
}

fn missing(row: &TrainingFigures) -> Decimal {
    let Count { count, of } = row.participation.unwrap();
    Decimal::from(of - count) / Decimal::from(of)
}

fn percent(percent: i64) -> Decimal {
    Decimal::new(percent, 2)
}
