//! What became of the cases, and what fell with a finding.

use std::collections::BTreeSet;

use contract::accountability::accountability_service_client::AccountabilityServiceClient;
use contract::accountability::*;
use contract::evaluation::{GetCycleRequest, ListEntriesRequest};
use contract::scorecard::{ListScorecardsRequest, Scorecard};
use contract::words::TariffCause;
use rust_decimal::Decimal;
use tonic::transport::Channel;

use super::appraisal::{decimal, entries};
use super::{CYCLE, Year};

/// The organ whose grave finding is overturned.
const VETOED: &str = "organ-3-05";
const CITY: &str = "jurisdictions/city";
/// The evening before the appeal was decided.
const DAY_BEFORE: &str = "2026-02-11T12:00:00Z";

pub(crate) async fn a_finding_that_fell_gives_points_and_rank_back_and_the_day_before_shows_the_old_ones(
    year: &Year,
) {
    let (before, now) = (cards(year, Some(DAY_BEFORE)).await, cards(year, None).await);
    let (old, new) = (card(&before, VETOED), card(&now, VETOED));
    assert_eq!((old.vetoed, old.excellent, old.rank), (true, false, old.group_size));
    assert_eq!(old.final_points.as_deref(), Some("60.00"), "capped");
    assert_eq!((new.vetoed, new.excellent), (false, true));
    let gained = decimal(new.final_points.as_ref().unwrap()) - decimal(old.uncapped_points.as_ref().unwrap());
    assert_eq!(gained, Decimal::ONE, "what the finding cost");

    let excellent = |cards: &[Scorecard]| {
        let excellent = cards.iter().filter(|card| card.excellent);
        excellent.map(|card| card.unit.clone()).collect::<BTreeSet<_>>()
    };
    let (was, is) = (excellent(&before), excellent(&now));
    let joined: Vec<_> = is.difference(&was).collect();
    assert_eq!(joined, [&new.unit]);
    assert_eq!(was.difference(&is).count(), 1, "whoever was last of the group's excellent ones");
    let bureau = "public-security-bureau";
    assert_eq!(card(&now, bureau).rank, card(&before, bureau).rank + 1);

    let vetoes = ListVetoesRequest { parent: CITY.to_owned(), include_lifted: true, ..Default::default() };
    let vetoes = accountability(year).list_vetoes(vetoes).await.unwrap().into_inner().vetoes;
    assert!(vetoes.iter().map(|veto| veto.lifted).eq([true]), "{vetoes:?}");
    let request = GetCycleRequest { name: CYCLE.to_owned(), consistency_token: year.token.clone() };
    let cycle = year.server.evaluation().get_cycle(request).await.unwrap().into_inner().cycle.unwrap();
    assert_eq!((cycle.revisions, cycle.revision_due.len()), (1, 0));
}

pub(crate) async fn who_is_cleared_gets_the_points_back_and_who_is_not_does_not(year: &Year) {
    let asked = ListEntriesRequest {
        cause_thing: format!("{CITY}/cases/calls-unanswered"),
        include_reversed: true,
        ..Default::default()
    };
    let entries = entries(year, asked).await;
    let stands = |unit: &str| {
        let of_unit = entries.iter().filter(|entry| entry.name.contains(&format!("/{unit}/")));
        of_unit.map(|entry| !entry.reversed).collect::<Vec<_>>()
    };
    assert_eq!((stands("north-sub-bureau"), stands("south-sub-bureau")), (vec![true], vec![false]));
}

pub(crate) async fn one_disposition_departs_from_the_scale_for_a_reason_and_by_approval(year: &Year) {
    let request = ListDeparturesRequest {
        parent: CITY.to_owned(),
        consistency_token: year.token.clone(),
        ..Default::default()
    };
    let departures = accountability(year).list_departures(request).await.unwrap().into_inner().departures;
    assert_eq!(departures.len(), 1, "{departures:?}");
    let departure = departures[0].disposition.clone().unwrap();
    assert!(departure.disposition < departure.minimum);
    assert!(!departure.departure_reason.is_empty() && !departure.approver.is_empty());
}

pub(crate) async fn cases_open_by_themselves_for_harm_and_for_every_unit_that_lost_too_much(year: &Year) {
    let cases = cases(year).await;
    let of = |origin: Origin| cases.iter().filter(move |case| case.origin() == origin);
    assert_eq!((of(Origin::Complaint).count(), of(Origin::ByHand).count()), (6, 4));
    assert!(cases.iter().all(|case| case.stage() == CaseStage::Closed), "{cases:#?}");

    let request = GetCycleRequest { name: CYCLE.to_owned(), consistency_token: year.token.clone() };
    let cycle = year.server.evaluation().get_cycle(request).await.unwrap().into_inner().cycle.unwrap();
    let lost = cycle.results.iter().filter(|result| decimal(&result.points_lost) > Decimal::from(6));
    let lost: BTreeSet<_> = lost.map(|result| result.unit.clone()).collect();
    let against: BTreeSet<_> = of(Origin::PointsLost).flat_map(|case| case.units.clone()).collect();
    assert_eq!(against, lost);
    assert!(!lost.is_empty());

    // A finding on a complaint costs its tariff in the cycle that it names, while that takes entries.
    let findings = ListEntriesRequest { cause: TariffCause::FindingMade.into(), ..Default::default() };
    for case in of(Origin::Complaint) {
        let asked = ListEntriesRequest { cause_thing: case.name.clone(), ..findings.clone() };
        assert_eq!(entries(year, asked).await.len(), 1, "{}", case.name);
    }
}

async fn cases(year: &Year) -> Vec<Case> {
    let request = ListCasesRequest {
        parent: CITY.to_owned(),
        page_size: 1000,
        consistency_token: year.token.clone(),
        ..Default::default()
    };
    accountability(year).list_cases(request).await.unwrap().into_inner().cases
}

/// The cycle's scorecards now, or as of an instant.
async fn cards(year: &Year, as_of: Option<&str>) -> Vec<Scorecard> {
    let as_of = as_of.map(|instant| contract::field::to_wire(instant.parse().unwrap()));
    let request = ListScorecardsRequest {
        parent: CYCLE.to_owned(),
        page_size: 1000,
        as_of_occurred: as_of,
        consistency_token: year.token.clone(),
        ..Default::default()
    };
    year.server.scorecards().list_scorecards(request).await.unwrap().into_inner().scorecards
}

fn card<'a>(cards: &'a [Scorecard], unit: &str) -> &'a Scorecard {
    cards.iter().find(|card| card.unit.ends_with(&format!("/{unit}"))).unwrap()
}

fn accountability(year: &Year) -> AccountabilityServiceClient<Channel> {
    AccountabilityServiceClient::new(year.server.channel())
}
