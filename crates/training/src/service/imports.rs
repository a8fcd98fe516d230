//! Many rows in one call, each recorded on its own: a refused row changes nothing for the others.
//!
//! Each row is a command with a request id that comes from the call's, under the fingerprint of the whole call.
//! So an import that is repeated, after whatever interrupted it, ends the same.

use contract::token;
use futures::StreamExt as _;
use uuid::Uuid;

use super::*;

/// Rows that are handled at the same time: they are written together.
const ROWS_AT_ONCE: usize = 128;

/// What became of the rows.
pub(super) struct Imported {
    pub(super) results: Vec<ImportResult>,
    pub(super) position: u64,
    pub(super) consistency_token: String,
}

pub(super) fn check_rows(field: &'static str, rows: usize) -> Result<(), BadField> {
    let good = (1..=ROWS_MAX).contains(&rows);
    if good { Ok(()) } else { Err(BadField::new(field, format!("must be 1 to {ROWS_MAX} rows"))) }
}

/// Imports `rows` rows by `import`, which answers the name of what is recorded and the position of that.
pub(super) async fn import<F: Future<Output = Result<(String, u64), Failure>>>(
    call: &Call,
    rows: usize,
    import: impl Fn(usize, Call) -> F,
) -> Result<Imported, Failure> {
    let imports = (0..rows).map(|row| import(row, call_of(call, row)));
    let outcomes: Vec<_> = futures::stream::iter(imports).buffered(ROWS_AT_ONCE).collect().await;
    let mut imported = Imported { results: vec![], position: 0, consistency_token: String::new() };
    for (row, outcome) in outcomes.into_iter().enumerate() {
        let mut result = ImportResult { row: u32::try_from(row).unwrap_or(u32::MAX), ..Default::default() };
        match outcome {
            Ok((name, position)) => {
                result.name = name;
                imported.position = imported.position.max(position);
            }
            Err(Failure::BadField(bad)) => {
                (result.field, result.message) = (bad.field().to_owned(), bad.message().to_owned());
            }
            Err(Failure::Refused { rule, message, .. }) if rule != "request_id_reused" => {
                (result.rule, result.message) = (rule.to_owned(), message);
            }
            // What is recorded stays; the same call again does the rest.
            Err(failure) => return Err(failure),
        }
        imported.results.push(result);
    }
    if imported.position > 0 {
        imported.consistency_token = token::write(crate::read_model::SERVICE, imported.position);
    }
    Ok(imported)
}

fn call_of(call: &Call, row: usize) -> Call {
    let request_id = Uuid::new_v5(&call.request_id, row.to_string().as_bytes());
    Call { request_id, ..call.clone() }
}
