//! The sample years, recomputed from the raw events.

use tempfile::tempdir;

use crate::harness::Server;
use crate::recomputed::{Asked, Checked, Cut, cities};

/// The scorecards of a cycle, the lines of one in so many, and what was published of it, are what the events say.
pub(crate) async fn assert_recomputed(
    server: &Server,
    jurisdiction: &str,
    (cycle, units): (&str, usize),
    explained: usize,
) {
    let city = &cities(server).await[jurisdiction];
    let now = (mingjing::clock())();
    let asked = Asked { cycle, cut: Cut::default(), now, explained };
    let Checked { scorecards, differences: found } = city.check(server, &asked).await;
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
    assert_eq!(scorecards, units);
    let harmed = city.without_last_form(cycle).check(server, &Asked { explained: units, ..asked }).await;
    assert!(!harmed.differences.is_empty(), "a form that is missing is noticed");
    let misprints = city.misprints();
    assert!(misprints.is_empty(), "{}", misprints.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_the_first_year_follows_from_the_raw_events() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path()).await;
    mingjing::sample::load(&server.url(), || {}).await.unwrap();
    assert_recomputed(&server, "city", ("jurisdictions/city/cycles/first-year", 101), 10).await;
    server.stop().await;
}
