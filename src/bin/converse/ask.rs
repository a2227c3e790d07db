//! `converse ask`: one question.

use std::path::PathBuf;

use bedrock_converse::messages::JsonObject;
use bedrock_converse::tools::{ModelRequestParameters, OutputMode, OutputObjectDefinition};
use bedrock_converse::{BedrockConverseModel, Error, ErrorKind, Result};
use serde_json::Value;

use crate::answer::{self, ModelArgs};
use crate::connect::{Connection, read_text};
use crate::output::{self, Output};
use crate::prompt::Prompt;

/// Ask a model and watch the answer come in
#[derive(clap::Args)]
pub(crate) struct Ask {
    #[command(flatten)]
    prompt: Prompt,
    /// Hold the answer to the JSON schema in this file
    #[arg(long, value_name = "FILE")]
    json_schema: Option<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    connection: Connection,
}

impl Ask {
    pub(crate) async fn run(self, output: Output) -> Result<()> {
        let schema = self.json_schema.as_deref().map(read_schema).transpose()?;
        let messages = [self.prompt.request()?.into()];
        let link = self.connection.open(output::is_watched()).await?;
        let model = self.model.build(&link)?;
        let parameters = schema.map(|schema| structured(&model, schema));
        let answer = answer::show(&model, &messages, parameters.as_ref(), output).await;
        let answer = answer.map_err(|error| self.connection.explain(error))?;
        let is_json = |text: String| serde_json::from_str::<Value>(&text).is_ok();
        if parameters.is_some() && !answer.text().is_some_and(is_json) {
            return Err(Error::new(ErrorKind::Protocol, "the model did not hold to the schema: its answer is no JSON"));
        }
        Ok(())
    }
}

fn read_schema(path: &std::path::Path) -> Result<JsonObject> {
    let json = read_text(path)?;
    serde_json::from_str(&json).map_err(|error| output::invalid(format_args!("{}: {error}", path.display())))
}

/// Asks for JSON as text: held to the schema by the service where it can do that, else by instructions.
fn structured(model: &BedrockConverseModel, json_schema: JsonObject) -> ModelRequestParameters {
    let enforced = model.profile().supports_json_schema_output;
    ModelRequestParameters {
        output_mode: if enforced { OutputMode::Native } else { OutputMode::Prompted },
        output_object: Some(OutputObjectDefinition { json_schema, ..Default::default() }),
        ..Default::default()
    }
}
