//! Where the points went (scoring.md §6): each line of the arithmetic with the events that it comes from.

use std::collections::{BTreeMap, BTreeSet};

use contract::scorecard::{EventReference, LossKind, LossLine};
use scoring::scheme::{Component, Method};
use scoring::{Appraisal, Cause, Loss, Scheme};

use crate::card::text;
use crate::fold::accountability;
use crate::fold::evaluation::SERVICE;
use crate::fold::evaluation::entry::{CountsIn, Entry};
use crate::fold::names::key;
use crate::fold::trace::Trace;
use crate::league::League;

mod counted;
mod forms;

pub(crate) use counted::{Found, counted};
pub(crate) use forms::answered;

/// The events behind lines that are not kept in memory, by component and item: the forms of a stratum, what a ratio
/// counts.
pub(crate) type Behind = BTreeMap<(String, String), Vec<EventReference>>;

/// The lines of a unit and their sum; none: no such unit.
pub(crate) fn lines(league: &League, unit: &str, behind: &Behind) -> Option<(Vec<LossLine>, Option<String>)> {
    let rules = (league.cycle.scheme.as_str(), league.cycle.scheme_version);
    told(league, (&league.scheme, rules), &league.appraisal, unit, behind)
}

/// The lines of a unit and their sum as appraised under a scheme, its own or another one, told with the events of its
/// league; with the scheme its resource name and version.
pub(crate) fn told(
    league: &League,
    (scheme, rules): (&Scheme, (&str, u32)),
    appraisal: &Appraisal,
    unit: &str,
    behind: &Behind,
) -> Option<(Vec<LossLine>, Option<String>)> {
    let explained = Explained { league, scheme, rules, appraisal, unit, behind };
    explained.lines()
}

/// What a line is about, whatever its points: lines of two explanations with the same are of the same thing.
pub(crate) fn about(line: &LossLine) -> (&str, &str, i32, &str) {
    (&line.component_id, &line.source_id, line.kind, &line.item)
}

struct Explained<'a> {
    league: &'a League,
    scheme: &'a Scheme,
    rules: (&'a str, u32),
    appraisal: &'a Appraisal,
    unit: &'a str,
    behind: &'a Behind,
}

/// What a line is about: component, source, kind, item, description, events.
struct About {
    component_id: String,
    source_id: String,
    kind: LossKind,
    item: String,
    description: String,
    events: Vec<EventReference>,
    cause_event_id: String,
    contested: bool,
}

impl About {
    fn component(kind: LossKind, component_id: String, description: impl Into<String>) -> Self {
        Self {
            component_id,
            source_id: String::new(),
            kind,
            item: String::new(),
            description: description.into(),
            events: Vec::new(),
            cause_event_id: String::new(),
            contested: false,
        }
    }

    fn source(kind: LossKind, source_id: String, description: impl Into<String>) -> Self {
        Self { source_id, ..Self::component(kind, String::new(), description) }
    }

    fn whole(kind: LossKind, description: impl Into<String>) -> Self {
        Self::component(kind, String::new(), description)
    }

    fn item(self, item: String) -> Self {
        Self { item, ..self }
    }

    fn events(self, events: impl IntoIterator<Item = EventReference>) -> Self {
        Self { events: events.into_iter().collect(), ..self }
    }
}

