//! Consistency tokens: «what I read must contain this much of each log».
//!
//! On the wire `evaluation:123`, several joined by commas. Clients treat it as opaque, except that they may
//! join tokens with a comma.

use std::collections::BTreeMap;

use crate::field::BadField;

/// The services that have a log, in alphabetical order.
pub const SERVICES: [&str; 4] = ["accountability", "complaints", "evaluation", "training"];

/// Token for what `service` wrote up to `position`.
pub fn write(service: &str, position: u64) -> String {
    format!("{service}:{position}")
}

/// Position per service that a reader must have reached; an empty token asks for nothing.
pub fn parse(token: &str) -> Result<BTreeMap<&'static str, u64>, BadField> {
    let bad = || BadField::new("consistency_token", "must be a token as a command answered it");
    let mut positions = BTreeMap::new();
    if token.is_empty() {
        return Ok(positions);
    }
    for part in token.split(',') {
        let (service, position) = part.split_once(':').ok_or_else(bad)?;
        let service = SERVICES.into_iter().find(|known| *known == service).ok_or_else(bad)?;
        let position = position.parse::<u64>().map_err(|_| bad())?;
        let wanted = positions.entry(service).or_insert(0);
        *wanted = position.max(*wanted);
    }
    Ok(positions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_tokens_ask_for_the_most_of_each_service() {
        let token = [write("evaluation", 7), write("training", 2), write("evaluation", 5)].join(",");
        assert_eq!(parse(&token).unwrap(), BTreeMap::from([("evaluation", 7), ("training", 2)]));
        assert!(parse("").unwrap().is_empty());
    }

    #[test]
    fn a_token_of_another_make_is_refused() {
        for bad in ["x", "evaluation", "evaluation:", "evaluation:-1", "scorecard:1", ",", "evaluation:1;"] {
            assert_eq!(parse(bad).unwrap_err().field(), "consistency_token", "{bad}");
        }
    }
}
