//! What is refused: with which code, which field or rule is named, and that nothing is written.

use contract::evaluation::*;
use contract::field;
use contract::words::SchemeRules;
use contract::words::component::Method;
use jiff::Span;
use tempfile::tempdir;
use tonic::Code::{AlreadyExists, FailedPrecondition, InvalidArgument, NotFound};

use crate::harness::*;

/// Calls `$rpc` with each request and fails unless it is refused as said, with nothing written.
macro_rules! refused {
    ($server:expr, $rpc:ident: $($what:literal, $request:expr => $code:expr, $named:expr;)+) => {
        let heads = $server.heads().await;
        $(
            let result = $server.evaluation().$rpc($request).await;
            assert_refused(result, $code, $named, $what);
            assert_eq!($server.heads().await, heads, "{}: nothing is written", $what);
        )+
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_do_not_parse_are_named() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    city(&server.channel(), &["north", "south"]).await;
    let unit = |change: fn(&mut RegisterUnitRequest)| changed(registration("west"), change);
    let entry = |change: fn(&mut RecordEntryRequest)| changed(entry("north", "late", "-1"), change);
    refused! { server, register_unit:
        "an empty id", unit(|unit| unit.unit_id.clear()) => InvalidArgument, "unit_id";
        "an id in capitals", unit(|unit| "West".clone_into(&mut unit.unit_id)) => InvalidArgument, "unit_id";
        "an id with a slash", unit(|unit| "we/st".clone_into(&mut unit.unit_id)) => InvalidArgument, "unit_id";
        "a long id", unit(|unit| unit.unit_id = "w".repeat(64)) => InvalidArgument, "unit_id";
        "an empty parent", unit(|unit| unit.parent.clear()) => InvalidArgument, "parent";
        "a parent of another kind", unit(|unit| unit.parent = unit_name("north")) => InvalidArgument, "parent";
        "a unit above of another city", unit(|unit| unit.parent_unit = "jurisdictions/x/units/y".to_owned())
            => InvalidArgument, "parent_unit";
        "an empty title", unit(|unit| unit.title.clear()) => InvalidArgument, "title";
        "a blank title", unit(|unit| unit.title = " \t".to_owned()) => InvalidArgument, "title";
        "a huge title", unit(|unit| unit.title = "明".repeat(10_000)) => InvalidArgument, "title";
        "a title with a bell", unit(|unit| unit.title = "ding\u{7}".to_owned()) => InvalidArgument, "title";
        "no kind", unit(|unit| unit.kind = 0) => InvalidArgument, "kind";
        "an unknown kind", unit(|unit| unit.kind = 99) => InvalidArgument, "kind";
        "no request id", unit(|unit| unit.request_id.clear()) => InvalidArgument, "request_id";
        "a nil request id", unit(|unit| unit.request_id = uuid::Uuid::nil().to_string())
            => InvalidArgument, "request_id";
        "a request id that is none", unit(|unit| unit.request_id = "1".to_owned())
            => InvalidArgument, "request_id";
        "the future", unit(|unit| unit.occurred_at = Some(tomorrow())) => InvalidArgument, "occurred_at";
        "no instant", unit(|unit| unit.occurred_at = Some(never())) => InvalidArgument, "occurred_at";
    }
    refused! { server, record_entry:
        "a cycle's name that is none", entry(|entry| entry.parent = "first".to_owned())
            => InvalidArgument, "parent";
        "a unit's name that is none", entry(|entry| entry.unit = format!("{PARENT}/units/"))
            => InvalidArgument, "unit";
        "no target", entry(|entry| entry.component_id.clear()) => InvalidArgument, "component_id";
        "two targets", entry(|entry| entry.source_id = "daily".to_owned()) => InvalidArgument, "source_id";
        "no reason", entry(|entry| entry.reason.clear()) => InvalidArgument, "reason";
        "a huge reason", entry(|entry| entry.reason = "x".repeat(1_000_000)) => InvalidArgument, "reason";
        "a day that is none", entry(|entry| entry.entry_date = "2024-02-30".to_owned())
            => InvalidArgument, "entry_date";
    }
    for points in
        ["", "1e3", "12.3456789012", "١", "-", ".5", "5.", "+1", "NaN", "9999999999999", " 1", "1,5"]
    {
        refused! { server, record_mark: "a malformed mark", mark("north", points) => InvalidArgument, "points"; }
        let entry = crate::harness::entry("north", "late", points);
        refused! { server, record_entry: "malformed points", entry => InvalidArgument, "points"; }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_rules_are_named() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    city(&server.channel(), &["north", "south"]).await;
    let mut client = server.evaluation();
    client.record_entry(entry("north", "late", "-1")).await.unwrap();
    let below = RegisterUnitRequest { parent_unit: unit_name("north"), ..registration("north-gate") };
    client.register_unit(below).await.unwrap();

    refused! { server, record_mark:
        "a mark over the maximum", mark("north", "30.01") => FailedPrecondition, "evaluation.mark_out_of_range";
        "a mark under nothing", mark("north", "-0.01") => FailedPrecondition, "evaluation.mark_out_of_range";
        "a mark of a unit that is not entered", mark("north-gate", "1")
            => FailedPrecondition, "evaluation.unit_not_entered";
        "a mark of a ledger", changed(mark("north", "1"), |mark| mark.component_id = LEDGER.to_owned())
            => FailedPrecondition, "evaluation.other_method";
        "a mark in an unknown cycle", changed(mark("north", "1"), |mark| mark.parent = unknown_cycle())
            => NotFound, "evaluation.unknown_cycle";
    }
    refused! { server, record_entry:
        "an entry of nothing", entry("north", "later", "0.00") => FailedPrecondition, "evaluation.entry_zero";
        "an entry of too much", entry("north", "later", "-1000.01")
            => FailedPrecondition, "evaluation.entry_too_large";
        "another entry of this name", entry("north", "late", "-2") => AlreadyExists, "evaluation.entry_exists";
        "an entry of another year", changed(entry("north", "later", "-1"), |entry| {
            entry.entry_date = "2025-01-01".to_owned();
        }) => FailedPrecondition, "evaluation.outside_period";
    }
    refused! { server, move_unit:
        "a unit below itself", moving("north", "north") => FailedPrecondition, "evaluation.circular";
        "a unit below its own", moving("north", "north-gate") => FailedPrecondition, "evaluation.circular";
    }
    refused! { server, open_cycle:
        "a period that ends before it begins", changed(opening("second"), |cycle| {
            cycle.end_date = "2023-12-31".to_owned();
        }) => FailedPrecondition, "evaluation.period_reversed";
        "a scheme version that is not published", changed(opening("second"), |cycle| cycle.scheme_version = 2)
            => FailedPrecondition, "evaluation.scheme_not_published";
    }
    for unit in ["north", "south"] {
        client.record_mark(mark(unit, "20")).await.unwrap();
    }
    issue(&server.channel(), 1).await;
    close_survey(&server.channel()).await;
    close_cycle(&server.channel()).await;
    refused! { server, record_mark:
        "a mark after the close", mark("north", "20") => FailedPrecondition, "evaluation.cycle_not_open";
    }
    refused! { server, record_entry:
        "an entry after the close", entry("north", "later", "-1")
            => FailedPrecondition, "evaluation.cycle_not_open";
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_scheme_is_drafted_but_not_published() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    for (scheme_id, fault, rules) in faulty() {
        let draft = DraftSchemeRequest {
            request_id: request_id(),
            parent: PARENT.to_owned(),
            scheme_id: scheme_id.to_owned(),
            rules: Some(rules),
            occurred_at: None,
        };
        let drafted = server.evaluation().draft_scheme(draft).await.unwrap().into_inner().scheme.unwrap();
        let found: Vec<_> = drafted.faults.iter().map(|fault| fault.rule.as_str()).collect();
        assert!(found.contains(&fault), "{scheme_id}: {found:?}");
        let name = format!("{PARENT}/schemes/{scheme_id}");
        let publish = PublishSchemeRequest { request_id: request_id(), name, occurred_at: None };
        refused! { server, publish_scheme:
            "a faulty scheme", publish => FailedPrecondition, "evaluation.scheme_faulty";
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_answered_once() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    city(&server.channel(), &["north"]).await;
    let codes = issue(&server.channel(), 2).await;
    answer(&server.channel(), vec![form(&codes[0], &["north"], "good")]).await;
    let heads = server.heads().await;
    let rows = [
        (form(&codes[0], &["north"], "fair"), "evaluation.form_already_answered"),
        (form("no-such-code", &["north"], "fair"), "evaluation.unknown_form_code"),
        (form(&codes[1], &["north", "north"], "fair"), "evaluation.form_unit_twice"),
        (form(&codes[1], &["south"], "fair"), "evaluation.form_unit_not_entered"),
        (form(&codes[1], &["north"], "splendid"), "evaluation.form_unknown_level"),
        (form(&codes[1], &[], "fair"), "evaluation.form_empty"),
    ];
    let (forms, rules): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let request =
        AnswerFormsRequest { request_id: request_id(), name: SURVEY.to_owned(), forms, occurred_at: None };
    let refusals = server.evaluation().answer_forms(request).await.unwrap().into_inner().refusals;
    let wanted: Vec<_> = (0..).zip(rules).collect();
    assert_eq!(refusals.iter().map(|row| (row.row, row.rule.as_str())).collect::<Vec<_>>(), wanted);
    assert_eq!(server.heads().await, heads);
    server.stop().await;
}

fn changed<R>(mut request: R, change: impl Fn(&mut R)) -> R {
    change(&mut request);
    request
}

fn moving(unit: &str, parent: &str) -> MoveUnitRequest {
    MoveUnitRequest {
        request_id: request_id(),
        name: unit_name(unit),
        parent_unit: unit_name(parent),
        ..Default::default()
    }
}

fn unknown_cycle() -> String {
    format!("{PARENT}/cycles/none")
}

fn tomorrow() -> contract::Timestamp {
    field::to_wire(mingjing::clock()() + Span::new().hours(24))
}

fn never() -> contract::Timestamp {
    contract::Timestamp { seconds: i64::MAX, nanos: -1 }
}

/// Schemes, each with the rule that it breaks.
fn faulty() -> Vec<(&'static str, &'static str, SchemeRules)> {
    let changed = |change: fn(&mut SchemeRules)| changed(rules(), change);
    vec![
        (
            "too-much",
            "scheme.maxima_sum",
            changed(|rules| "31".clone_into(&mut rules.components[0].max_points)),
        ),
        ("too-little", "scheme.maxima_sum", changed(|rules| drop(rules.components.pop()))),
        ("twins", "scheme.unique", changed(|rules| MARKED.clone_into(&mut rules.components[1].component_id))),
        ("endless", "scheme.decimal", changed(|rules| "1e1".clone_into(&mut rules.components[0].max_points))),
        ("weightless", "scheme.range", changed(weigh_nothing)),
        ("methodless", "scheme.required", changed(|rules| rules.components[0].method = None)),
    ]
}

fn weigh_nothing(rules: &mut SchemeRules) {
    if let Some(Method::Survey(survey)) = &mut rules.components[2].method {
        for stratum in &mut survey.strata {
            "0".clone_into(&mut stratum.weight);
        }
    }
}
