//! What evaluation records.

use contract::evaluation::entry_recorded::Target;
use contract::evaluation::{
    BallotCast, BallotMark, CommitmentAssigned, CycleClosed, CycleOpened, DeliveryVerified, ElectorRoll,
    EntryContested, EntryRecorded, EntryReversed, FormAnswer, FormAnswered, FormsIssued, IndicatorReported,
    IndicatorTargetSet, MarkRecorded, MarkRevised, PanelClosed, PanelConvened, ResultsPublished,
    ResultsRevised, SchemeDrafted, SchemePublished, StratumPlan, SurveyClosed, SurveyPlanned, UnitEntered,
    UnitRegistered, UnitRemoved, UnitRenamed, UnitResult,
};
use contract::words::SchemeRules;
use prost::{Message, Name};

use super::scheme::rules;
use super::{COMMITMENT, History, SCHEME, cycle, optional_unit, unit};

impl History {
    fn evaluation<M: Message + Name>(&mut self, stream: &str, message: &M) {
        self.tell("evaluation", stream, message);
    }

    pub(in crate::tests) fn rename(&mut self, id: &str, title: &str) {
        let renamed = UnitRenamed { unit: unit(id), title: title.to_owned() };
        self.evaluation("unit_register-city", &renamed);
    }

    pub(in crate::tests) fn register(&mut self, id: &str, parent: &str) {
        let registered = UnitRegistered {
            unit: unit(id),
            title: format!("Unit {id}"),
            parent: optional_unit(parent),
            grassroots: id == "station",
            ..UnitRegistered::default()
        };
        self.evaluation("unit_register-city", &registered);
    }

    pub(in crate::tests) fn draft(&mut self, rules: SchemeRules, scheme_version: u32) {
        let drafted = SchemeDrafted { scheme: SCHEME.to_owned(), scheme_version, rules: Some(rules) };
        self.evaluation("scheme-city/first", &drafted);
    }

    pub(in crate::tests) fn open(&mut self) {
        self.open_with(rules());
    }

