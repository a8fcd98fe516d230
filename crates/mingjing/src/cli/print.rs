//! What is printed: the only place that writes to standard output.
#![expect(clippy::print_stderr, reason = "a command line answers on its terminal")]

use std::io::Write as _;
use std::process::ExitCode;

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

/// Prints a line. A reader that has read enough (`| head`) ends the program in peace.
pub fn line(text: impl AsRef<str>) {
    if let Err(error) = writeln!(std::io::stdout(), "{}", text.as_ref()) {
        let quiet = error.kind() == std::io::ErrorKind::BrokenPipe;
        std::process::exit(i32::from(!quiet));
    }
}

/// Prints JSON, for programs.
pub fn json(value: &Value) {
    line(format!("{value:#}"));
}

/// Prints JSON on one line.
pub fn json_line(value: &Value) {
    line(value.to_string());
}

/// Says something beside the answer, on standard error.
pub fn note(text: impl AsRef<str>) {
    eprintln!("mingjing: {}", text.as_ref());
}

/// Says why the program failed; the code to exit with.
pub fn failure(error: &anyhow::Error) -> ExitCode {
    match error.downcast_ref::<tonic::Status>() {
        Some(status) => eprintln!("mingjing: {:?}: {}", status.code(), status.message()),
        None => eprintln!("mingjing: {error:#}"),
    }
    ExitCode::FAILURE
}

/// Prints a table whose columns from `first_number` on are numbers.
pub fn table(header: &[&str], first_number: usize, rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(first_number) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    line(table.to_string());
}

/// A progress bar over `steps`, on standard error, gone when it is done; nothing where there is no terminal.
pub fn progress(steps: u64, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len} {eta}").ok();
    let bar = ProgressBar::new(steps).with_message(what);
    style.map_or_else(|| bar.clone(), |style| bar.clone().with_style(style.progress_chars("=> ")))
}
