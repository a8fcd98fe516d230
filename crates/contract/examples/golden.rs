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

/// How many ways there are to fill the message: one choice of each `oneof` at a time, and one of its flags set
/// at a time, as one flag is like another.
fn choices(message: &MessageDescriptor) -> usize {
    let real = |oneof: &OneofDescriptor| !oneof.is_synthetic();
    let oneofs = message.oneofs().filter(real).map(|oneof| oneof.fields().count());
    oneofs.chain([flags(message).count(), 1]).max().unwrap_or(1)
}

fn flags(message: &MessageDescriptor) -> impl Iterator<Item = FieldDescriptor> {
    message.fields().filter(|field| matches!(field.kind(), Kind::Bool))
}

fn example(message: &MessageDescriptor, choice: usize) -> DynamicMessage {
    let mut example = DynamicMessage::new(message.clone());
    for field in message.fields() {
        let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
        let alternatives: Vec<_> = match oneof {
            Some(oneof) => oneof.fields().collect(),
            None if matches!(field.kind(), Kind::Bool) => flags(message).collect(),
            None => vec![field.clone()],
        };
        if alternatives[choice % alternatives.len()] == field {
            example.set_field(&field, value(&field, choice));
        }
    }
    example
}

fn value(field: &FieldDescriptor, choice: usize) -> Value {
    if !field.is_list() {
        return one(field, choice);
    }
    let items = field.kind().as_message().map_or(2, |message| choices(message).max(2));
    Value::List((0..items).map(|choice| one(field, choice)).collect())
}

/// A value that no other field of the message has, so that fields cannot change places unseen.
fn one(field: &FieldDescriptor, choice: usize) -> Value {
    let number = field.number();
    match field.kind() {
        Kind::Bool => Value::Bool(true),
        Kind::String => Value::String(text(field.name(), number, choice)),
        Kind::Bytes => Value::Bytes(format!("bytes {number} {choice} \u{0}").into_bytes().into()),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(nth(choice) * 100 + number),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(u64::from(nth(choice) * 100 + number)),
        Kind::Enum(values) => {
            let said: Vec<_> =
                values.values().map(|value| value.number()).filter(|said| *said != 0).collect();
            let i = number + nth(choice);
            Value::EnumNumber(said[usize::try_from(i).unwrap_or(0) % said.len()])
        }
        Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
            let mut instant = DynamicMessage::new(message);
            instant.set_field_by_name("seconds", Value::I64(1_735_689_600 + i64::from(number)));
            instant.set_field_by_name("nanos", Value::I32(123_456_789));
            Value::Message(instant)
        }
        Kind::Message(message) => Value::Message(example(&message, choice)),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 | Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            unreachable!("the contract has no signed numbers")
        }
        Kind::Double | Kind::Float => unreachable!("the contract has no floating point"),
    }
}

fn nth(choice: usize) -> u32 {
    u32::try_from(choice).unwrap_or(u32::MAX)
}

const DECIMALS: [&str; 22] = [
    "accountability_threshold",
    "actual",
    "bonus_cap",
    "cap",
    "centralised_hours_max",
    "daily",
    "final_points",
    "hours",
    "max_points",
    "points",
    "points_lost",
    "quorum",
    "rollup_share",
    "score",
    "share",
    "start_points",
    "target",
    "threshold",
    "value",
    "veto_cap",
    "weight",
    "weights",
];

/// A text such as the field holds.
fn text(name: &str, number: u32, choice: usize) -> String {
    if DECIMALS.contains(&name) {
        return format!("-{number}.4{choice}");
    }
    if name.ends_with("_date") || name == "holidays" || name == "make_up_days" {
        return format!("2024-{:02}-3{choice}", 1 + number % 12);
    }
    if name.ends_with("event_id") {
        return format!("0198c0de-0000-7000-8000-{number:06}{choice:06}");
    }
    let collection = match name {
        "jurisdiction" => return format!("jurisdictions/city-{choice}"),
        "time_zone" => return "Asia/Shanghai".to_owned(),
        "unit"
        | "units"
        | "parent"
        | "from_unit"
        | "design_unit"
        | "guiding_department"
        | "political_department"
        | "office" => "units",
        "officer" | "officers" | "leader" | "leading_group" | "supervisor" | "complained_of"
        | "investigator" | "approver" | "participants" => "officers",
        "cycle" | "parent_cycle" => "cycles",
        "complaint" | "repeats" => "complaints",
        "case" | "merged_case" => "cases",
        "scheme" => "schemes",
        "campaign" => "campaigns",
        "commitment" => "commitments",
        _ if name.ends_with("_id") || name.contains("_key") => {
            return format!("{}-{choice}", name.replace('_', "-"));
        }
        _ => return format!("{name} 明镜 {choice}"),
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
