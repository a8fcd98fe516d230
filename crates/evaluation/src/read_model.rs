//! What `Get…` and `List…` read: every stream of the context, folded by its own rules.

use eventstore::{Decider as _, RecordedEvent};
use shell::{Folded, Model};

use crate::domain::{
    commitment, cycle, daily_assessment, indicator, mark, panel, scheme, survey, unit_register,
};

/// Every stream of the context. Keys are ids joined by `/`, the jurisdiction first.
#[derive(Default)]
pub struct ReadModel {
    /// By jurisdiction.
    pub registers: Folded<unit_register::UnitRegister>,
    /// By jurisdiction and scheme.
    pub schemes: Folded<scheme::Scheme>,
    /// By jurisdiction and cycle.
    pub cycles: Folded<cycle::Cycle>,
    /// By jurisdiction, cycle, unit and component.
    pub marks: Folded<mark::Mark>,
    /// By jurisdiction, cycle and unit.
    pub daily_assessments: Folded<daily_assessment::DailyAssessment>,
    /// By jurisdiction, cycle and component.
    pub surveys: Folded<survey::Survey>,
    /// By jurisdiction and commitment.
    pub commitments: Folded<commitment::Commitment>,
    /// The commitments that wait for a report.
    pub awaited: crate::timers::Awaited,
    /// Where entries come from.
    pub causes: crate::causes::Causes,
    /// Answers in the box, counted; by jurisdiction, cycle and component.
    pub boxes: crate::results::Boxes,
    /// By jurisdiction, cycle, unit and component.
    pub indicators: Folded<indicator::Indicator>,
    /// By jurisdiction, cycle and component.
    pub panels: Folded<panel::Panel>,
}

impl ReadModel {
    /// The day until which a commitment waits for a report.
    fn awaited_until(&self, key: &str) -> Option<String> {
        self.commitments.get(key)?.state.announced()?.awaited_until().map(str::to_owned)
    }
}

impl Model for ReadModel {
    fn apply(&mut self, _service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        self.causes.apply(event)?;
        if event.stream.category() == commitment::Commitment::CATEGORY {
            let key = event.stream.key();
            let before = self.awaited_until(key);
            self.commitments.apply(event)?;
            self.awaited.move_to(key, before, self.awaited_until(key));
            return Ok(());
        }
        let folded = self.registers.apply(event)?
            || self.schemes.apply(event)?
            || self.cycles.apply(event)?
            || self.marks.apply(event)?
            || self.daily_assessments.apply(event)?
            || self.surveys.apply(event)?
            || self.indicators.apply(event)?
            || self.panels.apply(event)?
            || self.boxes.apply(event)?;
        if folded { Ok(()) } else { Err(format!("stream `{}` is of no known kind", event.stream)) }
    }
}
