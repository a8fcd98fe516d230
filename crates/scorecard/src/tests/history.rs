//! A city's year, told event by event.

use std::collections::BTreeMap;

use contract::accountability::{CaseClosed, CaseMerged, CaseOpened, VetoLifted, VetoRaised};
use contract::complaints::{ComplaintClosed, ComplaintLodged, ComplaintOverdue, ComplaintTransferred};
use contract::evaluation::entry_recorded::Target;
use contract::evaluation::{
    BallotCast, BallotMark, CommitmentAssigned, CycleClosed, CycleOpened, DeliveryVerified, ElectorRoll,
    EntryRecorded, EntryReversed, FormAnswer, FormAnswered, FormsIssued, IndicatorReported,
    IndicatorTargetSet, MarkRecorded, MarkRevised, PanelClosed, PanelConvened, ResultsPublished,
    ResultsRevised, SchemeDrafted, SchemePublished, StratumPlan, SurveyClosed, SurveyPlanned, UnitEntered,
    UnitRegistered, UnitRemoved, UnitResult,
};
use contract::name::CycleName;
use contract::scorecard::Scorecard;
use contract::training::{OfficerEnrolled, OfficerLeft, OfficerTransferred, UnitResumed, UnitStalled};
use contract::words::component::Method;
use contract::words::{
    AssessorMethod, Component, DailySource, ElectorClass, Indicator, IndicatorDirection, IndicatorMethod,
    LedgerMethod, PanelMethod, SchemeRules, Stratum, SurveyLevel, SurveyMethod,
};
use eventstore::{RecordedEvent, StreamId};
use jiff::Timestamp;
use prost::{Message, Name};
use uuid::Uuid;

use crate::fold::Folded;

/// One event that is to be recorded.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) service: &'static str,
    pub(super) stream: StreamId,
    pub(super) event_type: String,
    pub(super) payload: Vec<u8>,
}

/// Events in the order in which they are told.
#[derive(Debug, Clone, Default)]
pub(super) struct History(pub(super) Vec<Told>);

pub(super) fn cycle_name() -> CycleName {
    CycleName { jurisdiction: "city".to_owned(), cycle: "2024".to_owned() }
}

pub(super) fn cycle() -> String {
    cycle_name().to_string()
}

pub(super) fn unit(id: &str) -> String {
    format!("jurisdictions/city/units/{id}")
}

pub(super) fn case(id: &str) -> String {
    format!("jurisdictions/city/cases/{id}")
}

pub(super) fn complaint(id: &str) -> String {
    format!("jurisdictions/city/complaints/{id}")
}

pub(super) fn officer(id: &str) -> String {
    format!("jurisdictions/city/officers/{id}")
}

const SCHEME: &str = "jurisdictions/city/schemes/first";
const CAMPAIGN: &str = "jurisdictions/city/campaigns/drive";
pub(super) const COMMITMENT: &str = "jurisdictions/city/commitments/windows";

/// Work 30 by an assessor, leadership 10 by a panel, public 40 by a survey, conduct 10 by a ledger, duties 10
/// by indicators; two daily sources, a roll-up of 10 %, a veto's cap of 60, two excellent places.
pub(super) fn rules() -> SchemeRules {
    let component = |id: &str, max_points: &str, method| Component {
        component_id: id.to_owned(),
        title: id.to_uppercase(),
        max_points: max_points.to_owned(),
        method: Some(method),
    };
    let class = |(id, weight): (&str, &str)| ElectorClass {
        class_id: id.to_owned(),
        title: String::new(),
        weight: weight.to_owned(),
    };
    let level = |(id, value): (&str, Option<&str>)| SurveyLevel {
        level_id: id.to_owned(),
        title: String::new(),
        value: value.map(str::to_owned),
    };
    let stratum = |(id, weight): (&str, &str)| Stratum {
        stratum_id: id.to_owned(),
        title: id.to_uppercase(),
        weight: weight.to_owned(),
    };
    let indicator = |(id, direction): (&str, IndicatorDirection)| Indicator {
        indicator_id: id.to_owned(),
        title: String::new(),
        weight: "1".to_owned(),
        direction: direction.into(),
    };
    let source = |(id, cap, bonus_cap): (&str, &str, &str)| DailySource {
        source_id: id.to_owned(),
        title: id.to_uppercase(),
        cap: cap.to_owned(),
        bonus_cap: bonus_cap.to_owned(),
        tariffs: Vec::new(),
    };
    let panel = PanelMethod {
        classes: [("mayor", "1"), ("members", "3")].map(class).into(),
        trim_from: 0,
        trim: 0,
        quorum: "0.5".to_owned(),
    };
    let survey = SurveyMethod {
        levels: [("good", Some("1")), ("fair", Some("0.6")), ("bad", Some("0")), ("unknown", None)]
            .map(level)
            .into(),
        strata: [("recipients", "0.6"), ("residents", "0.4")].map(stratum).into(),
        min_valid: 1,
    };
    let indicators = [
        ("cleared", IndicatorDirection::HigherIsBetter),
        ("accidents", IndicatorDirection::LowerIsBetter),
    ];
    SchemeRules {
        title: "The first year's".to_owned(),
        components: vec![
            component("work", "30", Method::Assessor(AssessorMethod {})),
            component("leadership", "10", Method::Panel(panel)),
            component("public", "40", Method::Survey(survey)),
            component("conduct", "10", Method::Ledger(LedgerMethod { start_points: "9".to_owned() })),
            component(
                "duties",
                "10",
                Method::Indicator(IndicatorMethod { indicators: indicators.map(indicator).into() }),
            ),
        ],
        daily_sources: [("inspection", "3", "1"), ("complaint", "5", "0")].map(source).into(),
        rollup_share: "0.1".to_owned(),
        veto_cap: Some("60".to_owned()),
        excellent_quota: 2,
        accountability_threshold: None,
    }
}

