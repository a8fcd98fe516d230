//! The unit register and the schemes.

use contract::descriptors;
use contract::evaluation::{
    SchemeDrafted, SchemePublished, UnitMoved, UnitRegistered, UnitRenamed, UnitRetired,
};
use contract::words::SchemeRules;
use prost::{Message as _, Name as _};
use prost_reflect::DynamicMessage;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::fold::facts::Facts;
use crate::fold::names::{self, first, ids, key, optional_id_in};
use crate::fold::tally::{self, Counted, Step, Tallies};

/// A unit of the register.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Unit {
    /// For people.
    pub(crate) title: String,
    parent: Option<String>,
    retired: bool,
}

/// A version of a scheme.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SchemeVersion {
    /// The whole of it.
    #[serde(serialize_with = "write_rules", deserialize_with = "read_rules")]
    pub(crate) rules: SchemeRules,
    published: bool,
}

impl Counted for Unit {
    fn count(&self, key: &str, tallies: &mut Tallies, step: Step) {
        let (jurisdiction, _) = first(key);
        if let Some(parent) = &self.parent {
            tallies.set_below(names::key(&[jurisdiction, parent]), key, step);
        }
    }
}

pub(super) fn register(facts: &mut Facts, event: UnitRegistered) -> Result<(), String> {
    let (jurisdiction, id) = ids("units", &event.unit)?;
    let parent = optional_id_in(jurisdiction, "units", &event.parent)?.map(str::to_owned);
    let key = key(&[jurisdiction, id]);
    let unit = Unit { title: event.title, parent, retired: false };
    tally::put(&mut facts.unit, &mut facts.tallies, key, unit);
    Ok(())
}

pub(super) fn rename(facts: &mut Facts, event: UnitRenamed) -> Result<(), String> {
    change(facts, &event.unit, |unit| unit.title = event.title)
}

pub(super) fn move_unit(facts: &mut Facts, event: &UnitMoved) -> Result<(), String> {
    let (jurisdiction, _) = ids("units", &event.unit)?;
    let parent = optional_id_in(jurisdiction, "units", &event.parent)?.map(str::to_owned);
    change(facts, &event.unit, |unit| unit.parent = parent)
}

pub(super) fn retire(facts: &mut Facts, event: &UnitRetired) -> Result<(), String> {
    change(facts, &event.unit, |unit| unit.retired = true)
}

fn change(facts: &mut Facts, name: &str, change: impl FnOnce(&mut Unit)) -> Result<(), String> {
    let (jurisdiction, unit) = ids("units", name)?;
    let key = key(&[jurisdiction, unit]);
    let known = tally::change(&mut facts.unit, &mut facts.tallies, &key, change);
    if known { Ok(()) } else { Err(format!("{name} is not in the register")) }
}

pub(super) fn draft(facts: &mut Facts, event: SchemeDrafted) -> Result<(), String> {
    let key = version_key(&event.scheme, event.scheme_version)?;
    if facts.scheme.get(&key).is_some_and(|version| version.published) {
        return Err("a published version was drafted again".to_owned());
    }
    let rules = event.rules.unwrap_or_default();
    facts.scheme.put(key, SchemeVersion { rules, published: false });
    Ok(())
}

pub(super) fn publish(facts: &mut Facts, event: &SchemePublished) -> Result<(), String> {
    let key = version_key(&event.scheme, event.scheme_version)?;
    let version = facts.scheme.edit(&key).ok_or("a version was published that was never drafted")?;
    version.published = true;
    Ok(())
}

/// The versions sort by number in their keys.
fn version_key(scheme: &str, scheme_version: u32) -> Result<String, String> {
    let (jurisdiction, scheme) = ids("schemes", scheme)?;
    Ok(key(&[jurisdiction, scheme, &format!("{scheme_version:010}")]))
}

impl Facts {
    /// A version of a scheme, published or draft, by the scheme's resource name; 0: the last.
    pub(crate) fn scheme_version(&self, scheme: &str, scheme_version: u32) -> Option<(u32, &SchemeRules)> {
        if scheme_version > 0 {
            let key = version_key(scheme, scheme_version).ok()?;
            return Some((scheme_version, &self.scheme.get(&key)?.rules));
        }
        let (jurisdiction, id) = ids("schemes", scheme).ok()?;
        let (number, version) = self.scheme.below(&key(&[jurisdiction, id])).last()?;
        Some((number.parse().ok()?, &version.rules))
    }

    /// A unit and those above it, the nearest first.
    pub(crate) fn lineage<'a>(
        &'a self,
        jurisdiction: &'a str,
        unit: &'a str,
    ) -> impl Iterator<Item = &'a str> {
        let above = move |unit: &&str| self.unit.get(&key(&[jurisdiction, unit]))?.parent.as_deref();
        std::iter::successors(Some(unit), above)
    }

    /// A unit's title; its id where the register does not have it.
    pub(crate) fn title(&self, jurisdiction: &str, unit: &str) -> String {
        let known = self.unit.get(&key(&[jurisdiction, unit]));
        known.map_or_else(|| unit.to_owned(), |known| known.title.clone())
    }
}

fn write_rules<S: Serializer>(rules: &SchemeRules, serializer: S) -> Result<S::Ok, S::Error> {
    let shown = descriptors::decode(&SchemeRules::full_name(), &rules.encode_to_vec());
    shown.ok_or_else(|| ser::Error::custom("not a scheme"))?.serialize(serializer)
}

fn read_rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SchemeRules, D::Error> {
    let descriptor = descriptors::POOL.get_message_by_name(&SchemeRules::full_name());
    let descriptor = descriptor.ok_or_else(|| de::Error::custom("the contract has no schemes"))?;
    DynamicMessage::deserialize(descriptor, deserializer)?.transcode_to().map_err(de::Error::custom)
}
