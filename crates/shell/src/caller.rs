//! Who calls, under which request id: read once from the request's headers.
//!
//! Until calls are authenticated the caller names itself in the header `mingjing-actor`; the program says so
//! when it starts.

use std::time::Duration;

use contract::field::{self, BadField};
use contract::name::OfficerName;
use eventstore::{Call, Clock, Metadata};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tonic::Request;
use tonic::codegen::http::HeaderMap;
use uuid::Uuid;

/// The header in which a caller names itself.
pub const ACTOR_HEADER: &str = "mingjing-actor";
/// The actor of a call that names none.
pub const UNNAMED: &str = "unnamed";
/// The header in which a caller may name the conversation that the call belongs to, a UUID.
pub const CORRELATION_HEADER: &str = "mingjing-correlation-id";

const ACTOR_BYTES_MAX: usize = 128;
/// Of version 00.
const TRACEPARENT_BYTES: usize = 55;
/// More of it need not be carried.
const TRACESTATE_BYTES_MAX: usize = 512;

/// Who calls, and with what.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who calls.
    pub actor: String,
    /// When the call arrived.
    pub now: Timestamp,
    fingerprint: [u8; 32],
    correlation_id: Option<Uuid>,
    traceparent: String,
}

/// Takes a request apart: who calls, and what is asked.
pub fn receive<M: prost::Message + prost::Name>(
    request: Request<M>,
    clock: &Clock,
) -> Result<(Caller, M), BadField> {
    let header = |name| request.metadata().get(name).map(|value| value.to_str().unwrap_or("\u{0}"));
    let actor = header(ACTOR_HEADER).unwrap_or(UNNAMED).to_owned();
    if actor.is_empty() || actor.len() > ACTOR_BYTES_MAX || actor.chars().any(char::is_control) {
        return Err(BadField::new(ACTOR_HEADER, "must be 1 to 128 printable ASCII characters"));
    }
    let correlation_id = header(CORRELATION_HEADER)
        .map(|value| Uuid::try_parse(value).map_err(|_| BadField::new(CORRELATION_HEADER, "must be a UUID")))
        .transpose()?;
    let traceparent = trace_context(header("traceparent"), header("tracestate"));
    let fingerprint = fingerprint(request.get_ref());
    let caller = Caller { actor, now: clock(), fingerprint, correlation_id, traceparent };
    Ok((caller, request.into_inner()))
}

fn fingerprint<M: prost::Message + prost::Name>(message: &M) -> [u8; 32] {
    let mut sha = Sha256::new_with_prefix(M::full_name());
    sha.update(message.encode_to_vec());
    sha.finalize().into()
}

/// W3C trace context as it is recorded: `traceparent`, then, after a space, `tracestate` if there is one. What
/// is not well formed is dropped, as the standard asks.
fn trace_context(parent: Option<&str>, state: Option<&str>) -> String {
    let Some(parent) = parent.filter(|parent| parent.len() == TRACEPARENT_BYTES) else {
        return String::new();
    };
    let printable = |state: &str| state.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    match state.filter(|state| (1..=TRACESTATE_BYTES_MAX).contains(&state.len()) && printable(state)) {
        Some(state) => format!("{parent} {state}"),
        None => parent.to_owned(),
    }
}

impl Caller {
    /// The resource name of the officer whom the caller's name means, given whole or as the id alone; the name
    /// as it was given if it is no officer's.
    pub fn officer(&self, jurisdiction: &str) -> String {
        match field::id(ACTOR_HEADER, &self.actor) {
            Ok(officer) => OfficerName { jurisdiction: jurisdiction.to_owned(), officer }.to_string(),
            Err(_) => self.actor.clone(),
        }
    }

    /// Every name that means the caller: as an officer's resource name, and by the id alone. None: it named
    /// nobody.
    pub fn names(&self, jurisdiction: &str) -> Vec<String> {
        if self.actor == UNNAMED {
            return vec![];
        }
        let whole = self.officer(jurisdiction);
        let officer = OfficerName::parse(ACTOR_HEADER, &whole).ok();
        let id =
            officer.filter(|officer| officer.jurisdiction == jurisdiction).map(|officer| officer.officer);
        std::iter::once(whole).chain(id).collect()
    }

    /// The same caller, who is remembered to have asked for `message`: what was asked without its secrets.
    /// Whoever knows all the rest of a request could find a secret by trying which one gives its fingerprint.
    #[must_use]
    pub fn asking<M: prost::Message + prost::Name>(self, message: &M) -> Self {
        Self { fingerprint: fingerprint(message), ..self }
    }

    /// The frame of a command of this caller: its request id and what is said of every event.
    pub fn call(
        &self,
        request_id: &str,
        jurisdiction: &str,
        occurred_at: Option<contract::Timestamp>,
    ) -> Result<Call, BadField> {
        let request_id = field::request_id(request_id)?;
        Ok(Call {
            request_id,
            fingerprint: self.fingerprint,
            metadata: Metadata {
                actor: self.actor.clone(),
                jurisdiction: jurisdiction.to_owned(),
                occurred_at: field::occurred_at(occurred_at, self.now)?,
                correlation_id: self.correlation_id.unwrap_or(request_id),
                causation_id: request_id,
                traceparent: self.traceparent.clone(),
            },
        })
    }
}

/// How long a query may wait: a little less than the client's own deadline, 5 s if it has none.
pub fn patience<M>(request: &Request<M>) -> Duration {
    const DEFAULT: Duration = Duration::from_secs(5);
    let deadline = deadline(request.metadata().as_ref());
    deadline.map_or(DEFAULT, |deadline| deadline.saturating_sub(deadline / 10).min(Duration::from_mins(1)))
}

/// How long the client waits; `None`: it does not say.
pub fn deadline(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount.saturating_mul(3600))),
        "M" => Some(Duration::from_secs(amount.saturating_mul(60))),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}