/// Every fact of a year up to its close: a bureau with two units that roll up into it, and a pending one.
pub(super) fn year() -> History {
    let mut history = History::default();
    history.open();
    for (id, parent, group) in
        [("bureau", "", 1), ("traffic", "bureau", 2), ("station", "bureau", 2), ("tax", "", 1)]
    {
        history.register(id, parent);
        history.enter(id, parent, group);
    }
    history.plan_survey();
    history.convene_panel();
    for (id, work) in [("bureau", "26.40"), ("traffic", "27"), ("station", "25.5")] {
        history.mark(id, work);
        history.entry(id, "e1", Target::ComponentId("conduct".to_owned()), "-1.25");
        history.entry(id, "e2", Target::SourceId("inspection".to_owned()), "-2");
        history.entry(id, "e3", Target::SourceId("inspection".to_owned()), "-1.5");
        history.entry(id, "e4", Target::SourceId("complaint".to_owned()), "-0.33");
        history.indicator(id, "cleared", "90", "77");
        history.indicator(id, "accidents", "3", "4");
    }
    history.issue("recipients", 4);
    history.issue("residents", 3);
    history.form("recipients", &[("bureau", "good"), ("traffic", "fair"), ("station", "good")]);
    history.form("recipients", &[("bureau", "fair"), ("station", "unknown")]);
    history.form("recipients", &[("bureau", "bad"), ("traffic", "good")]);
    history.form("residents", &[("bureau", "good"), ("traffic", "bad"), ("station", "fair")]);
    history.form("residents", &[("tax", "good")]);
    history.ballot("mayor", &[("bureau", "9"), ("traffic", "8.5"), ("station", "7"), ("tax", "6")]);
    history.ballot("members", &[("bureau", "8"), ("traffic", "9"), ("station", "8")]);
    history.ballot("members", &[("bureau", "7.5"), ("traffic", "9.5"), ("station", "8")]);
    history
}

/// [`year`] with survey, panel and cycle closed.
pub(super) fn closed_year() -> History {
    let mut history = year();
    history.close_survey();
    history.close_panel();
    history.close();
    history
}

impl History {
    pub(super) fn tell<M: Message + Name>(&mut self, service: &'static str, stream: &str, message: &M) {
        self.0.push(Told {
            service,
            stream: StreamId::from_log(stream.to_owned()),
            event_type: M::full_name(),
            payload: message.encode_to_vec(),
        });
    }

    fn evaluation<M: Message + Name>(&mut self, stream: &str, message: &M) {
        self.tell("evaluation", stream, message);
    }

    pub(super) fn register(&mut self, id: &str, parent: &str) {
        let registered = UnitRegistered {
            unit: unit(id),
            title: format!("Unit {id}"),
            parent: optional_unit(parent),
            grassroots: id == "station",
            ..UnitRegistered::default()
        };
        self.evaluation("unit_register-city", &registered);
    }

    pub(super) fn draft(&mut self, rules: SchemeRules, scheme_version: u32) {
        let drafted = SchemeDrafted { scheme: SCHEME.to_owned(), scheme_version, rules: Some(rules) };
        self.evaluation("scheme-city/first", &drafted);
    }

