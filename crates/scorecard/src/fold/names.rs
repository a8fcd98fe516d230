//! Resource names taken apart without a copy. Whoever recorded the event has checked them; what does not fit
//! is a poison event.

/// The ids in `jurisdictions/{j}/{collection}/{id}`.
pub(crate) fn ids<'a>(collection: &str, name: &'a str) -> Result<(&'a str, &'a str), String> {
    let rest = name.strip_prefix("jurisdictions/").and_then(|rest| rest.split_once('/'));
    let found = rest.and_then(|(jurisdiction, rest)| {
        let id = rest.strip_prefix(collection)?.strip_prefix('/')?;
        Some((jurisdiction, id))
    });
    let found = found.filter(|(jurisdiction, id)| !jurisdiction.is_empty() && is_id(id));
    found.ok_or_else(|| format!("`{name}` is not the name of one of the {collection}"))
}

/// The id in `jurisdictions/{j}/{collection}/{id}`, which must be of this jurisdiction.
pub(crate) fn id_in<'a>(jurisdiction: &str, collection: &str, name: &'a str) -> Result<&'a str, String> {
    let rest = name.strip_prefix("jurisdictions/").and_then(|rest| rest.strip_prefix(jurisdiction));
    let rest = rest.and_then(|rest| rest.strip_prefix('/')?.strip_prefix(collection)?.strip_prefix('/'));
    let found = rest.filter(|id| is_id(id));
    found.ok_or_else(|| format!("`{name}` is not the name of one of the {collection} of {jurisdiction}"))
}

/// As [`id_in`], but an empty name is of nothing.
pub(crate) fn optional_id_in<'a>(
    jurisdiction: &str,
    collection: &str,
    name: &'a str,
) -> Result<Option<&'a str>, String> {
    if name.is_empty() { Ok(None) } else { id_in(jurisdiction, collection, name).map(Some) }
}

/// A key of ids: joined by `/`.
pub(crate) fn key(ids: &[&str]) -> String {
    ids.join("/")
}

/// A key's first id and what follows it.
pub(crate) fn first(key: &str) -> (&str, &str) {
    key.split_once('/').unwrap_or((key, ""))
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && !text.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_apart_into_ids() {
        assert_eq!(ids("cycles", "jurisdictions/city/cycles/2024"), Ok(("city", "2024")));
        assert_eq!(id_in("city", "units", "jurisdictions/city/units/u1"), Ok("u1"));
        assert_eq!(optional_id_in("city", "units", ""), Ok(None));
    }

    #[test]
    fn a_name_of_something_else_is_refused() {
        for bad in ["", "jurisdictions/city", "jurisdictions/city/units/u", "jurisdictions/city/cycles/"] {
            assert!(ids("cycles", bad).is_err(), "{bad}");
        }
        for bad in
            ["jurisdictions/town/units/u", "jurisdictions/city/units/u/x", "jurisdictions/city2/units/u"]
        {
            assert!(id_in("city", "units", bad).is_err(), "{bad}");
        }
    }
}
