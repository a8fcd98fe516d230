//! How far the projection has come, as it is shown.

use std::collections::BTreeMap;

use contract::field::to_wire;
use contract::scorecard::Freshness;

use crate::fold::Reached;
use crate::fold::evaluation;
use crate::heads::HeadKnown;

/// Per log, in the order of their services' names. Beside them: how published results differ from what is
/// computed here; why the figures of training go no further.
pub(crate) fn freshness(
    reached: &BTreeMap<&'static str, Reached>,
    heads: &BTreeMap<&'static str, HeadKnown>,
    (differences, training): &(String, String),
) -> Vec<Freshness> {
    let shown = |service: &&'static str| {
        let (reached, head) = (reached.get(service), heads.get(service));
        let position = reached.map_or(0, |reached| reached.position);
        let stopped = reached.map_or("", |reached| &reached.alarm);
        let away = head.map_or("", |head| &head.away);
        Freshness {
            service: (*service).to_owned(),
            position,
            recorded_at: reached.and_then(|reached| reached.recorded_at).map(to_wire),
            head_position: head.map_or(0, |head| head.position).max(position),
            alarm: alarm(service, [stopped, away], [differences, training]),
        }
    };
    contract::token::SERVICES.iter().map(shown).collect()
}

fn alarm(service: &str, [stopped, away]: [&str; 2], [differences, training]: [&str; 2]) -> String {
    let own = match service {
        evaluation::SERVICE => differences,
        "training" => training,
        _ => "",
    };
    let alarms = [stopped, away, own];
    let alarms: Vec<_> = alarms.into_iter().filter(|alarm| !alarm.is_empty()).collect();
    alarms.join("; ")
}

/// How far a cut of the past comes, and why a log goes no further now.
pub(crate) fn then(
    cut: &BTreeMap<&'static str, Reached>,
    now: BTreeMap<&'static str, Reached>,
) -> BTreeMap<&'static str, Reached> {
    let then = |(service, now): (&'static str, Reached)| {
        let reached = cut.get(service).cloned().unwrap_or_default();
        let alarm = if reached.alarm.is_empty() { now.alarm } else { reached.alarm };
        (service, Reached { alarm, ..reached })
    };
    now.into_iter().map(then).collect()
}

/// The further of two, log by log.
pub(crate) fn further(
    one: BTreeMap<&'static str, Reached>,
    other: &BTreeMap<&'static str, Reached>,
) -> BTreeMap<&'static str, Reached> {
    let mut further = one;
    for (service, reached) in other {
        let known = further.entry(service).or_default();
        if reached.position > known.position {
            known.clone_from(reached);
        }
    }
    further
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_says_all_that_is_wrong() {
        assert_eq!(alarm("evaluation", ["", ""], ["", "stops"]), "");
        assert_eq!(alarm("training", ["stopped", "away"], ["differ", ""]), "stopped; away");
        assert_eq!(alarm("evaluation", ["stopped", ""], ["differ", ""]), "stopped; differ");
    }

    #[test]
    fn the_further_of_two_is_taken_log_by_log() {
        let at = |position| Reached { position, ..Reached::default() };
        let one = BTreeMap::from([("evaluation", at(3)), ("training", at(9))]);
        let other = BTreeMap::from([("evaluation", at(5)), ("training", at(2)), ("complaints", at(1))]);
        let expected = BTreeMap::from([("evaluation", at(5)), ("training", at(9)), ("complaints", at(1))]);
        assert_eq!(further(one, &other), expected);
    }
}
