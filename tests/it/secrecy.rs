//! Whoever holds a whole database, every table and every byte of it, cannot tell who voted what, or which code
//! came with which answers: a program that tries to pair them by everything that is recorded does no better
//! than chance.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use contract::evaluation::*;
use prost::{Message as _, Name as _};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqliteRow};
use sqlx::{Column as _, Row as _, TypeInfo as _, ValueRef as _};
use tempfile::tempdir;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};

use crate::chance::Chance;
use crate::harness::*;
use crate::panels::{ballot, close, convene, electors, panel_id, panels};

const PANELS: u32 = 10;
const ELECTORS: usize = 40;

/// A row of a table: every column as bytes; numbers in the order that they have.
pub(crate) type Fields = BTreeMap<String, Vec<u8>>;
/// Each table's rows.
pub(crate) type Dump = BTreeMap<String, Vec<Fields>>;

/// What is recorded of one who voted, or of one ballot; and which of the other side belongs to it: what the
/// attacker wants to know.
pub(crate) struct Recorded {
    fields: Fields,
    pub(crate) truth: u32,
}

#[tokio::test(flavor = "multi_thread")]
async fn who_voted_what_cannot_be_told_from_the_whole_database() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path()).await;
    let channel = server.channel();
    city_under(&channel, &["north", "south"], panels(PANELS, "0")).await;
    let electors = electors(ELECTORS);
    let mut chance = Chance::seeded(40);
    let mut ballots = Vec::new();
    for number in 0..PANELS {
        convene(&channel, number, &electors).await;
        let mut order: Vec<u32> = (0..40).collect();
        shuffle(&mut order, &mut chance);
        for voter in order {
            // The marks are the voter's own: whoever sees the ballot alone learns nothing from them.
            let (north, south) = (format!("{}.{voter:02}", chance.below(10)), chance.below(11).to_string());
            let elector = &electors[usize::try_from(voter).unwrap()];
            let request = ballot(number, elector, &[("south", south), ("north", north)]);
            let mut call = Request::new(request.clone());
            call.metadata_mut().insert("mingjing-actor", elector.parse().unwrap());
            let trace: MetadataValue<Ascii> =
                format!("00-{:032x}-{:016x}-01", chance.any(), chance.any()).parse().unwrap();
            call.metadata_mut().insert("traceparent", trace);
            server.evaluation().cast_ballot(call).await.unwrap();
            ballots.push((number, voter, request));
        }
        close(&channel, number).await;
    }
    server.stop().await;
    let dump = dump(&data.path().join("evaluation.db")).await;
    assert!(dump["boxed"].is_empty(), "what was recorded waits no longer");

    let (mut attacks, mut guesses) = (Attacks::default(), 0);
    for number in 0..PANELS {
        let (roll, cast) = (voters(&dump, number), in_the_box(&dump, number));
        assert_eq!((roll.len(), cast.len()), (ELECTORS, ELECTORS));
        attacks.try_all(&roll, &cast);
        guesses += guessed_fingerprints(&dump, number, &ballots);
    }
    assert_eq!(guesses, 0, "a request's fingerprint tells its ballot");
    attacks.assert_chance(40);
    assert_each_lies_there_once(data.path(), &dump, ".BallotCast");
}

