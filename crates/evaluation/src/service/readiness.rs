//! What keeps a cycle from being closed, as a clerk can read it.

use jiff::civil::Date;

use super::*;

/// How many of a kind are named.
const NAMED_MAX: usize = 10;

/// Everything that is missing or still open in a cycle, as the read model has it.
pub(super) fn missing(
    model: &ReadModel,
    name: &CycleName,
    opened: &cycle::Opened,
    scheme: &Rules,
    today: Date,
) -> Vec<String> {
    let mut missing = Vec::new();
    for component in scheme.components() {
        let id = &component.component_id;
        let key = format!("{}/{id}", name.key());
        let without = |has: &dyn Fn(&str) -> bool| {
            let units = opened.units.keys().filter_map(|unit| unit.rsplit('/').next());
            units.filter(|unit| !has(&format!("{}/{unit}/{id}", name.key()))).collect::<Vec<_>>()
        };
        match &component.method {
            Method::Assessor => {
                let marked = |key: &str| model.marks.get(key).is_some();
                missing.extend(named(id, "no mark of", &without(&marked)));
            }
            Method::Indicator(indicators) => {
                let reported = |key: &str| {
                    let figures = model.indicators.get(key).map(|loaded| &loaded.state.0);
                    indicators.iter().all(|indicator| {
                        let figure = figures.and_then(|figures| figures.get(&indicator.indicator_id));
                        figure.is_some_and(|figure| figure.target.is_some() && figure.actual.is_some())
                    })
                };
                missing.extend(named(id, "targets or actuals are missing of", &without(&reported)));
            }
            Method::Survey(_) if model.surveys.get(&key).is_none() => {
                missing.push(format!("{id}: no survey was planned"));
            }
            Method::Panel(_) if model.panels.get(&key).is_none() => {
                missing.push(format!("{id}: no panel was convened"));
            }
            Method::Survey(_) | Method::Panel(_) | Method::Ledger(_) | Method::Index(_) => {}
        }
    }
    missing.extend(county_cycles(model, name));
    missing.extend(undecided(model, name));
    missing.extend(unsettled(model, name, opened, today));
    missing
}

/// The county cycles in step with a municipal one that still take facts.
fn county_cycles(model: &ReadModel, name: &CycleName) -> Vec<String> {
    let prefix = format!("{}/", name.jurisdiction);
    let opened = model.cycles.with_prefix(&prefix).filter_map(|(_, loaded)| loaded.state.opened());
    let open = opened.filter(|opened| opened.phase == cycle::Phase::Open);
    let in_step = open.filter(|opened| opened.terms.parent_cycle == name.to_string());
    in_step.map(|opened| format!("{} is still open", opened.terms.cycle)).collect()
}

/// The commitments of the cycle's units, or of units below them, whose last day lies in its period and is over, and
/// of which nobody said yet what came: a report waits to be looked at, or the lapse was not raised.
fn unsettled(model: &ReadModel, name: &CycleName, opened: &cycle::Opened, today: Date) -> Vec<String> {
    let (terms, today) = (&opened.terms, today.to_string());
    let period = &*terms.start_date..=&*terms.end_date;
    let prefix = format!("{}/", name.jurisdiction);
    let known = model.commitments.with_prefix(&prefix);
    let passed = known.filter_map(|(_, loaded)| {
        let commitment = loaded.state.announced()?;
        let assigned = commitment.assigned.as_ref()?;
        let is_over = period.contains(&&*assigned.due_date) && assigned.due_date < today;
        let units = results::with_units_above(model, &name.jurisdiction, &assigned.unit);
        let is_of_cycle = is_over && units.iter().any(|unit| opened.units.contains_key(unit));
        is_of_cycle.then_some((commitment, assigned))
    });
    let shown = |(commitment, assigned): (&commitment::Announced, &CommitmentAssigned)| {
        let id = assigned.commitment.rsplit('/').next().unwrap_or_default();
        if commitment.expected_until().is_some() {
            return Some(format!(
                "commitment {id}: its last day has passed, and the lapse is not raised yet"
            ));
        }
        let waits = !commitment.lapsed && !commitment.verified;
        waits.then(|| format!("commitment {id}: the reported delivery is not looked at"))
    };
    passed.filter_map(shown).collect()
}

/// What keeps the results of a closed cycle back: appeals, and a county cycle that was opened while it was closed.
pub(super) fn undecided_for_results(model: &ReadModel, name: &CycleName) -> Vec<String> {
    let mut undecided = undecided(model, name);
    undecided.extend(county_cycles(model, name));
    undecided
}

/// The appeals against entries of a cycle that wait to be decided.
fn undecided(model: &ReadModel, name: &CycleName) -> Vec<String> {
    let prefix = format!("{}/", name.key());
    let streams = model.daily_assessments.with_prefix(&prefix);
    let entries = streams.flat_map(|(_, loaded)| loaded.state.entries());
    let pending = entries.filter_map(daily_assessment::Entry::pending_contest);
    let shown = |contest: &EntryContested| {
        let unit = contest.unit.rsplit('/').next().unwrap_or_default();
        format!("the appeal of {unit} against entry {} is not decided", contest.entry_id)
    };
    pending.map(shown).collect()
}

fn named(component_id: &str, what: &str, units: &[&str]) -> Option<String> {
    let (first, rest) = units.split_at(units.len().min(NAMED_MAX));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    (!units.is_empty()).then(|| format!("{component_id}: {what} {}{more}", first.join(", ")))
}
