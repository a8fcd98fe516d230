#![allow(warnings, clippy::all, clippy::pedantic)]
#[path = "../tests/it/wire.rs"]
mod wire;
use contract::words::SchemeRules;
use scoring::facts::*;
use scoring::*;
use std::time::Instant;
use wire::*;
fn main() {
    let rules = SchemeRules {
        daily_sources: vec![source("inspection", "3", "0"), source("complaint", "5", "1")],
        rollup_share: "0.1".into(),
        excellent_quota: 25,
        ..rules([
            component("business", "30", panel(&[("mayor", "0.5"), ("members", "0.5")])),
            component("building", "20", assessor()),
            component(
                "open",
                "50",
                survey(
                    30,
                    &[
                        ("recipients", "0.5"),
                        ("residents", "0.2"),
                        ("enterprises", "0.2"),
                        ("deputies", "0.1"),
                    ],
                ),
            ),
        ])
    };
    let scheme = Scheme::parse(&rules).unwrap();
    let mut facts = CycleFacts { ranked_groups: [1, 2, 3].into(), ..Default::default() };
    facts.panels.insert("business".into(), PanelFacts { closed: true, ballots_cast: 30, electors: 30 });
    facts.surveys.insert("open".into(), SurveyFacts { closed: true, forms: Default::default() });
    for i in 0..101u64 {
        let marks = |k: u64| {
            (0..k)
                .map(|j| decimal(&format!("{}.{:02}", 20 + (i + j) % 10, (i * 7 + j * 13) % 100)))
                .collect::<Vec<_>>()
        };
        let answers = ["recipients", "residents", "enterprises", "deputies"]
            .map(|s| {
                (
                    s.to_string(),
                    [
                        ("good".to_string(), 900 + i * 3),
                        ("fair".into(), 300 + i * 5),
                        ("bad".into(), 77 + i),
                        ("unknown".into(), 99),
                    ]
                    .into(),
                )
            })
            .into();
        let daily = (0..10)
            .map(|j| DailyEntry {
                entry_id: j.to_string(),
                source_id: if j % 2 == 0 { "inspection".into() } else { "complaint".into() },
                points: decimal("-0.35"),
                standing: true,
            })
            .collect();
        facts.units.insert(
            format!("unit-{i:03}"),
            UnitFacts {
                group: 1 + (i % 5) as u32,
                parent: (i > 0 && i < 17).then(|| "unit-000".into()),
                appraisal_target: true,
                components: [
                    (
                        "business".to_string(),
                        ComponentFacts::Ballots(
                            [("mayor".to_string(), marks(1)), ("members".into(), marks(29))].into(),
                        ),
                    ),
                    ("building".into(), ComponentFacts::Mark(decimal("17.96"))),
                    ("open".into(), ComponentFacts::Answers(answers)),
                ]
                .into(),
                daily,
                ..Default::default()
            },
        );
    }
    for _ in 0..3 {
        let t = Instant::now();
        let n = 200;
        let mut a = None;
        for _ in 0..n {
            a = Some(appraise(&scheme, &facts));
        }
        println!("appraise {:?}", t.elapsed() / n);
        let a = a.unwrap();
        let t = Instant::now();
        for id in facts.units.keys() {
            losses(&scheme, &facts, &a, id).unwrap();
        }
        println!("losses of all {:?}", t.elapsed());
        let t = Instant::now();
        let r = rank_intervals(&scheme, &facts, "c");
        println!("ranks {:?} {}", t.elapsed(), r.len());
        let t = Instant::now();
        for id in facts.units.keys() {
            survey_certainty(&scheme, &facts, id, "open").unwrap();
        }
        println!("certainty {:?}", t.elapsed());
    }
}
