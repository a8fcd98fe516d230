//! A form's answers, read where they lie: most events of a year are forms, and what a message of its own would copy
//! is read once.

use std::fmt::Display;

use contract::evaluation::FormAnswer;
use prost::Message as _;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// A `FormAnswered`, borrowed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Form<'a> {
    pub(crate) cycle: &'a str,
    pub(crate) component_id: &'a str,
    pub(crate) stratum_id: &'a str,
    /// Unit and level of each answer.
    pub(crate) answers: Vec<(&'a str, &'a str)>,
}

impl<'a> Form<'a> {
    /// As the message of that name is decoded.
    pub(crate) fn decode(payload: &'a [u8]) -> Result<Self, String> {
        // Most of a form is answers of some fifty bytes.
        let mut form = Form { answers: Vec::with_capacity(payload.len() / 32), ..Form::default() };
        fields(payload, 4, |tag, bytes| {
            match tag {
                1 => form.cycle = text(bytes)?,
                2 => form.component_id = text(bytes)?,
                3 => form.stratum_id = text(bytes)?,
                4 => form.answers.push(answer(bytes)?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(form)
    }
}

/// Looks for forms about a unit. Most of a form is answers about others, which are passed over.
pub(crate) struct About<'a> {
    cycle: &'a str,
    /// How an answer about the unit begins.
    answer: Vec<u8>,
}

impl<'a> About<'a> {
    /// Looks for those of a cycle about a unit, both by resource name.
    pub(crate) fn new(cycle: &'a str, unit: &str) -> Self {
        let answer = FormAnswer { unit: unit.to_owned(), level_id: String::new() };
        Self { cycle, answer: answer.encode_to_vec() }
    }

    /// Component and stratum of a form that is about the unit; none: it is not.
    pub(crate) fn read<'p>(&self, payload: &'p [u8]) -> Result<Option<(&'p str, &'p str)>, String> {
        let (mut form, mut found) = (Form::default(), false);
        fields(payload, 4, |tag, bytes| {
            match tag {
                1 => form.cycle = text(bytes)?,
                2 => form.component_id = text(bytes)?,
                3 => form.stratum_id = text(bytes)?,
                4 => found |= bytes.starts_with(&self.answer),
                _ => {}
            }
            Ok(())
        })?;
        Ok((found && form.cycle == self.cycle).then_some((form.component_id, form.stratum_id)))
    }
}

fn answer(bytes: &[u8]) -> Result<(&str, &str), String> {
    let (mut unit, mut level) = ("", "");
    fields(bytes, 2, |tag, bytes| {
        match tag {
            1 => unit = text(bytes)?,
            2 => level = text(bytes)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((unit, level))
}

/// Gives each field to `take`. Of a message of texts and messages only: fields up to `known`; a later one may be of
/// any kind.
fn fields<'a>(
    mut rest: &'a [u8],
    known: u32,
    mut take: impl FnMut(u32, &'a [u8]) -> Result<(), String>,
) -> Result<(), String> {
    while !rest.is_empty() {
        let (tag, wire_type) = decode_key(&mut rest).map_err(|error| told(&error))?;
        if tag > known {
            skip_field(wire_type, tag, &mut rest, DecodeContext::default()).map_err(|error| told(&error))?;
            continue;
        }
        if wire_type != WireType::LengthDelimited {
            return Err(told(&"a field is of another kind"));
        }
        let length = usize::try_from(decode_varint(&mut rest).map_err(|error| told(&error))?).ok();
        let split = length.and_then(|length| rest.split_at_checked(length));
        let (bytes, after) = split.ok_or_else(|| told(&"a field is cut short"))?;
        rest = after;
        take(tag, bytes)?;
    }
    Ok(())
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    str::from_utf8(bytes).map_err(|error| told(&error))
}

fn told(what: &impl Display) -> String {
    format!("the form cannot be read: {what}")
}

#[cfg(test)]
mod tests {
    use contract::evaluation::FormAnswered;
    use proptest::prelude::*;

    use super::*;

    fn borrowed(form: &FormAnswered) -> Form<'_> {
        Form {
            cycle: &form.cycle,
            component_id: &form.component_id,
            stratum_id: &form.stratum_id,
            answers: form.answers.iter().map(|answer| (&*answer.unit, &*answer.level_id)).collect(),
        }
    }

    fn forms() -> impl Strategy<Value = FormAnswered> {
        let answer = (".{0,9}", ".{0,9}").prop_map(|(unit, level_id)| FormAnswer { unit, level_id });
        let answers = proptest::collection::vec(answer, 0..5);
        (".{0,9}", ".{0,9}", ".{0,9}", answers).prop_map(|(cycle, component_id, stratum_id, answers)| {
            FormAnswered { cycle, component_id, stratum_id, answers }
        })
    }

    proptest! {
        #[test]
        fn a_form_is_read_as_its_message_is(form in forms(), change in any::<(prop::sample::Index, u8)>()) {
            let mut payload = form.encode_to_vec();
            prop_assert_eq!(Form::decode(&payload).unwrap(), borrowed(&form));
            // A byte that was changed, or a part that is missing.
            if !payload.is_empty() {
                let at = change.0.index(payload.len());
                if change.1 == 0 { payload.truncate(at) } else { payload[at] ^= change.1 }
            }
            match FormAnswered::decode(payload.as_slice()) {
                Ok(form) => prop_assert_eq!(Form::decode(&payload).unwrap(), borrowed(&form)),
                Err(_) => prop_assert!(Form::decode(&payload).is_err()),
            }
        }

        #[test]
        fn a_form_is_found_by_the_units_that_it_is_about(form in forms(), other in ".{0,9}") {
            let payload = form.encode_to_vec();
            let units = form.answers.iter().map(|answer| &answer.unit);
            for unit in units.clone().chain([&other]).filter(|unit| !unit.is_empty()) {
                let found = About::new(&form.cycle, unit).read(&payload).unwrap();
                let kept = units.clone().any(|it| it == unit).then_some((&*form.component_id, &*form.stratum_id));
                prop_assert_eq!(found, kept);
            }
            let another = format!("{}-2", form.cycle);
            prop_assert_eq!(About::new(&another, &other).read(&payload).unwrap(), None);
        }
    }
}
