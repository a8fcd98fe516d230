//! The events, read one after the other: what stands of each thing. What is built upon something that is not
//! there is left out with it.

use std::collections::{BTreeMap, BTreeSet};

use contract::evaluation::*;
use contract::words::{RecordedEvent, SchemeRules};
use prost::Message;

use super::cases::Cases;
use super::complaints::Complaints;
use super::drive::Drive;
use super::exact::{Q, q};

/// Everything that the events of a jurisdiction say.
#[derive(Default)]
pub(crate) struct Past {
    pub(crate) units: BTreeMap<String, UnitRegistered>,
    pub(crate) retired: BTreeSet<String>,
    pub(crate) schemes: BTreeMap<(String, u32), SchemeRules>,
    pub(crate) cycles: BTreeMap<String, Cycle>,
    pub(crate) commitments: BTreeMap<String, Commitment>,
    pub(crate) complaints: Complaints,
    pub(crate) cases: Cases,
    pub(crate) drive: Drive,
}

pub(crate) struct Cycle {
    pub(crate) opened: CycleOpened,
    pub(crate) closed: bool,
    pub(crate) facts: Facts,
    pub(crate) published: Option<Published>,
}

/// Results that are out, and the facts as they were then.
pub(crate) struct Published {
    pub(crate) results: Vec<UnitResult>,
    pub(crate) facts: Facts,
    pub(crate) revised: bool,
}

/// The facts of a cycle; units by resource name.
#[derive(Clone, Default)]
pub(crate) struct Facts {
    pub(crate) units: BTreeMap<String, UnitEntered>,
    /// By unit and component.
    pub(crate) marks: BTreeMap<(String, String), Q>,
    /// By unit, component and indicator.
    pub(crate) targets: BTreeMap<(String, String, String), Q>,
    pub(crate) actuals: BTreeMap<(String, String, String), Q>,
    /// In the order of their recording; those that stand.
    pub(crate) entries: Vec<EntryRecorded>,
    /// By component.
    pub(crate) panels: BTreeMap<String, Panel>,
    pub(crate) surveys: BTreeMap<String, Survey>,
}

#[derive(Clone, Default)]
pub(crate) struct Panel {
    pub(crate) electors: u64,
    pub(crate) ballots: Vec<BallotCast>,
    pub(crate) closed: bool,
}

#[derive(Clone, Default)]
pub(crate) struct Survey {
    /// By stratum.
    pub(crate) strata: BTreeMap<String, Stratum>,
    pub(crate) closed: bool,
}

#[derive(Clone, Default)]
pub(crate) struct Stratum {
    pub(crate) issued: u64,
    pub(crate) returned: u64,
    /// By unit and level.
    pub(crate) answers: BTreeMap<(String, String), u64>,
}

#[derive(Default)]
pub(crate) struct Commitment {
    pub(crate) unit: String,
    pub(crate) due_date: String,
    pub(crate) state: Delivery,
    pub(crate) lapsed: bool,
}

#[derive(Default, PartialEq)]
pub(crate) enum Delivery {
    #[default]
    Waiting,
    Reported,
    Refuted,
    Verified,
}