    pub(in crate::tests) fn open_with(&mut self, rules: SchemeRules) {
        self.draft(rules, 1);
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

    pub(in crate::tests) fn enter(&mut self, id: &str, parent: &str, group: u32) {
        let entered = UnitEntered {
            cycle: cycle(),
            unit: unit(id),
            group,
            appraisal_target: !parent.is_empty(),
            parent: optional_unit(parent),
        };
        self.evaluation("cycle-city/2024", &entered);
    }

    pub(in crate::tests) fn remove(&mut self, id: &str) {
        let removed = UnitRemoved { cycle: cycle(), unit: unit(id), reason: "merged".to_owned() };
        self.evaluation("cycle-city/2024", &removed);
    }

    pub(in crate::tests) fn close(&mut self) {
        self.evaluation("cycle-city/2024", &CycleClosed { cycle: cycle() });
    }

    pub(in crate::tests) fn publish(&mut self, results: Vec<UnitResult>) {
        self.evaluation(
            "cycle-city/2024",
            &ResultsPublished { cycle: cycle(), results, ..ResultsPublished::default() },
        );
    }

    pub(in crate::tests) fn revise_results(&mut self, results: Vec<UnitResult>) {
        let revised = ResultsRevised {
            cycle: cycle(),
            results,
            reason: "appeal".to_owned(),
            ..ResultsRevised::default()
        };
        self.evaluation("cycle-city/2024", &revised);
    }

    pub(in crate::tests) fn mark(&mut self, id: &str, points: &str) {
        let mark = MarkRecorded {
            cycle: cycle(),
            unit: unit(id),
            component_id: "work".to_owned(),
            points: points.to_owned(),
        };
        self.evaluation(&format!("mark-city/2024/{id}/work"), &mark);
    }

    pub(in crate::tests) fn revise_mark(&mut self, id: &str, points: &str) {
        let mark = MarkRevised {
            cycle: cycle(),
            unit: unit(id),
            component_id: "work".to_owned(),
            points: points.to_owned(),
            reason: "typing error".to_owned(),
        };
        self.evaluation(&format!("mark-city/2024/{id}/work"), &mark);
    }

    pub(in crate::tests) fn indicator(&mut self, id: &str, indicator: &str, target: &str, actual: &str) {
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

    pub(in crate::tests) fn entry(&mut self, id: &str, entry_id: &str, target: Target, points: &str) {
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

    pub(in crate::tests) fn contest(&mut self, id: &str, entry_id: &str) {
        let grounds = "the wrong unit".to_owned();
        let contested = EntryContested {
            cycle: cycle(),
            unit: unit(id),
            entry_id: entry_id.to_owned(),
            grounds,
            ..Default::default()
        };
        self.evaluation(&format!("daily_assessment-city/2024/{id}"), &contested);
    }

    pub(in crate::tests) fn reverse(&mut self, id: &str, entry_id: &str) {
        let reversed = EntryReversed {
            cycle: cycle(),
            unit: unit(id),
            entry_id: entry_id.to_owned(),
            reason: "appeal".to_owned(),
            ..EntryReversed::default()
        };
        self.evaluation(&format!("daily_assessment-city/2024/{id}"), &reversed);
    }

    pub(in crate::tests) fn plan_survey(&mut self) {
        let stratum = |id: &str| StratumPlan { stratum_id: id.to_owned(), forms_max: 100 };
        let planned = SurveyPlanned {
            cycle: cycle(),
            component_id: "public".to_owned(),
            strata: ["recipients", "residents"].map(stratum).into(),
        };
        self.evaluation("survey-city/2024/public", &planned);
    }

    pub(in crate::tests) fn issue(&mut self, stratum: &str, forms: u8) {
        let issued = FormsIssued {
            cycle: cycle(),
            component_id: "public".to_owned(),
            stratum_id: stratum.to_owned(),
            code_hashes: (0..forms).map(|form| vec![form; 32]).collect(),
        };
        self.evaluation("survey-city/2024/public", &issued);
    }

    pub(in crate::tests) fn form(&mut self, stratum: &str, answers: &[(&str, &str)]) {
        let answer =
            |(id, level): &(&str, &str)| FormAnswer { unit: unit(id), level_id: (*level).to_owned() };
        let answered = FormAnswered {
            cycle: cycle(),
            component_id: "public".to_owned(),
            stratum_id: stratum.to_owned(),
            answers: answers.iter().map(answer).collect(),
        };
        self.evaluation("survey_box-city/2024/public", &answered);
    }

    pub(in crate::tests) fn close_survey(&mut self) {
        let closed = SurveyClosed { cycle: cycle(), component_id: "public".to_owned() };
        self.evaluation("survey-city/2024/public", &closed);
    }

    pub(in crate::tests) fn convene_panel(&mut self) {
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

    pub(in crate::tests) fn ballot(&mut self, class: &str, marks: &[(&str, &str)]) {
        let mark = |(id, points): &(&str, &str)| BallotMark { unit: unit(id), points: (*points).to_owned() };
        let ballot = BallotCast {
            cycle: cycle(),
            component_id: "leadership".to_owned(),
            class_id: class.to_owned(),
            marks: marks.iter().map(mark).collect(),
        };
        self.evaluation("panel_box-city/2024/leadership", &ballot);
    }

    pub(in crate::tests) fn close_panel(&mut self) {
        let closed = PanelClosed { cycle: cycle(), component_id: "leadership".to_owned() };
        self.evaluation("panel-city/2024/leadership", &closed);
    }

    pub(in crate::tests) fn assign_commitment(&mut self, id: &str) {
        let assigned = CommitmentAssigned {
            commitment: COMMITMENT.to_owned(),
            unit: unit(id),
            due_date: "2024-06-30".to_owned(),
        };
        self.evaluation("commitment-city/windows", &assigned);
    }

    pub(in crate::tests) fn verify_commitment(&mut self, id: &str) {
        let verified =
            DeliveryVerified { commitment: COMMITMENT.to_owned(), unit: unit(id), overturns: false };
        self.evaluation("commitment-city/windows", &verified);
    }
}
