//! What is asked of every fact of a campaign: it takes facts, the units take part, the days are its own, the
//! officers are on the roster, the item is approved.

use contract::status::{self, Kind};
use contract::training::{ItemDesigned, NeedIdentified};

use super::campaign::{self, Launched};
use super::item;

/// Why a fact is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// No such campaign.
    #[error("there is no such campaign")]
    UnknownCampaign,
    /// It takes no more facts.
    #[error("the campaign is concluded")]
    CampaignConcluded,
    /// A day is not one of the campaign's.
    #[error("{0} lies outside the campaign")]
    OutsideCampaign(String),
    /// A unit is not in service.
    #[error("{0} is not in the register, or is retired")]
    UnitNotInService(String),
    /// The unit does not take part.
    #[error("{0} does not take part in the campaign")]
    UnitOutsideCampaign(String),
    /// An officer is not on the roster.
    #[error("{0} is not on the roster")]
    OfficerNotOnRoster(String),
    /// No such item.
    #[error("there is no item {0}")]
    UnknownItem(String),
    /// Its design is not approved.
    #[error("{0} is not approved")]
    ItemNotApproved(String),
    /// It takes no further sessions.
    #[error("{0} is retired")]
    ItemRetired(String),
    /// It answers another need, of another quality.
    #[error("{0} does not answer this need, and is of another quality")]
    ItemAnswersAnother(String),
    /// No such need.
    #[error("there is no need {0}")]
    UnknownNeed(String),
    /// No such assessment.
    #[error("there is no assessment {0}")]
    UnknownAssessment(String),
}

impl status::Rejection for NotAdmitted {
    fn rule(&self) -> &'static str {
        match self {
            Self::UnknownCampaign => "training.unknown_campaign",
            Self::CampaignConcluded => "training.campaign_concluded",
            Self::OutsideCampaign(_) => "training.outside_campaign",
            Self::UnitNotInService(_) => "training.unit_not_in_service",
            Self::UnitOutsideCampaign(_) => "training.unit_outside_campaign",
            Self::OfficerNotOnRoster(_) => "training.officer_not_on_roster",
            Self::UnknownItem(_) => "training.unknown_item",
            Self::ItemNotApproved(_) => "training.item_not_approved",
            Self::ItemRetired(_) => "training.item_retired",
            Self::ItemAnswersAnother(_) => "training.item_answers_another",
            Self::UnknownNeed(_) => "training.unknown_need",
            Self::UnknownAssessment(_) => "training.unknown_assessment",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownCampaign
            | Self::UnknownItem(_)
            | Self::UnknownNeed(_)
            | Self::UnknownAssessment(_) => Kind::NotFound,
            Self::CampaignConcluded
            | Self::OutsideCampaign(_)
            | Self::UnitNotInService(_)
            | Self::UnitOutsideCampaign(_)
            | Self::OfficerNotOnRoster(_)
            | Self::ItemNotApproved(_)
            | Self::ItemRetired(_)
            | Self::ItemAnswersAnother(_) => Kind::Rule,
        }
    }
}

/// What a fact of a campaign is about, and what is known of it.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The unit that takes part, and all units above it; the latter none: it is not in service.
    pub unit: Option<(String, Vec<String>)>,
    /// Units that are not in service, of those that only have to be.
    pub not_in_service: Vec<String>,
    /// The day.
    pub day: Option<String>,
    /// Officers who were not on the roster that day, of those who have to be.
    pub off_roster: Vec<String>,
}

/// The campaign, if it takes facts.
pub fn running(campaign: &campaign::State) -> Result<&Launched, NotAdmitted> {
    let launched = campaign.launched().ok_or(NotAdmitted::UnknownCampaign)?;
    if launched.conclusion.is_none() { Ok(launched) } else { Err(NotAdmitted::CampaignConcluded) }
}

