//! Schemes as TOML files: the fields of `mingjing.type.v1.SchemeRules`, decimals as strings.

use contract::descriptors;
use contract::words::SchemeRules;
use prost::Message as _;
use prost::Name as _;
use prost_reflect::DynamicMessage;

/// Why a file is not a scheme at all. (What is wrong *in* a scheme are `scoring::Fault`s.)
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

/// Reads a scheme; an unknown key, a wrong type or bad syntax is an error with its line.
pub fn parse(text: &str) -> Result<SchemeRules, Unreadable> {
    let unreadable = |error: toml::de::Error| Unreadable(error.to_string());
    let deserializer = toml::de::Deserializer::parse(text).map_err(unreadable)?;
    let descriptor = descriptors::POOL
        .get_message_by_name(&SchemeRules::full_name())
        .ok_or_else(|| Unreadable("the contract has no schemes".to_owned()))?;
    let message = DynamicMessage::deserialize(descriptor, deserializer).map_err(unreadable)?;
    SchemeRules::decode(message.encode_to_vec().as_slice()).map_err(|error| Unreadable(error.to_string()))
}
