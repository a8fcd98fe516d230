//! A scorecard or a table for other programs.

use anyhow::Context as _;
use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use contract::scorecard::{ExplainScorecardRequest, ListScorecardsResponse, Scorecard};
use tonic::transport::Channel;

use super::super::print;
use super::{Export, Format};
use crate::json;

pub(super) async fn export(
    client: &mut ScorecardServiceClient<Channel>,
    asked: &Export,
) -> anyhow::Result<()> {
    if asked.table { table(client, asked).await } else { one(client, asked).await }
}

/// A scorecard with its lines; as CSV, the lines.
async fn one(client: &mut ScorecardServiceClient<Channel>, asked: &Export) -> anyhow::Result<()> {
    let [as_of_occurred, as_of_recorded] = asked.which.instants();
    let (name, consistency_token) = (asked.which.name(), asked.which.token.clone());
    let request = ExplainScorecardRequest { name, as_of_occurred, as_of_recorded, consistency_token };
    let answer = client.explain_scorecard(request).await?.into_inner();
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

/// Every scorecard of the cycle; as CSV, a row for each.
async fn table(client: &mut ScorecardServiceClient<Channel>, asked: &Export) -> anyhow::Result<()> {
    let (mut cards, mut page_token) = (Vec::new(), String::new());
    loop {
        let page = client.list_scorecards(asked.which.list(0, page_token)?).await?.into_inner();
        cards.extend(page.scorecards);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    match asked.format {
        Format::Json => {
            let total_size = u32::try_from(cards.len()).unwrap_or(u32::MAX);
            let whole = ListScorecardsResponse { scorecards: cards, total_size, ..Default::default() };
            print::json(&json::message(&whole));
        }
        Format::Csv => {
            let components = cards.first().map_or(&[][..], |card| card.components.as_slice());
            let fixed =
                ["scorecard", "title", "group", "rank", "excellent", "vetoed", "own", "daily", "final"];
            let ids = components.iter().map(|component| component.component_id.as_str());
            csv(fixed.into_iter().chain(ids));
            cards.iter().for_each(row);
        }
    }
    Ok(())
}

fn row(card: &Scorecard) {
    let pending = |points: &Option<String>| points.clone().unwrap_or_default();
    let fixed = [
        card.name.clone(),
        card.unit_title.clone(),
        card.group.to_string(),
        if card.rank == 0 { String::new() } else { card.rank.to_string() },
        card.excellent.to_string(),
        card.vetoed.to_string(),
        pending(&card.own_points),
        card.daily_points.clone(),
        pending(&card.final_points),
    ];
    let components = card.components.iter().map(|component| pending(&component.points));
    csv(fixed.into_iter().chain(components));
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
