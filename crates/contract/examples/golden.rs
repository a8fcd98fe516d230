//! Writes golden bytes of every event, with what they mean, into `golden/`; what is there is never touched. An
//! event that has changed gets a further example beside its older ones. Run by `make golden`.

use std::path::Path;
use std::{fs, io};

use contract::descriptors;
use prost_reflect::prost::Message as _;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor, ReflectMessage as _, Value,
};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    fs::create_dir_all(&folder)?;
    for event in descriptors::events() {
        for example in examples(&event) {
            append(&folder, &example)?;
        }
    }
    Ok(())
}

/// One example for each choice that the message offers.
fn examples(message: &MessageDescriptor) -> Vec<DynamicMessage> {
    (0..choices(message)).map(|choice| example(message, choice)).collect()
}

/// How many ways there are to fill the message, one choice of each `oneof` at a time.
fn choices(message: &MessageDescriptor) -> usize {
    let real = |oneof: &OneofDescriptor| !oneof.is_synthetic();
    message.oneofs().filter(real).map(|oneof| oneof.fields().count()).max().unwrap_or(1)
}

fn example(message: &MessageDescriptor, choice: usize) -> DynamicMessage {
    let mut example = DynamicMessage::new(message.clone());
    if message.full_name() == "google.protobuf.Timestamp" {
        example.set_field_by_name("seconds", Value::I64(1_735_689_600));
        example.set_field_by_name("nanos", Value::I32(120_000_000));
        return example;
    }
    for field in message.fields() {
        let chosen = field.containing_oneof().filter(|oneof| !oneof.is_synthetic()).is_none_or(|oneof| {
            let options: Vec<_> = oneof.fields().collect();
            options[choice % options.len()] == field
        });
        if chosen {
            example.set_field(&field, value(&field));
        }
    }
    example
}

fn value(field: &FieldDescriptor) -> Value {
    if !field.is_list() {
        return one(field, 0);
    }
    let items = field.kind().as_message().map_or(2, |message| choices(message).max(2));
    Value::List((0..items).map(|choice| one(field, choice)).collect())
}

fn one(field: &FieldDescriptor, choice: usize) -> Value {
    let number = field.number();
    match field.kind() {
        Kind::Bool => Value::Bool(true),
        Kind::String => Value::String(text(field.name(), choice)),
        Kind::Bytes => Value::Bytes(vec![0xde, 0xad, 0xbe, 0xef, u8::try_from(choice).unwrap_or(0)].into()),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(number + 1),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(u64::from(number) + 1),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(-7),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(-7),
        Kind::Enum(values) => {
            let last = values.values().map(|value| value.number()).max();
            Value::EnumNumber(last.unwrap_or(0))
        }
        Kind::Message(message) => Value::Message(example(&message, choice)),
        Kind::Double | Kind::Float => unreachable!("the contract has no floating point"),
    }
}

/// A text such as the field holds.
fn text(name: &str, choice: usize) -> String {
    let decimals =
        ["points", "max_points", "weight", "target", "actual", "hours", "value", "share", "cap", "quorum"];
    if decimals.contains(&name) {
        return "-26.40".to_owned();
    }
    if name.ends_with("_date") || name == "holidays" || name == "workdays" {
        return "2024-12-31".to_owned();
    }
    let collection = match name {
        "unit" | "parent" | "units" => "units",
        "cycle" | "parent_cycle" => "cycles",
        "scheme" => "schemes",
        "complaint" | "repeats" => "complaints",
        "officer" | "leader" | "supervisor" | "complained_of" | "officers" | "investigator" => "officers",
        "campaign" => "campaigns",
        "case" => "cases",
        "commitment" => "commitments",
        _ => return format!("{name} {choice} 明镜"),
    };
    format!("jurisdictions/city/{collection}/{}-{choice}", name.replace('_', "-"))
}

fn append(folder: &Path, example: &DynamicMessage) -> io::Result<()> {
    let bytes = example.encode_to_vec();
    let full_name = example.descriptor().full_name().to_owned();
    let mut number = 1;
    loop {
        let file = folder.join(format!("{full_name}.{number}.bin"));
        if !file.exists() {
            fs::write(&file, &bytes)?;
            let meaning = serde_json::to_string_pretty(example).map_err(io::Error::other)?;
            return fs::write(file.with_extension("json"), meaning + "\n");
        }
        if fs::read(&file)? == bytes {
            return Ok(());
        }
        number += 1;
    }
}
