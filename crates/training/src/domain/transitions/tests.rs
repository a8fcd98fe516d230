use std::collections::BTreeSet;

use contract::training::*;
use eventstore::{Decider, EventSet as _};
use proptest::prelude::*;

use super::*;
use crate::domain::admission::{self, Facts};
use crate::domain::{campaign, item, session};

const TEAM: &str = "team";

/// A campaign with one unit, one item and one session, and which transitions were seen.
#[derive(Default)]
struct World {
    campaign: campaign::State,
    item: item::State,
    session: session::State,
    seen: BTreeSet<(&'static str, Transition)>,
    step: u32,
}

/// Decides and folds; the names of the events.
fn run<D: Decider>(state: &mut D::State, command: D::Command) -> Vec<String> {
    let events = D::decide(state, command).unwrap_or_default();
    for event in &events {
        *state = D::evolve(std::mem::take(state), event);
    }
    events.iter().map(|event| event.event_type().rsplit('.').next().unwrap().to_owned()).collect()
}

impl World {
    fn phases(&self) -> [&'static str; 5] {
        let launched = self.campaign.launched();
        let campaign = match launched {
            None => "",
            Some(launched) if launched.conclusion.is_some() => "Concluded",
            Some(_) => "Launched",
        };
        let plan =
            launched.and_then(|launched| launched.plans.get(TEAM)).map_or("", |plan| match plan.phase {
                campaign::PlanPhase::Filed => "Filed",
                campaign::PlanPhase::Returned => "Returned",
                campaign::PlanPhase::Approved => "Approved",
            });
        let stalled = launched.is_some_and(|launched| launched.stalls.contains_key(TEAM));
        let item = self.item.designed().map_or("", |item| match item.phase {
            item::Phase::Designed => "Designed",
            item::Phase::Approved => "Approved",
            item::Phase::Retired => "Retired",
        });
        let session = self.session.held().map_or("", |held| match held.void_reason {
            None => "Held",
            Some(_) => "Voided",
        });
        [campaign, plan, if stalled { "Stalled" } else { "Moving" }, item, session]
    }

    /// What else than the diagram says whether `event` may happen.
    fn is_admitted(&self, event: &str) -> bool {
        let running = admission::running(&self.campaign).is_ok();
        match event {
            "CampaignLaunched" => true,
            "ItemApproved" => running && self.states_a_need(),
            "SessionHeld" => running && admission::takes_sessions(&self.item, "i").is_ok(),
            "SessionCorrected" => running && admission::was_approved(&self.item, "i").is_ok(),
            _ => running,
        }
    }

    fn states_a_need(&self) -> bool {
        self.item.designed().is_some_and(|item| !item.design.operational_need.is_empty())
    }

