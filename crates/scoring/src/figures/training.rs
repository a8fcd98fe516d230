//! The figures of training 练兵, each with its one definition: `docs/training.md` tells them in words.
//!
//! [`Training`] folds the events of training and the unit tree of evaluation, the two logs in any order
//! between them, and keeps counters per campaign and unit that every event moves both ways: a figure of a
//! subtree is a sum over its units. There is no clock in it: as no change of the roster lies in the future,
//! the roster at a cutoff that is still to come is today's.
//!
//! | what | file |
//! |---|---|
//! | names as numbers | `names.rs` |
//! | the tree of units | `units.rs` |
//! | who was where on which day | `roster.rs` |
//! | which assessment counts | `assessments.rs` |
//! | counters of a campaign | `campaign.rs` |
//! | which event changes what | `city.rs` |
//! | from counters to figures | `sums.rs` |
//! | who has to move next, and by when | `duties.rs` |
//! | officers, units and sessions behind the figures | `lists.rs` |

use std::collections::BTreeMap;

use contract::evaluation::{UnitMoved, UnitRegistered, UnitRetired};
use contract::training::*;
use jiff::civil::Date;

use self::campaign::{Campaign, Terms};
use self::city::{City, last};
use self::names::Id;
use crate::indices;

mod assessments;
mod campaign;
mod city;
mod duties;
mod lists;
mod names;
mod roster;
mod sums;
mod units;

pub use duties::Duty;
pub use lists::{AssessmentSummary, Attendance, OfficerFilter, OfficerPlace, SessionSummary, Standing};
pub use sums::{Figures, HoursSpread, Share, Trained};

macro_rules! facts {
    ($($message:ident),+ $(,)?) => {
        /// The events that the figures come from.
        #[derive(Debug, Clone, PartialEq)]
        #[expect(missing_docs, reason = "each variant is the contract's message of that name")]
        pub enum Fact { $($message($message)),+ }

        impl Fact {
            /// What an event tells; none: the figures do not come from it.
            pub fn decode(event_type: &str, payload: &[u8]) -> Result<Option<Self>, prost::DecodeError> {
                $(if is_named::<$message>(event_type) {
                    return <$message as prost::Message>::decode(payload).map(|message| Some(message.into()));
                })+
                Ok(None)
            }
        }

        $(impl From<$message> for Fact {
            fn from(message: $message) -> Self {
                Self::$message(message)
            }
        })+
    };
}

fn is_named<M: prost::Name>(event_type: &str) -> bool {
    // Most others are told apart by their length.
    event_type.len() == M::PACKAGE.len() + 1 + M::NAME.len()
        && event_type.strip_suffix(M::NAME).and_then(|rest| rest.strip_suffix('.')) == Some(M::PACKAGE)
}

facts! {
    UnitRegistered, UnitMoved, UnitRetired,
    OfficerEnrolled, OfficerTransferred, PostLevelChanged, OfficerLeft,
    CampaignLaunched, AcceptanceMethodIssued, CampaignConcluded,
    PlanFiled, PlanReturned, PlanApproved, UnitStalled, UnitResumed,
    ItemDesigned, SessionHeld, SessionCorrected, SessionVoided,
    AssessmentRecorded, AssessmentCorrected, NeedIdentified, NeedMet,
}

impl Fact {
    /// Resource name of the thing that it is about.
    fn name(&self) -> &str {
        match self {
            Self::UnitRegistered(UnitRegistered { unit, .. })
            | Self::UnitMoved(UnitMoved { unit, .. })
            | Self::UnitRetired(UnitRetired { unit, .. }) => unit,
            Self::OfficerEnrolled(OfficerEnrolled { officer, .. })
            | Self::OfficerTransferred(OfficerTransferred { officer, .. })
            | Self::PostLevelChanged(PostLevelChanged { officer, .. })
            | Self::OfficerLeft(OfficerLeft { officer, .. }) => officer,
            Self::CampaignLaunched(CampaignLaunched { campaign, .. })
            | Self::AcceptanceMethodIssued(AcceptanceMethodIssued { campaign, .. })
            | Self::CampaignConcluded(CampaignConcluded { campaign, .. })
            | Self::PlanFiled(PlanFiled { campaign, .. })
            | Self::PlanReturned(PlanReturned { campaign, .. })
            | Self::PlanApproved(PlanApproved { campaign, .. })
            | Self::UnitStalled(UnitStalled { campaign, .. })
            | Self::UnitResumed(UnitResumed { campaign, .. }) => campaign,
            Self::ItemDesigned(ItemDesigned { item, .. }) => item,
            Self::SessionHeld(SessionHeld { session, .. })
            | Self::SessionCorrected(SessionCorrected { session, .. })
            | Self::SessionVoided(SessionVoided { session, .. }) => session,
            Self::AssessmentRecorded(AssessmentRecorded { assessment, .. })
            | Self::AssessmentCorrected(AssessmentCorrected { assessment, .. }) => assessment,
            Self::NeedIdentified(NeedIdentified { need, .. }) | Self::NeedMet(NeedMet { need, .. }) => need,
        }
    }
}

/// Everything that figures of training come from, of all jurisdictions, by full resource names.
#[derive(Debug, Default)]
pub struct Training {
    cities: BTreeMap<String, City>,
}

/// Which units a figure counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope<'a> {
    /// Resource name of the unit; empty: the campaign's.
    pub unit: &'a str,
    /// Whether the units below count too.
    pub with_subtree: bool,
    /// Only units of this police speciality; empty: all.
    pub speciality: &'a str,
}

