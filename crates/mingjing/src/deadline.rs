//! Every call is answered while its client still listens.

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use contract::status::Failure;
use tokio::time::timeout;
use tonic::Status;

/// A call is answered within this, or given up, however long its client would wait.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Gives a call up a little before its client does, and says so: what a command came to is found by its request id.
pub async fn in_time(request: Request, next: Next) -> Response {
    let deadline = shell::caller::deadline(request.headers()).unwrap_or(CALL_TIMEOUT).min(CALL_TIMEOUT);
    let patience = deadline.saturating_sub(deadline / 20);
    if let Ok(response) = timeout(patience, next.run(request)).await {
        return response;
    }
    let late = "not done within the deadline; try the same again, with the same request_id";
    Status::from(Failure::Unavailable(late.to_owned())).into_http()
}

#[cfg(test)]
mod tests {
    use contract::evaluation::evaluation_service_client::EvaluationServiceClient;
    use contract::evaluation::{RegisterUnitRequest, UnitKind};
    use contract::event::ReadEventsRequest;
    use contract::event::event_service_client::EventServiceClient;
    use eventstore::testing::postgres::PostgresHere;
    use tokio::time::Instant;
    use tonic::{Code, Request};
    use tonic_types::StatusExt as _;
    use uuid::Uuid;

    use crate::config::Settings;
    use crate::serve;
    use crate::target::Target;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(2);

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_command_that_cannot_be_stored_is_unavailable_within_its_client_s_deadline() {
        let (folder, postgres) = (tempfile::tempdir().unwrap(), PostgresHere::run(&["fsync=off"]).unwrap());
        for service in contract::token::SERVICES.into_iter().chain(["scorecard"]) {
            postgres.create(service).await.unwrap();
        }
        let mut settings = Settings::embedded("127.0.0.1:0".parse().unwrap(), folder.path());
        settings.database_url = Some(postgres.url("{service}").into());
        let running = serve::start(Target::All, &settings, crate::clock()).await.unwrap();
        running.filled().await;
        let url = format!("http://{}", running.address);
        let mut client = EvaluationServiceClient::connect(url.clone()).await.unwrap();
        let register = |unit: &str| {
            let mut request = Request::new(RegisterUnitRequest {
                request_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, unit.as_bytes()).to_string(),
                parent: "jurisdictions/testville".to_owned(),
                unit_id: unit.to_owned(),
                title: unit.to_owned(),
                kind: UnitKind::Division.into(),
                ..RegisterUnitRequest::default()
            });
            request.set_timeout(DEADLINE);
            request
        };
        client.register_unit(register("north")).await.unwrap();
        postgres.signal("STOP").unwrap();
        let asked = Instant::now();
        let refused = client.register_unit(register("south")).await.unwrap_err();
        let took = asked.elapsed();
        postgres.signal("CONT").unwrap();
        assert_eq!(refused.code(), Code::Unavailable, "{refused}");
        assert_eq!(refused.get_error_details().error_info().unwrap().reason, "UNAVAILABLE");
        assert!(took < DEADLINE, "{took:?}");
        // Whatever became of it, the same again is done once.
        let again = async { while client.register_unit(register("south")).await.is_err() {} };
        timeout(Duration::from_mins(1), again).await.unwrap();
        let read = ReadEventsRequest { service: "evaluation".to_owned(), ..ReadEventsRequest::default() };
        let mut events = EventServiceClient::connect(url).await.unwrap();
        assert_eq!(events.read_events(read).await.unwrap().into_inner().head_position, 2);
        running.stop().await;
    }
}
