//! Whatever is sent, the server answers it: it does not panic, and it does not call it an error of its own.

use std::panic;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes};
use contract::descriptors::POOL;
use contract::evaluation::GetUnitRequest;
use contract::scorecard::GetFreshnessRequest;
use http::uri::PathAndQuery;
use prost::Message as _;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, ReflectMessage as _, Value,
};
use tempfile::tempdir;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::chance::Chance;
use crate::harness::*;

/// How many requests each rpc gets: first what begins or goes on, then what ends something, then all.
const ROUNDS: [u64; 3] = [40, 40, 10];
/// A request that is refused for a field is mended and sent again, so often.
const MENDS_MAX: u32 = 16;
/// How deep messages are nested.
const DEPTH_MAX: u32 = 4;
/// How long a feed is listened to.
const FEED_WAIT: Duration = Duration::from_millis(30);
/// The server waits for a position of a token at most about so long.
const DEADLINE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn no_request_makes_the_server_panic_or_say_internal() {
    let panics = watch_panics();
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    city(&server.channel(), &["north", "south", "west"]).await;
    server.evaluation().record_entry(entry("north", "late", "-1")).await.unwrap();
    issue(&server.channel(), 2).await;

    let rpcs: Vec<_> = rpcs().collect();
    assert!(rpcs.len() > 50, "the whole contract is covered: {}", rpcs.len());
    let (endings, others): (Vec<_>, Vec<_>) = rpcs.iter().cloned().partition(|rpc| is_ending(rpc.name()));
    let mut answered = 0;
    for (stage, rpcs) in [others, endings, rpcs.clone()].into_iter().enumerate() {
        let rpcs = Arc::new(rpcs);
        let mut rounds = JoinSet::new();
        for round in 0..ROUNDS[stage] {
            rounds.spawn(send_one_each(server.channel(), rpcs.clone(), round));
        }
        answered += rounds.join_all().await.into_iter().sum::<usize>();
    }
    assert!(answered > rpcs.len(), "many are good requests in the end: {answered}");

    assert_serves(&server).await;
    let heads = server.heads().await;
    server.stop().await;
    let server = Server::start(dir.path()).await;
    assert_eq!(server.heads().await, heads);
    assert_serves(&server).await;
    server.stop().await;
    assert_eq!(*panics.lock().unwrap(), Vec::<String>::new());
}

async fn assert_serves(server: &Server) {
    let consistency_token = server.everything().await;
    let request = GetUnitRequest { name: unit_name("north"), consistency_token: consistency_token.clone() };
    server.evaluation().get_unit(request).await.unwrap();
    let request = GetFreshnessRequest { consistency_token };
    let freshness = server.scorecards().get_freshness(request).await.unwrap().into_inner().freshness;
    assert!(freshness.iter().all(|log| log.alarm.is_empty()), "{freshness:?}");
}

/// Sends one request to each rpc, mended until it is refused for more than its form. Gives how many were good.
async fn send_one_each(channel: Channel, rpcs: Arc<Vec<MethodDescriptor>>, seed: u64) -> usize {
    let mut answered = 0;
    let mut chance = Chance::seeded(seed);
    for rpc in rpcs.iter() {
        let mut request = message(&rpc.input(), rpc.name(), &mut chance, 0);
        for _ in 0..=MENDS_MAX {
            match call(&channel, rpc, &request).await {
                Ok(answer) => {
                    DynamicMessage::decode(rpc.output(), answer)
                        .expect("an answer is what the contract says");
                    answered += 1;
                    break;
                }
                Err(status) => {
                    let own_fault = [Code::Internal, Code::Unknown, Code::DataLoss].contains(&status.code());
                    assert!(!own_fault, "{}: {status}\n{}", rpc.full_name(), shown(&request));
                    let details = status.get_error_details();
                    let bad = details.bad_request().and_then(|bad| bad.field_violations.first());
                    let Some(bad) = bad else { break };
                    mend(&mut request, &bad.field, &bad.description, rpc.name(), &mut chance);
                }
            }
        }
    }
    answered
}

