//! The second sample year: loaded once, while time is moved by hand; what it shows.
//!
//! | file | what |
//! |---|---|
//! | `second_year/training` | the drive, and the three odd sub-units |
//! | `second_year/complaints` | 600 complaints and their clocks |
//! | `second_year/appraisal` | results, panel, survey, commitments, counties, losses |
//! | `second_year/commands` | what the commands print of it |
//! | `second_year/entries` | what its facts cost, each once |
//! | `second_year/cases` | what became of the cases, and what fell with a finding |
//! | `second_year/readme` | the table in the README is the program's |

mod appraisal;
mod cases;
mod commands;
mod complaints;
mod entries;
mod readme;
mod training;

use std::path::Path;

use mingjing::sample::{self, Outcome, SecondYear, Servers};
use tempfile::tempdir;

use crate::first_year::assert_recomputed;
use crate::harness::*;
use crate::sql::{VIEWS, read_as_answered};

/// Resource name of the city's cycle.
pub(crate) const CYCLE: &str = "jurisdictions/city/cycles/second-year";

/// The year, entered.
pub(crate) struct Year {
    pub(crate) server: Server,
    /// To read all of it with.
    pub(crate) token: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_year_comes_out_of_its_facts() {
    let dir = tempdir().unwrap();
    let server = Server::start_by_hand(dir.path(), sample::CLOCK).await;
    load(&server).await;
    let year = Year { token: server.everything().await, server };

    training::the_whole_bureau_trains_in_all_that_there_is_to_train(&year).await;
    training::one_sub_unit_stood_still_until_october_and_nothing_else_ever_did(&year).await;
    training::in_july_its_scorecard_said_that_it_stood_still(&year).await;
    training::one_trains_only_its_stars(&year).await;
    training::the_leaders_of_one_stay_away(&year).await;
    complaints::six_hundred_complaints_end_in_every_way(&year).await;
    complaints::every_yellow_red_and_escalation_came_exactly_once(&year).await;
    entries::each_fact_costs_its_unit_once_and_is_given_back_where_it_fell(&year).await;
    appraisal::the_city_has_101_organs_and_the_bureau_16_targets_below_it(&year).await;
    appraisal::twelve_thousand_forms_went_out_half_of_them_to_service_recipients(&year).await;
    appraisal::nobody_learns_what_the_mayor_voted(&year).await;
    appraisal::what_119_commitments_came_to_is_told_by_who_promised_them(&year).await;
    appraisal::one_of_three_appeals_against_entries_was_granted(&year).await;
    appraisal::six_counties_were_appraised_in_step(&year).await;
    cases::a_finding_that_fell_gives_points_and_rank_back_and_the_day_before_shows_the_old_ones(&year).await;
    cases::who_is_cleared_gets_the_points_back_and_who_is_not_does_not(&year).await;
    cases::one_disposition_departs_from_the_scale_for_a_reason_and_by_approval(&year).await;
    cases::cases_open_by_themselves_for_harm_and_for_every_unit_that_lost_too_much(&year).await;
    commands::the_head_of_a_unit_reads_its_card_on_one_screen(&year).await;
    commands::tables_explanations_and_simulations_say_what_the_api_answers(&year).await;
    commands::two_units_two_years_and_two_instants_are_compared(&year).await;
    commands::an_export_says_what_the_api_answers(&year).await;
    readme::the_table_in_the_readme_is_the_programs(&year).await;
    assert_eq!(assert_recomputed(&year.server, "city", CYCLE).await, 101 + 117 + 6 * 8);
    in_sql_it_is_read_as_it_is_answered(&year, dir.path()).await;
    loaded_again_nothing_changes(&year).await;
    year.server.stop().await;
}

async fn load(server: &Server) {
    sample::load(&server.url(), || {}).await.unwrap();
    let outcome = SecondYear::generate().load(&Servers::one(&server.url()), || {}).await.unwrap();
    assert!(matches!(outcome, Outcome::Entered), "{outcome:?}");
}

async fn in_sql_it_is_read_as_it_is_answered(year: &Year, dir: &Path) {
    let held = read_as_answered(&year.server, dir, &[(CYCLE.to_owned(), 117)], &year.token).await;
    let without: Vec<_> = VIEWS.into_iter().filter(|view| !held.contains(view)).collect();
    // The scheme has no index, and the only veto was lifted.
    assert_eq!(without, ["ratio", "veto"]);
}

async fn loaded_again_nothing_changes(year: &Year) {
    let heads = year.server.heads().await;
    load(&year.server).await;
    assert_eq!(year.server.heads().await, heads);
}