impl Past {
    /// Reads events, each log in its order.
    pub(crate) fn read<'a>(events: impl Iterator<Item = &'a RecordedEvent>) -> Self {
        let mut past = Self::default();
        for event in events {
            match event.service.as_str() {
                "evaluation" => past.take(event),
                "complaints" => past.complaints.take(event),
                "accountability" => past.cases.take(event),
                _ => past.drive.take(event),
            }
        }
        past
    }

    /// A unit and all those below it, by the register.
    pub(crate) fn subtree(&self, unit: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::from([unit.to_owned()]);
        loop {
            let below = self.units.values().filter(|below| found.contains(&below.parent));
            let below: Vec<_> = below.map(|below| below.unit.clone()).collect();
            let before = found.len();
            found.extend(below);
            if found.len() == before {
                return found;
            }
        }
    }

    fn take(&mut self, event: &RecordedEvent) {
        match kind(event) {
            "UnitRegistered" => {
                let unit: UnitRegistered = decoded(event);
                self.units.insert(unit.unit.clone(), unit);
            }
            "UnitRenamed" => {
                let renamed: UnitRenamed = decoded(event);
                self.units.entry(renamed.unit).and_modify(|unit| unit.title = renamed.title);
            }
            "UnitMoved" => {
                let moved: UnitMoved = decoded(event);
                self.units.entry(moved.unit).and_modify(|unit| unit.parent = moved.parent);
            }
            "UnitRetired" => drop(self.retired.insert(decoded::<UnitRetired>(event).unit)),
            "SchemeDrafted" => {
                let drafted: SchemeDrafted = decoded(event);
                self.schemes.insert((drafted.scheme, drafted.scheme_version), drafted.rules.unwrap());
            }
            "CycleOpened" => {
                let opened: CycleOpened = decoded(event);
                if self.schemes.contains_key(&(opened.scheme.clone(), opened.scheme_version)) {
                    let cycle = Cycle { opened, closed: false, facts: Facts::default(), published: None };
                    self.cycles.insert(cycle.opened.cycle.clone(), cycle);
                }
            }
            "CycleClosed" => {
                let closed: CycleClosed = decoded(event);
                self.cycles.entry(closed.cycle).and_modify(|cycle| cycle.closed = true);
            }
            "ResultsPublished" => {
                let published: ResultsPublished = decoded(event);
                self.publish(&published.cycle, published.results, false);
            }
            "ResultsRevised" => {
                let revised: ResultsRevised = decoded(event);
                self.publish(&revised.cycle, revised.results, true);
            }
            name if name.starts_with("Commitment") || name.starts_with("Delivery") => self.promise(event),
            _ => self.take_fact(event),
        }
    }

    /// The facts of a cycle; none: it was never opened.
    fn facts(&mut self, cycle: &str) -> Option<&mut Facts> {
        self.cycles.get_mut(cycle).map(|cycle| &mut cycle.facts)
    }

    fn publish(&mut self, cycle: &str, results: Vec<UnitResult>, revised: bool) {
        let Some(cycle) = self.cycles.get_mut(cycle) else { return };
        if cycle.published.is_some() || !revised {
            cycle.published = Some(Published { results, facts: cycle.facts.clone(), revised });
        }
    }

    fn promise(&mut self, event: &RecordedEvent) {
        if kind(event) == "CommitmentAssigned" {
            let CommitmentAssigned { commitment, unit, due_date } = decoded(event);
            let assigned = Commitment { unit, due_date, ..Commitment::default() };
            self.commitments.insert(commitment, assigned);
            return;
        }
        let (name, state) = match kind(event) {
            "DeliveryReported" => (decoded::<DeliveryReported>(event).commitment, Some(Delivery::Reported)),
            "DeliveryRefuted" => (decoded::<DeliveryRefuted>(event).commitment, Some(Delivery::Refuted)),
            "DeliveryVerified" => (decoded::<DeliveryVerified>(event).commitment, Some(Delivery::Verified)),
            "CommitmentLapsed" => (decoded::<CommitmentLapsed>(event).commitment, None),
            _ => return,
        };
        let Some(commitment) = self.commitments.get_mut(&name) else { return };
        match state {
            Some(state) => commitment.state = state,
            None => commitment.lapsed = true,
        }
    }

    /// Facts of a cycle: the last one recorded of each kind stands.
    fn take_fact(&mut self, event: &RecordedEvent) {
        match kind(event) {
            "UnitEntered" => {
                let it: UnitEntered = decoded(event);
                let Some(facts) = self.facts(&it.cycle) else { return };
                facts.units.insert(it.unit.clone(), it);
            }
            "UnitRemoved" => {
                let it: UnitRemoved = decoded(event);
                let Some(facts) = self.facts(&it.cycle) else { return };
                facts.units.remove(&it.unit);
            }
            "MarkRecorded" => {
                let it: MarkRecorded = decoded(event);
                let Some(facts) = self.facts(&it.cycle) else { return };
                facts.marks.insert((it.unit, it.component_id), q(&it.points));
            }
            "MarkRevised" => {
                let it: MarkRevised = decoded(event);
                let Some(facts) = self.facts(&it.cycle) else { return };
                facts.marks.entry((it.unit, it.component_id)).and_modify(|mark| *mark = q(&it.points));
            }
            "IndicatorTargetSet" => {
                let it: IndicatorTargetSet = decoded(event);
                let key = (it.unit, it.component_id, it.indicator_id);
                let Some(facts) = self.facts(&it.cycle) else { return };
                facts.targets.insert(key, q(&it.target));
            }
            "IndicatorReported" => {
                let it: IndicatorReported = decoded(event);
                let key = (it.unit, it.component_id, it.indicator_id);
                let Some(facts) = self.facts(&it.cycle) else { return };
                facts.actuals.insert(key, q(&it.actual));
            }
            "EntryRecorded" => {
                let it: EntryRecorded = decoded(event);
                let Some(facts) = self.facts(&it.cycle) else { return };
                facts.entries.push(it);
            }
            "EntryReversed" => {
                let it: EntryReversed = decoded(event);
                let is_it = |entry: &EntryRecorded| entry.unit == it.unit && entry.entry_id == it.entry_id;
                let Some(facts) = self.facts(&it.cycle) else { return };
                facts.entries.retain(|entry| !is_it(entry));
            }
            _ => self.take_ballot_or_form(event),
        }
    }

    fn take_ballot_or_form(&mut self, event: &RecordedEvent) {
        match kind(event) {
            "PanelConvened" => {
                let it: PanelConvened = decoded(event);
                let electors = it.rolls.iter().map(|roll| u64::try_from(roll.electors.len()).unwrap()).sum();
                let Some(facts) = self.facts(&it.cycle) else { return };
                facts.panels.insert(it.component_id, Panel { electors, ..Panel::default() });
            }
            "BallotCast" => {
                let it: BallotCast = decoded(event);
                let Some(facts) = self.facts(&it.cycle) else { return };
                facts.panels.entry(it.component_id.clone()).and_modify(|panel| panel.ballots.push(it));
            }
            "PanelClosed" => {
                let it: PanelClosed = decoded(event);
                let Some(facts) = self.facts(&it.cycle) else { return };
                facts.panels.entry(it.component_id).and_modify(|panel| panel.closed = true);
            }
            "SurveyPlanned" => {
                let it: SurveyPlanned = decoded(event);
                let Some(facts) = self.facts(&it.cycle) else { return };
                let strata =
                    it.strata.into_iter().map(|plan| (plan.stratum_id, Stratum::default())).collect();
                facts.surveys.insert(it.component_id, Survey { strata, closed: false });
            }
            "FormsIssued" => {
                let it: FormsIssued = decoded(event);
                let Some(survey) =
                    self.facts(&it.cycle).and_then(|facts| facts.surveys.get_mut(&it.component_id))
                else {
                    return;
                };
                let issued = u64::try_from(it.code_hashes.len()).unwrap();
                survey.strata.entry(it.stratum_id).and_modify(|stratum| stratum.issued += issued);
            }
            "FormAnswered" => {
                let it: FormAnswered = decoded(event);
                let survey = self.facts(&it.cycle).and_then(|facts| facts.surveys.get_mut(&it.component_id));
                let Some(stratum) = survey.and_then(|survey| survey.strata.get_mut(&it.stratum_id)) else {
                    return;
                };
                stratum.returned += 1;
                for FormAnswer { unit, level_id } in it.answers {
                    *stratum.answers.entry((unit, level_id)).or_default() += 1;
                }
            }
            "SurveyClosed" => {
                let it: SurveyClosed = decoded(event);
                let Some(facts) = self.facts(&it.cycle) else { return };
                facts.surveys.entry(it.component_id).and_modify(|survey| survey.closed = true);
            }
            _ => {}
        }
    }
}

/// The last name of an event's type.
pub(crate) fn kind(event: &RecordedEvent) -> &str {
    event.event_type.rsplit('.').next().unwrap()
}

/// The event itself.
pub(crate) fn decoded<M: Message + Default>(event: &RecordedEvent) -> M {
    M::decode(event.payload.as_slice()).unwrap()
}
