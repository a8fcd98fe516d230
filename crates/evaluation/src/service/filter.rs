//! What the filters of lists have in common.

use contract::field::{self, BadField};

/// From a day to a day, each as written YYYY-MM-DD; empty: open on that side.
pub(super) struct Days<'a> {
    from: &'a str,
    until: &'a str,
}

impl<'a> Days<'a> {
    /// Parses both ends; the error names the field.
    pub(super) fn parse(
        from_field: &'static str,
        from: &'a str,
        until_field: &'static str,
        until: &'a str,
    ) -> Result<Self, BadField> {
        for (field, day) in [(from_field, from), (until_field, until)] {
            if !day.is_empty() {
                field::date(field, day)?;
            }
        }
        Ok(Self { from, until })
    }

    /// Whether `day` is one of them; a thing without a day is, unless an end is given.
    pub(super) fn contain(&self, day: &str) -> bool {
        if day.is_empty() {
            return self.from.is_empty() && self.until.is_empty();
        }
        // Their order is the order of their text.
        day >= self.from && (self.until.is_empty() || day <= self.until)
    }
}

/// Refuses a number that the enumeration does not have.
pub(super) fn known<E: TryFrom<i32>>(field: &'static str, value: i32) -> Result<(), BadField> {
    E::try_from(value).map(drop).map_err(|_| BadField::new(field, "is not a known value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_the_first_to_the_last() {
        let june = Days::parse("from", "2025-06-01", "until", "2025-06-30").unwrap();
        assert!(june.contain("2025-06-01") && june.contain("2025-06-30"));
        assert!(!june.contain("2025-05-31") && !june.contain("2025-07-01") && !june.contain(""));
        let any = Days::parse("from", "", "until", "").unwrap();
        assert!(any.contain("2025-06-01") && any.contain(""));
        assert_eq!(Days::parse("from", "", "until", "June").err().unwrap().field(), "until");
    }
}
