//! `converse request`: a request from a file, for programs.

use std::path::PathBuf;
use std::sync::Arc;

use bedrock_converse::messages::{JsonObject, ModelMessage};
use bedrock_converse::settings::BedrockModelSettings;
use bedrock_converse::tools::ModelRequestParameters;
use bedrock_converse::{BedrockConverseModel, BedrockProvider, Result};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::connect::{Connection, read_text};
use crate::dry_run::{self, DryRun};
use crate::output::{self, Output, invalid};

/// Send a request that stands in a file. The answer is JSON
#[derive(clap::Args)]
pub(crate) struct RequestFile {
    /// One JSON object with `model`, `messages`, `settings`, `parameters` and `profile`, in the form in which
    /// pydantic-ai has them; only the first two are required. `-` is standard input
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Print the answer's events as they come, and then the answer
    #[arg(long, conflicts_with = "count_tokens")]
    stream: bool,
    /// Count the input tokens instead
    #[arg(long)]
    count_tokens: bool,
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

impl RequestFile {
    pub(crate) async fn run(self, output: Output) -> Result<()> {
        let input = Input::read(&read_text(&self.input)?)?;
        if !self.dry_run && !self.curl {
            let link = self.connection.open(false).await?;
            return self.send(&input, link.provider.clone()).await;
        }
        let transport = Arc::new(DryRun::default());
        let provider = self.connection.builder().transport(transport.clone()).load().await?;
        let region = provider.client().region().map(str::to_owned);
        let outcome = self.send(&input, provider).await;
        let Some(request) = transport.take() else { return outcome };
        match output {
            _ if self.curl => output::print(dry_run::curl(&request, region.as_deref())),
            Output::Json => output::print_json(&dry_run::json(&request)),
            Output::Text => output::print(dry_run::http(&request)),
        }
    }

    async fn send(&self, input: &Input, provider: BedrockProvider) -> Result<()> {
        let Input { messages, settings, parameters, .. } = input;
        let (settings, parameters) = (settings.as_ref(), parameters.as_ref());
        let model = BedrockConverseModel::builder(&*input.model)
            .provider(provider)?
            .profile_overrides(input.profile.clone())
            .build()?;
        if self.count_tokens {
            return output::print_json(&model.count_tokens(messages, settings, parameters).await?);
        }
        if !self.stream {
            return output::print_json(&model.request(messages, settings, parameters).await?);
        }
        let mut stream = model.request_stream(messages, settings, parameters).await?;
        while let Some(event) = stream.next().await {
            output::print_json(&event?)?;
        }
        output::print_json(&json!({ "event_kind": "response", "response": stream.get() }))
    }
}

struct Input {
    model: String,
    messages: Vec<ModelMessage>,
    settings: Option<BedrockModelSettings>,
    parameters: Option<ModelRequestParameters>,
    profile: JsonObject,
}

impl Input {
    fn read(json: &str) -> Result<Self> {
        let mut members: JsonObject =
            serde_json::from_str(json).map_err(|error| invalid(format_args!("the input: {error}")))?;
        let missing = |name: &str| invalid(format_args!("the input has no `{name}`"));
        let input = Self {
            model: take(&mut members, "model")?.ok_or_else(|| missing("model"))?,
            messages: take(&mut members, "messages")?.ok_or_else(|| missing("messages"))?,
            settings: take(&mut members, "settings")?,
            parameters: take(&mut members, "parameters")?,
            profile: take(&mut members, "profile")?.unwrap_or_default(),
        };
        match members.keys().next() {
            None => Ok(input),
            Some(unknown) => Err(invalid(format_args!("the input has a member `{unknown}`, which means nothing"))),
        }
    }
}

fn take<T: DeserializeOwned>(members: &mut JsonObject, name: &str) -> Result<Option<T>> {
    let value = members.shift_remove(name).unwrap_or_default();
    serde_json::from_value(value).map_err(|error| invalid(format_args!("`{name}`: {error}")))
}
