//! `converse count-tokens`: what a question would cost.

use bedrock_converse::Result;

use crate::answer::ModelArgs;
use crate::connect::Connection;
use crate::output::{self, Output};
use crate::prompt::Prompt;

/// Count the input tokens of a prompt, without asking it. It costs nothing; few models can
#[derive(clap::Args)]
pub(crate) struct CountTokens {
    #[command(flatten)]
    prompt: Prompt,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    connection: Connection,
}

impl CountTokens {
    pub(crate) async fn run(self, output: Output) -> Result<()> {
        let messages = [self.prompt.request()?.into()];
        let link = self.connection.open(false).await?;
        let model = self.model.build(&link)?;
        let usage = model.count_tokens(&messages, None, None).await.map_err(|error| self.connection.explain(error))?;
        match output {
            Output::Json => output::print_json(&usage),
            Output::Text => output::print(format_args!("input tokens: {}\n", usage.input_tokens)),
        }
    }
}
