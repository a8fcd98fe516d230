//! The sample years, recomputed from the raw events.

use tempfile::tempdir;

use crate::harness::Server;
use crate::recomputed::{Asked, Cut, cities};

/// Every scorecard of every cycle, each with its lines, and what was published of it, are what the events say. Gives how
/// many scorecards there are. `surveyed` is a cycle with forms.
pub(crate) async fn assert_recomputed(server: &Server, jurisdiction: &str, surveyed: &str) -> usize {
    let city = &cities(server).await[jurisdiction];
    let now = (mingjing::clock())();
    let mut scorecards = 0;
    for cycle in city.cycles() {
        let asked = Asked { cycle: &cycle, cut: Cut::default(), now, explained: 1 };
        let checked = city.check(server, &asked).await;
        let found = checked.differences;
        assert!(found.is_empty(), "{cycle}: {} differences:\n{}", found.len(), found.join("\n"));
        scorecards += checked.scorecards;
    }
    let asked = Asked { cycle: surveyed, cut: Cut::default(), now, explained: usize::MAX };
    let harmed = city.without_last_form(surveyed).check(server, &asked).await;
    assert!(!harmed.differences.is_empty(), "a form that is missing is noticed");
    let misprints = city.misprints();
    assert!(misprints.is_empty(), "{}", misprints.join("\n"));
    scorecards
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_the_first_year_follows_from_the_raw_events() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path()).await;
    mingjing::sample::load(&server.url(), || {}).await.unwrap();
    assert_eq!(assert_recomputed(&server, "city", "jurisdictions/city/cycles/first-year").await, 101);
    server.stop().await;
}
