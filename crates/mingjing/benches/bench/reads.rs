//! Scorecards of the sample year read over gRPC.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use contract::scorecard::{GetScorecardRequest, ListScorecardsRequest};
use mingjing::config::Settings;
use mingjing::target::Target;
use mingjing::{sample, serve};

use crate::measure::{Limit, Table, rate};
use crate::raw::{self, turn};
use crate::{CALLERS, LISTEN};

/// Reads the scorecards of all units in turn.
pub(crate) async fn scorecards(folder: &Path, table: &mut Table) -> anyhow::Result<()> {
    let running =
        serve::start(Target::All, &Settings::embedded(LISTEN, &folder.join("sample")), mingjing::clock())
            .await?;
    running.filled().await;
    let server = format!("http://{}", running.address);
    let consistency_token = sample::load(&server, || ()).await?;
    let channels = raw::connect(&server).await?;
    let clients: Arc<[_]> = channels.iter().cloned().map(ScorecardServiceClient::new).collect();
    let request = ListScorecardsRequest {
        parent: format!("jurisdictions/{}/cycles/{}", sample::JURISDICTION, sample::CYCLE),
        page_size: 1000,
        consistency_token,
        ..ListScorecardsRequest::default()
    };
    let listed = clients[0].clone().list_scorecards(request).await?.into_inner().scorecards;
    let names: Arc<[String]> = listed.into_iter().map(|card| card.name).collect();
    let next = Arc::new(AtomicU32::new(0));
    for callers in CALLERS {
        let empty = raw::empty_calls(&channels, callers).await?;
        let (clients, names, next) = (clients.clone(), names.clone(), next.clone());
        let reads = rate(callers, move |caller| {
            let (mut client, name) =
                (turn(&clients, caller).clone(), turn(&names, next.fetch_add(1, Ordering::Relaxed)).clone());
            async move {
                client.get_scorecard(GetScorecardRequest { name, ..GetScorecardRequest::default() }).await?;
                Ok(())
            }
        })
        .await?;
        let limit = Limit { what: "gRPC, empty unary call", rate: empty };
        table.row(&format!("scorecards read over gRPC, {callers} in flight"), reads, &[limit]);
    }
    running.stop().await;
    Ok(())
}