    pub(super) fn open(&mut self) {
        self.draft(rules(), 1);
        let published = SchemePublished { scheme: SCHEME.to_owned(), scheme_version: 1 };
        self.evaluation("scheme-city/first", &published);
        let opened = CycleOpened {
            cycle: cycle(),
            scheme: SCHEME.to_owned(),
            scheme_version: 1,
            start_date: "2024-01-01".to_owned(),
            end_date: "2024-12-31".to_owned(),
            ranked_groups: vec![1],
            ..CycleOpened::default()
        };
        self.evaluation("cycle-city/2024", &opened);
    }

    pub(super) fn enter(&mut self, id: &str, parent: &str, group: u32) {
        let entered = UnitEntered {
            cycle: cycle(),
            unit: unit(id),
            group,
            appraisal_target: !parent.is_empty(),
            parent: optional_unit(parent),
        };
        self.evaluation("cycle-city/2024", &entered);
    }

    pub(super) fn remove(&mut self, id: &str) {
        let removed = UnitRemoved { cycle: cycle(), unit: unit(id), reason: "merged".to_owned() };
        self.evaluation("cycle-city/2024", &removed);
    }

    pub(super) fn close(&mut self) {
        self.evaluation("cycle-city/2024", &CycleClosed { cycle: cycle() });
    }

    pub(super) fn publish(&mut self, results: Vec<UnitResult>) {
        self.evaluation("cycle-city/2024", &ResultsPublished { cycle: cycle(), results });
    }

    pub(super) fn revise_results(&mut self, results: Vec<UnitResult>) {
        let revised = ResultsRevised { cycle: cycle(), results, reason: "appeal".to_owned() };
        self.evaluation("cycle-city/2024", &revised);
    }

    pub(super) fn mark(&mut self, id: &str, points: &str) {
        let mark = MarkRecorded {
            cycle: cycle(),
            unit: unit(id),
            component_id: "work".to_owned(),
            points: points.to_owned(),
        };
        self.evaluation(&format!("mark-city/2024/{id}/work"), &mark);
    }

    pub(super) fn revise_mark(&mut self, id: &str, points: &str) {
        let mark = MarkRevised {
            cycle: cycle(),
            unit: unit(id),
            component_id: "work".to_owned(),
            points: points.to_owned(),
            reason: "typing error".to_owned(),
        };
        self.evaluation(&format!("mark-city/2024/{id}/work"), &mark);
    }

    pub(super) fn indicator(&mut self, id: &str, indicator: &str, target: &str, actual: &str) {
        let stream = format!("indicator-city/2024/{id}/duties");
        let set = IndicatorTargetSet {
            cycle: cycle(),
            unit: unit(id),
            component_id: "duties".to_owned(),
            indicator_id: indicator.to_owned(),
            target: target.to_owned(),
        };
        self.evaluation(&stream, &set);
        let reported = IndicatorReported {
            cycle: cycle(),
            unit: unit(id),
            component_id: "duties".to_owned(),
            indicator_id: indicator.to_owned(),
            actual: actual.to_owned(),
        };
        self.evaluation(&stream, &reported);
    }

    pub(super) fn entry(&mut self, id: &str, entry_id: &str, target: Target, points: &str) {
        let recorded = EntryRecorded {
            cycle: cycle(),
            unit: unit(id),
            entry_id: entry_id.to_owned(),
            target: Some(target),
            points: points.to_owned(),
            reason: format!("reason of {entry_id}"),
            entry_date: "2024-05-01".to_owned(),
            ..EntryRecorded::default()
        };
        self.evaluation(&format!("daily_assessment-city/2024/{id}"), &recorded);
    }

    pub(super) fn reverse(&mut self, id: &str, entry_id: &str) {
        let reversed = EntryReversed {
            cycle: cycle(),
            unit: unit(id),
            entry_id: entry_id.to_owned(),
            reason: "appeal".to_owned(),
        };
        self.evaluation(&format!("daily_assessment-city/2024/{id}"), &reversed);
    }

    pub(super) fn plan_survey(&mut self) {
        let stratum = |id: &str| StratumPlan { stratum_id: id.to_owned(), forms_max: 100 };
        let planned = SurveyPlanned {
            cycle: cycle(),
            component_id: "public".to_owned(),
            strata: ["recipients", "residents"].map(stratum).into(),
        };
        self.evaluation("survey-city/2024/public", &planned);
    }

