//! From a TOML table to a message of the contract: unknown keys and wrong types are told and left out.

use std::collections::BTreeMap;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Fault, line_at};

type Found<'a> = Spanned<DeValue<'a>>;

/// What is found on the way.
pub(super) struct Shape<'a> {
    text: &'a str,
    pub(super) faults: Vec<Fault>,
    pub(super) lines: BTreeMap<String, usize>,
}

impl<'a> Shape<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, faults: Vec::new(), lines: BTreeMap::new() }
    }

    /// Reads what is known in a table.
    pub(super) fn message(
        &mut self,
        path: &str,
        table: &DeTable<'_>,
        descriptor: &MessageDescriptor,
    ) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        for (key, found) in table {
            let name: &str = key.get_ref();
            let line = line_at(self.text, key.span().start);
            let known =
                descriptor.get_field_by_name(name).or_else(|| descriptor.get_field_by_json_name(name));
            let Some(field) = known else {
                let names: Vec<_> = descriptor.fields().map(|field| field.name().to_owned()).collect();
                let message = format!("no such key; there are {}", names.join(", "));
                self.fault(join(path, name), line, "scheme.key", message);
                continue;
            };
            let choice = field.containing_oneof().filter(|choice| !choice.is_synthetic());
            let path = choice.as_ref().map_or_else(|| path.to_owned(), |choice| join(path, choice.name()));
            if choice.is_some_and(|choice| choice.fields().any(|other| message.has_field(&other))) {
                let message = "exactly one must be set, and another one is".to_owned();
                self.fault(join(&path, name), line, "scheme.required", message);
                continue;
            }
            let path = join(&path, field.name());
            self.lines.insert(path.clone(), line);
            if let Some(value) = self.field(&path, found, &field) {
                message.set_field(&field, value);
            }
        }
        message
    }

    fn field(&mut self, path: &str, found: &Found<'_>, field: &FieldDescriptor) -> Option<Value> {
        if !field.is_list() {
            return self.value(path, found, &field.kind());
        }
        let DeValue::Array(members) = found.get_ref() else {
            return self.wrong(path, found, "a list");
        };
        let member = |(at, member): (usize, &Found<'_>)| {
            let path = format!("{path}[{at}]");
            self.lines.insert(path.clone(), line_at(self.text, member.span().start));
            // What cannot be read keeps its place, so that the others keep theirs.
            self.value(&path, member, &field.kind()).unwrap_or_else(|| Value::default_value(&field.kind()))
        };
        Some(Value::List(members.iter().enumerate().map(member).collect()))
    }

    fn value(&mut self, path: &str, found: &Found<'_>, kind: &Kind) -> Option<Value> {
        match (kind, found.get_ref()) {
            (Kind::Message(descriptor), DeValue::Table(table)) => {
                Some(Value::Message(self.message(path, table, descriptor)))
            }
            (Kind::Message(_), _) => self.wrong(path, found, "a table"),
            (Kind::String, DeValue::String(text)) => Some(Value::String(text.to_string())),
            (Kind::String, _) => self.wrong(path, found, "a text in quotation marks"),
            (Kind::Uint32, DeValue::Integer(number)) => {
                let parsed = u32::from_str_radix(number.as_str(), number.radix());
                parsed
                    .map(Value::U32)
                    .ok()
                    .or_else(|| self.wrong(path, found, "a whole number, not negative"))
            }
            (Kind::Enum(values), DeValue::String(name)) => {
                let known = values.get_value_by_name(name).map(|value| Value::EnumNumber(value.number()));
                let names = values.values().skip(1).map(|value| value.name().to_owned());
                known.or_else(|| {
                    self.wrong(path, found, &format!("one of {}", names.collect::<Vec<_>>().join(", ")))
                })
            }
            (Kind::Enum(_), _) => self.wrong(path, found, "a name in quotation marks"),
            _ => self.wrong(path, found, "a whole number, not negative"),
        }
    }

    fn wrong(&mut self, path: &str, found: &Found<'_>, wanted: &str) -> Option<Value> {
        let line = line_at(self.text, found.span().start);
        self.fault(path.to_owned(), line, "scheme.type", format!("must be {wanted}"));
        None
    }

    fn fault(&mut self, path: String, line: usize, rule: &'static str, message: String) {
        self.faults.push(Fault { path, line, rule, message });
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
