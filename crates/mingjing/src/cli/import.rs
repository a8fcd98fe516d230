//! `mingjing import …`: complaints and complainants' words from a file, row by row. Repeated after an
//! interruption, it ends the same: each row has an id, and is recorded once.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use contract::complaints::complaint_service_client::ComplaintServiceClient;
use contract::complaints::{ImportComplaintsRequest, ImportRatingsRequest, ImportResult};
use serde_json::{Value, json};
use tonic::transport::Channel;
use tonic::{Code, Status};
use uuid::Uuid;

use super::scorecard::connect;
use super::{Client, print};
use crate::config::Flags;

mod rows;

use rows::{Fault, Read};

/// Rows in one call.
const ROWS_MAX: usize = 1000;
/// Bytes of the rows in one call: a server takes four times as many.
const BYTES_MAX: usize = 4 << 20;
/// How often a call that may pass is tried, a second apart.
const ATTEMPTS_MAX: u32 = 10;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Complaints: `complaint_id`, channel, text; `source_reference`, `full_name`, telephone, address,
    /// `identity_disclosed`, unit, `complained_of` (several: with blanks between), category, repeats, `occurred_at`.
    Complaints(Import),
    /// Complainants' words: `row_id`, complaint, rectified; satisfaction, statement, `occurred_at`.
    Ratings(Import),
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// A `.csv` with a header, or a `.jsonl` with an object on each line. Units, officers and complaints are
    /// ids of the jurisdiction or whole names, words as in the API in any case (`hotline`), times RFC 3339.
    file: PathBuf,
    /// Whose they are.
    #[arg(long, default_value = "city")]
    jurisdiction: String,
    /// Write the rows that were refused to this file, as CSV.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the receipt code of each complaint to this file, as CSV: each is for its complainant alone.
    #[arg(long, value_name = "FILE")]
    receipts: Option<PathBuf>,
    #[command(flatten)]
    client: Client,
}

/// A row with its line and its id.
type Numbered<R> = (u64, String, R);

/// A row that was refused.
struct Refused {
    line: u64,
    id: String,
    field: String,
    rule: String,
    message: String,
}

/// What came of an import.
#[derive(Default)]
struct Outcome {
    recorded: u64,
    refused: Vec<Refused>,
    receipts: Vec<(String, String)>,
}