/// Gives a refused field another value: what its refusal says it must be like, or any.
fn mend(request: &mut DynamicMessage, path: &str, refusal: &str, rpc: &str, chance: &mut Chance) {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let name = name.split('[').next().unwrap_or(name);
    let Some(field) = request.descriptor().get_field_by_name(name) else { return };
    if !rest.is_empty()
        && request.has_field(&field)
        && let Value::Message(part) = request.get_field_mut(&field)
    {
        return mend(part, rest, refusal, rpc, chance);
    }
    if refusal.starts_with("must be empty") {
        return request.clear_field(&field);
    }
    let shape = refusal.split('`').find(|part| part.starts_with("jurisdictions/"));
    let mended = match shape {
        Some(shape) if field.kind() == Kind::String => Value::String(filled(shape)),
        _ => value(&field, rpc, chance, 0),
    };
    request.set_field(&field, if field.is_list() { Value::List(vec![mended]) } else { mended });
}

/// A resource name of the city, from its shape.
fn filled(shape: &str) -> String {
    let ids = [
        ("{jurisdiction}", "testville"),
        ("{unit}", "north"),
        ("{cycle}", "first"),
        ("{scheme}", "plain"),
        ("{component}", SURVEYED),
        ("{entry}", "late"),
    ];
    let known = ids.into_iter().fold(shape.to_owned(), |name, (place, id)| name.replace(place, id));
    let part = |part: &str| if part.starts_with('{') { "x-1".to_owned() } else { part.to_owned() };
    known.split('/').map(part).collect::<Vec<_>>().join("/")
}

async fn call(channel: &Channel, rpc: &MethodDescriptor, request: &DynamicMessage) -> Result<Bytes, Status> {
    let path = format!("/{}/{}", rpc.parent_service().full_name(), rpc.name());
    let mut client = Grpc::new(channel.clone());
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let mut request = Request::new(request.encode_to_vec());
    request.set_timeout(DEADLINE);
    let path = PathAndQuery::try_from(path).unwrap();
    if !rpc.is_server_streaming() {
        return Ok(client.unary(request, path, Raw).await?.into_inner());
    }
    let mut feed = client.server_streaming(request, path, Raw).await?.into_inner();
    // A live feed of nothing waits: what it answers at once is enough.
    timeout(FEED_WAIT, feed.message()).await.map_or(Ok(None), |heard| heard).map(Option::unwrap_or_default)
}

pub(crate) fn rpcs() -> impl Iterator<Item = MethodDescriptor> {
    let services = POOL.services().filter(|service| service.full_name().starts_with("mingjing."));
    services
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .inspect(|rpc| assert!(!rpc.is_client_streaming(), "{} is called otherwise", rpc.full_name()))
}

/// Whether an rpc ends something that others go on with.
fn is_ending(rpc: &str) -> bool {
    let endings = ["Close", "Conclude", "Publish", "Reject", "Remove", "Refer", "Retire", "Void", "Withdraw"];
    endings.iter().any(|ending| rpc.starts_with(ending))
}

fn shown(request: &DynamicMessage) -> String {
    let mut shown = format!("{request:?}");
    if let Some((end, _)) = shown.char_indices().nth(4000) {
        shown.truncate(end);
    }
    shown
}

/// Panics of the program, wherever; not those with which tests of this process fail.
fn watch_panics() -> Arc<Mutex<Vec<String>>> {
    let panics = Arc::new(Mutex::new(Vec::new()));
    let (seen, usual) = (panics.clone(), panic::take_hook());
    panic::set_hook(Box::new(move |info| {
        let of_a_test = info.location().is_some_and(|location| {
            location.file().starts_with("tests/it/") || location.file().starts_with("it/")
        });
        if !of_a_test {
            seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(info.to_string());
        }
        usual(info);
    }));
    panics
}

