//! Six county cycles that run in step with the city's: each with units, facts and results of its own.

use contract::evaluation::{
    CycleLevel, DraftSchemeRequest, OpenCycleRequest, PublishSchemeRequest, RecordEntryRequest,
    RecordMarkRequest, RegisterUnitRequest, UnitKind,
};
use jiff::civil::date;

use super::super::super::random::Random;
use super::super::super::{COUNTY_SCHEME, JURISDICTION};
use super::super::city::FIRST_DAY;
use super::super::steps::{Step, at};
use super::units::Appraised;
use super::{closed, cycle, cycle_name, entered, published, survey};
use crate::scheme_file;

const SCHEME: &str = include_str!("../../../../sample/county.toml");
const COUNTIES: u32 = 6;
/// The organs of each county.
const ORGANS: [(&str, &str); 8] = [
    ("public-security", "Public Security Bureau 公安局"),
    ("education", "Education Bureau 教育局"),
    ("health", "Health Commission 卫健局"),
    ("transport", "Transport Bureau 交通局"),
    ("housing", "Housing Bureau 住建局"),
    ("market-regulation", "Market Regulation Bureau 市场监管局"),
    ("culture", "Culture and Tourism Bureau 文旅局"),
    ("agriculture", "Agriculture Bureau 农业农村局"),
];
const STRATA: [(&str, u32); 2] = [("service-recipients", 120), ("residents", 80)];

pub(super) fn steps() -> Vec<Step> {
    let mut random = Random::new(20_250_601);
    let mut steps = vec![scheme(), registered()];
    for county in 1..=COUNTIES {
        let id = format!("county-{county}");
        let units = ORGANS.map(|(organ, _)| unit(&id, organ, &mut random));
        steps.extend([opened(&id), entered(&id, 14, &units)]);
        steps.extend(units.iter().flat_map(|unit| [marked(&id, unit), deducted(&id, unit)]));
        steps.extend(survey::steps(&cycle_name(&id), &STRATA, &units));
        steps.extend([closed(&id, 10), published(&id, 11)]);
    }
    steps
}

fn unit(county: &str, organ: &str, random: &mut Random) -> Appraised {
    let id = format!("{county}-{organ}");
    let name = format!("jurisdictions/{JURISDICTION}/units/{id}");
    Appraised { id, name, group: 1, is_target: false, quality: 20 + random.below(70) }
}

fn scheme() -> Step {
    Step::new(at(FIRST_DAY, 9), "county-scheme", |mut desk| async move {
        let request = DraftSchemeRequest {
            request_id: desk.another("draft"),
            parent: format!("jurisdictions/{JURISDICTION}"),
            scheme_id: COUNTY_SCHEME.to_owned(),
            rules: Some(scheme_file::parse(SCHEME)?),
            occurred_at: desk.occurred_at,
        };
        desk.services.evaluation.draft_scheme(request).await?;
        let request = PublishSchemeRequest {
            request_id: desk.another("publish"),
            name: format!("jurisdictions/{JURISDICTION}/schemes/{COUNTY_SCHEME}"),
            occurred_at: desk.occurred_at,
        };
        desk.services.evaluation.publish_scheme(request).await?;
        anyhow::Ok(())
    })
}

fn opened(county: &str) -> Step {
    let cycle_id = county.to_owned();
    Step::new(at(FIRST_DAY, 13), format!("open/{county}"), |mut desk| async move {
        let request = OpenCycleRequest {
            request_id: desk.request_id,
            parent: format!("jurisdictions/{JURISDICTION}"),
            title: format!("Appraisal of {cycle_id}"),
            cycle_id,
            scheme: format!("jurisdictions/{JURISDICTION}/schemes/{COUNTY_SCHEME}"),
            scheme_version: 1,
            start_date: "2025-01-01".to_owned(),
            end_date: "2025-12-31".to_owned(),
            level: CycleLevel::County.into(),
            parent_cycle: cycle(),
            ranked_groups: vec![1],
            occurred_at: desk.occurred_at,
        };
        desk.services.evaluation.open_cycle(request).await.map(drop)
    })
}

/// One after the other: the register is one stream.
fn registered() -> Step {
    Step::new(at(FIRST_DAY, 11), "register/counties", |mut desk| async move {
        let counties = (1..=COUNTIES).flat_map(|county| ORGANS.map(|organ| (county, organ)));
        for (county, (organ, title)) in counties {
            let unit_id = format!("county-{county}-{organ}");
            let request = RegisterUnitRequest {
                request_id: desk.another(&unit_id),
                parent: format!("jurisdictions/{JURISDICTION}"),
                unit_id,
                title: format!("County {county}: {title}"),
                kind: UnitKind::Organ.into(),
                occurred_at: desk.occurred_at,
                ..Default::default()
            };
            desk.services.evaluation.register_unit(request).await?;
        }
        anyhow::Ok(())
    })
}

fn marked(county: &str, unit: &Appraised) -> Step {
    let (parent, name, tenths) = (cycle_name(county), unit.name.clone(), 240 + unit.quality / 2);
    Step::new(at(date(2025, 12, 10), 10), format!("mark/{name}"), move |mut desk| async move {
        let request = RecordMarkRequest {
            request_id: desk.request_id,
            parent,
            unit: name,
            component_id: "business-work".to_owned(),
            points: format!("{}.{}", tenths / 10, tenths % 10),
            occurred_at: desk.occurred_at,
        };
        desk.services.evaluation.record_mark(request).await.map(drop)
    })
}

fn deducted(county: &str, unit: &Appraised) -> Step {
    let (parent, name, hundredths) = (cycle_name(county), unit.name.clone(), 350 - unit.quality * 3);
    let on = date(2025, 6, 16);
    Step::new(at(on, 10), format!("deduct/{name}"), move |mut desk| async move {
        let request = RecordEntryRequest {
            request_id: desk.request_id,
            parent,
            unit: name,
            entry_id: "half-year".to_owned(),
            component_id: "organ-building".to_owned(),
            points: format!("-{}.{:02}", hundredths / 100, hundredths % 100),
            reason: "Half-year inspection of the county's organs".to_owned(),
            entry_date: on.to_string(),
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.evaluation.record_entry(request).await.map(drop)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counties_scheme_may_be_published() {
        assert_eq!(scheme_file::check(SCHEME), []);
    }
}
