//! What is sent to evaluation.

use contract::words::component::Method;
use contract::words::{Component, PanelMethod, SurveyMethod};
use serde_json::json;

use super::walk::{Walk, of_method};
use crate::arbitrary::pick;

const FORMS: u64 = 8;
const ELECTORS: u64 = 5;

impl Walk {
    /// Something that changes what a component or the daily assessment gives.
    pub(super) async fn score(&mut self) {
        match self.chance.below(12) {
            0 | 1 => self.mark().await,
            2..=4 => self.record_entry().await,
            5 => self.change_entry("ReverseEntry", "reason").await,
            6 => self.change_entry("ContestEntry", "grounds").await,
            7 => self.decide_contest().await,
            8 => self.report_indicator(None).await,
            9 => self.answer_form().await,
            10 => self.vote().await,
            _ => self.reorganise().await,
        }
    }

    pub(super) async fn enter_unit(&mut self, unit: &str) {
        let (group, target) = (1 + self.chance.below(2), self.one_in(2));
        let name = (self.cycle(), self.unit(unit));
        let entering = json!({"name": name.0, "unit": name.1, "group": group, "appraisal_target": target});
        self.must("EnterUnit", entering).await;
    }

    /// Panels are convened, surveys planned and their forms issued.
    pub(super) async fn open_methods(&mut self) {
        for Component { component_id, method, .. } in self.rules.components.clone() {
            match method.unwrap() {
                Method::Panel(panel) => self.convene(&component_id, &panel).await,
                Method::Survey(survey) => self.plan(&component_id, &survey).await,
                Method::Assessor(_) | Method::Ledger(_) | Method::Indicator(_) | Method::Index(_) => {}
            }
        }
    }

    async fn convene(&mut self, component_id: &str, panel: &PanelMethod) {
        let roll = |class_id: &String| {
            let electors: Vec<_> = (0..ELECTORS).map(|number| format!("{class_id}-{number}")).collect();
            json!({"class_id": class_id, "electors": electors})
        };
        let rolls: Vec<_> = panel.classes.iter().map(|class| roll(&class.class_id)).collect();
        let cycle = self.cycle();
        self.must("ConvenePanel", json!({"parent": cycle, "component_id": component_id, "rolls": rolls}))
            .await;
    }

    async fn plan(&mut self, component_id: &str, survey: &SurveyMethod) {
        let plan: Vec<_> = survey
            .strata
            .iter()
            .map(|stratum| json!({"stratum_id": stratum.stratum_id, "forms_max": FORMS}))
            .collect();
        let cycle = self.cycle();
        self.must("PlanSurvey", json!({"parent": cycle, "component_id": component_id, "strata": plan})).await;
        for stratum in &survey.strata {
            let name = format!("{}/surveys/{component_id}", self.cycle());
            let issuing = json!({"name": name, "stratum_id": stratum.stratum_id, "count": FORMS});
            let issued = self.must("IssueForms", issuing).await;
            let codes = issued.get_field_by_name("form_codes").unwrap();
            let codes = codes.as_list().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
            self.codes.extend(codes.map(|code| (component_id.to_owned(), code)));
        }
    }

    async fn mark(&mut self) {
        let components = of_method(&self.rules, |method| matches!(method, Method::Assessor(_)));
        let (cycle, unit) = (self.cycle(), self.any_unit());
        for component_id in components {
            let points = self.within(&component_id);
            let rpc = *pick(&["RecordMark", "ReviseMark"], &mut self.chance);
            let mut mark =
                json!({"parent": cycle, "unit": unit, "component_id": component_id, "points": points});
            if rpc == "ReviseMark" {
                mark["reason"] = json!("looked at again");
            }
            self.may(rpc, mark).await;
        }
    }

    /// Points within a component.
    fn within(&mut self, component_id: &str) -> String {
        let component = self.rules.components.iter().find(|it| it.component_id == component_id).unwrap();
        let whole = component.max_points.split('.').next().unwrap().parse().unwrap();
        format!("{}.{:03}", self.chance.below(whole), self.chance.below(1000))
    }