    pub(super) fn issue(&mut self, stratum: &str, forms: u8) {
        let issued = FormsIssued {
            cycle: cycle(),
            component_id: "public".to_owned(),
            stratum_id: stratum.to_owned(),
            code_hashes: (0..forms).map(|form| vec![form; 32]).collect(),
        };
        self.evaluation("survey-city/2024/public", &issued);
    }

    pub(super) fn form(&mut self, stratum: &str, answers: &[(&str, &str)]) {
        let answer = |(id, level): &(&str, &str)| FormAnswer { unit: unit(id), level_id: (*level).to_owned() };
        let answered = FormAnswered {
            cycle: cycle(),
            component_id: "public".to_owned(),
            stratum_id: stratum.to_owned(),
            answers: answers.iter().map(answer).collect(),
        };
        self.evaluation("survey_box-city/2024/public", &answered);
    }

    pub(super) fn close_survey(&mut self) {
        let closed = SurveyClosed { cycle: cycle(), component_id: "public".to_owned() };
        self.evaluation("survey-city/2024/public", &closed);
    }

    pub(super) fn convene_panel(&mut self) {
        let roll = |(class, electors): (&str, &[&str])| ElectorRoll {
            class_id: class.to_owned(),
            electors: electors.iter().map(ToString::to_string).collect(),
        };
        let convened = PanelConvened {
            cycle: cycle(),
            component_id: "leadership".to_owned(),
            rolls: [("mayor", &["m"][..]), ("members", &["a", "b", "c"])].map(roll).into(),
        };
        self.evaluation("panel-city/2024/leadership", &convened);
    }

    pub(super) fn ballot(&mut self, class: &str, marks: &[(&str, &str)]) {
        let mark = |(id, points): &(&str, &str)| BallotMark { unit: unit(id), points: (*points).to_owned() };
        let ballot = BallotCast {
            cycle: cycle(),
            component_id: "leadership".to_owned(),
            class_id: class.to_owned(),
            marks: marks.iter().map(mark).collect(),
        };
        self.evaluation("panel_box-city/2024/leadership", &ballot);
    }

    pub(super) fn close_panel(&mut self) {
        let closed = PanelClosed { cycle: cycle(), component_id: "leadership".to_owned() };
        self.evaluation("panel-city/2024/leadership", &closed);
    }

    pub(super) fn assign_commitment(&mut self, id: &str) {
        let assigned = CommitmentAssigned {
            commitment: COMMITMENT.to_owned(),
            unit: unit(id),
            due_date: "2024-06-30".to_owned(),
        };
        self.evaluation("commitment-city/windows", &assigned);
    }

    pub(super) fn verify_commitment(&mut self, id: &str) {
        let verified = DeliveryVerified { commitment: COMMITMENT.to_owned(), unit: unit(id) };
        self.evaluation("commitment-city/windows", &verified);
    }

    pub(super) fn raise_veto(&mut self, id: &str) {
        let raised = VetoRaised { case: case("c1"), unit: unit(id), cycle: cycle() };
        self.tell("accountability", "case-city/c1", &raised);
    }

    pub(super) fn lift_veto(&mut self, id: &str) {
        let lifted =
            VetoLifted { case: case("c1"), unit: unit(id), cycle: cycle(), reason: "appeal".to_owned() };
        self.tell("accountability", "case-city/c1", &lifted);
    }

    pub(super) fn open_case(&mut self, id: &str, units: &[&str]) {
        let units = units.iter().map(|id| unit(id)).collect();
        let opened = CaseOpened { case: case(id), units, ..CaseOpened::default() };
        self.tell("accountability", &format!("case-city/{id}"), &opened);
    }

    pub(super) fn merge_case(&mut self, into: &str, merged: &str, units: &[&str]) {
        let units = units.iter().map(|id| unit(id)).collect();
        let merge =
            CaseMerged { case: case(into), merged_case: case(merged), units, ..CaseMerged::default() };
        for id in [into, merged] {
            self.tell("accountability", &format!("case-city/{id}"), &merge);
        }
    }

    pub(super) fn close_case(&mut self, id: &str) {
        let closed = CaseClosed { case: case(id), ..CaseClosed::default() };
        self.tell("accountability", &format!("case-city/{id}"), &closed);
    }

    pub(super) fn lodge(&mut self, id: &str, unit_id: &str) {
        let lodged =
            ComplaintLodged { complaint: complaint(id), unit: optional_unit(unit_id), ..Default::default() };
        self.tell("complaints", &format!("complaint-city/{id}"), &lodged);
    }

    pub(super) fn transfer(&mut self, id: &str, unit_id: &str) {
        let moved =
            ComplaintTransferred { complaint: complaint(id), unit: unit(unit_id), ..Default::default() };
        self.tell("complaints", &format!("complaint-city/{id}"), &moved);
    }