impl Explained<'_> {
    fn lines(&self) -> Option<(Vec<LossLine>, Option<String>)> {
        let losses = scoring::losses(self.scheme, &self.league.facts, self.appraisal, self.unit)?;
        let total = losses.total.map(text);
        Some((losses.lines.into_iter().map(|loss| self.line(loss)).collect(), total))
    }

    fn line(&self, loss: Loss) -> LossLine {
        let about = self.about(loss.cause);
        LossLine {
            component_id: about.component_id,
            source_id: about.source_id,
            kind: about.kind.into(),
            item: about.item,
            description: about.description,
            points: text(loss.points),
            events: about.events,
            cause_event_id: about.cause_event_id,
            contested: about.contested,
            scheme: self.rules.0.to_owned(),
            scheme_version: self.rules.1,
            ..LossLine::default()
        }
    }

    fn about(&self, cause: Cause) -> About {
        match cause {
            Cause::Mark { component_id } => self.mark(component_id),
            Cause::Panel { component_id } => self.panel(component_id),
            Cause::Stratum { component_id, stratum_id } => self.stratum(component_id, stratum_id),
            Cause::LedgerStart { component_id } => {
                let opened = reference(self.league.cycle.opened, "CycleOpened");
                About::component(LossKind::Start, component_id, "starts below the maximum").events([opened])
            }
            Cause::LedgerEntry { component_id, entry_id } => {
                self.entry(About::component(LossKind::Entry, component_id, ""), entry_id)
            }
            Cause::LedgerClip { component_id } => {
                let entries = self.entries(|counts| counts == &CountsIn::Component(component_id.clone()));
                About::component(LossKind::Clip, component_id, "kept within the component").events(entries)
            }
            Cause::Indicator { component_id, indicator_id } => self.indicator(component_id, indicator_id),
            Cause::Ratio { component_id, ratio } => {
                let (key, events) = self.behind(component_id, ratio);
                About::component(LossKind::Ratio, key.0, key.1.clone()).item(key.1).events(events)
            }
            Cause::Rescaled { component_id } => {
                About::component(LossKind::Unspecified, component_id, "rescaled")
            }
            Cause::ComponentRounding { component_id } => {
                About::component(LossKind::Rounding, component_id, "rounding of the component")
            }
            Cause::DailyEntry { source_id, entry_id } => {
                self.entry(About::source(LossKind::Entry, source_id, ""), entry_id)
            }
            Cause::DailyClip { source_id } => {
                let entries = self.entries(|counts| counts == &CountsIn::Source(source_id.clone()));
                About::source(LossKind::Clip, source_id, "kept within the source's caps").events(entries)
            }
            Cause::OwnClip => {
                let entries = self.entries(|counts| matches!(counts, CountsIn::Source(_)));
                About::whole(LossKind::Clip, "kept within the scheme's maximum").events(entries)
            }
            Cause::Child { unit_id } => self.child(unit_id),
            Cause::Veto => {
                let raised = self.league.vetoes.get(self.unit).into_iter().flatten();
                let raised =
                    raised.map(|raised| raised.event.reference(accountability::SERVICE, "VetoRaised"));
                About::whole(LossKind::Veto, "capped by a veto").events(raised)
            }
            Cause::FinalRounding => About::whole(LossKind::Rounding, "rounding of the final"),
        }
    }

    fn mark(&self, component_id: String) -> About {
        let mark = self.league.record.marks.get(&key(&[self.unit, &component_id]));
        let events = mark.map(|mark| {
            let event_type = if mark.revised { "MarkRevised" } else { "MarkRecorded" };
            reference(mark.recorded, event_type)
        });
        About::component(LossKind::Mark, component_id, "the assessor's mark").events(events)
    }

    fn panel(&self, component_id: String) -> About {
        let panel = self.league.record.panels.get(&component_id);
        let convened = panel.map(|panel| reference(panel.convened, "PanelConvened"));
        let closed = panel.and_then(|panel| panel.closed).map(|closed| reference(closed, "PanelClosed"));
        let about = About::component(LossKind::Panel, component_id, "the panel's ballots");
        about.events(convened.into_iter().chain(closed))
    }

    fn stratum(&self, component_id: String, stratum_id: String) -> About {
        let title = match self.scheme.component(&component_id) {
            Some(Component { method: Method::Survey(survey), .. }) => {
                let stratum = survey.strata.iter().find(|stratum| stratum.stratum_id == stratum_id);
                stratum.map(|stratum| stratum.title.clone())
            }
            Some(_) | None => None,
        };
        let ((component_id, stratum_id), forms) = self.behind(component_id, stratum_id);
        let about = About::component(LossKind::Stratum, component_id, title.unwrap_or_default());
        about.item(stratum_id).events(forms)
    }

    fn indicator(&self, component_id: String, indicator_id: String) -> About {
        let found = self.league.record.indicators.get(&key(&[self.unit, &component_id, &indicator_id]));
        let target = found.and_then(|found| found.target.as_ref());
        let actual = found.and_then(|found| found.actual.as_ref());
        let events = target.map(|target| reference(target.recorded, "IndicatorTargetSet"));
        let events =
            events.into_iter().chain(actual.map(|actual| reference(actual.recorded, "IndicatorReported")));
        let value = |figure: Option<&crate::fold::evaluation::mark::Figure>| {
            figure.map_or_else(String::new, |figure| figure.value.to_string())
        };
        let description = format!("{} of {}", value(actual), value(target));
        About::component(LossKind::Indicator, component_id, description).item(indicator_id).events(events)
    }

    fn entry(&self, about: About, entry_id: String) -> About {
        let entry = self.league.record.entries.get(&key(&[self.unit, &entry_id]));
        let description = entry.map_or_else(String::new, |entry| entry.reason.clone());
        let events = entry.map(|entry| reference(entry.recorded, "EntryRecorded"));
        let cause_event_id = entry.map_or_else(String::new, |entry| entry.cause_event_id.clone());
        let contested = entry.is_some_and(|entry| entry.contested);
        About { description, cause_event_id, contested, ..about }.item(entry_id).events(events)
    }

    /// The standing entries that count there.
    fn entries(&self, counts: impl Fn(&CountsIn) -> bool) -> Vec<EventReference> {
        let standing = |entry: &Entry| entry.standing && counts(&entry.counts_in);
        let entries = self.league.record.entries_of(self.unit).filter(|(_, entry)| standing(entry));
        entries.map(|(_, entry)| reference(entry.recorded, "EntryRecorded")).collect()
    }

    /// That it was entered, and whatever its own lines come from but what is not kept in memory.
    fn child(&self, unit_id: String) -> About {
        let entered = self.league.record.units.get(&unit_id);
        let entered = entered.map(|entered| reference(entered.recorded, "UnitEntered"));
        let nothing = Behind::new();
        let child = Explained { unit: &unit_id, behind: &nothing, ..*self };
        let lines = child.lines().map(|(lines, _)| lines).unwrap_or_default();
        let below = lines.into_iter().flat_map(|line| line.events);
        let mut seen = BTreeSet::new();
        let mut events: Vec<_> = entered.into_iter().chain(below).collect();
        events.retain(|event| seen.insert((event.service.clone(), event.position)));
        let final_points = self.appraisal.units.get(&unit_id).and_then(|child| child.final_points);
        let final_points = final_points.map_or_else(String::new, text);
        let description = format!("its share of the roll-up, with a final of {final_points}");
        About::whole(LossKind::Child, description).item(unit_id).events(events)
    }

    /// The events of an item that are not kept in memory.
    fn behind(&self, component_id: String, item: String) -> ((String, String), Vec<EventReference>) {
        let key = (component_id, item);
        let events = self.behind.get(&key).cloned().unwrap_or_default();
        (key, events)
    }
}

fn reference(trace: Trace, event_type: &str) -> EventReference {
    trace.reference(SERVICE, event_type)
}