    async fn record_entry(&mut self) {
        let ledgers = of_method(&self.rules, |method| matches!(method, Method::Ledger(_)));
        let (unit, points, day) = (self.any_unit(), self.points(300), self.past_day());
        let id = unit.rsplit('/').next().unwrap().to_owned();
        let collection = format!("{}/units/{id}/entries", self.cycle());
        let entry_id = self.new_id("entry", &collection);
        let mut entry = json!({"parent": self.cycle(), "unit": unit, "entry_id": entry_id, "points": points,
            "reason": "seen", "entry_date": day});
        if ledgers.is_empty() || self.one_in(2) {
            let sources: Vec<_> = self.rules.daily_sources.iter().map(|it| it.source_id.clone()).collect();
            entry["source_id"] = json!(pick(&sources, &mut self.chance));
        } else {
            entry["component_id"] = json!(pick(&ledgers, &mut self.chance));
        }
        self.may("RecordEntry", entry).await;
    }

    async fn change_entry(&mut self, rpc: &str, why: &str) {
        let Some(name) = self.any("entry") else { return };
        let mut change = json!({"name": name});
        change[why] = json!("not so");
        self.may(rpc, change).await;
    }

    async fn decide_contest(&mut self) {
        let Some(name) = self.any("entry") else { return };
        let granted = self.one_in(2);
        self.may("DecideContest", json!({"name": name, "granted": granted, "reason": "heard"})).await;
    }

    /// A target and an actual, of any unit or of this one.
    async fn report_indicator(&mut self, unit: Option<&str>) {
        for component in self.rules.components.clone() {
            let Some(Method::Indicator(method)) = &component.method else { continue };
            let unit = unit.map_or_else(|| self.any_unit(), str::to_owned);
            for indicator in &method.indicators {
                let (target, actual) = (1 + self.chance.below(30), self.chance.below(40));
                let figure = json!({"parent": self.cycle(), "unit": unit, "component_id": component.component_id,
                    "indicator_id": indicator.indicator_id});
                let with = |field: &str, number: u64| {
                    let mut figure = figure.clone();
                    figure[field] = json!(number.to_string());
                    figure
                };
                self.may("SetIndicatorTarget", with("target", target)).await;
                self.may("ReportIndicator", with("actual", actual)).await;
            }
        }
    }

    async fn answer_form(&mut self) {
        for _ in 0..3 {
            let Some((component_id, form_code)) = self.codes.pop() else { return };
            let mut answers = Vec::new();
            for unit in ["bureau", "north", "south", "station", "team", "window", "taxes"] {
                if !self.one_in(4) {
                    let level = *pick(&["good", "fair", "poor", "unknown"], &mut self.chance);
                    answers.push(json!({"unit": self.unit(unit), "level_id": level}));
                }
            }
            let name = format!("{}/surveys/{component_id}", self.cycle());
            let forms = json!([{"form_code": form_code, "answers": answers}]);
            self.may("AnswerForms", json!({"name": name, "forms": forms})).await;
        }
    }

    async fn vote(&mut self) {
        for component_id in of_method(&self.rules, |method| matches!(method, Method::Panel(_))) {
            let mut marks = Vec::new();
            for unit in ["bureau", "north", "south", "station", "window"] {
                if !self.one_in(5) {
                    marks.push(json!({"unit": self.unit(unit), "points": self.within(&component_id)}));
                }
            }
            let elector = format!("class-{}-{}", self.chance.below(2), self.chance.below(ELECTORS));
            let name = format!("{}/panels/{component_id}", self.cycle());
            self.may("CastBallot", json!({"name": name, "elector": elector, "marks": marks})).await;
        }
    }

