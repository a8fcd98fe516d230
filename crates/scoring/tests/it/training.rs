//! The figures of training against a naive reading of the same facts, in whatever order independent facts come.

#![expect(clippy::unwrap_used, reason = "a fault of a test is a failed test")]

use contract::evaluation::{UnitMoved, UnitRegistered, UnitRetired};
use contract::training::*;
use jiff::civil::Date;
use proptest::prelude::*;
use scoring::figures::training::{Fact, Scope, Share, Training};

use crate::training_naive::Naive;

const UNITS: u64 = 9;
const OFFICERS: u64 = 14;
const SESSIONS: u64 = 12;
const CAMPAIGN: &str = "jurisdictions/city/campaigns/2024";

/// A generator that gives the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn number(&mut self, bound: u64) -> i32 {
        i32::try_from(self.below(bound)).unwrap()
    }

    fn unit(&mut self) -> String {
        format!("jurisdictions/city/units/u{}", self.below(UNITS))
    }

    fn item(&mut self) -> String {
        format!("{CAMPAIGN}/items/i{}", self.below(3))
    }

    fn day(&mut self) -> String {
        format!("2024-{:02}-{:02}", 3 + self.below(9), 1 + self.below(28))
    }
}

/// The facts of a small city, each queue in its own order; the queues know nothing of each other.
fn queues(dice: &mut Dice) -> Vec<Vec<Fact>> {
    let mut queues = vec![units(dice), campaign(dice), needs(dice)];
    queues.extend((0..3).map(|number| vec![item(dice, number)]));
    queues.extend((0..OFFICERS).map(|number| officer(dice, number)));
    queues.extend((0..OFFICERS).map(|number| assessments(dice, number)));
    queues.extend((0..SESSIONS).map(|number| session(dice, number)));
    queues
}

fn units(dice: &mut Dice) -> Vec<Fact> {
    let name = |number: u64| format!("jurisdictions/city/units/u{number}");
    let mut facts: Vec<Fact> = vec![];
    for number in 0..UNITS {
        let parent = if number == 0 { String::new() } else { name(dice.below(number)) };
        let speciality = ["traffic", "patrol", ""][usize::try_from(dice.below(3)).unwrap()].to_owned();
        let grassroots = dice.below(2) == 0;
        let unit = name(number);
        facts.push(UnitRegistered { unit, parent, speciality, grassroots, ..Default::default() }.into());
    }
    // Always below one of a lower number: no loop.
    let moved = 1 + dice.below(UNITS - 1);
    facts.push(UnitMoved { unit: name(moved), parent: name(dice.below(moved)) }.into());
    facts.push(UnitRetired { unit: name(dice.below(UNITS)), reason: "merged".to_owned() }.into());
    facts
}

fn campaign(dice: &mut Dice) -> Vec<Fact> {
    let campaign = CAMPAIGN.to_owned();
    let rules = CampaignRules {
        plan_due_date: "2024-04-01".to_owned(),
        cutoff_date: "2024-09-15".to_owned(),
        session_interval_working_days: 10,
        centralised_hours_max: "6".to_owned(),
        leader_from: 3,
    };
    let launched = CampaignLaunched {
        campaign: campaign.clone(),
        unit: format!("jurisdictions/city/units/u{}", dice.below(2)),
        start_date: "2024-03-01".to_owned(),
        end_date: "2024-11-30".to_owned(),
        rules: Some(rules),
        ..Default::default()
    };
    let issued = |required_qualities| AcceptanceMethodIssued {
        campaign: campaign.clone(),
        method: "run".to_owned(),
        required_qualities,
    };
    let mut facts: Vec<Fact> = vec![launched.into(), issued(vec![1]).into()];
    for _ in 0..4 {
        let (unit, with_subtree) = (dice.unit(), dice.below(2) == 0);
        let filed =
            PlanFiled { campaign: campaign.clone(), unit: unit.clone(), with_subtree, ..Default::default() };
        facts.push(filed.into());
        if dice.below(2) == 0 {
            facts.push(PlanApproved { campaign: campaign.clone(), unit }.into());
        }
    }
    for _ in 0..3 {
        let unit = dice.unit();
        let due_date = "2024-04-01".to_owned();
        let stalled = UnitStalled { campaign: campaign.clone(), unit: unit.clone(), cause: 1, due_date };
        facts.push(stalled.into());
        if dice.below(2) == 0 {
            facts.push(UnitResumed { campaign: campaign.clone(), unit }.into());
        }
    }
    facts.push(issued(vec![1, 2 + dice.number(3)]).into());
    if dice.below(4) == 0 {
        facts.push(CampaignConcluded { campaign, conclusion: String::new() }.into());
    }
    facts
}