#[tokio::test(flavor = "multi_thread")]
async fn which_code_came_with_which_answers_cannot_be_told_from_the_whole_database() {
    const SURVEYS: usize = 10;
    const FORMS: u32 = 40;
    let units: Vec<_> = (0..6).map(|number| format!("unit-{number}")).collect();
    let units: Vec<_> = units.iter().map(String::as_str).collect();
    let mut attacks = Attacks::default();
    for seed in 0..SURVEYS {
        let data = tempdir().unwrap();
        let server = Server::start(data.path()).await;
        let channel = server.channel();
        city(&channel, &units).await;
        let codes = issue(&channel, FORMS).await;
        let mut chance = Chance::seeded(u64::try_from(seed).unwrap());
        // One stratum's forms, each sent alone, in a random order; the answers write a number in two levels.
        let mut order: Vec<u32> = (0..FORMS).collect();
        shuffle(&mut order, &mut chance);
        for number in order {
            let code = &codes[usize::try_from(number).unwrap()];
            let answers = units.iter().zip(0..).map(|(unit, bit)| {
                let level_id = if number >> bit & 1 == 1 { "good" } else { "fair" };
                FormAnswer { unit: unit_name(unit), level_id: level_id.to_owned() }
            });
            answer(&channel, vec![AnsweredForm { form_code: code.clone(), answers: answers.collect() }])
                .await;
        }
        close_survey(&channel).await;
        server.stop().await;
        let dump = dump(&data.path().join("evaluation.db")).await;
        let (returned, answered) = (returned(&dump, &codes), answered(&dump));
        assert_eq!((returned.len(), answered.len()), (40, 40));
        attacks.try_all(&returned, &answered);
        assert_each_lies_there_once(data.path(), &dump, ".FormAnswered");
    }
    attacks.assert_chance(40);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_survey_runs_a_form_is_recorded_among_a_hundred() {
    const FORMS: u32 = 450;
    let data = tempdir().unwrap();
    let server = Server::start(data.path()).await;
    let channel = server.channel();
    let units: Vec<_> = (0..9).map(|number| format!("unit-{number}")).collect();
    let units: Vec<_> = units.iter().map(String::as_str).collect();
    city(&channel, &units).await;
    let codes = issue(&channel, FORMS).await;
    for number in 0..FORMS {
        let answers = units.iter().zip(0..).map(|(unit, bit)| {
            let level_id = if number >> bit & 1 == 1 { "good" } else { "fair" };
            FormAnswer { unit: unit_name(unit), level_id: level_id.to_owned() }
        });
        let form_code = codes[usize::try_from(number).unwrap()].clone();
        answer(&channel, vec![AnsweredForm { form_code, answers: answers.collect() }]).await;
    }
    let dump = dump(&data.path().join("evaluation.db")).await;
    let recorded = answered(&dump);
    // Twice more than two hundred lay there, and each time a hundred stayed.
    assert_eq!((recorded.len(), dump["boxed"].len()), (303, 147));
    let in_order = recorded.iter().zip(0..).filter(|(form, place)| form.truth == *place).count();
    // At best one in a hundred is guessed: three of 303; one in a billion that it is 21.
    assert!(in_order < 21, "{in_order} forms lie in the order in which their codes came");
    server.stop().await;
}

/// Everything that was tried, over all repetitions.
#[derive(Default)]
pub(crate) struct Attacks {
    repetitions: u32,
    /// By what the two sides were ordered: how many pairs were right, and how far their places lie apart.
    tried: BTreeMap<(String, String), (u32, u64)>,
}

impl Attacks {
    /// Orders both sides by each field, and pairs them by rank; and looks for what both sides have in common.
    pub(crate) fn try_all(&mut self, one: &[Recorded], other: &[Recorded]) {
        assert_nothing_in_common(one, other);
        self.repetitions += 1;
        let (one, other) = (orders(one), orders(other));
        for (by, order) in &one {
            for (by_other, order_of_other) in &other {
                let right = order.iter().zip(order_of_other).filter(|(one, other)| one == other).count();
                let tried = self.tried.entry((by.clone(), by_other.clone())).or_default();
                tried.0 += u32::try_from(right).unwrap();
                tried.1 += apart(order, order_of_other);
            }
        }
    }

    /// By chance one pair of each repetition is right, and the orders are not alike: Spearman's correlation is 0
    /// where the squares of the distances sum to n(n²−1)/6. The bounds are such that not one of all attacks
    /// exceeds them by chance in a million runs of this test.
    pub(crate) fn assert_chance(&self, rows: u64) {
        assert!(self.tried.len() > 100, "{} ways were tried", self.tried.len());
        let expected = u64::from(self.repetitions) * rows * (rows * rows - 1) / 6;
        for ((by, by_other), (right, apart)) in &self.tried {
            assert!(*right < 40, "{right} pairs are right by {by} and {by_other}");
            let alike = expected.abs_diff(*apart) * 10 / expected;
            assert!(
                alike < 4,
                "the orders by {by} and {by_other} are alike: {apart} where it should be {expected}"
            );
        }
    }
}

/// The truths of the rows in the order of each field, up and down, and of each field's hash.
fn orders(rows: &[Recorded]) -> BTreeMap<String, Vec<u32>> {
    let mut orders = BTreeMap::new();
    for field in rows[0].fields.keys() {
        let mut up: Vec<_> = rows.iter().map(|row| (&row.fields[field], row.truth)).collect();
        up.sort_by_key(|(value, _)| *value);
        let up: Vec<_> = up.into_iter().map(|(_, truth)| truth).collect();
        orders.insert(format!("{field} downwards"), up.iter().rev().copied().collect());
        orders.insert(field.clone(), up);
        let mut by_size: Vec<_> = rows.iter().map(|row| (row.fields[field].len(), row.truth)).collect();
        by_size.sort_by_key(|(size, _)| *size);
        orders.insert(format!("size of {field}"), by_size.into_iter().map(|(_, truth)| truth).collect());
        // The random bits of an id alone.
        let mut by_end: Vec<_> = rows.iter().map(|row| (row.fields[field].iter().rev(), row.truth)).collect();
        by_end.sort_by(|(one, _), (other, _)| one.clone().cmp(other.clone()));
        orders.insert(format!("end of {field}"), by_end.into_iter().map(|(_, truth)| truth).collect());
    }
    orders
}

/// The sum of the squares of the distances between the places of the same in two orders.
fn apart(one: &[u32], other: &[u32]) -> u64 {
    let places: BTreeMap<_, _> = other.iter().zip(0_u64..).collect();
    one.iter().zip(0..).map(|(truth, place)| places[truth].abs_diff(place).pow(2)).sum()
}

/// No id, hash or text of some rows of a side is one of some rows of the other. Numbers are compared by order.
fn assert_nothing_in_common(one: &[Recorded], other: &[Recorded]) {
    let values = |rows: &[Recorded]| {
        let mut values: BTreeMap<Vec<u8>, BTreeSet<u32>> = BTreeMap::new();
        for row in rows {
            for value in row.fields.values().filter(|value| value.len() > 8) {
                values.entry(value.clone()).or_default().insert(row.truth);
            }
        }
        values
    };
    let others = values(other);
    for (value, rows) in values(one) {
        let both = others.get(&value).filter(|others| rows.len() < one.len() || others.len() < other.len());
        assert!(both.is_none(), "both sides have {value:02x?}");
    }
}

/// Tries for each voter's request which ballot gives its fingerprint; how many were found.
fn guessed_fingerprints(dump: &Dump, number: u32, ballots: &[(u32, u32, CastBallotRequest)]) -> usize {
    let here: Vec<_> = ballots.iter().filter(|(of, ..)| *of == number).map(|(.., request)| request).collect();
    let known: BTreeSet<_> = dump["request"].iter().map(|row| row["fingerprint"].clone()).collect();
    let mut found = 0;
    for voter in &here {
        for ballot in &here {
            for marks in [ballot.marks.clone(), ballot.marks.iter().rev().cloned().collect()] {
                let guess = CastBallotRequest { marks, ..(*voter).clone() };
                let bytes = [CastBallotRequest::full_name().into_bytes(), guess.encode_to_vec()].concat();
                found += usize::from(known.contains(&sha256(&bytes)));
            }
        }
    }
    found
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).to_vec()
}

