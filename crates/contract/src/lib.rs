//! THE PUBLISHED LANGUAGE: what the services say to their clients and to each other.
//!
//! Generated from `proto/`: requests, answers and events, one module per context. By hand: how fields are
//! parsed ([`field`], [`name`]), how a refusal becomes a gRPC status ([`status`]), what a consistency token
//! says ([`token`]), how an answer gets its position ([`answer`]), and the descriptors for reflection and
//! JSON ([`descriptors`]).
//!
//! What must never be here: a rule, a clock, storage. Start at `proto/mingjing/evaluation/v1`.

pub mod answer;
pub mod descriptors;
pub mod field;
pub mod name;
pub mod status;
pub mod token;

#[expect(
    missing_docs,
    unused_qualifications,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::as_conversions,
    reason = "generated"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/mingjing.rs"));
}

pub use generated::mingjing::accountability::v1 as accountability;
pub use generated::mingjing::clock::v1 as clock;
pub use generated::mingjing::complaints::v1 as complaints;
pub use generated::mingjing::evaluation::v1 as evaluation;
pub use generated::mingjing::event::v1 as event;
pub use generated::mingjing::scorecard::v1 as scorecard;
pub use generated::mingjing::training::v1 as training;
pub use generated::mingjing::r#type::v1 as words;
pub use prost_types::Timestamp;
