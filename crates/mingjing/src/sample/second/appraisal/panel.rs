//! Business work: the mayor and the 40 members of the government mark every unit in secret.

use contract::evaluation::{
    BallotMark, CastBallotRequest, ClosePanelRequest, ConvenePanelRequest, ElectorRoll,
};
use jiff::civil::date;

use super::super::super::random::Random;
use super::super::super::services::by;
use super::super::steps::{Step, at};
use super::cycle;
use super::units::Appraised;

const COMPONENT: &str = "business-work";
const MAYOR: &str = "mayor";
const MEMBERS: u32 = 40;
/// In tenths of a point: what a ballot gives at most, and what the worst unit gets.
const MARK_MAX: u32 = 300;
const MARK_WORST: u32 = 245;

pub(super) fn steps(appraised: &[Appraised]) -> Vec<Step> {
    let mut random = Random::new(20_251_210);
    let mut steps = vec![convened()];
    steps.extend(electors().into_iter().map(|elector| {
        let marks = appraised
            .iter()
            .map(|unit| BallotMark { unit: unit.name.clone(), points: mark(unit, &mut random) });
        voted(elector, marks.collect())
    }));
    steps.push(closed());
    steps
}

/// The mayor, and the members.
fn electors() -> Vec<String> {
    let members = (1..=MEMBERS).map(|number| format!("member-{number:02}"));
    std::iter::once(MAYOR.to_owned()).chain(members).collect()
}

fn mark(unit: &Appraised, random: &mut Random) -> String {
    let tenths = (MARK_WORST + unit.quality / 2 + random.below(17)).saturating_sub(8).min(MARK_MAX);
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn name() -> String {
    format!("{}/panels/{COMPONENT}", cycle())
}

fn convened() -> Step {
    Step::new(at(date(2025, 12, 8), 10), "convene", |mut desk| async move {
        let mut members = electors();
        let mayor = vec![members.remove(0)];
        let roll = |(class_id, electors): (&str, Vec<String>)| ElectorRoll {
            class_id: class_id.to_owned(),
            electors,
        };
        let request = ConvenePanelRequest {
            request_id: desk.request_id,
            parent: cycle(),
            component_id: COMPONENT.to_owned(),
            rolls: [("mayor", mayor), ("members", members)].map(roll).into(),
            occurred_at: desk.occurred_at,
        };
        desk.services.evaluation.convene_panel(request).await.map(drop)
    })
}

fn voted(elector: String, marks: Vec<BallotMark>) -> Step {
    Step::new(at(date(2025, 12, 10), 10), format!("vote/{elector}"), |mut desk| async move {
        let actor = elector.clone();
        let request = CastBallotRequest { request_id: desk.request_id, name: name(), elector, marks };
        desk.services.evaluation.cast_ballot(by(&actor, request)).await.map(drop)
    })
}

fn closed() -> Step {
    Step::new(at(date(2025, 12, 12), 17), "close-panel", |mut desk| async move {
        let (request_id, occurred_at) = (desk.request_id, desk.occurred_at);
        let request = ClosePanelRequest { request_id, name: name(), occurred_at };
        desk.services.evaluation.close_panel(request).await.map(drop)
    })
}
