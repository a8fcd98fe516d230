//! A panel as the API shows it: how many voted, never what an elector voted.

use contract::evaluation::{Panel, PanelClassMean, PanelClassTurnout, PanelResult};
use contract::name::PanelName;
use eventstore::Loaded;
use scoring::disclosure::{ClassMean, class_means};
use scoring::{CycleFacts, Pending, Scheme};

use super::times;
use crate::domain::panel;
use crate::results::two_places;

pub(crate) fn panel(loaded: &Loaded<panel::Panel>, name: &PanelName) -> Option<Panel> {
    let convened = loaded.state.convened()?;
    let (create_time, update_time, etag) = times(loaded.stamp(""));
    let turnout = |(class_id, turnout): (&str, panel::Turnout)| PanelClassTurnout {
        class_id: class_id.to_owned(),
        electors: turnout.electors,
        voted: turnout.voted,
    };
    Some(Panel {
        name: name.to_string(),
        classes: convened.turnout().into_iter().map(turnout).collect(),
        closed: convened.closed,
        create_time,
        update_time,
        etag,
        quorum_reached: None,
        results: vec![],
    })
}

/// What a closed panel made of each unit.
pub(crate) fn add_results(panel: &mut Panel, scheme: &Scheme, facts: &CycleFacts, component_id: &str) {
    let appraisal = scoring::appraise(scheme, facts);
    let mut below_quorum = false;
    for (unit, score) in &appraisal.units {
        let component = score.components.iter().find(|component| component.component_id == component_id);
        let Some(component) = component else { continue };
        below_quorum |= component.points == Err(Pending::BelowQuorum);
        let mean = |class: ClassMean| PanelClassMean {
            class_id: class.class_id,
            mean: class.mean.as_ref().map(two_places),
        };
        let classes = class_means(scheme, facts, unit, component_id).unwrap_or_default();
        panel.results.push(PanelResult {
            unit: unit.clone(),
            points: component.points.as_ref().ok().map(two_places),
            classes: classes.into_iter().map(mean).collect(),
        });
    }
    panel.quorum_reached = Some(!below_quorum);
}
