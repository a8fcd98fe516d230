//! A scorecard on one line, and those that are rolled up into it each on one of theirs.

use std::collections::HashSet;

use anyhow::Context as _;
use contract::scorecard::{ListScorecardsResponse, LossKind, Scorecard};

use super::super::print;
use super::lang::Lang;
use super::{Service, Which, show};
use crate::json;

pub(super) async fn below(client: &mut Service, which: &Which) -> anyhow::Result<()> {
    let answer = client.get_scorecard(which.then.get()).await?.into_inner();
    let card = answer.scorecard.context("the server answered no scorecard")?;
    let children = children(client, which).await?;
    let mut scorecards = vec![card];
    let table = which.then.table(client, 0).await?;
    scorecards.extend(table.scorecards.into_iter().filter(|card| children.contains(id(&card.unit))));
    if which.told.client.json {
        print::json(&json::message(&ListScorecardsResponse { scorecards, ..Default::default() }));
        return Ok(());
    }
    self::table(&scorecards, which.told.lang);
    Ok(())
}

/// Ids of the units whose finals count in the scorecard's.
async fn children(client: &mut Service, which: &Which) -> anyhow::Result<HashSet<String>> {
    let lines = client.explain_scorecard(which.then.explain()).await?.into_inner().lines;
    Ok(lines.into_iter().filter(|line| line.kind() == LossKind::Child).map(|line| line.item).collect())
}

fn id(unit: &str) -> &str {
    unit.rsplit('/').next().unwrap_or_default()
}

fn table(cards: &[Scorecard], lang: Lang) {
    let Some(first) = cards.first() else { return };
    let components = first.components.iter().map(|component| component.title.as_str());
    let header: Vec<_> = std::iter::once(lang.of("unit", "单位"))
        .chain(components)
        .chain([lang.of("daily", "日常考核"), lang.of("units below", "下级单位"), lang.of("final", "总分")])
        .collect();
    print::line(format!("\n{}", show::headline(first, lang)));
    print::table(&header, 1, cards.iter().map(|card| row(card, lang)));
}

fn row(card: &Scorecard, lang: Lang) -> Vec<String> {
    let component =
        |component: &contract::scorecard::ComponentScore| show::points(component.points.as_deref(), lang);
    let mut row = vec![show::title(card)];
    row.extend(card.components.iter().map(component));
    row.push(card.daily_points.clone());
    row.push(
        card.roll_up
            .as_ref()
            .map_or_else(String::new, |roll_up| format!("{} × {}", roll_up.share, roll_up.mean)),
    );
    row.push(show::points(card.final_points.as_deref(), lang));
    row
}