impl Training {
    /// Folds an event of the log of training or evaluation; what it has no use for changes nothing. The error
    /// says why the event cannot be folded: go no further then, a hole is worse.
    pub fn apply(&mut self, event_type: &str, payload: &[u8]) -> Result<(), String> {
        match Fact::decode(event_type, payload) {
            Ok(Some(fact)) => self.fold(&fact),
            Ok(None) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Folds a fact.
    pub fn fold(&mut self, fact: &Fact) -> Result<(), String> {
        let name = fact.name();
        let parts = parts(name).ok_or_else(|| format!("`{name}` is no resource name"))?;
        if !self.cities.contains_key(parts.jurisdiction) {
            self.cities.insert(parts.jurisdiction.to_owned(), City::default());
        }
        let city = self.cities.get_mut(parts.jurisdiction);
        city.map_or(Ok(()), |city| city.fold(parts.id, fact))
    }

    /// How a unit trains in a campaign; none: it was not launched.
    pub fn figures(&self, campaign: &str, scope: &Scope<'_>) -> Option<Figures> {
        let found = self.find(campaign)?;
        Some(found.figures(&found.counted(scope)))
    }

    /// The counts behind a unit's training index (scoring.md §5) in a cycle with these days; a unit counts its
    /// whole subtree. None: no campaign of the cycle has the unit take part.
    pub fn index(&self, unit: &str, first_day: Date, last_day: Date) -> Option<indices::TrainingFigures> {
        let campaign = self.campaign_of(unit, first_day, last_day)?;
        let scope = Scope { unit, with_subtree: true, speciality: "" };
        self.figures(&campaign, &scope).map(|figures| figures.index())
    }

    /// The campaign that counts for a unit in a cycle with these days: its cutoff is one of them, and the unit
    /// lies within the campaign's or above it. Of several that with the latest cutoff, then the last by name.
    pub fn campaign_of(&self, unit: &str, first_day: Date, last_day: Date) -> Option<String> {
        let Parts { jurisdiction, id, .. } = parts(unit)?;
        let city = self.cities.get(jurisdiction)?;
        let unit = city.units.names.find(id)?;
        let counts = |(id, campaign): (Id, &Campaign)| {
            let Terms { cutoff, unit: whole, .. } = campaign.terms?;
            let part = city.units.is_within(unit, whole) || city.units.is_within(whole, unit);
            let within = (first_day..=last_day).contains(&cutoff);
            (part && within).then(|| (cutoff, city.campaign_names.name(id)))
        };
        let (_, campaign) = city.campaigns.iter().filter_map(counts).max()?;
        Some(format!("jurisdictions/{jurisdiction}/campaigns/{campaign}"))
    }

    /// How many bytes it holds, without what the map of jurisdictions and units takes.
    pub fn bytes(&self) -> usize {
        self.cities.values().map(City::bytes).sum()
    }

    fn city(&self, jurisdiction: &str) -> Option<&City> {
        self.cities.get(jurisdiction)
    }

    fn find(&self, campaign: &str) -> Option<Found<'_>> {
        let Parts { jurisdiction, id, .. } = parts(campaign)?;
        let (jurisdiction, city) = self.cities.get_key_value(jurisdiction)?;
        let campaign = city.campaigns.get(city.campaign_names.find(id)?)?;
        Some(Found { jurisdiction, city, campaign, terms: campaign.terms? })
    }
}

/// A launched campaign in its city.
#[derive(Clone, Copy)]
struct Found<'a> {
    jurisdiction: &'a str,
    city: &'a City,
    campaign: &'a Campaign,
    terms: Terms,
}

impl Found<'_> {
    /// The units that a scope counts: those of the campaign alone.
    fn counted(&self, scope: &Scope<'_>) -> Vec<Counted> {
        let Some(top) = self.top(scope) else { return vec![] };
        let units = &self.city.units;
        let tree = units.subtree(top);
        let wanted = if scope.with_subtree { tree.len() } else { 1 };
        let counted = tree.iter().zip(self.taking_part(&tree)).take(wanted);
        counted
            .filter(|(branch, _)| units.has_speciality(branch.unit, scope.speciality))
            .map(|(branch, takes_part)| Counted { unit: branch.unit, takes_part })
            .collect()
    }

    /// The unit of the campaign at the top of a scope; none: no unit of the campaign is counted.
    fn top(&self, scope: &Scope<'_>) -> Option<Id> {
        let (units, whole) = (&self.city.units, self.terms.unit);
        let unit = if scope.unit.is_empty() { whole } else { units.names.find(last(scope.unit))? };
        if units.is_within(unit, whole) {
            return Some(unit);
        }
        (scope.with_subtree && units.is_within(whole, unit)).then_some(whole)
    }

    fn unit_name(&self, unit: Id) -> String {
        format!("jurisdictions/{}/units/{}", self.jurisdiction, self.city.units.names.name(unit))
    }
}

/// A unit that is counted, and whether it takes part (see `duties.rs`).
struct Counted {
    unit: Id,
    takes_part: bool,
}

struct Parts<'a> {
    jurisdiction: &'a str,
    /// What follows the collection.
    id: &'a str,
}

/// Jurisdiction and id of a resource name.
fn parts(name: &str) -> Option<Parts<'_>> {
    let (jurisdiction, rest) = name.strip_prefix("jurisdictions/")?.split_once('/')?;
    Some(Parts { jurisdiction, id: rest.split_once('/')?.1 })
}