/// What is recorded of each elector who voted: the event, and the request that it came with.
pub(crate) fn voters(dump: &Dump, number: u32) -> Vec<Recorded> {
    let stream = format!("panel-testville/first/{}", panel_id(number));
    let voted = events(dump, &stream, ".ElectorVoted");
    let voted = voted.map(|event| {
        let voted = ElectorVoted::decode(event["payload"].as_slice()).unwrap();
        let truth = voted.elector.rsplit('-').next().unwrap().parse().unwrap();
        Recorded { fields: with_request(dump, event), truth }
    });
    voted.collect()
}

/// What is recorded of each ballot. Only the test knows whose it is: by its first mark's second half.
pub(crate) fn in_the_box(dump: &Dump, number: u32) -> Vec<Recorded> {
    let stream = format!("panel_box-testville/first/{}", panel_id(number));
    let cast = events(dump, &stream, ".BallotCast");
    let cast = cast.map(|event| {
        let ballot = BallotCast::decode(event["payload"].as_slice()).unwrap();
        let north = ballot.marks[0].points.split('.').nth(1).unwrap_or_default();
        let truth = format!("{north:0<2}").parse().unwrap();
        Recorded { fields: with_hash(event), truth }
    });
    // What its marks are, the voter alone knows: they are not how it is recorded.
    cast.map(|mut row| {
        row.fields.remove("payload");
        row.fields.remove("hash of payload");
        row
    })
    .collect()
}

