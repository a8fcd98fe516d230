//! In which fields two messages differ, for people to read.

use serde_json::Value;

use super::exact::{Q, parse};

/// Fields whose last place floating point may move.
const APPROXIMATE: [&str; 2] = ["interval_low", "interval_high"];

/// Each field that differs, with what is served and what was recomputed.
pub(crate) fn differences(path: &str, served: &Value, recomputed: &Value, found: &mut Vec<String>) {
    match (served, recomputed) {
        (Value::Object(one), Value::Object(other)) => {
            let mut fields: Vec<_> = one.keys().chain(other.keys()).collect();
            fields.sort_unstable();
            fields.dedup();
            for field in fields {
                let of = |fields: &serde_json::Map<String, Value>| {
                    fields.get(field).cloned().unwrap_or(Value::Null)
                };
                differences(&format!("{path}.{field}"), &of(one), &of(other), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (at, (one, other)) in one.iter().zip(other).enumerate() {
                differences(&format!("{path}[{at}]"), one, other, found);
            }
        }
        _ if same(path, served, recomputed) => {}
        _ => found.push(format!("{path}: served {served}, recomputed {recomputed}")),
    }
}

fn same(path: &str, served: &Value, recomputed: &Value) -> bool {
    if served == recomputed {
        return true;
    }
    let numbers = (served.as_str().and_then(parse), recomputed.as_str().and_then(parse));
    let (Some(served), Some(recomputed)) = numbers else { return false };
    let apart = i32::from(APPROXIMATE.iter().any(|field| path.ends_with(field)));
    let apart = Q::new(apart.into(), 100.into());
    served.clone() - recomputed.clone() <= apart && recomputed - served <= apart
}
