//! `converse serve`: the local stand-in for Bedrock.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bedrock_converse::Result;
use bedrock_converse::serve::{Fault, ServedRequest, Server};
use serde_json::{Map, Value, json};

use crate::connect::read_text;
use crate::dry_run::quoted;
use crate::output::{self, Output, Style};
use crate::text::shown_on;

/// Stand in for Bedrock on this machine, until Ctrl-C
#[derive(clap::Args)]
pub(crate) struct Serve {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Answer from the recorded exchanges in this folder first; may be repeated
    #[arg(long, value_name = "DIR")]
    fixtures: Vec<PathBuf>,
    /// Make answers fail as the script in this file says: one fault per line, or separated by `;`, such as
    /// `throttle times=2`
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// The pause before each word of a stream, in milliseconds
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    delay: u64,
    /// The region that signatures must be for; any will do without it
    #[arg(long)]
    region: Option<String>,
    /// Let a bearer key in; may be repeated
    #[arg(long, value_name = "KEY")]
    bearer_key: Vec<String>,
    /// Let everybody in, whatever their credentials
    #[arg(long)]
    any_credentials: bool,
}

/// The variables that lead a client to the server.
const VARIABLES: [&str; 5] = [
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_BEARER_TOKEN_BEDROCK",
];

impl Serve {
    pub(crate) async fn run(self, output: Output) -> Result<()> {
        let server = self.start()?;
        let environment = server.environment();
        let variables = VARIABLES.iter().filter_map(|name| Some((*name, environment.var(name)?)));
        match output {
            Output::Json => {
                let variables: Map<String, Value> =
                    variables.map(|(name, value)| (name.to_owned(), value.into())).collect();
                output::print_json(&json!({ "url": server.url(), "environment": variables }))?;
            }
            Output::Text => {
                let lines: String =
                    variables.map(|(name, value)| format!("export {name}={}\n", quoted(&value))).collect();
                output::print(lines)?;
            }
        }
        tell(&server).await;
        Ok(())
    }

    fn start(self) -> Result<Server> {
        let mut builder = Server::builder().port(self.port).delay(Duration::from_millis(self.delay));
        for folder in self.fixtures {
            builder = builder.fixtures(folder)?;
        }
        if let Some(file) = &self.faults {
            let script = read_text(file)?;
            let lines = script.lines().map(|line| line.trim().trim_end_matches(';'));
            let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
            let is_json = script.trim_start().starts_with('[');
            builder = builder.faults(Fault::script(&if is_json { script } else { lines.join(";") })?);
        }
        if let Some(region) = self.region {
            builder = builder.region(region);
        }
        for key in self.bearer_key {
            builder = builder.bearer_key(key);
        }
        if self.any_credentials {
            builder = builder.any_credentials();
        }
        builder.start()
    }
}

/// Notes each request on standard error when its answer is done.
async fn tell(server: &Server) {
    let style = Style::on(&io::stderr());
    let mut told = BTreeSet::new();
    loop {
        let mut lines = Vec::new();
        let any_done = |requests: &[ServedRequest]| {
            let first = requests.first().map_or(0, |request| request.number);
            told.retain(|number| *number >= first);
            lines.extend(requests.iter().filter(|request| request.done && told.insert(request.number)).map(line));
            !lines.is_empty()
        };
        server.until(any_done).await;
        for line in lines {
            output::note(style.dim(shown_on(&io::stderr(), line)));
        }
    }
}

fn line(request: &ServedRequest) -> String {
    let status = request.status.map_or("---".to_owned(), |status| status.to_string());
    let left = if request.closed_early { ", closed early" } else { "" };
    format!("{status} {} {}{left}", request.method, request.path)
}