fn returned(dump: &Dump, codes: &[String]) -> Vec<Recorded> {
    let known: BTreeMap<_, _> = codes.iter().map(|code| code_hash(code)).zip(0_u32..).collect();
    let returned = events(dump, "survey-testville/first/opinion", ".FormsReturned");
    let returned = returned.map(|event| {
        let returned = FormsReturned::decode(event["payload"].as_slice()).unwrap();
        Recorded { fields: with_request(dump, event), truth: known[&returned.code_hashes[0]] }
    });
    returned.collect()
}

fn code_hash(code: &str) -> Vec<u8> {
    sha256(code.replace('-', "").as_bytes())
}

fn answered(dump: &Dump) -> Vec<Recorded> {
    let answered = events(dump, "survey_box-testville/first/opinion", ".FormAnswered");
    let answered = answered.map(|event| {
        let form = FormAnswered::decode(event["payload"].as_slice()).unwrap();
        let truth =
            form.answers.iter().zip(0..).map(|(answer, bit)| u32::from(answer.level_id == "good") << bit);
        let truth = truth.sum();
        let mut fields = with_hash(event);
        fields.remove("payload");
        fields.remove("hash of payload");
        Recorded { fields, truth }
    });
    answered.collect()
}

fn events<'a>(dump: &'a Dump, stream: &'a str, event_type: &'a str) -> impl Iterator<Item = &'a Fields> {
    dump["event"]
        .iter()
        .filter(move |event| event["stream"] == stream.as_bytes())
        .filter(move |event| event["event_type"].ends_with(event_type.as_bytes()))
}

/// An event with all that is stored of the request that caused it, and where that lies in its table.
fn with_request(dump: &Dump, event: &Fields) -> Fields {
    let mut fields = with_hash(event);
    let requests = dump["request"].iter().zip(0_u32..);
    let (request, place) =
        requests.into_iter().find(|(request, _)| request["request_id"] == event["causation_id"]).unwrap();
    fields.insert("place of the request".to_owned(), place.to_be_bytes().to_vec());
    fields.extend(request.iter().map(|(column, value)| (format!("request's {column}"), value.clone())));
    fields
}

fn with_hash(event: &Fields) -> Fields {
    let texts = event.iter().filter(|(_, value)| value.len() > 8);
    let hashes = texts.map(|(column, value)| (format!("hash of {column}"), sha256(value)));
    event.clone().into_iter().chain(hashes).collect()
}

/// Every table of a database, whole.
pub(crate) async fn dump(database: &Path) -> Dump {
    let options = SqliteConnectOptions::new().filename(database).read_only(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'")
        .fetch_all(&pool)
        .await
        .unwrap();
    let mut dump = Dump::new();
    for table in tables {
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(format!("SELECT * FROM \"{table}\""))).fetch_all(&pool).await;
        dump.insert(table, rows.unwrap().iter().map(fields).collect());
    }
    pool.close().await;
    dump
}

fn fields(row: &SqliteRow) -> Fields {
    let field = |(place, column): (usize, &sqlx::sqlite::SqliteColumn)| {
        let value = row.try_get_raw(place).unwrap();
        let bytes = match value.type_info().name() {
            "INTEGER" => row.get::<i64, _>(place).to_be_bytes().to_vec(),
            "TEXT" => row.get::<String, _>(place).into_bytes(),
            "BLOB" => row.get::<Vec<u8>, _>(place),
            _ => Vec::new(),
        };
        (column.name().to_owned(), bytes)
    };
    row.columns().iter().enumerate().map(field).collect()
}

/// What waited in the box is erased from the files, too: each payload lies there once, as an event.
#[track_caller]
pub(crate) fn assert_each_lies_there_once(data: &Path, dump: &Dump, event_type: &str) {
    let mut bytes = std::fs::read(data.join("evaluation.db")).unwrap();
    bytes.extend(std::fs::read(data.join("evaluation.db-wal")).unwrap_or_default());
    let boxed = dump["event"].iter().filter(|event| event["event_type"].ends_with(event_type.as_bytes()));
    for event in boxed.step_by(17) {
        let payload = event["payload"].as_slice();
        let found = bytes.windows(payload.len()).filter(|window| *window == payload).count();
        assert_eq!(found, 1, "copies of a payload of {}", String::from_utf8_lossy(&event["event_type"]));
    }
}

pub(crate) fn shuffle(order: &mut [u32], chance: &mut Chance) {
    for last in (1..order.len()).rev() {
        order.swap(last, usize::try_from(chance.below(u64::try_from(last + 1).unwrap())).unwrap());
    }
}