fn message(descriptor: &MessageDescriptor, rpc: &str, chance: &mut Chance, depth: u32) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    if descriptor.full_name() == "google.protobuf.Timestamp" {
        let (seconds, nanos) = instant(chance);
        message.set_field_by_name("seconds", Value::I64(seconds));
        message.set_field_by_name("nanos", Value::I32(nanos));
        return message;
    }
    for field in descriptor.fields() {
        // Absent often enough, above all where absence means "now".
        let absent_of_four =
            if ["occurred_at", "as_of_"].iter().any(|start| field.name().starts_with(start)) { 3 } else { 1 };
        if chance.below(4) < absent_of_four || depth > DEPTH_MAX {
            continue;
        }
        if field.is_map() {
            continue;
        }
        let value = if field.is_list() {
            let length = if chance.below(30) == 0 { 600 >> (4 * depth) } else { chance.below(4) };
            Value::List((0..length).map(|_| value(&field, rpc, chance, depth)).collect())
        } else {
            value(&field, rpc, chance, depth)
        };
        message.set_field(&field, value);
    }
    message
}

fn value(field: &FieldDescriptor, rpc: &str, chance: &mut Chance, depth: u32) -> Value {
    match field.kind() {
        Kind::Bool => Value::Bool(chance.below(2) == 0),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            Value::I32(*pick(&[0, 1, -1, i32::MAX, i32::MIN], chance))
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            Value::I64(*pick(&[0, 1, -1, i64::MAX, i64::MIN], chance))
        }
        Kind::Uint32 | Kind::Fixed32 => Value::U32(*pick(&[0, 1, 1, 2, 3, 100, 1001, u32::MAX], chance)),
        Kind::Uint64 | Kind::Fixed64 => {
            Value::U64(*pick(&[0, 1, 2, 1000, u64::MAX >> 1, u64::MAX - 1, u64::MAX], chance))
        }
        Kind::Float => Value::F32(f32::NAN),
        Kind::Double => Value::F64(f64::INFINITY),
        Kind::String => Value::String(text(field.name(), rpc, chance)),
        Kind::Bytes => Value::Bytes(pick(&[Bytes::new(), Bytes::from(vec![0; 32])], chance).clone()),
        Kind::Enum(kinds) => {
            let known: Vec<_> = kinds.values().map(|value| value.number()).chain([99, -1]).collect();
            Value::EnumNumber(*pick(&known, chance))
        }
        Kind::Message(part) => Value::Message(message(&part, rpc, chance, depth + 1)),
    }
}

fn text(field: &str, rpc: &str, chance: &mut Chance) -> String {
    if chance.below(8) == 0 {
        return anything(chance);
    }
    let plain = |texts: &[&str], chance: &mut Chance| (*pick(texts, chance)).to_owned();
    match field {
        "request_id" => request_id(),
        "name" | "other_name" => plain(names(rpc), chance),
        "parent" => plain(&[PARENT, CYCLE], chance),
        "unit" | "parent_unit" | "from_unit" | "to_unit" => {
            format!("{PARENT}/units/{}", pick(&["north", "south", "west"], chance))
        }
        "scheme" => SCHEME.to_owned(),
        "cycle" | "parent_cycle" => CYCLE.to_owned(),
        "consistency_token" => plain(&["", "", "", "evaluation:3", "training:1,evaluation:2"], chance),
        "etag" | "page_token" => plain(&["", "", "\"1\"", "north"], chance),
        "service" => plain(&contract::token::SERVICES, chance),
        "component_id" => plain(&[MARKED, LEDGER, SURVEYED], chance),
        "stratum_id" => plain(&STRATA, chance),
        "level_id" => plain(&["good", "fair", "unknown"], chance),
        "source_id" => plain(&["", "daily"], chance),
        "ratio" => plain(&["participation", "closed"], chance),
        field if field.ends_with("date") => plain(&["2024-05-06", "2024-01-01", "2025-12-31"], chance),
        field if field.ends_with("_id") => plain(&["x-1", "x-1", "x-1", "north", "late", "second"], chance),
        field if is_decimal(field) => plain(&["1", "0", "30", "-0.5", "26.40", "100", "0.123456789"], chance),
        _ => plain(&["Plain words", "明镜高悬", "x"], chance),
    }
}

