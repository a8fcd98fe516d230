//! The second sample year: loaded once, while time is moved by hand; what it shows.

mod complaints;
mod training;

use mingjing::sample::{self, Outcome, SecondYear, Servers};
use tempfile::tempdir;

use crate::harness::*;

/// The year, entered.
pub(crate) struct Year {
    pub(crate) server: Server,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_year_comes_out_of_its_facts() {
    let dir = tempdir().unwrap();
    let server = Server::start_by_hand(dir.path(), sample::CLOCK).await;
    let year = Year { server };
    load(&year.server).await;

    training::the_whole_bureau_trains_in_all_that_there_is_to_train(&year).await;
    training::one_sub_unit_stood_still_until_october_and_nothing_else_ever_did(&year).await;
    training::one_trains_only_its_stars(&year).await;
    training::the_leaders_of_one_stay_away(&year).await;
    complaints::six_hundred_complaints_end_in_every_way(&year).await;
    complaints::every_yellow_red_and_escalation_came_exactly_once(&year).await;
    loaded_again_nothing_changes(&year).await;
    year.server.stop().await;
}

async fn load(server: &Server) {
    sample::load(&server.url(), || {}).await.unwrap();
    let outcome = SecondYear::generate().load(&Servers::one(&server.url()), || {}).await.unwrap();
    assert!(matches!(outcome, Outcome::Entered), "{outcome:?}");
}

async fn loaded_again_nothing_changes(year: &Year) {
    let heads = year.server.heads().await;
    load(&year.server).await;
    assert_eq!(year.server.heads().await, heads);
}
