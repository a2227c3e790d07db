//! `converse request`: a request from a file, for programs.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use bedrock_converse::{BedrockConverseModel, BedrockProvider, Result};
use serde_json::json;

use crate::connect::Connection;
use crate::dry_run::{self, DryRun};
use crate::input::Input;
use crate::output::{self, Output};
use crate::text::shown_on;

/// Send a request that stands in a file. The answer is JSON
#[derive(clap::Args)]
pub(crate) struct Request {
    #[command(flatten)]
    file: RequestFile,
    /// Send nothing; print the signed HTTP request, without secrets
    #[arg(long, conflicts_with = "offline")]
    dry_run: bool,
    /// Send nothing; print the request as a `curl` command, which takes the keys from the environment. To sign, curl
    /// must be 8.9 or newer
    #[arg(long, conflicts_with_all = ["dry_run", "offline"])]
    curl: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(clap::Args)]
pub(crate) struct RequestFile {
    /// One JSON object with `model`, `messages`, `settings`, `parameters` and `profile`, in the form in which
    /// pydantic-ai has them; only the first two are required. `-` is standard input
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Ask for a stream: the answer's events as they come, and then the answer
    #[arg(long, conflicts_with = "count_tokens")]
    stream: bool,
    /// Count the input tokens instead
    #[arg(long)]
    count_tokens: bool,
}

impl Request {
    pub(crate) async fn run(self, output: Output) -> Result<()> {
        let (input, stdout) = (self.file.read()?, &mut io::stdout());
        if !self.dry_run && !self.curl {
            let link = self.connection.open(false).await?;
            return self.file.send(&input, link.provider.clone(), stdout).await;
        }
        let transport = Arc::new(DryRun::default());
        let provider = self.connection.builder().transport(transport.clone()).load().await?;
        let region = provider.client().region().map(str::to_owned);
        let outcome = self.file.send(&input, provider, stdout).await;
        let Some(request) = transport.take() else { return outcome };
        match output {
            _ if self.curl => output::print(dry_run::curl(&request, region.as_deref())),
            Output::Json => output::print_json(&dry_run::json(&request)),
            Output::Text => output::print(shown_on(&io::stdout(), dry_run::http(&request))),
        }
    }
}

impl RequestFile {
    pub(crate) fn read(&self) -> Result<Input> {
        Input::read(&self.input)
    }

    /// Sends it and writes the answer.
    pub(crate) async fn send(&self, input: &Input, provider: BedrockProvider, to: &mut dyn Write) -> Result<()> {
        let Input { messages, settings, parameters, .. } = input;
        let (settings, parameters) = (settings.as_ref(), parameters.as_ref());
        let model = BedrockConverseModel::builder(&*input.model)
            .provider(provider)?
            .profile_overrides(input.profile.clone())
            .build()?;
        if self.count_tokens {
            return output::write_json(to, &model.count_tokens(messages, settings, parameters).await?);
        }
        if !self.stream {
            return output::write_json(to, &model.request(messages, settings, parameters).await?);
        }
        let mut stream = model.request_stream(messages, settings, parameters).await?;
        while let Some(event) = stream.next().await {
            output::write_json(to, &event?)?;
        }
        output::write_json(to, &json!({ "event_kind": "response", "response": stream.get() }))
    }
}
