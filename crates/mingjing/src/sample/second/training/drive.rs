//! The drive itself: launch, acceptance method, the units' plans, items, conclusion.

use contract::training::{
    ApproveItemRequest, ApprovePlanRequest, Basic, CampaignRules, ConcludeCampaignRequest, DesignItemRequest,
    FilePlanRequest, IssueAcceptanceMethodRequest, LaunchCampaignRequest, Quality, RetireItemRequest,
    ReturnPlanRequest,
};
use contract::words::PostLevel;
use jiff::civil::{Date, date};

use super::super::super::services::by;
use super::super::super::{BUREAU, JURISDICTION};
use super::super::city::{COMMAND_CENTRE, City, POLITICAL_DEPARTMENT, STANDS_STILL, Unit};
use super::super::steps::{Step, at};
use super::{
    CAMPAIGN, CUTOFF, END, INTERVAL_WORKING_DAYS, PLAN_DUE, START, STIRS_ON, campaign, item, parent,
};

/// Each basic for each quality: what is trained, and why.
const GENERAL: [(&str, Basic, Quality, &str, &str); 12] = [
    (
        "loyalty",
        Basic::Foundation,
        Quality::Political,
        "Loyalty and discipline 忠诚纪律",
        "Discipline cases of last year",
    ),
    (
        "law",
        Basic::Foundation,
        Quality::Professional,
        "Law in force 法律法规",
        "Case files returned by the procuratorate",
    ),
    (
        "health",
        Basic::Foundation,
        Quality::Physical,
        "First aid 急救",
        "Injured people waited for an ambulance",
    ),
    (
        "rules-of-force",
        Basic::Foundation,
        Quality::Combat,
        "Rules on the use of force 武力使用规范",
        "Doubtful uses of force",
    ),
    (
        "mass-work",
        Basic::Grassroots,
        Quality::Political,
        "Work among the people 群众工作",
        "Quarrels that the station could not settle",
    ),
    (
        "window",
        Basic::Grassroots,
        Quality::Professional,
        "Service at the window 窗口服务",
        "Complaints about the windows",
    ),
    (
        "beat",
        Basic::Grassroots,
        Quality::Physical,
        "Endurance on the beat 巡逻体能",
        "Beats not walked to the end",
    ),
    (
        "station-defence",
        Basic::Grassroots,
        Quality::Combat,
        "Defence of the station 所内防卫",
        "An attack on a station",
    ),
    ("speech", Basic::Skills, Quality::Political, "Speaking to the press 舆情应对", "Clumsy words on camera"),
    (
        "records",
        Basic::Skills,
        Quality::Professional,
        "Records and evidence 取证笔录",
        "Evidence excluded in court",
    ),
    ("arrest", Basic::Skills, Quality::Physical, "Arrest and restraint 擒敌抓捕", "Suspects who ran away"),
    (
        "firearms",
        Basic::Skills,
        Quality::Combat,
        "Firearms and tactics 射击战术",
        "Scores below the province's mean",
    ),
];

pub(super) fn steps(city: &City) -> Vec<Step> {
    let mut steps = vec![
        launch(city),
        method(date(2025, 2, 6), "first", vec![Quality::Political, Quality::Professional]),
        method(date(2025, 6, 3), "anew", qualities().to_vec()),
        conclude(),
    ];
    let designed = date(2025, 2, 6);
    for (item_id, basic, quality, title, why) in GENERAL {
        steps.push(
            Item { id: item_id, title, basic, quality, why, ..Item::of(POLITICAL_DEPARTMENT) }
                .designed(designed),
        );
        steps.push(approved(item_id, date(2025, 2, 7)));
    }
    for (unit, (_, basic, quality, ..)) in
        city.sub_units().filter(|it| !it.speciality.is_empty()).zip(GENERAL)
    {
        let (speciality, why) = (unit.speciality, "The detachment's own work 警种业务");
        let design = Item {
            id: speciality,
            title: unit.title(),
            basic,
            quality,
            why,
            speciality,
            ..Item::of(&unit.id)
        };
        steps.push(design.designed(designed));
        steps.push(approved(speciality, date(2025, 2, 7)));
    }
    // One is replaced by another in summer, one answers no need and stays a design.
    steps.push(retired("speech", date(2025, 8, 29)));
    let idle = Item { id: "parade", title: "Parade 队列", ..Item::of(POLITICAL_DEPARTMENT) };
    steps.push(idle.designed(date(2025, 3, 10)));
    steps.extend(plans(city));
    steps
}

