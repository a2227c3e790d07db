//! One question to a model and its answer, shown as it comes.

use std::io;
use std::time::Instant;

use bedrock_converse::messages::{
    CacheTtl, FinishReason, ModelMessage, ModelResponse, ModelResponsePart, ModelResponsePartDelta,
    ModelResponseStreamEvent,
};
use bedrock_converse::settings::{BedrockModelSettings, CacheSetting, ThinkingEffort, ThinkingLevel};
use bedrock_converse::tools::ModelRequestParameters;
use bedrock_converse::{BedrockConverseModel, Result};

use crate::connect::Link;
use crate::output::{self, Output, Style};
use crate::spinner::Spinner;
use crate::text::{AnswerText, shown_on};

/// A small model that any commercial region can reach.
const DEFAULT_MODEL: &str = "global.amazon.nova-2-lite-v1:0";

#[derive(clap::Args)]
#[command(next_help_heading = "Model")]
pub(crate) struct ModelArgs {
    /// The model: a model id, an inference profile's id or an ARN
    #[arg(short, long, value_name = "ID", default_value = DEFAULT_MODEL)]
    model: String,
    /// At most this many output tokens
    #[arg(long, value_name = "NUMBER")]
    max_tokens: Option<u64>,
    /// How random the answer is, usually 0 to 1
    #[arg(long, value_name = "NUMBER")]
    temperature: Option<f64>,
    /// How hard the model thinks, if it can: off, on, minimal, low, medium, high or xhigh
    #[arg(long, value_name = "LEVEL", value_parser = thinking_level)]
    thinking: Option<ThinkingLevel>,
    /// Keep what was sent in the prompt cache, if the model has one: for 5m, or for 1h
    #[arg(long, value_name = "TIME", value_parser = cache_ttl, num_args = 0..=1, require_equals = true,
          default_missing_value = "5m")]
    cache: Option<CacheTtl>,
}

fn thinking_level(text: &str) -> Result<ThinkingLevel, String> {
    Ok(match text {
        "off" => ThinkingLevel::Off,
        "on" => ThinkingLevel::On,
        "minimal" => ThinkingLevel::Effort(ThinkingEffort::Minimal),
        "low" => ThinkingLevel::Effort(ThinkingEffort::Low),
        "medium" => ThinkingLevel::Effort(ThinkingEffort::Medium),
        "high" => ThinkingLevel::Effort(ThinkingEffort::High),
        "xhigh" => ThinkingLevel::Effort(ThinkingEffort::Xhigh),
        _ => return Err("it is one of off, on, minimal, low, medium, high and xhigh".to_owned()),
    })
}

fn cache_ttl(text: &str) -> Result<CacheTtl, String> {
    match text {
        "5m" => Ok(CacheTtl::FiveMinutes),
        "1h" => Ok(CacheTtl::OneHour),
        _ => Err("it is 5m or 1h".to_owned()),
    }
}

impl ModelArgs {
    pub(crate) fn build(&self, link: &Link) -> Result<BedrockConverseModel> {
        let cache = self.cache.map(CacheSetting::Ttl);
        let settings = BedrockModelSettings {
            max_tokens: self.max_tokens,
            temperature: self.temperature,
            thinking: self.thinking,
            bedrock_cache_instructions: cache,
            bedrock_cache_messages: cache,
            ..Default::default()
        };
        BedrockConverseModel::builder(&*self.model).provider(link.provider.clone())?.settings(settings).build()
    }
}

/// Asks the model. For people its text is printed as it comes, with what it cost at the end; for programs the answer is
/// one line.
pub(crate) async fn show(
    model: &BedrockConverseModel,
    messages: &[ModelMessage],
    parameters: Option<&ModelRequestParameters>,
    output: Output,
) -> Result<ModelResponse> {
    let began = Instant::now();
    let text = (output == Output::Text).then(AnswerText::new);
    let mut showing = Showing { text, spinner: Spinner::new() };
    let outcome = showing.stream(model, messages, parameters).await;
    showing.end()?;
    let answer = outcome?;
    match output {
        Output::Json => output::print_json(&answer)?,
        Output::Text => {
            let cost = cost(&answer, model.model_name(), began.elapsed().as_secs_f64());
            output::note(Style::on(&io::stderr()).dim(shown_on(&io::stderr(), cost)));
        }
    }
    Ok(answer)
}

struct Showing {
    /// For people.
    text: Option<AnswerText>,
    spinner: Spinner,
}

impl Showing {
    async fn stream(
        &mut self,
        model: &BedrockConverseModel,
        messages: &[ModelMessage],
        parameters: Option<&ModelRequestParameters>,
    ) -> Result<ModelResponse> {
        let mut stream = self.spinner.during(model.request_stream(messages, None, parameters)).await?;
        while let Some(event) = self.spinner.during(stream.next()).await {
            match event? {
                ModelResponseStreamEvent::PartStart(event) => {
                    if let ModelResponsePart::Text(part) = event.part {
                        self.print(&part.content)?;
                    }
                }
                ModelResponseStreamEvent::PartDelta(event) => {
                    if let ModelResponsePartDelta::Text(delta) = event.delta {
                        self.print(&delta.content_delta)?;
                    }
                }
                _ => {}
            }
        }
        Ok(stream.get())
    }

    fn print(&mut self, text: &str) -> Result<()> {
        match &mut self.text {
            Some(shown) if !text.is_empty() => {
                self.spinner.stop();
                shown.print(text)
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self) -> Result<()> {
        self.spinner.stop();
        self.text.as_mut().map_or(Ok(()), AnswerText::end)
    }
}

fn cost(answer: &ModelResponse, model: &str, seconds: f64) -> String {
    let usage = &answer.usage;
    let mut line = format!("{model}; tokens: {} in", usage.input_tokens);
    let cached = [(usage.cache_read_tokens, "read from the cache"), (usage.cache_write_tokens, "written to it")];
    let cached: Vec<String> =
        cached.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if !cached.is_empty() {
        line += &format!(" ({})", cached.join(", "));
    }
    line += &format!(", {} out; {seconds:.1} s", usage.output_tokens);
    match &answer.finish_reason {
        None | Some(FinishReason::Stop) => {}
        Some(reason) => line += &format!("; stopped by {}", reason.as_str()),
    }
    line
}