    fn ask(&mut self, choice: u8) -> (&'static str, Vec<String>) {
        // Other content each time: what repeats is quiet.
        self.step += 1;
        let text = self.step.to_string();
        let lineage = vec![TEAM.to_owned()];
        let facts = Facts { unit: Some((TEAM.to_owned(), lineage.clone())), ..Facts::default() };
        let admitted = admission::admit(&self.campaign, &facts);
        let running = admission::running(&self.campaign).map(drop);
        let campaign = &mut self.campaign;
        match choice {
            0 => {
                let launched = CampaignLaunched { unit: TEAM.to_owned(), ..CampaignLaunched::default() };
                let (not_in_service, off_roster) = (vec![], vec![]);
                let command = campaign::Command::Launch { launched, not_in_service, off_roster };
                ("CampaignLaunched", run::<campaign::Campaign>(campaign, command))
            }
            1 => {
                let issued = AcceptanceMethodIssued { method: text, ..Default::default() };
                let command = campaign::Command::IssueAcceptanceMethod { issued, expected: None };
                ("AcceptanceMethodIssued", run::<campaign::Campaign>(campaign, command))
            }
            2 => {
                let filed = PlanFiled { unit: TEAM.to_owned(), plan: text, ..Default::default() };
                let command = campaign::Command::FilePlan { filed, lineage };
                ("PlanFiled", run::<campaign::Campaign>(campaign, command))
            }
            3 => {
                let returned = PlanReturned { unit: TEAM.to_owned(), ..Default::default() };
                let command = campaign::Command::ReturnPlan { returned, expected: None };
                ("PlanReturned", run::<campaign::Campaign>(campaign, command))
            }
            4 => {
                let approved = PlanApproved { unit: TEAM.to_owned(), ..Default::default() };
                let by = vec!["chief".to_owned()];
                let command = campaign::Command::ApprovePlan { approved, by, expected: None };
                ("PlanApproved", run::<campaign::Campaign>(campaign, command))
            }
            5 => {
                let cause = StallCause::NoSession.into();
                let stalled = UnitStalled { unit: TEAM.to_owned(), cause, ..Default::default() };
                let command = campaign::Command::Stall { stalled };
                ("UnitStalled", run::<campaign::Campaign>(campaign, command))
            }
            6 => {
                let resumed = UnitResumed { unit: TEAM.to_owned(), ..Default::default() };
                let command = campaign::Command::Resume { resumed };
                ("UnitResumed", run::<campaign::Campaign>(campaign, command))
            }
            7 => {
                let concluded = CampaignConcluded::default();
                let command = campaign::Command::Conclude { concluded, expected: None };
                ("CampaignConcluded", run::<campaign::Campaign>(campaign, command))
            }
            8 | 9 => {
                let operational_need = if choice == 8 { String::new() } else { "a need".to_owned() };
                let designed = ItemDesigned { title: text, operational_need, ..Default::default() };
                let command = item::Command::Design { designed, admitted, expected: None };
                ("ItemDesigned", run::<item::Item>(&mut self.item, command))
            }
            10 => {
                let approved = ItemApproved::default();
                let command = item::Command::Approve { approved, admitted: running, expected: None };
                ("ItemApproved", run::<item::Item>(&mut self.item, command))
            }
            11 => {
                let retired = ItemRetired::default();
                let command = item::Command::Retire { retired, admitted: running, expected: None };
                ("ItemRetired", run::<item::Item>(&mut self.item, command))
            }
            12 => {
                let held = SessionHeld { hours: text, ..Default::default() };
                let admitted = admitted.and_then(|()| admission::takes_sessions(&self.item, "i"));
                let command = session::Command::Hold { held, admitted };
                ("SessionHeld", run::<session::Session>(&mut self.session, command))
            }
            13 => {
                let corrected = SessionCorrected { hours: text, ..Default::default() };
                let admitted = admitted.and_then(|()| admission::was_approved(&self.item, "i"));
                let command = session::Command::Correct { corrected, admitted, expected: None };
                ("SessionCorrected", run::<session::Session>(&mut self.session, command))
            }
            _ => {
                let voided = SessionVoided::default();
                let command = session::Command::Void { voided, admitted: running, expected: None };
                ("SessionVoided", run::<session::Session>(&mut self.session, command))
            }
        }
    }

    /// Asks for something, and holds what came of it against the diagrams.
    fn step(&mut self, choice: u8) {
        let before = self.phases();
        let may = |event: &str| {
            let allowed = DIAGRAMS.iter().zip(before).any(|((_, transitions), from)| {
                transitions.iter().any(|(start, what, _)| *what == event && *start == from)
            });
            allowed && self.is_admitted(event)
        };
        let expected: BTreeSet<_> = DIAGRAMS
            .iter()
            .flat_map(|(_, transitions)| transitions.iter().map(|(_, event, _)| *event))
            .filter(|event| may(event))
            .collect();
        let (wanted, events) = self.ask(choice);
        let happened = !events.is_empty();
        assert_eq!(happened, expected.contains(wanted), "{wanted} in {before:?}");
        if !happened {
            assert_eq!(self.phases(), before, "{wanted} changes nothing");
            return;
        }
        assert_eq!(events, [wanted]);
        let after = self.phases();
        for ((of, transitions), (from, to)) in DIAGRAMS.iter().zip(before.into_iter().zip(after)) {
            match transitions.iter().find(|(start, event, _)| *event == wanted && *start == from) {
                Some(transition) => {
                    assert_eq!(transition.2, to, "{of}: {wanted} in {from}");
                    self.seen.insert((of, *transition));
                }
                // A concluded campaign has nobody stand still.
                None => assert!(from == to || wanted == "CampaignConcluded", "{of}: {wanted} in {from}"),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_commands_go_only_where_the_diagrams_go(choices in prop::collection::vec(0_u8..15, 1..60)) {
        let mut world = World::default();
        for choice in choices {
            world.step(choice);
        }
    }
}

#[test]
fn every_transition_of_the_diagrams_happens() {
    let mut world = World::default();
    let walks = [&[0, 1, 2, 3, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 11, 7][..], &[0, 9, 11][..]];
    let mut seen = BTreeSet::new();
    for walk in walks {
        world = World::default();
        for choice in walk {
            world.step(*choice);
        }
        seen.append(&mut world.seen);
    }
    drop(world);
    let drawn = DIAGRAMS.iter().flat_map(|(of, transitions)| transitions.iter().map(|one| (*of, *one)));
    assert_eq!(seen, drawn.collect());
}
