//! What the complaints and the drive cost in the daily assessment: each fact once, by the raw events, and given back
//! where the fact fell.

use std::collections::{BTreeMap, BTreeSet};

use contract::complaints::{
    ComplaintOverdue, ComplaintReopened, ComplaintSubstantiated, ComplaintUnsubstantiated,
    RectificationRefuted,
};
use contract::evaluation::{EntryRecorded, EntryReversed, UnitEntered, UnitMoved, UnitRegistered};
use contract::field::day_of;
use contract::training::UnitStalled;
use contract::words::{RecordedEvent, TariffCause};
use jiff::civil::{Date, date};

use super::complaints::{decode, last, occurred};
use super::{CYCLE, Year};

/// The cycle's period.
const PERIOD: [Date; 2] = [date(2025, 1, 1), date(2025, 12, 31)];

/// What must cost a unit points.
struct Fact {
    event_id: String,
    cause: TariffCause,
    /// The complaint or the campaign.
    thing: String,
    unit: String,
    /// Event id of what undid it.
    undone_by: Option<String>,
}

pub(crate) async fn each_fact_costs_its_unit_once_and_is_given_back_where_it_fell(year: &Year) {
    let log = year.server.log("evaluation").await;
    let facts = facts(year).await;
    let count = |cause| facts.iter().filter(|fact| fact.cause == cause).count();
    for cause in [
        TariffCause::ComplaintOverdue,
        TariffCause::RectificationRefuted,
        TariffCause::ComplaintReopened,
        TariffCause::ComplaintSubstantiated,
        TariffCause::UnitStalled,
    ] {
        assert!(count(cause) > 10, "{}: {}", cause.as_str_name(), count(cause));
    }
    assert!(facts.iter().filter(|fact| fact.undone_by.is_some()).count() > 3);

    let mut recorded = BTreeMap::<String, Vec<EntryRecorded>>::new();
    for entry in of_kind(&log, "EntryRecorded").map(decode::<EntryRecorded>) {
        let asked = facts.iter().any(|fact| fact.cause == entry.cause());
        if entry.cycle == CYCLE && asked {
            recorded.entry(entry.cause_event_id.clone()).or_default().push(entry);
        }
    }
    let mut reversed = BTreeMap::<String, Vec<String>>::new();
    for reversal in of_kind(&log, "EntryReversed").map(decode::<EntryReversed>) {
        reversed.entry(reversal.entry_id).or_default().push(reversal.cause_event_id);
    }
    let tree = Tree::of(&log);
    for fact in &facts {
        let what = format!("{} of {}", fact.cause.as_str_name(), fact.thing);
        let entries = recorded.remove(&fact.event_id).unwrap_or_default();
        assert_eq!(entries.len(), 1, "{what}");
        let entry = &entries[0];
        assert_eq!((entry.cause(), &entry.cause_thing), (fact.cause, &fact.thing));
        assert_eq!(entry.unit, tree.appraised(&fact.unit), "{what}");
        let reversals = reversed.get(&entry.entry_id).cloned().unwrap_or_default();
        assert_eq!(reversals, Vec::from_iter(fact.undone_by.clone()), "{what}");
    }
    assert!(recorded.is_empty(), "entries without a fact of the year: {recorded:#?}");
}

/// Each fact of the year that has a price, and whether the complaint was found not to be true after it.
async fn facts(year: &Year) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    let training = year.server.log("training").await;
    let complaints = year.server.log("complaints").await;
    for event in training.iter().chain(&complaints) {
        let (cause, thing, unit) = match last(event) {
            "UnitStalled" => {
                let fact = decode::<UnitStalled>(event);
                (TariffCause::UnitStalled, fact.campaign, fact.unit)
            }
            "ComplaintOverdue" => {
                let fact = decode::<ComplaintOverdue>(event);
                (TariffCause::ComplaintOverdue, fact.complaint, fact.unit)
            }
            "RectificationRefuted" => {
                let fact = decode::<RectificationRefuted>(event);
                (TariffCause::RectificationRefuted, fact.complaint, fact.unit)
            }
            "ComplaintReopened" => {
                let fact = decode::<ComplaintReopened>(event);
                (TariffCause::ComplaintReopened, fact.complaint, fact.unit)
            }
            "ComplaintSubstantiated" => {
                let fact = decode::<ComplaintSubstantiated>(event);
                (TariffCause::ComplaintSubstantiated, fact.complaint, fact.unit)
            }
            "ComplaintUnsubstantiated" => {
                let found = decode::<ComplaintUnsubstantiated>(event);
                let fallen = facts.iter_mut().filter(|fact| {
                    fact.thing == found.complaint && fact.cause != TariffCause::ComplaintOverdue
                });
                for fact in fallen {
                    fact.undone_by.get_or_insert_with(|| event.event_id.clone());
                }
                continue;
            }
            _ => continue,
        };
        let day = day_of(occurred(event));
        if PERIOD[0] <= day && day <= PERIOD[1] {
            facts.push(Fact { event_id: event.event_id.clone(), cause, thing, unit, undone_by: None });
        }
    }
    facts
}

fn of_kind<'a>(log: &'a [RecordedEvent], kind: &'a str) -> impl Iterator<Item = &'a RecordedEvent> {
    log.iter().filter(move |event| last(event) == kind)
}

/// Which unit lies below which, and which are appraised.
struct Tree {
    parents: BTreeMap<String, String>,
    entered: BTreeSet<String>,
}

impl Tree {
    fn of(log: &[RecordedEvent]) -> Self {
        let registered = of_kind(log, "UnitRegistered").map(decode::<UnitRegistered>);
        let mut parents: BTreeMap<_, _> = registered.map(|it| (it.unit, it.parent)).collect();
        parents.extend(of_kind(log, "UnitMoved").map(decode::<UnitMoved>).map(|it| (it.unit, it.parent)));
        let entered = of_kind(log, "UnitEntered").map(decode::<UnitEntered>);
        let entered = entered.filter(|it| it.cycle == CYCLE).map(|it| it.unit).collect();
        Self { parents, entered }
    }

    /// The unit, or the nearest above it, that is entered.
    fn appraised(&self, unit: &str) -> String {
        let mut unit = unit.to_owned();
        while !self.entered.contains(&unit) {
            unit = self.parents.get(&unit).expect("a unit above is entered").clone();
        }
        unit
    }
}
