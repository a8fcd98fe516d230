//! How a failure becomes a gRPC status: decided here, once.
//!
//! | what | status | the client should |
//! |---|---|---|
//! | a field does not parse | `INVALID_ARGUMENT` + `BadRequest` | mend the request |
//! | no such thing | `NOT_FOUND` | look for it elsewhere |
//! | exists with other content | `ALREADY_EXISTS` | choose another id |
//! | a rule refuses | `FAILED_PRECONDITION` + `PreconditionFailure` | first mend the state |
//! | the actor may not | `PERMISSION_DENIED` | let another one do it |
//! | version conflict | `ABORTED` | read again, then try again |
//! | over a limit | `RESOURCE_EXHAUSTED` + `RetryInfo` | try later |
//! | store or bus away, or not yet that far | `UNAVAILABLE` | try the same again |
//! | corrupt event or bug | `INTERNAL` | tell us; the text is withheld |

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::field::BadField;

/// The domain of every `ErrorInfo`.
pub const DOMAIN: &str = "mingjing";

/// A broken rule.
pub trait Rejection: std::error::Error {
    /// Stable dotted name of the rule, e.g. `complaints.deadline_passed`.
    fn rule(&self) -> &'static str;

    /// What sort of refusal it is.
    fn kind(&self) -> Kind {
        Kind::Rule
    }
}

/// What sort of refusal a [`Rejection`] is; each has its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A rule of the domain refuses.
    Rule,
    /// The thing is not there.
    NotFound,
    /// It is there already, with other content.
    Exists,
    /// The actor may not.
    Denied,
    /// It was changed since it was read.
    Changed,
}

/// Everything that a call can fail with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// A field does not parse.
    BadField(BadField),
    /// A rule refuses.
    Refused {
        /// Its sort.
        kind: Kind,
        /// The rule's name.
        rule: &'static str,
        /// What is wrong, for people.
        message: String,
    },
    /// Others kept changing it.
    Conflict {
        /// The stream.
        stream: String,
        /// The stream version that the command was decided on.
        expected: u64,
        /// The stream version found.
        actual: u64,
    },
    /// Too much at once.
    Exhausted(&'static str),
    /// Cannot be served now, for a reason that may pass.
    Unavailable(String),
    /// A corrupt event or a bug: logged where it was found, withheld here.
    Internal,
}

impl Failure {
    /// There is no `name`.
    pub fn not_found(name: impl std::fmt::Display) -> Self {
        Self::Refused { kind: Kind::NotFound, rule: "not_found", message: format!("there is no {name}") }
    }
}

impl<R: Rejection> From<&R> for Failure {
    fn from(rejection: &R) -> Self {
        Self::Refused { kind: rejection.kind(), rule: rejection.rule(), message: rejection.to_string() }
    }
}

impl From<BadField> for Failure {
    fn from(bad: BadField) -> Self {
        Self::BadField(bad)
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let mut details = ErrorDetails::new();
        let (code, message) = match failure {
            Failure::BadField(bad) => {
                details.add_bad_request_violation(bad.field(), bad.message());
                info(&mut details, "BAD_FIELD", [("field", bad.field().to_owned())]);
                (Code::InvalidArgument, bad.to_string())
            }
            Failure::Refused { kind, rule, message } => {
                let (code, reason) = match kind {
                    Kind::Rule => (Code::FailedPrecondition, "RULE"),
                    Kind::NotFound => (Code::NotFound, "NOT_FOUND"),
                    Kind::Exists => (Code::AlreadyExists, "EXISTS"),
                    Kind::Denied => (Code::PermissionDenied, "DENIED"),
                    Kind::Changed => (Code::Aborted, "CHANGED"),
                };
                if kind == Kind::Rule {
                    details.add_precondition_failure_violation(rule, "", message.as_str());
                }
                info(&mut details, reason, [("rule", rule.to_owned())]);
                (code, format!("{rule}: {message}"))
            }
            Failure::Conflict { stream, expected, actual } => {
                let versions = [("expected", expected.to_string()), ("actual", actual.to_string())];
                info(&mut details, "CONFLICT", versions);
                (
                    Code::Aborted,
                    format!("`{stream}` is at version {actual}, not {expected}; read it again and try again"),
                )
            }
            Failure::Exhausted(message) => {
                details.set_retry_info(Some(Duration::from_millis(100)));
                info(&mut details, "EXHAUSTED", []);
                (Code::ResourceExhausted, message.to_owned())
            }
            Failure::Unavailable(message) => {
                info(&mut details, "UNAVAILABLE", []);
                (Code::Unavailable, message)
            }
            Failure::Internal => {
                info(&mut details, "INTERNAL", []);
                (Code::Internal, "internal error; the service's log has it".to_owned())
            }
        };
        Self::with_error_details(code, message, details)
    }
}

impl From<BadField> for Status {
    fn from(bad: BadField) -> Self {
        Failure::BadField(bad).into()
    }
}

fn info<const N: usize>(details: &mut ErrorDetails, reason: &str, metadata: [(&str, String); N]) {
    let metadata: HashMap<String, String> =
        metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    details.set_error_info(reason, DOMAIN, metadata);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the deadline has passed")]
    struct DeadlinePassed;

    impl Rejection for DeadlinePassed {
        fn rule(&self) -> &'static str {
            "complaints.deadline_passed"
        }
    }

    #[test]
    fn a_refusal_names_its_rule_in_text_and_details() {
        let status = Status::from(Failure::from(&DeadlinePassed));
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert!(status.message().starts_with("complaints.deadline_passed: "));
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().metadata["rule"], "complaints.deadline_passed");
        assert_eq!(
            details.precondition_failure().unwrap().violations[0].r#type,
            "complaints.deadline_passed"
        );
    }

    #[test]
    fn a_bad_field_names_the_field_in_the_details() {
        let status = Status::from(BadField::new("points", "must be a decimal"));
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(status.get_error_details().bad_request().unwrap().field_violations[0].field, "points");
    }
}