pub(super) async fn run(command: Command, mut flags: Flags) -> anyhow::Result<ExitCode> {
    let (Command::Complaints(import) | Command::Ratings(import)) = &command;
    flags.server.clone_from(&import.client.server);
    let settings = super::started(&flags)?;
    let channel = connect(&settings.server).await?;
    let begun = Instant::now();
    let mut outcome = Outcome::default();
    match &command {
        Command::Complaints(import) => {
            let read = rows::complaints(&import.file, &import.jurisdiction)?;
            send(&mut outcome, read, |rows| complaints(&channel, &import.jurisdiction, rows)).await?;
        }
        Command::Ratings(import) => {
            let read = rows::ratings(&import.file, &import.jurisdiction)?;
            send(&mut outcome, read, |rows| ratings(&channel, &import.jurisdiction, rows)).await?;
        }
    }
    outcome.refused.sort_by_key(|refused| refused.line);
    show(import, &outcome, begun.elapsed())?;
    Ok(if outcome.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sends rows, and gathers what became of them.
async fn send<R: Clone + prost::Message, F: Future<Output = Result<Vec<ImportResult>, Status>>>(
    outcome: &mut Outcome,
    read: Vec<Read<R>>,
    call: impl Fn(Vec<R>) -> F,
) -> anyhow::Result<()> {
    let bar = print::progress(read.len().try_into()?, "importing");
    let mut good = Vec::new();
    for Read { line, id, row } in read {
        let fits = |row: R| {
            let message = format!("must be at most {BYTES_MAX} bytes in all");
            let small = row.encoded_len() <= BYTES_MAX;
            if small { Ok(row) } else { Err(Fault { field: String::new(), message }) }
        };
        match row.and_then(fits) {
            Ok(row) => good.push((line, id, row)),
            Err(Fault { field, message }) => {
                let rule = String::new();
                outcome.refused.push(Refused { line, id, field, rule, message });
                bar.inc(1);
            }
        }
    }
    for rows in batches(good) {
        let sent = rows.len().try_into()?;
        flush(outcome, rows, &call).await?;
        bar.inc(sent);
    }
    bar.finish_and_clear();
    Ok(())
}

/// Rows as they go into one call each.
fn batches<R: prost::Message>(rows: Vec<Numbered<R>>) -> Vec<Vec<Numbered<R>>> {
    let (mut batches, mut last, mut bytes) = (Vec::new(), Vec::new(), 0);
    for row in rows {
        let size = row.2.encoded_len();
        if last.len() == ROWS_MAX || bytes + size > BYTES_MAX {
            batches.push(std::mem::take(&mut last));
            bytes = 0;
        }
        bytes += size;
        last.push(row);
    }
    if !last.is_empty() {
        batches.push(last);
    }
    batches
}

async fn flush<R: Clone, F: Future<Output = Result<Vec<ImportResult>, Status>>>(
    outcome: &mut Outcome,
    rows: Vec<Numbered<R>>,
    call: &impl Fn(Vec<R>) -> F,
) -> anyhow::Result<()> {
    let sent: Vec<R> = rows.iter().map(|(_, _, row)| row.clone()).collect();
    let results =
        patiently(|| call(sent.clone())).await.context("the rest is imported by the same command")?;
    for (result, (line, id, _)) in results.into_iter().zip(rows) {
        if result.name.is_empty() {
            let ImportResult { field, rule, message, .. } = result;
            outcome.refused.push(Refused { line, id, field, rule, message });
            continue;
        }
        outcome.recorded += 1;
        if !result.receipt_code.is_empty() {
            outcome.receipts.push((result.name, result.receipt_code));
        }
    }
    Ok(())
}

/// Calls again what may pass. A call that took too long gets further each time: what it recorded is answered at once.
async fn patiently<T, F: Future<Output = Result<T, Status>>>(call: impl Fn() -> F) -> Result<T, Status> {
    let mut attempt = 1;
    loop {
        match call().await {
            Err(status)
                if attempt < ATTEMPTS_MAX
                    && matches!(
                        status.code(),
                        Code::Unavailable
                            | Code::ResourceExhausted
                            | Code::Aborted
                            | Code::DeadlineExceeded
                            | Code::Cancelled
                    ) =>
            {
                attempt += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            answered => return answered,
        }
    }
}

async fn complaints(
    channel: &Channel,
    jurisdiction: &str,
    complaints: Vec<contract::complaints::ComplaintRow>,
) -> Result<Vec<ImportResult>, Status> {
    let parent = format!("jurisdictions/{jurisdiction}");
    let mut request = ImportComplaintsRequest { parent, complaints, ..ImportComplaintsRequest::default() };
    request.request_id = request_id(&request);
    let mut client = ComplaintServiceClient::new(channel.clone());
    Ok(client.import_complaints(request).await?.into_inner().results)
}

async fn ratings(
    channel: &Channel,
    jurisdiction: &str,
    ratings: Vec<contract::complaints::RatingRow>,
) -> Result<Vec<ImportResult>, Status> {
    let parent = format!("jurisdictions/{jurisdiction}");
    let mut request = ImportRatingsRequest { parent, ratings, ..ImportRatingsRequest::default() };
    request.request_id = request_id(&request);
    let mut client = ComplaintServiceClient::new(channel.clone());
    Ok(client.import_ratings(request).await?.into_inner().results)
}

/// Made of what is sent; what makes a row be recorded once is the row's own id.
fn request_id(request: &impl prost::Message) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &request.encode_to_vec()).to_string()
}

fn show(import: &Import, outcome: &Outcome, took: Duration) -> anyhow::Result<()> {
    const HEADER: [&str; 5] = ["line", "id", "field", "rule", "message"];
    let cells = |refused: &Refused| {
        let Refused { line, id, field, rule, message } = refused;
        vec![line.to_string(), id.clone(), field.clone(), rule.clone(), message.clone()]
    };
    if let Some(file) = &import.report {
        rows::write(file, &HEADER, outcome.refused.iter().map(cells))?;
    }
    if let Some(file) = &import.receipts {
        let receipts = outcome.receipts.iter().map(|(name, code)| vec![name.clone(), code.clone()]);
        rows::write(file, &["complaint", "receipt_code"], receipts)?;
    }
    let refused = u64::try_from(outcome.refused.len())?;
    if import.client.json {
        let refusals = outcome.refused.iter().map(|refused| {
            let Refused { line, id, field, rule, message } = refused;
            json!({"line": line, "id": id, "field": field, "rule": rule, "message": message})
        });
        let refusals: Vec<Value> = refusals.collect();
        print::json(&json!({"recorded": outcome.recorded, "refused": refused, "refusals": refusals}));
        return Ok(());
    }
    if !outcome.refused.is_empty() && import.report.is_none() {
        print::table(&HEADER, HEADER.len(), outcome.refused.iter().map(cells));
    }
    let rows = u128::from(outcome.recorded + refused);
    let rate = rows * 1000 / took.as_millis().max(1);
    let (recorded, seconds) = (outcome.recorded, took.as_secs());
    print::line(format!("{recorded} recorded, {refused} refused, in {seconds} s ({rate} rows/s)"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use contract::complaints::RatingRow;

    use super::*;

    fn rows(count: u64, bytes: usize) -> Vec<Numbered<RatingRow>> {
        let row =
            |line| RatingRow { row_id: line_id(line), statement: "x".repeat(bytes), ..RatingRow::default() };
        (0..count).map(|line| (line, line_id(line), row(line))).collect()
    }

    fn line_id(line: u64) -> String {
        format!("row-{line}")
    }

    #[test]
    fn a_call_has_at_most_so_many_rows_and_bytes_and_the_order_stays() {
        let sizes = |rows| batches(rows).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(rows(2500, 10)), [1000, 1000, 500]);
        assert_eq!(sizes(rows(3, BYTES_MAX / 2)), [1, 1, 1]);
        assert_eq!(sizes(rows(5, BYTES_MAX / 2 - 100)), [2, 2, 1]);
        assert!(sizes(vec![]).is_empty());
        let lines: Vec<u64> = batches(rows(2500, 10)).into_iter().flatten().map(|(line, ..)| line).collect();
        assert_eq!(lines, (0..2500).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_row_too_large_for_a_call_is_named_and_the_rest_goes_in() {
        let read = rows(1, BYTES_MAX).into_iter().chain(rows(2, 1));
        let read = read.map(|(line, id, row)| Read { line, id, row: Ok(row) }).collect();
        let mut outcome = Outcome::default();
        let recorded = |rows: Vec<RatingRow>| async move {
            let result = |row: RatingRow| ImportResult { name: row.row_id, ..ImportResult::default() };
            Ok(rows.into_iter().map(result).collect())
        };
        send(&mut outcome, read, recorded).await.unwrap();
        assert_eq!((outcome.recorded, outcome.refused.len()), (2, 1));
        assert_eq!((outcome.refused[0].line, outcome.refused[0].id.as_str()), (0, "row-0"));
    }

    #[tokio::test]
    async fn a_call_that_took_too_long_is_made_again() {
        for code in [Code::DeadlineExceeded, Code::Cancelled] {
            let calls = AtomicU32::new(0);
            let call = || {
                let late = calls.fetch_add(1, Ordering::Relaxed) == 0;
                async move { if late { Err(Status::new(code, "late")) } else { Ok(7) } }
            };
            assert_eq!(patiently(call).await.unwrap(), 7);
        }
    }
}
