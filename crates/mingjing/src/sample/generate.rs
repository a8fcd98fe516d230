//! The sample's facts: the same at every run.

use contract::evaluation::{FormAnswer, UnitKind};

use super::random::Random;
use super::{BUREAU, JURISDICTION};

/// Groups by comparability and their sizes; the first three are ranked.
pub(super) const GROUPS: [(u32, u32); 5] = [(1, 24), (2, 24), (3, 29), (4, 12), (5, 12)];
/// The groups that are ranked.
pub(super) const RANKED_GROUPS: [u32; 3] = [1, 2, 3];
/// The bureau's group, and the place in it where it is entered.
const BUREAU_PLACE: (u32, u32) = (3, 9);
/// Strata of the survey with the forms that each gets: 8,000.
pub(super) const STRATA: [(&str, u32); 4] =
    [("service-recipients", 3200), ("residents", 2400), ("enterprises", 1600), ("deputies", 800)];
/// Of a hundred forms so many come back.
const RETURNED_PERCENT: u32 = 92;
/// A form asks about so many units.
const UNITS_PER_FORM: usize = 12;
const LEVELS: [&str; 5] = ["very-satisfied", "satisfied", "fairly-satisfied", "dissatisfied", "unknown"];

/// A unit with the facts of its year.
pub(super) struct UnitYear {
    pub(super) unit_id: String,
    pub(super) title: String,
    pub(super) kind: UnitKind,
    pub(super) group: u32,
    /// The assessor's mark for business work, in hundredths of a point.
    pub(super) mark: u32,
    /// Deductions for organ building, in hundredths of a point, with what for.
    pub(super) deductions: Vec<(u32, &'static str)>,
    /// Of a thousand answers about it, how many choose each level, by stratum.
    answers: [[u32; 5]; 4],
}

impl UnitYear {
    pub(super) fn name(&self) -> String {
        format!("jurisdictions/{JURISDICTION}/units/{}", self.unit_id)
    }
}

/// Every unit of the city that is appraised, group by group.
pub(super) fn units() -> Vec<UnitYear> {
    let mut random = Random::new(20_240_101);
    let places = GROUPS.iter().flat_map(|(group, size)| (1..=*size).map(move |place| (*group, place)));
    places.map(|place| if place == BUREAU_PLACE { bureau() } else { other(place, &mut random) }).collect()
}

/// The forms of one stratum that come back: what each says.
pub(super) fn forms(units: &[UnitYear], stratum: usize) -> Vec<Vec<FormAnswer>> {
    let asked: Vec<_> = units.iter().map(|unit| (unit.name(), unit.answers[stratum])).collect();
    filled(&asked, returned(STRATA[stratum].1))
}

/// How many of so many forms come back.
pub(super) fn returned(issued: u32) -> u32 {
    issued * RETURNED_PERCENT / 100
}

/// So many forms, filled in: each asks about the next dozen of the units; of each unit is given what of a thousand
/// answers chooses each level.
pub(super) fn filled(asked: &[(String, [u32; 5])], forms: u32) -> Vec<Vec<FormAnswer>> {
    let mut answers = vec![0_u32; asked.len()];
    let mut turn = 0;
    (0..forms)
        .map(|_| {
            let units = UNITS_PER_FORM.min(asked.len());
            let mut form = Vec::with_capacity(units);
            for _ in 0..units {
                let (unit, shares) = &asked[turn];
                let level_id = LEVELS[level(shares, answers[turn])].to_owned();
                form.push(FormAnswer { unit: unit.clone(), level_id });
                answers[turn] += 1;
                turn = (turn + 1) % asked.len();
            }
            form
        })
        .collect()
}

/// The level that the answer of this number chooses, so that any run of answers is close to the shares.
fn level(shares: &[u32; 5], number: u32) -> usize {
    // Steps of the golden ratio fall evenly into 0 to 999.
    let place = (u64::from(number) * 618_034 / 1000) % 1000;
    let mut upto = 0;
    for (level, share) in shares.iter().enumerate() {
        upto += u64::from(*share);
        if place < upto {
            return level;
        }
    }
    LEVELS.len() - 1
}

fn bureau() -> UnitYear {
    UnitYear {
        unit_id: BUREAU.to_owned(),
        title: "Public Security Bureau 公安局".to_owned(),
        kind: UnitKind::Bureau,
        group: BUREAU_PLACE.0,
        mark: 2640,
        deductions: vec![
            (50, "Study plan of the leading group filed late"),
            (80, "Two service windows closed during opening hours"),
            (36, "Three case files incomplete at the half-year inspection"),
            (60, "Duty roster not kept on four days"),
            (45, "Notice of open affairs out of date"),
            (35, "Circular answered after its deadline"),
        ],
        answers: [
            [340, 330, 250, 50, 30],
            [315, 335, 255, 60, 35],
            [350, 315, 215, 80, 40],
            [370, 300, 245, 60, 25],
        ],
    }
}

/// Units placed before the bureau in its group do better than it, those after it worse.
fn other((group, place): (u32, u32), random: &mut Random) -> UnitYear {
    let better =
        group != BUREAU_PLACE.0 && random.below(2) == 0 || group == BUREAU_PLACE.0 && place < BUREAU_PLACE.1;
    let (mark, lost, satisfied) = if better { (2700, 100, 420) } else { (2450, 400, 250) };
    let reasons = ["Inspection finding", "Report filed late", "Public notice missing", "Meeting not minuted"];
    let deductions = reasons.into_iter().map(|reason| (lost / 4 + random.below(lost / 4), reason)).collect();
    let mut answers = [[0; 5]; 4];
    for shares in &mut answers {
        let very = satisfied + random.below(60);
        let dissatisfied = if better { 30 } else { 80 } + random.below(20);
        let unknown = 20 + random.below(30);
        let rest = 1000 - very - dissatisfied - unknown;
        *shares = [very, rest * 3 / 5, rest - rest * 3 / 5, dissatisfied, unknown];
    }
    UnitYear {
        unit_id: format!("organ-{group}-{place:02}"),
        title: format!("Organ {group}-{place:02}"),
        kind: UnitKind::Organ,
        group,
        mark: mark + random.below(150),
        deductions,
        answers,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rust_decimal::Decimal;
    use scoring::facts::{ComponentFacts, CycleFacts, LedgerEntry, SurveyFacts, UnitFacts};

    use super::*;

    #[test]
    fn the_city_is_as_it_was() {
        let units = units();
        assert_eq!(units.len(), 101);
        assert_eq!(units.iter().filter(|unit| RANKED_GROUPS.contains(&unit.group)).count(), 77);
        assert_eq!(units.iter().filter(|unit| unit.unit_id == BUREAU).count(), 1);
        assert_eq!(STRATA.iter().map(|(_, forms)| forms).sum::<u32>(), 8000);
        for unit in &units {
            assert!(unit.answers.iter().all(|shares| shares.iter().sum::<u32>() == 1000), "{}", unit.unit_id);
        }
    }

    #[test]
    fn every_unit_is_asked_about_in_every_stratum() {
        let units = units();
        for stratum in 0..STRATA.len() {
            let forms = forms(&units, stratum);
            for unit in &units {
                let name = unit.name();
                assert!(forms.iter().flatten().any(|answer| answer.unit == name), "{name}");
            }
        }
    }

    #[test]
    fn the_figures_of_the_year_come_out_of_the_facts() {
        let units = units();
        let scheme = crate::scheme_file::parse(include_str!("../../sample/first-year.toml")).unwrap();
        let appraisal = scoring::appraise(&scoring::Scheme::parse(&scheme).unwrap(), &facts(&units));
        let bureau = &appraisal.units[&units.iter().find(|unit| unit.unit_id == BUREAU).unwrap().name()];
        let points: Vec<_> =
            bureau.components.iter().map(|component| component.points.unwrap().to_string()).collect();
        assert_eq!(points, ["26.40", "26.94", "30.86"]);
        assert_eq!(bureau.final_points.unwrap().to_string(), "84.20");
        assert_eq!((bureau.rank, bureau.group_size, bureau.excellent), (Some(9), 29, true));
        let excellent = appraisal.units.values().filter(|unit| unit.excellent);
        assert_eq!(excellent.clone().count(), 25);
        assert_eq!(excellent.filter(|unit| unit.group == bureau.group).count(), 9);
    }

    /// The facts as `scoring` takes them, without any service between.
    fn facts(units: &[UnitYear]) -> CycleFacts {
        let mut facts = CycleFacts { ranked_groups: RANKED_GROUPS.into(), ..CycleFacts::default() };
        let decimal = |hundredths: u32| Decimal::new(hundredths.into(), 2);
        for unit in units {
            let entry = |(hundredths, reason): &(u32, &str)| LedgerEntry {
                entry_id: (*reason).to_owned(),
                points: -decimal(*hundredths),
                standing: true,
            };
            let components = [
                ("business-work", ComponentFacts::Mark(decimal(unit.mark))),
                ("organ-building", ComponentFacts::Entries(unit.deductions.iter().map(entry).collect())),
            ];
            let components = components.map(|(id, facts)| (id.to_owned(), facts)).into();
            facts
                .units
                .insert(unit.name(), UnitFacts { group: unit.group, components, ..UnitFacts::default() });
        }
        for (stratum, (stratum_id, _)) in STRATA.iter().enumerate() {
            for answer in forms(units, stratum).into_iter().flatten() {
                let unit = facts.units.get_mut(&answer.unit).unwrap();
                let answers = unit.components.entry("open-appraisal".to_owned());
                let ComponentFacts::Answers(strata) =
                    answers.or_insert_with(|| ComponentFacts::Answers(BTreeMap::new()))
                else {
                    unreachable!()
                };
                *strata.entry((*stratum_id).to_owned()).or_default().entry(answer.level_id).or_default() += 1;
            }
        }
        facts
            .surveys
            .insert("open-appraisal".to_owned(), SurveyFacts { closed: true, ..SurveyFacts::default() });
        facts
    }
}