/// Whether a campaign admits a fact, in the order in which a clerk would check.
pub fn admit(campaign: &campaign::State, facts: &Facts) -> Result<(), NotAdmitted> {
    let launched = running(campaign)?;
    if let Some((unit, lineage)) = &facts.unit {
        check_unit(launched, unit, lineage)?;
    }
    if let Some(unit) = facts.not_in_service.first() {
        return Err(NotAdmitted::UnitNotInService(unit.clone()));
    }
    if let Some(day) = &facts.day {
        check_day(launched, day)?;
    }
    match facts.off_roster.first() {
        Some(officer) => Err(NotAdmitted::OfficerNotOnRoster(officer.clone())),
        None => Ok(()),
    }
}

/// Whether a unit takes part; `lineage`: it and all units above it, none: it is not in service.
pub fn check_unit(launched: &Launched, unit: &str, lineage: &[String]) -> Result<(), NotAdmitted> {
    if lineage.is_empty() {
        return Err(NotAdmitted::UnitNotInService(unit.to_owned()));
    }
    let part = lineage.contains(&launched.terms.unit);
    if part { Ok(()) } else { Err(NotAdmitted::UnitOutsideCampaign(unit.to_owned())) }
}

/// Whether an item takes sessions.
pub fn takes_sessions(item: &item::State, name: &str) -> Result<(), NotAdmitted> {
    was_approved(item, name)?;
    let retired = item.designed().is_some_and(|item| item.phase == item::Phase::Retired);
    if retired { Err(NotAdmitted::ItemRetired(name.to_owned())) } else { Ok(()) }
}

/// Whether an item took sessions ever.
pub fn was_approved(item: &item::State, name: &str) -> Result<(), NotAdmitted> {
    let item = item.designed().ok_or_else(|| NotAdmitted::UnknownItem(name.to_owned()))?;
    if item.was_approved { Ok(()) } else { Err(NotAdmitted::ItemNotApproved(name.to_owned())) }
}

/// Whether an item could meet a need: it was approved ever, and is linked to the need or of its quality.
pub fn answers(item: &item::State, name: &str, need: &NeedIdentified) -> Result<(), NotAdmitted> {
    was_approved(item, name)?;
    let answers = |design: &ItemDesigned| design.needs.contains(&need.need) || design.quality == need.quality;
    let designed = item.designed().filter(|item| answers(&item.design));
    designed.map(drop).ok_or_else(|| NotAdmitted::ItemAnswersAnother(name.to_owned()))
}

/// Days are written YYYY-MM-DD: their order is the order of their text.
fn check_day(launched: &Launched, day: &str) -> Result<(), NotAdmitted> {
    let (first, last) = (launched.terms.start_date.as_str(), launched.terms.end_date.as_str());
    if (first..=last).contains(&day) { Ok(()) } else { Err(NotAdmitted::OutsideCampaign(day.to_owned())) }
}

#[cfg(test)]
mod tests {
    use contract::training::{CampaignConcluded, CampaignLaunched, ItemApproved, ItemRetired, Quality};
    use eventstore::Decider;

    use super::*;

    fn state<D: Decider>(history: impl IntoIterator<Item = D::Event>) -> D::State {
        history.into_iter().fold(D::State::default(), |state, event| D::evolve(state, &event))
    }

    fn launched() -> campaign::Event {
        CampaignLaunched {
            unit: "bureau".to_owned(),
            start_date: "2024-03-01".to_owned(),
            end_date: "2024-11-30".to_owned(),
            ..CampaignLaunched::default()
        }
        .into()
    }

    fn facts() -> Facts {
        let lineage = ["team", "bureau"].map(str::to_owned).to_vec();
        Facts {
            unit: Some(("team".to_owned(), lineage)),
            day: Some("2024-03-01".to_owned()),
            ..Facts::default()
        }
    }