fn is_decimal(field: &str) -> bool {
    ["points", "weight", "value", "share", "cap", "quorum", "target", "actual", "hours", "threshold"]
        .iter()
        .any(|ending| field.ends_with(ending))
}

/// Texts that no field wants.
fn anything(chance: &mut Chance) -> String {
    let texts = [
        "",
        "\0",
        " ",
        "null",
        "-",
        ".",
        "/",
        "//",
        "1e3",
        "NaN",
        "١",
        "1.2.3",
        "-0",
        "12.345678901234567890",
        "79228162514264337593543950336",
        "999999999999",
        "-999999999999.99",
        "2024-02-30",
        "0000-00-00",
        "jurisdictions/",
        "jurisdictions/testville/units/",
        "jurisdictions/testville/units/none",
        "evaluation:18446744073709551615",
        "evaluation:18446744073709551616",
        "evaluation:9999",
        ",",
        "\"18446744073709551615\"",
        "\"",
        "🪞",
        "\u{202e}mirror",
        "e\u{301}",
        "'; DROP TABLE event; --",
        "%s%n",
        "..",
    ];
    match chance.below(10) {
        0 => "明".repeat(10_000),
        1 => "a".repeat(63),
        2 => "9".repeat(5_000),
        _ => (*pick(&texts, chance)).to_owned(),
    }
}

/// Names of what an rpc is about.
fn names(rpc: &str) -> &'static [&'static str] {
    const KINDS: [(&[&str], &[&str]); 11] = [
        (
            &["Scorecard", "Risk"],
            &[
                "jurisdictions/testville/cycles/first/scorecards/north",
                "jurisdictions/testville/cycles/first/scorecards/south",
            ],
        ),
        (&["Scheme"], &[SCHEME, "jurisdictions/testville/schemes/second"]),
        (&["Survey", "Forms"], &[SURVEY]),
        (&["Panel", "Ballot"], &["jurisdictions/testville/cycles/first/panels/x-1"]),
        (&["Entry", "Contest"], &["jurisdictions/testville/cycles/first/units/north/entries/late"]),
        (&["Commitment", "Delivery"], &["jurisdictions/testville/commitments/x-1"]),
        (&["Campaign", "Session", "Attendance", "Plan"], &["jurisdictions/testville/campaigns/x-1"]),
        (&["Officer"], &["jurisdictions/testville/officers/x-1"]),
        (&["Complaint"], &["jurisdictions/testville/complaints/x-1"]),
        (&["Case", "Finding"], &["jurisdictions/testville/cases/x-1"]),
        (&["Cycle", "Results", "EnterUnit", "RemoveUnit"], &[CYCLE, "jurisdictions/testville/cycles/second"]),
    ];
    let about = KINDS.iter().find(|(words, _)| words.iter().any(|word| rpc.contains(word)));
    about.map_or(
        &["jurisdictions/testville/units/north", "jurisdictions/testville/units/x-1"],
        |(_, names)| names,
    )
}

fn instant(chance: &mut Chance) -> (i64, i32) {
    if chance.below(2) == 0 {
        return (1_714_953_600, 0);
    }
    let seconds =
        [0, 1, -1, 1_714_953_600, 253_402_300_799, 253_402_300_800, -62_135_596_800, i64::MAX, i64::MIN];
    let nanos = [0, 0, 0, 1, 999_999_999, 1_000_000_000, -1, i32::MAX, i32::MIN];
    (*pick(&seconds, chance), *pick(&nanos, chance))
}

pub(crate) fn pick<'a, T>(among: &'a [T], chance: &mut Chance) -> &'a T {
    let end = u64::try_from(among.len()).unwrap();
    &among[usize::try_from(chance.below(end)).unwrap()]
}

/// Bytes as they are.
pub(crate) struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
