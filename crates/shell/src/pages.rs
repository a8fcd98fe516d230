//! Pages of a list that is sorted by a text key: the token is the last key of the page before.

use contract::field::{self, BadField};

/// At most so many items in a page.
pub const PAGE_SIZE_MAX: usize = 1000;

/// The page of `items` (sorted by key) after `page_token`, and the token of the next page; empty: it is the
/// last.
pub fn page<T>(
    items: impl Iterator<Item = (String, T)>,
    page_size: u32,
    page_token: &str,
) -> Result<(Vec<T>, String), BadField> {
    let after = if page_token.is_empty() {
        None
    } else {
        let key = page_token.strip_prefix("after:");
        Some(
            key.ok_or_else(|| BadField::new("page_token", "must be a token as the page before answered it"))?,
        )
    };
    let page_size = field::page_size(page_size, PAGE_SIZE_MAX);
    let mut rest = items.skip_while(|(key, _)| after.is_some_and(|after| key.as_str() <= after));
    let mut page = Vec::new();
    let mut last = String::new();
    for (key, item) in rest.by_ref().take(page_size) {
        page.push(item);
        last = key;
    }
    let next = if rest.next().is_some() { format!("after:{last}") } else { String::new() };
    Ok((page, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters() -> impl Iterator<Item = (String, char)> {
        ('a'..='e').map(|letter| (letter.to_string(), letter))
    }

    #[test]
    fn pages_follow_one_another_without_gap_or_overlap() {
        let (first, token) = page(letters(), 2, "").unwrap();
        let (second, token) = page(letters(), 2, &token).unwrap();
        let (third, end) = page(letters(), 2, &token).unwrap();
        assert_eq!([first, second, third].concat(), ['a', 'b', 'c', 'd', 'e']);
        assert_eq!(end, "");
    }

    #[test]
    fn a_token_of_another_make_is_refused() {
        assert_eq!(page(letters(), 2, "2").unwrap_err().field(), "page_token");
    }
}
