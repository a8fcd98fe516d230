//! Resource names: `jurisdictions/{j}/units/{u}` and the like, parsed once at the rim.

use std::fmt;

use crate::field::{self, BadField};

macro_rules! resource_names {
    ($($(#[$doc:meta])* $name:ident { $($collection:literal / $id:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name {
            $(#[doc = concat!("The id under `", $collection, "/`.")] pub $id: String,)+
        }

        impl $name {
            /// Parses a resource name; the error names `field`.
            pub fn parse(field: &'static str, value: &str) -> Result<Self, BadField> {
                let wanted = concat!($("/", $collection, "/{", stringify!($id), "}"),+);
                let bad = || BadField::new(field, format!("must be a name like `{}`", &wanted[1..]));
                let mut parts = value.split('/');
                $(
                    if parts.next() != Some($collection) {
                        return Err(bad());
                    }
                    let $id = field::id(field, parts.next().ok_or_else(bad)?)?;
                )+
                if parts.next().is_some() {
                    return Err(bad());
                }
                Ok(Self { $($id),+ })
            }

            /// As [`Self::parse`], but an empty value is `None`.
            pub fn parse_optional(field: &'static str, value: &str) -> Result<Option<Self>, BadField> {
                if value.is_empty() { Ok(None) } else { Self::parse(field, value).map(Some) }
            }

            /// The ids alone, joined by `/`: what follows the category in a stream's name.
            pub fn key(&self) -> String {
                [$(self.$id.as_str()),+].join("/")
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = [$(concat!($collection, "/"), self.$id.as_str()),+];
                for (i, part) in text.iter().enumerate() {
                    if i > 0 && i % 2 == 0 {
                        f.write_str("/")?;
                    }
                    f.write_str(part)?;
                }
                Ok(())
            }
        }
    )+};
}

resource_names! {
    /// A jurisdiction: a city whose organs are held to account.
    JurisdictionName { "jurisdictions" / jurisdiction }
    /// A unit of the register.
    UnitName { "jurisdictions" / jurisdiction, "units" / unit }
    /// A scheme with all its versions.
    SchemeName { "jurisdictions" / jurisdiction, "schemes" / scheme }
    /// An appraisal cycle.
    CycleName { "jurisdictions" / jurisdiction, "cycles" / cycle }
    /// A survey of a cycle's component.
    SurveyName { "jurisdictions" / jurisdiction, "cycles" / cycle, "surveys" / component }
    /// A panel of a cycle's component.
    PanelName { "jurisdictions" / jurisdiction, "cycles" / cycle, "panels" / component }
    /// An entry of a unit's daily assessment or ledger.
    EntryName { "jurisdictions" / jurisdiction, "cycles" / cycle, "units" / unit, "entries" / entry }
    /// A unit's scorecard in a cycle.
    ScorecardName { "jurisdictions" / jurisdiction, "cycles" / cycle, "scorecards" / unit }
    /// A measure promised to the public.
    CommitmentName { "jurisdictions" / jurisdiction, "commitments" / commitment }
    /// An officer.
    OfficerName { "jurisdictions" / jurisdiction, "officers" / officer }
    /// A training campaign.
    CampaignName { "jurisdictions" / jurisdiction, "campaigns" / campaign }
    /// An item of a campaign.
    ItemName { "jurisdictions" / jurisdiction, "campaigns" / campaign, "items" / item }
    /// A session of a campaign.
    SessionName { "jurisdictions" / jurisdiction, "campaigns" / campaign, "sessions" / session }
    /// An officer's assessment.
    AssessmentName { "jurisdictions" / jurisdiction, "officers" / officer, "assessments" / assessment }
    /// An operational need.
    NeedName { "jurisdictions" / jurisdiction, "needs" / need }
    /// A complaint.
    ComplaintName { "jurisdictions" / jurisdiction, "complaints" / complaint }
    /// An accountability case.
    CaseName { "jurisdictions" / jurisdiction, "cases" / case }
}

impl ScorecardName {
    /// The cycle it belongs to.
    pub fn cycle(&self) -> CycleName {
        CycleName { jurisdiction: self.jurisdiction.clone(), cycle: self.cycle.clone() }
    }

    /// The unit it is of.
    pub fn unit(&self) -> UnitName {
        UnitName { jurisdiction: self.jurisdiction.clone(), unit: self.unit.clone() }
    }
}

impl ItemName {
    /// The campaign it belongs to.
    pub fn campaign(&self) -> CampaignName {
        CampaignName { jurisdiction: self.jurisdiction.clone(), campaign: self.campaign.clone() }
    }
}

impl SessionName {
    /// The campaign it belongs to.
    pub fn campaign(&self) -> CampaignName {
        CampaignName { jurisdiction: self.jurisdiction.clone(), campaign: self.campaign.clone() }
    }
}

impl AssessmentName {
    /// The officer it is of.
    pub fn officer(&self) -> OfficerName {
        OfficerName { jurisdiction: self.jurisdiction.clone(), officer: self.officer.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_as_it_is_written() {
        let name =
            SurveyName::parse("name", "jurisdictions/city/cycles/2024/surveys/open-appraisal").unwrap();
        assert_eq!(name.to_string(), "jurisdictions/city/cycles/2024/surveys/open-appraisal");
        assert_eq!(name.key(), "city/2024/open-appraisal");
    }

    #[test]
    fn a_name_of_something_else_is_refused_with_the_field_and_the_shape() {
        for bad in [
            "",
            "city",
            "jurisdictions/city",
            "jurisdictions/City/units/u",
            "jurisdictions/c/units/u/x",
            "jurisdictions//units/u",
        ] {
            let error = UnitName::parse("unit", bad).unwrap_err();
            assert_eq!(error.field(), "unit", "{bad}");
        }
        let error = UnitName::parse("unit", "units/u").unwrap_err();
        assert!(error.to_string().contains("jurisdictions/{jurisdiction}/units/{unit}"), "{error}");
    }
}
