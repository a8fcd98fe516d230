//! `mingjing consumers …`

use std::process::ExitCode;

use clap::{Args, Subcommand};
use contract::event::event_service_client::EventServiceClient;
use contract::event::{Consumer, ListConsumersRequest, ResumeConsumerRequest};
use serde_json::{Value, json};

use super::{Client, print};
use crate::config::Flags;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// How far each has come in each log, and which stopped, and why.
    List(List),
    /// Tell one that stopped at an event to try that event again. It is never skipped.
    Resume(Resume),
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    client: Client,
}

#[derive(Debug, Args)]
pub(super) struct Resume {
    /// Its name, e.g. `evaluation-from-complaints`.
    name: String,
    #[command(flatten)]
    client: Client,
}

pub(super) async fn run(command: Command, mut flags: Flags) -> anyhow::Result<ExitCode> {
    let (Command::List(List { client }) | Command::Resume(Resume { client, .. })) = &command;
    flags.server.clone_from(&client.server);
    let as_json = client.json;
    let settings = super::started(&flags)?;
    let mut client = EventServiceClient::new(super::scorecard::connect(&settings.server).await?);
    let consumers = match command {
        Command::List(_) => client.list_consumers(ListConsumersRequest {}).await?.into_inner().consumers,
        Command::Resume(Resume { name, .. }) => {
            let request = ResumeConsumerRequest { consumer: name };
            let resumed = client.resume_consumer(request).await?.into_inner().consumers;
            if resumed.is_empty() && !as_json {
                print::line("it had not stopped");
            }
            resumed
        }
    };
    if as_json {
        print::json(&Value::Array(consumers.iter().map(shown).collect()));
    } else {
        consumers.iter().for_each(print_consumer);
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(consumer: &Consumer) -> Value {
    json!({
        "consumer": consumer.consumer,
        "service": consumer.service,
        "position": consumer.position,
        "head_position": consumer.head_position,
        "alarm": consumer.alarm,
    })
}

fn print_consumer(consumer: &Consumer) {
    let head = consumer.head_position.map_or_else(|| "?".to_owned(), |head| head.to_string());
    let state = if consumer.alarm.is_empty() { "goes on" } else { &consumer.alarm };
    print::line(format!(
        "{:<32} {:<16} {:>8} of {head:>8}  {state}",
        consumer.consumer, consumer.service, consumer.position
    ));
}
