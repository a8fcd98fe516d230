//! A form's answers, read where they lie: most events of a year are forms, and what a message of its own would copy
//! is read once.

use std::fmt::Display;

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
        let mut form = Form::default();
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
    use contract::evaluation::{FormAnswer, FormAnswered};
    use proptest::prelude::*;
    use prost::Message as _;

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
    }
}
