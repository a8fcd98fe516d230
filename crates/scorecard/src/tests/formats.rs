//! Programs whose facts have different formats on one database, while one takes the place of the other.

use std::time::Duration;

use contract::scorecard::Scorecard;
use futures::FutureExt as _;
use tonic::{Code, Status};

use super::history::closed_year;
use super::replicas::{as_of, database};
use super::running::{City, PATIENCE, Running, while_read};
use super::trouble::{Trouble, troubled};
use crate::Settings;

/// Fewer than the city's year has.
const STANDING_BY_MAX: usize = 8;

fn format(format: i64) -> Settings {
    Settings { format, standing_by_max: STANDING_BY_MAX, ..Settings::default() }
}

async fn card(running: &Running) -> Result<Scorecard, Status> {
    running.card("traffic").await
}

/// Waits until nothing of another format is left.
async fn cleared(running: &Running) {
    let generation = running.scorecard.projection.generation();
    let cleared = async {
        while !generation.store().abandoned().await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, cleared).await.expect("it is thrown away");
}

#[tokio::test]
async fn a_newer_format_is_built_beside_the_older_one_and_both_are_served_until_that_goes() {
    let (mut city, mut history) = (City::start().await, closed_year());
    let place = database().await;
    city.record(&history).await;
    let old = Running::set(&city.sources(), &place, format(1)).await;
    old.scorecard.catch_up(PATIENCE).await.unwrap();
    old.shown().await;
    let (told, told_as_of) = (card(&old).await.unwrap().components, as_of(&old, "tax").await);
    let number = old.scorecard.projection.generation().number();

    let beside = async {
        let new = Running::set(&city.sources(), &place, format(2)).await;
        let second = Running::set(&city.sources(), &place, format(2)).await;
        for replica in [&new, &second] {
            replica.scorecard.catch_up(PATIENCE).await.unwrap();
            assert_eq!(card(replica).await.unwrap().components, told);
            assert_eq!(as_of(replica, "tax").await, told_as_of);
        }
        new.shown().await;
        (new, second)
    };
    let (new, second) = while_read(&old, "traffic", beside.boxed_local()).await;
    let generation = new.scorecard.projection.generation();
    assert!(generation.number() > number, "it writes beside the other one");
    assert_eq!(second.scorecard.projection.generation().number(), 0, "one of a format writes");
    assert_eq!(generation.store().read_view("cycle").await.len(), 1, "other tools are shown one of them");

    history.reverse("traffic", "e1");
    let token = city.record(&history).await;
    for replica in [&old, &new, &second] {
        replica.scorecard.projection.wait(&token, PATIENCE).await.unwrap();
    }
    let told = card(&old).await.unwrap().components;
    assert_eq!(card(&new).await.unwrap().components, told);

    // Of the older format one starts again: it goes on with what it had, and other tools are shown the newer one.
    old.stop().await;
    let old = Running::set(&city.sources(), &place, format(1)).await;
    assert_eq!(card(&old).await.unwrap().components, told, "it is served from the first moment on");
    assert_eq!(old.scorecard.projection.generation().number(), number);
    old.scorecard.projection.rebuilds().ask();
    while_read(&new, "traffic", while_read(&old, "traffic", old.rebuilt())).await;
    assert_eq!(as_of(&old, "tax").await, told_as_of);
    assert_eq!(as_of(&new, "tax").await, told_as_of);
    assert_eq!(generation.store().read_view("cycle").await.len(), 1);

    old.stop().await;
    second.stop().await;
    new.stop().await;
    let settings = Settings { look_every: Duration::from_millis(20), ..format(2) };
    let new = Running::set(&city.sources(), &place, settings).await;
    while_read(&new, "traffic", cleared(&new)).await;
    assert_eq!(card(&new).await.unwrap().components, told);
    assert_eq!(generation.number(), new.scorecard.projection.generation().number());
    new.stop().await;
}

#[tokio::test]
async fn an_older_format_that_is_gone_back_to_is_shown_again() {
    let mut city = City::start().await;
    let place = database().await;
    city.record(&closed_year()).await;
    let new = Running::set(&city.sources(), &place, format(2)).await;
    new.shown().await;
    new.stop().await;
    let settings = Settings { look_every: Duration::from_millis(20), ..format(1) };
    let old = Running::set(&city.sources(), &place, settings).await;
    old.scorecard.catch_up(PATIENCE).await.unwrap();
    old.settled().await;
    cleared(&old).await;
    assert_eq!(old.scorecard.projection.generation().store().read_view("cycle").await.len(), 1);
    old.stop().await;
}

#[tokio::test]
async fn what_is_built_from_nothing_is_unavailable_until_it_is_whole_and_never_not_found() {
    let (city, sources, says) = troubled(&closed_year(), "evaluation").await;
    let old = Running::set(&sources, &city.database(), format(1)).await;
    old.scorecard.catch_up(PATIENCE).await.unwrap();
    old.shown().await;
    let told = card(&old).await.unwrap();
    let shown = old.scorecard.projection.generation().store().read_view("scorecard").await;
    old.stop().await;

    says.send_replace(Trouble::Stalled);
    let settings = Settings { look_every: Duration::from_millis(20), ..format(2) };
    let new = Running::set(&sources, &city.database(), settings).await;
    let refused = card(&new).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    assert!(refused.message().starts_with("rebuilding: "), "{refused:?}");
    let generation = new.scorecard.projection.generation();
    assert_eq!(generation.store().read_view("scorecard").await, shown, "other tools are shown the older one");
    says.send_replace(Trouble::Nothing);
    new.scorecard.catch_up(PATIENCE).await.unwrap();
    assert_eq!(card(&new).await.unwrap().components, told.components);
    new.shown().await;
    cleared(&new).await;
    assert_eq!(generation.store().read_view("scorecard").await, shown);
    new.stop().await;
}