    #[test]
    fn a_campaign_that_runs_admits_what_is_its_own() {
        let running = state::<campaign::Campaign>([launched()]);
        assert_eq!(admit(&running, &facts()), Ok(()));
        let outside = Facts { unit: Some(("team".to_owned(), vec!["team".to_owned()])), ..facts() };
        assert_eq!(admit(&running, &outside), Err(NotAdmitted::UnitOutsideCampaign("team".to_owned())));
        let retired = Facts { unit: Some(("team".to_owned(), vec![])), ..facts() };
        assert_eq!(admit(&running, &retired), Err(NotAdmitted::UnitNotInService("team".to_owned())));
        let guided = Facts { not_in_service: vec!["office".to_owned()], ..facts() };
        assert_eq!(admit(&running, &guided), Err(NotAdmitted::UnitNotInService("office".to_owned())));
        for day in ["2024-02-29", "2024-12-01"] {
            let outside = Facts { day: Some(day.to_owned()), ..facts() };
            assert_eq!(admit(&running, &outside), Err(NotAdmitted::OutsideCampaign(day.to_owned())));
        }
        let left = Facts { off_roster: vec!["o1".to_owned()], ..facts() };
        assert_eq!(admit(&running, &left), Err(NotAdmitted::OfficerNotOnRoster("o1".to_owned())));
    }

    #[test]
    fn a_campaign_that_never_was_or_is_concluded_admits_nothing() {
        let never = campaign::State::default();
        assert_eq!(admit(&never, &facts()), Err(NotAdmitted::UnknownCampaign));
        let concluded = state::<campaign::Campaign>([launched(), CampaignConcluded::default().into()]);
        assert_eq!(admit(&concluded, &facts()), Err(NotAdmitted::CampaignConcluded));
    }

    #[test]
    fn sessions_are_held_of_approved_items_and_corrected_also_when_those_are_retired() {
        let unknown = item::State::default();
        assert_eq!(takes_sessions(&unknown, "i"), Err(NotAdmitted::UnknownItem("i".to_owned())));
        let designed = state::<item::Item>([ItemDesigned::default().into()]);
        assert_eq!(takes_sessions(&designed, "i"), Err(NotAdmitted::ItemNotApproved("i".to_owned())));
        let history = [ItemDesigned::default().into(), ItemApproved::default().into()];
        let approved = state::<item::Item>(history.clone());
        assert_eq!(takes_sessions(&approved, "i"), Ok(()));
        let retired = state::<item::Item>(history.into_iter().chain([ItemRetired::default().into()]));
        assert_eq!(takes_sessions(&retired, "i"), Err(NotAdmitted::ItemRetired("i".to_owned())));
        assert_eq!(was_approved(&retired, "i"), Ok(()));
    }

    #[test]
    fn an_item_meets_a_need_that_it_is_linked_to_or_shares_the_quality_of() {
        let need = |quality: Quality| NeedIdentified {
            need: "n".to_owned(),
            quality: quality.into(),
            ..NeedIdentified::default()
        };
        let item = |needs: &[&str]| {
            let needs = needs.iter().map(|need| (*need).to_owned()).collect();
            let quality = Quality::Combat.into();
            let designed = ItemDesigned { needs, quality, ..ItemDesigned::default() };
            state::<item::Item>([designed.into(), ItemApproved::default().into()])
        };
        let another = Err(NotAdmitted::ItemAnswersAnother("i".to_owned()));
        assert_eq!(answers(&item(&[]), "i", &need(Quality::Combat)), Ok(()));
        assert_eq!(answers(&item(&["n"]), "i", &need(Quality::Political)), Ok(()));
        assert_eq!(answers(&item(&["m"]), "i", &need(Quality::Political)), another);
        let designed = state::<item::Item>([ItemDesigned::default().into()]);
        let unapproved = Err(NotAdmitted::ItemNotApproved("i".to_owned()));
        assert_eq!(answers(&designed, "i", &need(Quality::Combat)), unapproved);
    }
}
