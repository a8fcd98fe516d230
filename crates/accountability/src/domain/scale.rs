//! The disposition scale 处分尺度: what a nature and gravity call for at least, of a unit and of an officer.
//!
//! - Until it is set, the default scale of `scale/default.txt` is in force.
//! - It is set whole; every version stays known, as a case uses the one that was in force at its finding.
//! - Of one nature, a graver step is no milder.

use contract::accountability::{CaseNature, Disposition, DispositionScaleSet, Gravity, ScaleStep};
use contract::status::{self, Kind};
use eventstore::Decider;

use super::case::Subject;

eventstore::events! {
    /// What can happen to the scale.
    pub enum Event { DispositionScaleSet }
}

/// Every version of the scale.
#[derive(Debug, Clone, Default)]
pub struct State {
    versions: Vec<DispositionScaleSet>,
}

/// What can be asked. `expected` is the stream version of the last event, if the caller edits what it read.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub enum Command {
    Set { scale: DispositionScaleSet, expected: Option<u64> },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// A graver step is milder than a less grave one.
    #[error("of {} a graver step is milder than a less grave one", .0.as_str_name())]
    ScaleNotRising(CaseNature),
    /// It was set since it was read.
    #[error("the scale was set since it was read: it is at \"{0}\"")]
    ScaleChanged(u64),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::ScaleNotRising(_) => "accountability.scale_not_rising",
            Self::ScaleChanged(_) => "accountability.scale_changed",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::ScaleNotRising(_) => Kind::Rule,
            Self::ScaleChanged(_) => Kind::Changed,
        }
    }
}

/// The disposition scale of a jurisdiction.
#[derive(Debug)]
pub struct Scale;

impl Decider for Scale {
    const CATEGORY: &'static str = "disposition_scale";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        let Command::Set { scale, expected } = command;
        state.set(scale, expected)
    }

    fn evolve(mut state: State, event: &Event) -> State {
        let Event::DispositionScaleSet(scale) = event;
        state.versions.push(scale.clone());
        state
    }
}

impl State {
    /// The version in force; 0: the default scale.
    pub fn version(&self) -> u64 {
        u64::try_from(self.versions.len()).unwrap_or(u64::MAX)
    }

    /// The steps of a version; none: there is no such version.
    pub fn steps(&self, version: u64) -> Option<Vec<ScaleStep>> {
        let Some(i) = version.checked_sub(1) else { return Some(default_steps()) };
        self.versions.get(usize::try_from(i).ok()?).map(|set| set.steps.clone())
    }

    /// What a version calls for at least.
    pub fn minimum(
        &self,
        version: u64,
        nature: CaseNature,
        gravity: Gravity,
        subject: &Subject,
    ) -> Option<Disposition> {
        let steps = self.steps(version)?;
        let step = steps.iter().find(|step| step.nature() == nature && step.gravity() == gravity)?;
        let minimum = match subject {
            Subject::Unit(_) => step.unit_minimum(),
            Subject::Officer(_) => step.officer_minimum(),
        };
        (minimum != Disposition::Unspecified).then_some(minimum)
    }

    fn set(&self, scale: DispositionScaleSet, expected: Option<u64>) -> Result<Vec<Event>, Rejection> {
        if self.versions.last() == Some(&scale) {
            return Ok(vec![]);
        }
        if expected.is_some_and(|expected| expected != self.version()) {
            return Err(Rejection::ScaleChanged(self.version()));
        }
        if let Some(nature) = not_rising(&scale.steps) {
            return Err(Rejection::ScaleNotRising(nature));
        }
        Ok(vec![scale.into()])
    }
}

/// A nature of which a graver step is milder than a less grave one.
fn not_rising(steps: &[ScaleStep]) -> Option<CaseNature> {
    let falls = |lower: &ScaleStep, higher: &ScaleStep| {
        lower.nature == higher.nature
            && lower.gravity < higher.gravity
            && (higher.unit_minimum < lower.unit_minimum || higher.officer_minimum < lower.officer_minimum)
    };
    let lower = steps.iter().find(|lower| steps.iter().any(|higher| falls(lower, higher)))?;
    Some(lower.nature())
}

/// The default scale, as it stands in `default.txt`: nature, gravity, minimum of a unit, minimum of an officer.
pub fn default_steps() -> Vec<ScaleStep> {
    include_str!("scale/default.txt").lines().filter_map(step).collect()
}