fn item(dice: &mut Dice, number: u64) -> Fact {
    let speciality = ["traffic", ""][usize::try_from(dice.below(2)).unwrap()].to_owned();
    let item = format!("{CAMPAIGN}/items/i{number}");
    let (basic, quality) = (1 + dice.number(3), 1 + dice.number(4));
    ItemDesigned { item, basic, quality, speciality, ..Default::default() }.into()
}

fn officer(dice: &mut Dice, number: u64) -> Vec<Fact> {
    let officer = format!("jurisdictions/city/officers/o{number}");
    let mut days: Vec<_> = (0..5).map(|_| dice.day()).collect();
    days.sort_unstable();
    let enrol = |dice: &mut Dice, day: &String| OfficerEnrolled {
        officer: officer.clone(),
        unit: dice.unit(),
        post_level: 1 + dice.number(5),
        effective_date: day.clone(),
    };
    let mut facts: Vec<Fact> = vec![enrol(dice, &days[0]).into()];
    for day in &days[1..4] {
        let effective_date = day.clone();
        facts.push(match dice.below(3) {
            0 => OfficerTransferred { officer: officer.clone(), unit: dice.unit(), effective_date }.into(),
            1 => {
                PostLevelChanged { officer: officer.clone(), post_level: 1 + dice.number(5), effective_date }
                    .into()
            }
            _ => continue,
        });
    }
    if dice.below(3) == 0 {
        facts.push(OfficerLeft { officer: officer.clone(), effective_date: days[3].clone() }.into());
        if dice.below(2) == 0 {
            facts.push(enrol(dice, &days[4]).into());
        }
    }
    facts
}

fn assessments(dice: &mut Dice, number: u64) -> Vec<Fact> {
    let mut facts: Vec<Fact> = vec![];
    for assessment in 0..dice.below(5) {
        let name = format!("jurisdictions/city/officers/o{number}/assessments/a{assessment}");
        let recorded = AssessmentRecorded {
            assessment: name,
            campaign: CAMPAIGN.to_owned(),
            quality: 1 + dice.number(3),
            assessment_date: dice.day(),
            passed: dice.below(3) > 0,
            score: None,
        };
        facts.push(recorded.into());
        if dice.below(3) == 0 {
            let corrected = AssessmentCorrected {
                assessment: format!(
                    "jurisdictions/city/officers/o{number}/assessments/a{}",
                    dice.below(assessment + 1)
                ),
                assessment_date: dice.day(),
                passed: dice.below(2) == 0,
                ..Default::default()
            };
            facts.push(corrected.into());
        }
    }
    facts
}

fn session(dice: &mut Dice, number: u64) -> Vec<Fact> {
    let held = |dice: &mut Dice| SessionHeld {
        session: format!("{CAMPAIGN}/sessions/s{number}"),
        item: dice.item(),
        unit: dice.unit(),
        mode: 1 + dice.number(4),
        session_date: dice.day(),
        hours: format!("{}.{}", 1 + dice.below(4), dice.below(100)),
        participants: (0..OFFICERS)
            .filter(|_| dice.below(3) == 0)
            .map(|officer| format!("jurisdictions/city/officers/o{officer}"))
            .collect(),
    };
    let first = held(dice);
    let session = first.session.clone();
    let mut facts: Vec<Fact> = vec![first.into()];
    if dice.below(2) == 0 {
        let SessionHeld { item, unit, mode, session_date, hours, participants, .. } = held(dice);
        let (session, reason) = (session.clone(), "misread".to_owned());
        let corrected =
            SessionCorrected { session, item, unit, mode, session_date, hours, participants, reason };
        facts.push(corrected.into());
    }
    if dice.below(4) == 0 {
        facts.push(SessionVoided { session, reason: "not held".to_owned() }.into());
    }
    facts
}

fn needs(dice: &mut Dice) -> Vec<Fact> {
    let mut facts: Vec<Fact> = vec![];
    for number in 0..6 {
        let need = format!("jurisdictions/city/needs/n{number}");
        facts.push(NeedIdentified { need: need.clone(), unit: dice.unit(), ..Default::default() }.into());
        if dice.below(2) == 0 {
            facts.push(NeedMet { need, ..Default::default() }.into());
        }
    }
    facts
}