    /// The tree of units, and who is appraised how.
    async fn reorganise(&mut self) {
        let unit = self.any_unit();
        match self.chance.below(4) {
            0 => self.may("RenameUnit", json!({"name": unit, "title": "Another name"})).await,
            1 => {
                let above = *pick(&["bureau", "north", "south"], &mut self.chance);
                let above = self.unit(above);
                self.may("MoveUnit", json!({"name": unit, "parent_unit": above})).await;
            }
            2 => {
                let (group, target) = (1 + self.chance.below(3), self.one_in(2));
                let name = self.cycle();
                let entering =
                    json!({"name": name, "unit": unit, "group": group, "appraisal_target": target});
                self.may("EnterUnit", entering).await;
            }
            _ => {
                let unit = self.unit("team");
                let name = self.cycle();
                self.may("RemoveUnit", json!({"name": name, "unit": unit, "reason": "counted elsewhere"}))
                    .await;
            }
        }
    }

    /// A promise, or what becomes of one.
    pub(super) async fn promise(&mut self) {
        let collection = format!("{}/commitments", self.city);
        let Some(name) = self.any("commitment").filter(|_| self.chance.below(3) > 0) else {
            let commitment_id = self.new_id("commitment", &collection);
            let announced = json!({"commitment_id": commitment_id, "title": "A window open at noon",
                "level": "COMMITMENT_LEVEL_BUREAU"});
            self.may("AnnounceCommitment", announced).await;
            let name = format!("{collection}/{commitment_id}");
            return self.assign_commitment(name).await;
        };
        match self.chance.below(7) {
            0 => self.assign_commitment(name).await,
            1 | 2 => self.may("ReportDelivery", json!({"name": name, "statement": "It is open."})).await,
            3 | 4 => self.may("RefuteDelivery", json!({"name": name, "reason": "It was shut."})).await,
            _ => self.may("VerifyDelivery", json!({"name": name})).await,
        }
    }

    async fn assign_commitment(&mut self, name: String) {
        let (unit, due_date) = (self.any_unit(), self.coming_day());
        self.may("AssignCommitment", json!({"name": name, "unit": unit, "due_date": due_date})).await;
    }

    /// Everything is marked, decided and closed.
    pub(crate) async fn close(&mut self) {
        for name in self.made.get("entry").cloned().unwrap_or_default() {
            let granted = self.one_in(2);
            self.try_as(
                "court",
                "DecideContest",
                json!({"name": name, "granted": granted, "reason": "heard"}),
            )
            .await;
        }
        for unit in ["bureau", "north", "south", "station", "team", "window", "taxes"] {
            let unit = self.unit(unit);
            for component_id in of_method(&self.rules, |method| matches!(method, Method::Assessor(_))) {
                let (parent, points) = (self.cycle(), self.within(&component_id));
                let mark =
                    json!({"parent": parent, "unit": unit, "component_id": component_id, "points": points});
                self.may("RecordMark", mark).await;
            }
            self.report_indicator(Some(&unit)).await;
        }
        for component_id in of_method(&self.rules, |method| matches!(method, Method::Panel(_))) {
            let name = format!("{}/panels/{component_id}", self.cycle());
            self.must("ClosePanel", json!({"name": name})).await;
        }
        for component_id in of_method(&self.rules, |method| matches!(method, Method::Survey(_))) {
            let name = format!("{}/surveys/{component_id}", self.cycle());
            self.must("CloseSurvey", json!({"name": name})).await;
        }
        for name in self.made.get("commitment").cloned().unwrap_or_default() {
            self.try_as("court", "VerifyDelivery", json!({"name": name})).await;
        }
        // What is due by now lapses first.
        let name = self.cycle();
        self.must_in_time("CloseCycle", json!({"name": name}), "the lapse is not raised yet").await;
    }

    /// The results are out.
    pub(crate) async fn publish(&mut self) {
        let name = self.cycle();
        self.must("PublishResults", json!({"name": name})).await;
    }

    /// Other results in their place.
    pub(crate) async fn revise(&mut self) {
        let name = self.cycle();
        self.may("ReviseResults", json!({"name": name, "reason": "after an appeal"})).await;
    }
}
