//! `mingjing events …`

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use contract::event::event_service_client::EventServiceClient;
use contract::event::{EventFilter, ReadEventsRequest, SubscribeEventsRequest};
use contract::words::RecordedEvent;
use serde_json::Value;
use tonic::transport::Channel;

use super::{Client, print};
use crate::config::Flags;
use crate::json;

/// A line for people shows so many characters of an event; JSON shows all.
const PAYLOAD_SHOWN_MAX: usize = 160;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Events that are recorded, in log order.
    List(List),
    /// Events that are recorded, then each new one as it comes, until interrupted.
    Tail(Select),
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    select: Select,
    /// Stop after so many events.
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, Args)]
pub(super) struct Select {
    /// Whose log.
    #[arg(value_enum)]
    service: Service,
    /// First position wanted.
    #[arg(long, default_value_t = 1, value_name = "POSITION")]
    from: u64,
    /// Only these types, e.g. `MarkRecorded`; may be given several times.
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only this stream, e.g. `cycle-city/first-year`.
    #[arg(long, default_value = "")]
    stream: String,
    /// Only this jurisdiction.
    #[arg(long, default_value = "")]
    jurisdiction: String,
    /// Only this unit.
    #[arg(long, default_value = "")]
    unit: String,
    #[command(flatten)]
    client: Client,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Service {
    Training,
    Complaints,
    Evaluation,
    Accountability,
}

impl Select {
    fn service(&self) -> String {
        let name = match self.service {
            Service::Training => "training",
            Service::Complaints => "complaints",
            Service::Evaluation => "evaluation",
            Service::Accountability => "accountability",
        };
        name.to_owned()
    }

    fn filter(&self) -> EventFilter {
        EventFilter {
            stream: self.stream.clone(),
            event_types: self.types.clone(),
            jurisdiction: self.jurisdiction.clone(),
            unit: self.unit.clone(),
        }
    }
}

pub(super) async fn run(command: Command, mut flags: Flags) -> anyhow::Result<ExitCode> {
    let (Command::List(List { select, .. }) | Command::Tail(select)) = &command;
    flags.server.clone_from(&select.client.server);
    let settings = super::started(&flags)?;
    let client = EventServiceClient::new(super::scorecard::connect(&settings.server).await?);
    match command {
        Command::List(list) => self::list(client, &list).await?,
        Command::Tail(select) => tail(client, &select).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(mut client: EventServiceClient<Channel>, asked: &List) -> anyhow::Result<()> {
    let mut shown = Vec::new();
    let mut from_position = asked.select.from;
    while shown.len() < asked.limit {
        let (service, filter) = (asked.select.service(), Some(asked.select.filter()));
        let page =
            client.read_events(ReadEventsRequest { service, from_position, filter, page_size: 1000 }).await?;
        let page = page.into_inner();
        shown.extend(page.events);
        if page.next_position > page.head_position {
            break;
        }
        from_position = page.next_position;
    }
    shown.truncate(asked.limit);
    if asked.select.client.json {
        print::json(&Value::Array(shown.iter().map(json::event).collect()));
    } else {
        shown.iter().for_each(print_event);
    }
    Ok(())
}

async fn tail(mut client: EventServiceClient<Channel>, asked: &Select) -> anyhow::Result<()> {
    let request = SubscribeEventsRequest {
        service: asked.service(),
        from_position: asked.from,
        filter: Some(asked.filter()),
    };
    let mut pages = client.subscribe_events(request).await?.into_inner();
    while let Some(page) = pages.message().await? {
        for event in &page.events {
            if asked.client.json {
                print::json_line(&json::event(event));
            } else {
                print_event(event);
            }
        }
    }
    Ok(())
}

fn print_event(event: &RecordedEvent) {
    let shown = json::event(event);
    let field = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
    let payload: String = shown["payload"].to_string().chars().take(PAYLOAD_SHOWN_MAX).collect();
    let name = event.event_type.rsplit('.').next().unwrap_or_default();
    print::line(format!(
        "{:>8}  {}  {name}  {}  {}  {}",
        event.position,
        field("recorded_at"),
        event.stream,
        event.actor,
        payload
    ));
}