/// The queues as one log, in an order of chance.
fn merged(mut queues: Vec<Vec<Fact>>, dice: &mut Dice) -> Vec<Fact> {
    for queue in &mut queues {
        queue.reverse();
    }
    let mut log = vec![];
    while !queues.is_empty() {
        let at = usize::try_from(dice.below(queues.len().try_into().unwrap())).unwrap();
        match queues[at].pop() {
            Some(fact) => log.push(fact),
            None => drop(queues.swap_remove(at)),
        }
    }
    log
}

fn folded(log: &[Fact]) -> Training {
    let mut training = Training::default();
    for fact in log {
        training.fold(fact).expect("it is folded");
    }
    training
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn figures_are_what_counting_afresh_gives_in_whatever_order_facts_came(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let queues = queues(&mut dice);
        let logs = [merged(queues.clone(), &mut dice), merged(queues, &mut dice)];
        let naive = Naive::read(&logs[0]);
        let trainings = [folded(&logs[0]), folded(&logs[1])];
        for unit in 0..UNITS {
            let unit = format!("jurisdictions/city/units/u{unit}");
            for (with_subtree, speciality) in [(false, ""), (true, ""), (true, "traffic")] {
                let scope = Scope { unit: &unit, with_subtree, speciality };
                let counted = naive.figures(&scope);
                for training in &trainings {
                    let figures = training.figures(CAMPAIGN, &scope).unwrap();
                    prop_assert_eq!(&figures, &counted, "{} {} {}", &unit, with_subtree, speciality);
                }
            }
        }
    }

    #[test]
    fn lists_name_whom_the_figures_count(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let queues = queues(&mut dice);
        let training = folded(&merged(queues, &mut dice));
        for unit in 0..UNITS {
            let unit = format!("jurisdictions/city/units/u{unit}");
            let scope = Scope { unit: &unit, with_subtree: true, speciality: "" };
            let figures = training.figures(CAMPAIGN, &scope).unwrap();
            let Share { count, of } = figures.participation;
            let missing = training.missing(CAMPAIGN, &scope, false, "", 1000);
            prop_assert_eq!(u64::try_from(missing.len()).unwrap(), of - count);
            let leaders = training.missing(CAMPAIGN, &scope, true, "", 1000);
            prop_assert_eq!(u64::try_from(leaders.len()).unwrap(), figures.leaders.of - figures.leaders.count);
            let uncovered = training.uncovered(CAMPAIGN, &scope);
            let Share { count, of } = figures.coverage;
            prop_assert_eq!(u64::try_from(uncovered.len()).unwrap(), of - count);
            // Pages follow one another without gap or overlap.
            let (first, rest) = missing.split_at(missing.len().min(2));
            prop_assert_eq!(training.missing(CAMPAIGN, &scope, false, "", 2), first);
            let last = first.last().copied().unwrap_or_default();
            prop_assert_eq!(training.missing(CAMPAIGN, &scope, false, last, 1000), rest);
        }
    }
}

#[test]
fn a_campaign_counts_in_the_cycle_of_its_cutoff() {
    let mut dice = Dice(1);
    let training = folded(&merged(queues(&mut dice), &mut dice));
    let unit = "jurisdictions/city/units/u1";
    let (year, next) = (Date::constant(2024, 1, 1), Date::constant(2025, 1, 1));
    let last_day = Date::constant(2024, 12, 31);
    assert_eq!(training.campaign_of(unit, year, last_day).as_deref(), Some(CAMPAIGN));
    assert_eq!(training.campaign_of(unit, next, Date::constant(2025, 12, 31)), None);
    let scope = Scope { unit, with_subtree: true, speciality: "" };
    let figures = training.figures(CAMPAIGN, &scope).unwrap();
    assert_eq!(training.index(unit, year, last_day), Some(figures.index()));
    assert_eq!(training.index("jurisdictions/city/units/nowhere", year, last_day), None);
}

#[test]
fn what_was_never_identified_or_held_is_refused_and_changes_nothing() {
    let mut training = Training::default();
    let met = NeedMet { need: "jurisdictions/city/needs/n1".to_owned(), ..NeedMet::default() };
    let session = format!("{CAMPAIGN}/sessions/s1");
    let corrected = SessionCorrected { session: session.clone(), ..SessionCorrected::default() };
    let voided = SessionVoided { session, ..SessionVoided::default() };
    for fact in [Fact::from(met), corrected.into(), voided.into()] {
        assert!(training.fold(&fact).unwrap_err().contains("never"), "{fact:?}");
    }
    assert_eq!(training.figures(CAMPAIGN, &Scope::default()), None);
}
