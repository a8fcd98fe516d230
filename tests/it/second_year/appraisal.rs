//! Results, panel, survey, commitments, counties.

use std::collections::BTreeMap;

use contract::evaluation::*;
use contract::scorecard::{ListScorecardsRequest, Scorecard};
use contract::words::TariffCause;
use rust_decimal::Decimal;

use super::{CYCLE, Year};

const CITY: &str = "jurisdictions/city";

pub(crate) async fn the_city_has_101_organs_and_the_bureau_16_targets_below_it(year: &Year) {
    let cards = scorecards(year, CYCLE).await;
    let (organs, targets): (Vec<_>, Vec<_>) = cards.iter().partition(|card| card.group <= 5);
    assert_eq!((organs.len(), targets.len()), (101, 16));
    assert_eq!(organs.iter().filter(|card| card.ranked).count(), 77);
    assert_eq!(cards.iter().filter(|card| card.excellent).count(), 25);
    let bureau = cards.iter().find(|card| card.unit.ends_with("/public-security-bureau")).unwrap();
    let roll_up = bureau.roll_up.as_ref().unwrap();
    let finals: Decimal = targets.iter().map(|card| decimal(card.final_points.as_ref().unwrap())).sum();
    assert_eq!((roll_up.share.as_str(), roll_up.children), ("0.1", 16));
    assert_eq!(decimal(&roll_up.mean), finals / Decimal::from(16));
    let points = bureau.components.iter().map(|component| component.max_points.as_str());
    assert!(points.eq(["30.00", "20.00", "50.00"]), "{:?}", bureau.components);
    // What the bureau is after the year; the README says the same.
    assert_eq!((bureau.rank, bureau.group_size, bureau.excellent), (8, 29, true));
}

pub(crate) async fn twelve_thousand_forms_went_out_half_of_them_to_service_recipients(year: &Year) {
    let name = format!("{CYCLE}/surveys/open-appraisal");
    let request = GetSurveyRequest { name, consistency_token: year.token.clone() };
    let survey = year.server.evaluation().get_survey(request).await.unwrap().into_inner().survey.unwrap();
    let issued: BTreeMap<_, _> =
        survey.strata.iter().map(|stratum| (stratum.stratum_id.as_str(), stratum.issued)).collect();
    assert_eq!((issued.values().sum::<u32>(), issued["service-recipients"]), (12_000, 6_000));
    assert!(survey.strata.iter().all(|stratum| stratum.return_rate.as_deref() == Some("0.9200")));
    assert_eq!((survey.results.len(), survey.flags.len()), (117, 0));
}

/// The mayor is a class of one: its mean would be the ballot, and the members' would tell it.
pub(crate) async fn nobody_learns_what_the_mayor_voted(year: &Year) {
    let name = format!("{CYCLE}/panels/business-work");
    let request = GetPanelRequest { name, consistency_token: year.token.clone() };
    let panel = year.server.evaluation().get_panel(request).await.unwrap().into_inner().panel.unwrap();
    let turnout = panel.classes.iter().map(|class| (class.electors, class.voted));
    assert!(turnout.eq([(1, 1), (40, 40)]), "{:?}", panel.classes);
    assert_eq!((panel.results.len(), panel.quorum_reached), (117, Some(true)));
    for result in &panel.results {
        assert!(result.points.is_some());
        assert!(result.classes.iter().all(|class| class.mean.is_none()), "{result:?}");
    }
}

pub(crate) async fn what_119_commitments_came_to_is_told_by_who_promised_them(year: &Year) {
    let list = async |level: CommitmentLevel, announced_from: &str| {
        let request = ListCommitmentsRequest {
            parent: CITY.to_owned(),
            level: level.into(),
            announced_from: announced_from.to_owned(),
            page_size: 1000,
            consistency_token: year.token.clone(),
            ..Default::default()
        };
        year.server.evaluation().list_commitments(request).await.unwrap().into_inner().commitments
    };
    let mut states = BTreeMap::new();
    for (level, all, new) in [
        (CommitmentLevel::Ministry, 30, 0),
        (CommitmentLevel::Province, 59, 21),
        (CommitmentLevel::Bureau, 30, 10),
    ] {
        let commitments = list(level, "").await;
        let since_july = list(level, "2025-07-01").await;
        assert_eq!((commitments.len(), since_july.len()), (all, new), "{level:?}");
        for commitment in commitments {
            *states.entry(commitment.state()).or_insert(0) += 1;
        }
    }
    assert_eq!(states, BTreeMap::from([(CommitmentState::Verified, 112), (CommitmentState::Lapsed, 7)]));
    // Nine reports were refuted, and seven commitments lapsed: each costs its tariff, once.
    let mut causes = BTreeMap::new();
    for entry in
        entries(year, ListEntriesRequest { source_id: "commitment".to_owned(), ..Default::default() }).await
    {
        *causes.entry(entry.cause()).or_insert(0) += 1;
    }
    assert_eq!(
        causes,
        BTreeMap::from([(TariffCause::DeliveryRefuted, 9), (TariffCause::CommitmentLapsed, 7)])
    );
}

pub(crate) async fn one_of_three_appeals_against_entries_was_granted(year: &Year) {
    let decided = async |contest: ContestState| {
        let asked =
            ListEntriesRequest { contest: contest.into(), include_reversed: true, ..Default::default() };
        entries(year, asked).await
    };
    let (granted, refused) = (decided(ContestState::Granted).await, decided(ContestState::Refused).await);
    assert_eq!((granted.len(), refused.len()), (1, 2));
    assert!(granted.iter().all(|entry| entry.reversed) && refused.iter().all(|entry| !entry.reversed));
}

pub(crate) async fn six_counties_were_appraised_in_step(year: &Year) {
    let request = ListCyclesRequest {
        parent: CITY.to_owned(),
        page_size: 1000,
        consistency_token: year.token.clone(),
        ..Default::default()
    };
    let cycles = year.server.evaluation().list_cycles(request).await.unwrap().into_inner().cycles;
    let city = cycles.iter().find(|cycle| cycle.name == CYCLE).unwrap();
    let counties: Vec<_> = cycles.iter().filter(|cycle| cycle.parent_cycle == CYCLE).collect();
    assert_eq!(counties.len(), 6);
    for county in counties {
        assert_eq!(county.level(), CycleLevel::County);
        assert_eq!((&county.start_date, &county.end_date), (&city.start_date, &city.end_date));
        assert_eq!(county.state(), CycleState::Published);
        let results = scorecards(year, &county.name).await;
        let of_the_county = |card: &&Scorecard| card.unit.contains(county.name.rsplit('/').next().unwrap());
        assert_eq!(results.iter().filter(of_the_county).count(), 8, "{}", county.name);
        assert!(results.iter().all(|card| card.final_points.is_some()));
        assert!(results.iter().filter(|card| card.excellent).count() >= 2);
    }
}

pub(super) async fn scorecards(year: &Year, cycle: &str) -> Vec<Scorecard> {
    let request = ListScorecardsRequest {
        parent: cycle.to_owned(),
        page_size: 1000,
        consistency_token: year.token.clone(),
        ..Default::default()
    };
    year.server.scorecards().list_scorecards(request).await.unwrap().into_inner().scorecards
}

/// Entries of the city's cycle.
pub(super) async fn entries(year: &Year, asked: ListEntriesRequest) -> Vec<Entry> {
    let request = ListEntriesRequest {
        parent: CYCLE.to_owned(),
        page_size: 1000,
        consistency_token: year.token.clone(),
        ..asked
    };
    year.server.evaluation().list_entries(request).await.unwrap().into_inner().entries
}

pub(super) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}