pub(super) fn qualities() -> [Quality; 4] {
    [Quality::Political, Quality::Professional, Quality::Physical, Quality::Combat]
}

/// Ids of the items that a unit trains from the first day on.
pub(super) fn items_of(unit: &Unit) -> Vec<&'static str> {
    // The one that is retired in summer is left to the last, for the departments.
    let general = GENERAL.iter().map(|(item_id, ..)| *item_id).filter(|item_id| *item_id != "speech");
    let own = (!unit.speciality.is_empty()).then_some(unit.speciality);
    general.chain(own).collect()
}

fn launch(city: &City) -> Step {
    let bureau = city.unit(BUREAU);
    let (unit, leading_group) = (bureau.name(), (0..3).map(|place| bureau.officer(place)).collect());
    let [political_department, office] =
        [POLITICAL_DEPARTMENT, COMMAND_CENTRE].map(|id| city.unit(id).name());
    Step::new(at(START, 9), "launch", move |mut desk| async move {
        let request = LaunchCampaignRequest {
            request_id: desk.request_id,
            parent: parent(),
            campaign_id: CAMPAIGN.to_owned(),
            title: "Training drive 2025 全警大练兵".to_owned(),
            outline: "Three basics, three practicals, three modes, four qualities; everyone, leaders first \
                      三基三实三练，全警参与，领导带头"
                .to_owned(),
            unit,
            political_department,
            office,
            leading_group,
            start_date: START.to_string(),
            end_date: END.to_string(),
            rules: Some(CampaignRules {
                plan_due_date: PLAN_DUE.to_string(),
                cutoff_date: CUTOFF.to_string(),
                session_interval_working_days: INTERVAL_WORKING_DAYS,
                centralised_hours_max: "40".to_owned(),
                leader_from: PostLevel::DeputyDivisionHead.into(),
            }),
            occurred_at: desk.occurred_at,
        };
        desk.services.training.launch_campaign(request).await.map(drop)
    })
}

