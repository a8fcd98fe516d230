//! Any request of the contract, as JSON: a line where a typed one takes ten.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bytes::Bytes;
use http::uri::PathAndQuery;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use serde_json::{Value, json};
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::arbitrary::{Raw, rpcs};
use crate::harness::request_id;

static RPCS: LazyLock<BTreeMap<String, MethodDescriptor>> =
    LazyLock::new(|| rpcs().map(|rpc| (rpc.name().to_owned(), rpc)).collect());

/// Sends requests about one city.
#[derive(Clone)]
pub(crate) struct Desk {
    channel: Channel,
    pub(crate) city: String,
}

impl Desk {
    pub(crate) fn of(channel: Channel, city: &str) -> Self {
        Self { channel, city: city.to_owned() }
    }

    /// Whether a request says when what it records happened.
    pub(crate) fn is_dated(rpc: &str) -> bool {
        RPCS[rpc].input().get_field_by_name("occurred_at").is_some()
    }

    /// Sends a request in someone's name, under an id of its own; its parent is the city, if it names none.
    pub(crate) async fn send(
        &self,
        actor: &str,
        rpc: &str,
        request: &Value,
    ) -> Result<DynamicMessage, Status> {
        let rpc = &RPCS[rpc];
        let mut fields = request.clone();
        fields["request_id"] = json!(request_id());
        if rpc.input().get_field_by_name("parent").is_some() && fields.get("parent").is_none() {
            fields["parent"] = json!(self.city);
        }
        let message = DynamicMessage::deserialize(rpc.input(), fields).unwrap();
        let mut request = Request::new(message.encode_to_vec());
        request.metadata_mut().insert("mingjing-actor", actor.parse().unwrap());
        let path = format!("/{}/{}", rpc.parent_service().full_name(), rpc.name());
        let mut client = Grpc::new(self.channel.clone());
        client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = PathAndQuery::try_from(path).unwrap();
        let answer: Bytes = client.unary(request, path, Raw).await?.into_inner();
        Ok(DynamicMessage::decode(rpc.output(), answer).unwrap())
    }

    /// Sends a request that may not be refused.
    pub(crate) async fn must(&self, actor: &str, rpc: &str, request: Value) -> DynamicMessage {
        match self.send(actor, rpc, &request).await {
            Ok(answer) => answer,
            Err(status) => panic!("{}: {rpc} {request}: {status}", self.city),
        }
    }
}