    pub(super) fn overdue(&mut self, id: &str) {
        let overdue = ComplaintOverdue { complaint: complaint(id), ..Default::default() };
        self.tell("complaints", &format!("complaint-city/{id}"), &overdue);
    }

    pub(super) fn close_complaint(&mut self, id: &str) {
        let closed = ComplaintClosed { complaint: complaint(id), ..Default::default() };
        self.tell("complaints", &format!("complaint-city/{id}"), &closed);
    }

    pub(super) fn enrol(&mut self, id: &str, unit_id: &str) {
        let enrolled = OfficerEnrolled { officer: officer(id), unit: unit(unit_id), ..Default::default() };
        self.tell("training", &format!("officer-city/{id}"), &enrolled);
    }

    pub(super) fn transfer_officer(&mut self, id: &str, unit_id: &str) {
        let moved = OfficerTransferred { officer: officer(id), unit: unit(unit_id), ..Default::default() };
        self.tell("training", &format!("officer-city/{id}"), &moved);
    }

    pub(super) fn leave(&mut self, id: &str) {
        let left = OfficerLeft { officer: officer(id), ..Default::default() };
        self.tell("training", &format!("officer-city/{id}"), &left);
    }

    pub(super) fn stall(&mut self, id: &str) {
        let stalled =
            UnitStalled { campaign: CAMPAIGN.to_owned(), unit: unit(id), ..UnitStalled::default() };
        self.tell("training", "campaign-city/drive", &stalled);
    }

    pub(super) fn resume(&mut self, id: &str) {
        let resumed = UnitResumed { campaign: CAMPAIGN.to_owned(), unit: unit(id) };
        self.tell("training", "campaign-city/drive", &resumed);
    }

    /// As the logs would have them.
    pub(super) fn recorded(&self) -> Vec<(&'static str, RecordedEvent)> {
        let (mut positions, mut versions) = (BTreeMap::new(), BTreeMap::new());
        let mut recorded = Vec::new();
        for (told, number) in self.0.iter().zip(1_u32..) {
            let position: &mut u64 = positions.entry(told.service).or_default();
            let stream_version: &mut u64 = versions.entry(told.stream.clone()).or_default();
            (*position, *stream_version) = (*position + 1, *stream_version + 1);
            let at = Timestamp::new(1_700_000_000 + i64::from(number), 0).unwrap();
            let event = RecordedEvent {
                position: *position,
                stream: told.stream.clone(),
                stream_version: *stream_version,
                event_id: Uuid::from_u128(u128::from(number)),
                event_type: told.event_type.clone(),
                occurred_at: at,
                recorded_at: at,
                actor: "clerk".to_owned(),
                correlation_id: Uuid::nil(),
                causation_id: Uuid::nil(),
                jurisdiction: "city".to_owned(),
                unit: String::new(),
                traceparent: String::new(),
                payload: told.payload.clone(),
                chain_hash: [0; 32],
            };
            recorded.push((told.service, event));
        }
        recorded
    }

    /// All of it folded.
    pub(super) fn folded(&self) -> Folded {
        let recorded = self.recorded();
        crate::fold(recorded.iter().map(|(service, event)| (*service, event))).unwrap()
    }

    /// A unit's card after all of it, with what is not of the cycle.
    pub(super) fn card(&self, id: &str) -> Scorecard {
        let folded = self.folded();
        let cards = folded.scorecards(&cycle_name()).unwrap();
        let mut card = cards.into_iter().find(|card| card.unit == unit(id)).unwrap();
        crate::figures::fill(&folded.facts, "city", id, &mut card);
        card
    }

    /// The results that evaluation would publish after all of it.
    pub(super) fn results(&self) -> Vec<UnitResult> {
        let cards = self.folded().scorecards(&cycle_name()).unwrap();
        cards.into_iter().map(result).collect()
    }
}

fn result(card: Scorecard) -> UnitResult {
    let component = |component: contract::scorecard::ComponentScore| {
        let (component_id, points) = (component.component_id, component.points);
        contract::evaluation::ComponentResult { component_id, points }
    };
    UnitResult {
        unit: card.unit,
        group: card.group,
        components: card.components.into_iter().map(component).collect(),
        daily: card.daily_points,
        final_points: card.final_points,
        rank: card.rank,
        excellent: card.excellent,
        vetoed: card.vetoed,
    }
}

fn optional_unit(id: &str) -> String {
    if id.is_empty() { String::new() } else { unit(id) }
}
