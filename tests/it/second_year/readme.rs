//! The table in the README is what the program prints.

use tempfile::tempdir;
use tokio::process::Command;

use super::Year;
use crate::foreign::workspace;
use crate::kill::binary;

const BEGIN: &str =
    "<!-- printed by `mingjing scorecard below city/second-year/public-security-bureau`: begin -->\n";
const END: &str = "<!-- printed: end -->\n";

pub(crate) async fn the_table_in_the_readme_is_the_programs(year: &Year) {
    let home = tempdir().unwrap();
    let mut below = Command::new(binary(home.path()));
    below.args(["scorecard", "below", mingjing::sample::SECOND_SCORECARD, "--server", &year.server.url()]);
    let output = below.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let readme = std::fs::read_to_string(workspace().join("README.md")).unwrap();
    let (_, rest) = readme.split_once(BEGIN).expect("the README has a place for the table");
    let (shown, _) = rest.split_once(END).expect("the place ends");
    assert_eq!(shown.trim(), printed.trim(), "the README has another table");
}
