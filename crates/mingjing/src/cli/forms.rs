//! `mingjing forms …`

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use contract::evaluation::IssueFormsRequest;
use contract::evaluation::evaluation_service_client::EvaluationServiceClient;
use uuid::Uuid;

use super::print;
use crate::config::{Flags, Settings};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Issue single-use form codes to a stratum of a survey, and print them: on paper, one form each.
    ///
    /// Only this answer, and its repetition under the same --request-id, ever shows the codes: print them at
    /// once.
    Print(Print),
}

#[derive(Debug, Args)]
pub(super) struct Print {
    /// JURISDICTION/CYCLE/COMPONENT, or the survey's whole resource name.
    #[arg(value_name = "SURVEY")]
    survey: String,
    /// The stratum that gets them.
    #[arg(long)]
    stratum: String,
    /// How many, 1 to 10000.
    #[arg(long)]
    count: u32,
    /// How they are printed.
    #[arg(long, value_enum, default_value_t = Format::List)]
    format: Format,
    /// A UUID: repeated, it prints the same codes again. [default: a new one]
    #[arg(long, value_name = "UUID")]
    request_id: Option<Uuid>,
    /// The server to call.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Numbered, four to a line.
    List,
    /// Comma-separated values with a header, for a printer's mail merge.
    Csv,
}

pub(super) async fn run(command: Command, mut flags: Flags) -> anyhow::Result<ExitCode> {
    let Command::Print(asked) = command;
    flags.server.clone_from(&asked.server);
    let settings = Settings::read(&flags)?;
    let request = IssueFormsRequest {
        request_id: asked.request_id().to_string(),
        name: asked.name(),
        stratum_id: asked.stratum.clone(),
        count: asked.count,
        occurred_at: None,
    };
    let mut client = EvaluationServiceClient::new(super::scorecard::connect(&settings.server).await?);
    let issued = client.issue_forms(request).await?.into_inner();
    asked.print(&issued.form_codes);
    Ok(ExitCode::SUCCESS)
}

impl Print {
    fn name(&self) -> String {
        match self.survey.split('/').collect::<Vec<_>>()[..] {
            [jurisdiction, cycle, component] => {
                format!("jurisdictions/{jurisdiction}/cycles/{cycle}/surveys/{component}")
            }
            _ => self.survey.clone(),
        }
    }

    /// As given; else one that no other call has.
    fn request_id(&self) -> Uuid {
        let now = crate::clock()();
        let call = format!("{}/{}/{}/{now}", self.survey, self.stratum, self.count);
        self.request_id.unwrap_or_else(|| Uuid::new_v5(&Uuid::NAMESPACE_OID, call.as_bytes()))
    }

    fn print(&self, codes: &[String]) {
        match self.format {
            Format::List => {
                let numbered: Vec<_> =
                    (1..).zip(codes).map(|(number, code)| format!("{number:>5} {code}")).collect();
                numbered.chunks(4).for_each(|line| print::line(line.join("   ")));
            }
            Format::Csv => {
                print::line("number,stratum,code");
                for (number, code) in (1..).zip(codes) {
                    print::line(format!("{number},{},{code}", self.stratum));
                }
            }
        }
    }
}
