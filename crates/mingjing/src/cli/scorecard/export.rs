//! A scorecard or a table for other programs.

use anyhow::Context as _;
use contract::scorecard::Scorecard;

use super::super::print;
use super::{Export, Format, Service};
use crate::json;

mod figures;

pub(super) async fn export(client: &mut Service, asked: &Export) -> anyhow::Result<()> {
    if asked.table {
        table(client, asked).await
    } else if asked.figures {
        one(client, asked).await
    } else {
        lines(client, asked).await
    }
}

/// A scorecard with its lines; as CSV, the lines.
async fn lines(client: &mut Service, asked: &Export) -> anyhow::Result<()> {
    let answer = client.explain_scorecard(asked.then.explain()).await?.into_inner();
    match asked.format {
        Format::Json => print::json(&json::message(&answer)),
        Format::Csv => {
            let name = answer.scorecard.as_ref().context("the server answered no scorecard")?.name.clone();
            csv([
                "scorecard",
                "component",
                "source",
                "kind",
                "item",
                "description",
                "points_lost",
                "events",
                "cause",
                "tariff",
                "officers",
                "scheme",
                "scheme_version",
            ]);
            for line in answer.lines {
                let kind = line.kind().as_str_name().trim_start_matches("LOSS_KIND_").to_lowercase();
                let event = |event: &contract::scorecard::EventReference| {
                    format!("{}:{}", event.service, event.position)
                };
                let events: Vec<_> = line.events.iter().map(event).collect();
                let officers = line.officers.join(" ");
                csv([
                    name.as_str(),
                    &line.component_id,
                    &line.source_id,
                    &kind,
                    &line.item,
                    &line.description,
                    &line.points,
                    &events.join(" "),
                    &line.cause_thing,
                    &line.tariff_points,
                    &officers,
                    &line.scheme,
                    &line.scheme_version.to_string(),
                ]);
            }
        }
    }
    Ok(())
}

/// A scorecard without its lines.
async fn one(client: &mut Service, asked: &Export) -> anyhow::Result<()> {
    let answer = client.get_scorecard(asked.then.get()).await?.into_inner();
    let card = answer.scorecard.context("the server answered no scorecard")?;
    match asked.format {
        Format::Json => print::json(&json::message(&card)),
        Format::Csv => rows(&[card]),
    }
    Ok(())
}

/// Every scorecard of the cycle.
async fn table(client: &mut Service, asked: &Export) -> anyhow::Result<()> {
    let table = asked.then.table(client, 0).await?;
    match asked.format {
        Format::Json => print::json(&json::message(&table)),
        Format::Csv => rows(&table.scorecards),
    }
    Ok(())
}

/// A row for each scorecard, under the names of the columns.
fn rows(cards: &[Scorecard]) {
    let rows: Vec<_> = cards.iter().map(figures::of).collect();
    if let Some(first) = rows.first() {
        csv(first.iter().map(|(column, _)| column));
    }
    for row in &rows {
        csv(row.iter().map(|(_, figure)| figure));
    }
}

/// A line of CSV (RFC 4180).
fn csv<T: AsRef<str>>(fields: impl IntoIterator<Item = T>) {
    let fields: Vec<_> = fields.into_iter().map(|field| quoted(field.as_ref())).collect();
    print::line(fields.join(","));
}

/// A field as it stands in a line; what a spreadsheet would take for a formula is text.
fn quoted(field: &str) -> String {
    let number = field.parse::<rust_decimal::Decimal>().is_ok();
    let formula = !number && field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let field = if formula { format!("'{field}") } else { field.to_owned() };
    if field.contains([',', '"', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_quoted_where_it_has_to_be() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("-1.25"), "-1.25");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
    }
}
