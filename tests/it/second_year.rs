//! The second sample year, loaded once: what a citizen, a clerk or a chief may read in it.
//!
//! | file | what |
//! |---|---|
//! | `second_year/appraisal` | results, panel, survey, commitments, counties, losses |
//! | `second_year/cases` | what became of the cases, and what fell with a finding |
//! | `second_year/readme` | the table in the README is the program's |

use mingjing::sample::{self, Outcome, SecondYear, Servers};
use tempfile::tempdir;

use crate::harness::Server;

mod appraisal;
mod cases;
mod readme;

pub(crate) const CYCLE: &str = "jurisdictions/city/cycles/second-year";
/// The organ whose grave finding is overturned.
pub(crate) const VETOED: &str = "organ-3-05";

/// The year, as it is served.
pub(crate) struct Year {
    pub(crate) server: Server,
    /// To read all of it with.
    pub(crate) token: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_year_is_as_its_facts_say() {
    let dir = tempdir().unwrap();
    let server = Server::start_by_hand(dir.path(), sample::CLOCK).await;
    sample::load(&server.url(), || {}).await.unwrap();
    let outcome = SecondYear::generate().load(&Servers::one(&server.url()), || {}).await.unwrap();
    assert!(matches!(outcome, Outcome::Entered), "{outcome:?}");
    let year = Year { token: server.everything().await, server };

    appraisal::the_city_has_101_organs_and_the_bureau_16_targets_below_it(&year).await;
    appraisal::twelve_thousand_forms_went_out_half_of_them_to_service_recipients(&year).await;
    appraisal::nobody_learns_what_the_mayor_voted(&year).await;
    appraisal::what_119_commitments_came_to_is_told_by_who_promised_them(&year).await;
    appraisal::one_of_three_appeals_against_entries_was_granted(&year).await;
    appraisal::six_counties_were_appraised_in_step(&year).await;
    appraisal::every_loss_of_every_unit_is_explained_to_the_cent(&year).await;
    cases::a_finding_that_fell_gives_points_and_rank_back_and_the_day_before_shows_the_old_ones(&year).await;
    cases::who_is_cleared_gets_the_points_back_and_who_is_not_does_not(&year).await;
    cases::one_disposition_departs_from_the_scale_for_a_reason_and_by_approval(&year).await;
    cases::cases_open_by_themselves_for_harm_and_for_every_unit_that_lost_too_much(&year).await;
    readme::the_table_in_the_readme_is_the_programs(&year).await;
    year.server.stop().await;
}
