//! Others' facts that open a case by themselves, once each.
//!
//! A complaint substantiated as harming the public opens a case against the unit and the officers at fault.

use std::sync::Arc;

use contract::accountability::{CaseNature, CaseOpened, Cause, Origin};
use contract::complaints::ComplaintSubstantiated;
use contract::name::CaseName;
use contract::status::Failure;
use eventstore::{EventSet as _, RecordedEvent};
use shell::reaction::{self, Effect, Reaction};

use crate::domain::case;
use crate::service::{self, Service};

eventstore::events! {
    /// The facts of the complaints context that open a case.
    pub enum Fact { ComplaintSubstantiated }
}

/// The case `name` that `fact` opens; `cause` is the fact in its log.
pub fn react(fact: &Fact, name: &CaseName, cause: Cause) -> Option<CaseOpened> {
    let Fact::ComplaintSubstantiated(substantiated) = fact;
    substantiated.harms_public.then(|| CaseOpened {
        case: name.to_string(),
        origin: Origin::Complaint.into(),
        nature: CaseNature::HarmToPublic.into(),
        units: vec![substantiated.unit.clone()],
        officers: substantiated.officers.clone(),
        grounds: None,
        complaint: substantiated.complaint.clone(),
        cycle: String::new(),
        points_lost: String::new(),
        threshold: String::new(),
        causes: vec![cause],
        opened_by: FromComplaints::CONSUMER.to_owned(),
    })
}

/// Opens cases for the facts of the complaints context.
pub struct FromComplaints {
    service: Arc<Service>,
}

impl FromComplaints {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        Self { service }
    }
}

impl Reaction for FromComplaints {
    const CONSUMER: &'static str = "accountability-from-complaints";
    const EFFECTS: &'static [Effect] =
        &[Effect { fact: "complaints.ComplaintSubstantiated", then: "CaseOpened", undone_by: &[], undo: "" }];

    async fn act(&self, event: &RecordedEvent) -> Result<(), Failure> {
        let decoded = Fact::decode(&event.event_type, &event.payload);
        let Some(fact) = decoded.map_err(|error| {
            tracing::error!(position = event.position, %error, "a fact of complaints cannot be read");
            Failure::Internal
        })?
        else {
            return Ok(());
        };
        let name =
            CaseName { jurisdiction: event.jurisdiction.clone(), case: event.event_id.simple().to_string() };
        let cause = Cause {
            service: "complaints".to_owned(),
            position: event.position,
            event_id: event.event_id.to_string(),
            points: String::new(),
        };
        let Some(opened) = react(&fact, &name, cause) else { return Ok(()) };
        let call = reaction::call(event, Self::CONSUMER, &name.to_string());
        let stream = service::stream_of(&name);
        // What the fact names is known: its owner checked it.
        let prepare = |_| {
            let command = case::Command::Open { opened: opened.clone(), missing: None };
            std::future::ready(Ok((command, vec![])))
        };
        self.service.cases.send(&call, &stream, prepare).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use eventstore::testing::given;

    use super::*;

    fn substantiated(harms_public: bool) -> Fact {
        ComplaintSubstantiated {
            complaint: "jurisdictions/city/complaints/c1".to_owned(),
            unit: "jurisdictions/city/units/traffic".to_owned(),
            officers: vec!["jurisdictions/city/officers/o1".to_owned()],
            harms_public,
            finding: None,
        }
        .into()
    }

    fn opened(fact: &Fact) -> Option<CaseOpened> {
        let name = CaseName { jurisdiction: "city".to_owned(), case: "e1".to_owned() };
        react(fact, &name, Cause { position: 7, ..Cause::default() })
    }

    #[test]
    fn harm_to_the_public_opens_a_case_against_those_at_fault() {
        let opened = opened(&substantiated(true)).unwrap();
        assert_eq!(opened.units, ["jurisdictions/city/units/traffic"]);
        assert_eq!(opened.officers, ["jurisdictions/city/officers/o1"]);
        assert_eq!((opened.origin(), opened.nature()), (Origin::Complaint, CaseNature::HarmToPublic));
        assert_eq!(opened.causes[0].position, 7);
    }

    #[test]
    fn a_complaint_that_harmed_nobody_opens_none() {
        assert_eq!(opened(&substantiated(false)), None);
    }

    #[test]
    fn the_same_fact_opens_one_case_however_often_it_is_delivered() {
        let opened = opened(&substantiated(true)).unwrap();
        let command = case::Command::Open { opened: opened.clone(), missing: None };
        given::<case::Case>([]).when(command.clone()).then([opened.clone().into()]);
        given::<case::Case>([opened.into()]).when(command).then_nothing();
    }
}