fn step(line: &str) -> Option<ScaleStep> {
    let words: Vec<_> = line.split_whitespace().collect();
    let [nature, gravity, unit, officer] = words.as_slice() else { return None };
    let disposition =
        |prefix: &str, name: &str| Disposition::from_str_name(&format!("DISPOSITION_{prefix}{name}"));
    Some(ScaleStep {
        nature: CaseNature::from_str_name(&format!("CASE_NATURE_{nature}"))?.into(),
        gravity: Gravity::from_str_name(&format!("GRAVITY_{gravity}"))?.into(),
        unit_minimum: disposition("UNIT_", unit)?.into(),
        officer_minimum: disposition("", officer)?.into(),
    })
}

#[cfg(test)]
mod tests {
    use eventstore::testing::given;

    use super::*;

    fn step_of(gravity: Gravity, unit: Disposition) -> ScaleStep {
        ScaleStep {
            nature: CaseNature::Delay.into(),
            gravity: gravity.into(),
            unit_minimum: unit.into(),
            officer_minimum: Disposition::Warning.into(),
        }
    }

    fn scale(minor: Disposition, grave: Disposition) -> DispositionScaleSet {
        let steps = vec![step_of(Gravity::Minor, minor), step_of(Gravity::Grave, grave)];
        DispositionScaleSet { jurisdiction: "jurisdictions/city".to_owned(), steps }
    }

    fn set(scale: DispositionScaleSet, expected: Option<u64>) -> Command {
        Command::Set { scale, expected }
    }

    #[test]
    fn the_default_scale_has_a_rising_step_for_each_nature_and_gravity() {
        let steps = default_steps();
        let data = include_str!("scale/default.txt").lines();
        let lines = data.filter(|line| !line.is_empty() && !line.starts_with('#')).count();
        assert_eq!((steps.len(), lines), (24, 24));
        assert_eq!(not_rising(&steps), None);
        for nature in 1..=8 {
            for gravity in 1..=3 {
                let known = steps.iter().filter(|step| (step.nature, step.gravity) == (nature, gravity));
                assert_eq!(known.count(), 1, "{nature} {gravity}");
            }
        }
    }

    #[test]
    fn a_step_says_what_is_for_units_and_what_is_for_officers() {
        for step in default_steps() {
            assert!((1..=10).contains(&step.unit_minimum) && step.officer_minimum > 10, "{step:?}");
        }
    }

    #[test]
    fn a_scale_is_set_whole_and_again() {
        let (mild, strict) = (
            scale(Disposition::UnitRectification, Disposition::UnitCriticism),
            scale(Disposition::UnitCriticism, Disposition::UnitHonoursDenied),
        );
        given::<Scale>([]).when(set(mild.clone(), Some(0))).then([mild.clone().into()]);
        let set_once = given::<Scale>([mild.clone().into()]);
        set_once.when(set(mild, Some(0))).then_nothing();
        set_once.when(set(strict.clone(), None)).then([strict.clone().into()]);
        set_once.when(set(strict, Some(0))).then_rejected(Rejection::ScaleChanged(1));
    }

    #[test]
    fn a_graver_step_is_no_milder() {
        let falling = scale(Disposition::UnitCriticism, Disposition::UnitRectification);
        given::<Scale>([])
            .when(set(falling, None))
            .then_rejected(Rejection::ScaleNotRising(CaseNature::Delay));
    }

    #[test]
    fn every_version_stays_known_and_before_the_first_there_is_the_default() {
        let mild = scale(Disposition::UnitRectification, Disposition::UnitCriticism);
        let state = Scale::evolve(State::default(), &mild.into());
        let unit = Subject::Unit("jurisdictions/city/units/traffic".to_owned());
        let minimum = |version| state.minimum(version, CaseNature::Delay, Gravity::Grave, &unit);
        assert_eq!(state.version(), 1);
        assert_eq!(minimum(1), Some(Disposition::UnitCriticism));
        assert_eq!(minimum(0), Some(Disposition::UnitHonoursDenied));
        assert_eq!(minimum(2), None);
        assert_eq!(state.minimum(1, CaseNature::Abuse, Gravity::Grave, &unit), None);
    }
}