fn method(day: Date, what: &str, required: Vec<Quality>) -> Step {
    Step::new(at(day, 9), format!("method/{what}"), move |mut desk| async move {
        let request = IssueAcceptanceMethodRequest {
            request_id: desk.request_id,
            name: campaign(),
            method: "Written and practical examination; 60 of 100 passes 笔试加实操，60分合格".to_owned(),
            required_qualities: required.into_iter().map(Into::into).collect(),
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.training.issue_acceptance_method(request).await.map(drop)
    })
}

fn conclude() -> Step {
    Step::new(at(date(2026, 1, 8), 9), "conclude", |mut desk| async move {
        let request = ConcludeCampaignRequest {
            request_id: desk.request_id,
            name: campaign(),
            conclusion: "Nearly everyone took part; one sub-unit woke late".to_owned(),
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.training.conclude_campaign(request).await.map(drop)
    })
}

/// An item's design.
pub(super) struct Item<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    /// Id of the unit that designs it.
    pub(super) unit: &'a str,
    pub(super) basic: Basic,
    pub(super) quality: Quality,
    pub(super) why: &'a str,
    pub(super) speciality: &'a str,
    pub(super) needs: Vec<String>,
}

impl<'a> Item<'a> {
    pub(super) fn of(unit: &'a str) -> Self {
        let (basic, quality) = (Basic::Skills, Quality::Physical);
        Self { id: "", title: "", unit, basic, quality, why: "", speciality: "", needs: Vec::new() }
    }

    pub(super) fn designed(self, day: Date) -> Step {
        let unit_name = |id| format!("jurisdictions/{JURISDICTION}/units/{id}");
        let design = DesignItemRequest {
            parent: campaign(),
            item_id: self.id.to_owned(),
            title: self.title.to_owned(),
            guiding_department: unit_name(POLITICAL_DEPARTMENT),
            design_unit: unit_name(self.unit),
            speciality: self.speciality.to_owned(),
            basic: self.basic.into(),
            quality: self.quality.into(),
            operational_need: self.why.to_owned(),
            needs: self.needs,
            ..Default::default()
        };
        Step::new(at(day, 11), format!("design/{}", self.id), move |mut desk| async move {
            let request =
                DesignItemRequest { request_id: desk.request_id, occurred_at: desk.occurred_at, ..design };
            desk.services.training.design_item(request).await.map(drop)
        })
    }
}

pub(super) fn approved(item_id: &str, day: Date) -> Step {
    let name = item(item_id);
    Step::new(at(day, 11), format!("approve/{item_id}"), move |mut desk| async move {
        let request = ApproveItemRequest {
            request_id: desk.request_id,
            name,
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.training.approve_item(by(POLITICAL_DEPARTMENT, request)).await.map(drop)
    })
}

fn retired(item_id: &str, day: Date) -> Step {
    let name = item(item_id);
    Step::new(at(day, 11), format!("retire/{item_id}"), move |mut desk| async move {
        let request = RetireItemRequest {
            request_id: desk.request_id,
            name,
            reason: "Taken up into work among the people".to_owned(),
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.training.retire_item(request).await.map(drop)
    })
}

/// Bureau and departments plan for themselves, sub-units for all below them; the one that stands still in October.
/// Some plans are returned and filed again. Changes of the drive come one after another: each has its own hour.
fn plans(city: &City) -> Vec<Step> {
    let mut steps = Vec::new();
    let planning = city.units().iter().filter(|unit| !unit.grassroots && unit.id != STANDS_STILL);
    for (unit, turn) in planning.zip(0_u32..) {
        let (day, hour) = (city.working_day(date(2025, 2, 10), turn / 3), hour_of(turn));
        steps.push(filed(unit, day, hour, "filed"));
        let mut decided = city.working_day(day, 3);
        if turn % 6 == 5 {
            steps.push(returned(unit, decided, hour));
            steps.push(filed(unit, city.working_day(decided, 1), hour, "filed-again"));
            decided = city.working_day(decided, 3);
        }
        steps.push(plan_approved(unit, decided, hour));
    }
    let still = city.unit(STANDS_STILL);
    steps.push(filed(still, STIRS_ON, 16, "filed"));
    steps.push(plan_approved(still, city.working_day(STIRS_ON, 2), 16));
    steps
}

fn hour_of(turn: u32) -> i8 {
    [12, 14, 16][usize::try_from(turn % 3).unwrap_or(0)]
}

fn filed(unit: &Unit, day: Date, hour: i8, what: &str) -> Step {
    let (name, with_subtree, filed_by) = (unit.name(), unit.is_sub_unit(), unit.officer(1));
    Step::new(at(day, hour), format!("plan/{}/{what}", unit.id), move |mut desk| async move {
        let request = FilePlanRequest {
            request_id: desk.request_id,
            parent: campaign(),
            unit: name,
            plan: "Weekly on the job, monthly together, quarterly tested 周训月练季考".to_owned(),
            with_subtree,
            occurred_at: desk.occurred_at,
        };
        desk.services.training.file_plan(by(&filed_by, request)).await.map(drop)
    })
}

fn returned(unit: &Unit, day: Date, hour: i8) -> Step {
    let name = format!("{}/plans/{}", campaign(), unit.id);
    Step::new(at(day, hour), format!("plan/{}/returned", unit.id), move |mut desk| async move {
        let request = ReturnPlanRequest {
            request_id: desk.request_id,
            name,
            reason: "Says what, but not when".to_owned(),
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.training.return_plan(by(POLITICAL_DEPARTMENT, request)).await.map(drop)
    })
}

fn plan_approved(unit: &Unit, day: Date, hour: i8) -> Step {
    let name = format!("{}/plans/{}", campaign(), unit.id);
    Step::new(at(day, hour), format!("plan/{}/approved", unit.id), move |mut desk| async move {
        let request = ApprovePlanRequest {
            request_id: desk.request_id,
            name,
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.training.approve_plan(by(POLITICAL_DEPARTMENT, request)).await.map(drop)
    })
}
