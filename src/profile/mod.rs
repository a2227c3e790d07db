//! Model names, and what each model family can do.
//!
//! Everything in which one family differs from another is a field of [`ModelProfile`], and the values of a family are in
//! one file here. A new family is a new file and a line in [`ModelProfile::for_model`].
//!
//! ```
//! use bedrock_converse::profile::*;
//!
//! let claude = ModelProfile::for_model("eu.anthropic.claude-sonnet-4-5-20250929-v1:0");
//! assert_eq!(claude.bedrock_thinking_variant, Some(ThinkingVariant::Thinking));
//! assert_eq!(claude.bedrock_top_k_variant, Some(TopKVariant::TopK));
//! assert!(claude.bedrock_supported_media_kinds_in_tool_returns.contains(&ContentKind::Image));
//! assert_eq!(claude.default_structured_output_mode, StructuredOutputMode::Tool);
//!
//! let mistral = ModelProfile::for_model("mistral.mistral-large-2407-v1:0");
//! assert_eq!(mistral.bedrock_tool_result_format, ToolResultFormat::Json);
//!
//! assert!(GEO_PREFIXES.contains(&"eu"));
//! assert_eq!(remove_geo_prefix("eu.amazon.nova-pro-v1:0"), "amazon.nova-pro-v1:0");
//! ```

mod model_id;
mod names;
mod request_fields;
mod schema;

mod amazon;
mod anthropic;
mod cohere;
mod deepseek;
mod google;
mod meta;
mod minimax;
mod mistral;
mod moonshot;
mod nvidia;
mod openai;
mod qwen;
mod writer;
mod zai;

use serde::{Deserialize, Serialize};

pub use self::model_id::{GEO_PREFIXES, geo_prefixes, model_id_in_arn, remove_geo_prefix, split_model_id};
pub use self::names::{BedrockModelName, LatestBedrockModelNames};
pub use self::request_fields::{ThinkingVariant, TopKVariant};
pub use self::schema::JsonSchemaTransformer;
pub(crate) use self::{model_id::is_same_family, schema::python_float};
use crate::error::{Error, ErrorKind, Result};
use crate::messages::JsonObject;
use crate::tools::OutputMode;

/// What a model can do and how it wants to be asked.
///
/// [`for_model`](Self::for_model) knows it for every family of Bedrock; [`Default`] is for models that nothing is known
/// of. Change a field to correct what is known, or [`merge`](Self::merge) changes that are JSON.
///
/// ```
/// use bedrock_converse::profile::ModelProfile;
///
/// let mut profile = ModelProfile::for_model("us.anthropic.claude-sonnet-4-6");
/// assert!(profile.bedrock_supports_prompt_caching);
/// profile.supports_json_schema_output = false;
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ModelProfile {
    /// Whether the model can call tools.
    pub supports_tools: bool,
    /// Whether a tool's definition can carry the schema of what it returns. Otherwise that goes into its description.
    pub supports_tool_return_schema: bool,
    /// Whether the model can be held to a JSON schema (`outputConfig.textFormat`):
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>.
    pub supports_json_schema_output: bool,
    /// Whether the model can be held to JSON of any shape.
    pub supports_json_object_output: bool,
    /// Whether the model can answer with images.
    pub supports_image_output: bool,
    /// Whether user messages can hold audio.
    pub supports_audio_input: bool,
    /// Whether system prompts may stand anywhere in the conversation. Otherwise those that don't lead it are sent as
    /// user text.
    pub supports_inline_system_prompts: bool,
    /// How structured output is asked for when the caller leaves it open.
    pub default_structured_output_mode: StructuredOutputMode,
    /// The instructions of prompted output; `{schema}` stands for the JSON schema.
    pub prompted_output_template: String,
    /// Whether native structured output needs those instructions too.
    pub native_output_requires_schema_in_instructions: bool,
    /// How the schemas of tools and outputs are rewritten, if they are.
    pub json_schema_transformer: Option<JsonSchemaTransformer>,
    /// Whether the setting `thinking` has an effect.
    pub supports_thinking: bool,
    /// Whether the model always thinks, so that turning it off has no effect. Implies `supports_thinking`.
    pub thinking_always_enabled: bool,
    /// What surrounds thinking that has to be sent back as text.
    pub thinking_tags: (String, String),
    /// Whether blank text at the beginning of a streamed answer is dropped.
    pub ignore_streamed_leading_whitespace: bool,
    /// The kinds of native tools that the model has, such as `code_execution`.
    pub supported_native_tools: Vec<String>,
    /// Whether `toolConfig.toolChoice` is accepted.
    pub bedrock_supports_tool_choice: bool,
    /// The form of tool results.
    pub bedrock_tool_result_format: ToolResultFormat,
    /// Whether thinking is sent back as it came, with its signature.
    pub bedrock_send_back_thinking_parts: bool,
    /// Whether cache points are accepted in the system prompt and in messages:
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>.
    pub bedrock_supports_prompt_caching: bool,
    /// Whether a cache point is accepted after the tools.
    pub bedrock_supports_tool_caching: bool,
    /// Whether a cache point is accepted right behind a `toolResult`.
    pub bedrock_supports_cache_point_after_tool_result: bool,
    /// The media that are accepted inside a `toolResult`.
    pub bedrock_supported_media_kinds_in_tool_returns: Vec<ContentKind>,
    /// The content that is accepted beside a `toolResult`, in the same message.
    pub bedrock_tool_result_colocatable_content: Vec<ContentKind>,
    /// Whether messages can hold video.
    pub bedrock_supports_video_input: bool,
    /// Whether images are read from S3 (`s3Location`). A document from there is accepted all the same by the models that
    /// don't, and not seen.
    pub bedrock_supports_s3_location: bool,
    /// Whether a conversation may begin with an assistant message.
    pub bedrock_supports_leading_assistant_message: bool,
    /// Whether `toolResult.status` is accepted.
    pub bedrock_supports_tool_result_status: bool,
    /// Whether `toolSpec.strict` is accepted.
    pub bedrock_supports_strict_tool_definition: bool,
    /// Where the setting `thinking` goes.
    pub bedrock_thinking_variant: Option<ThinkingVariant>,
    /// Whether the model chooses itself how much to think. Only for [`ThinkingVariant::Thinking`].
    pub bedrock_supports_adaptive_thinking: bool,
    /// Whether the effort can be set beside adaptive thinking (`output_config.effort`).
    pub bedrock_supports_effort: bool,
    /// Where the setting `top_k` goes. `None`: nowhere, it is not sent.
    pub bedrock_top_k_variant: Option<TopKVariant>,
    /// Whether Converse serves the model at all.
    pub bedrock_supported_on_converse: bool,
}

impl Default for ModelProfile {
    fn default() -> Self {
        Self {
            supports_tools: true,
            supports_tool_return_schema: false,
            supports_json_schema_output: false,
            supports_json_object_output: false,
            supports_image_output: false,
            supports_audio_input: false,
            supports_inline_system_prompts: false,
            default_structured_output_mode: StructuredOutputMode::Tool,
            prompted_output_template: PROMPTED_OUTPUT_TEMPLATE.to_owned(),
            native_output_requires_schema_in_instructions: false,
            json_schema_transformer: None,
            supports_thinking: false,
            thinking_always_enabled: false,
            thinking_tags: ("<think>".to_owned(), "</think>".to_owned()),
            ignore_streamed_leading_whitespace: false,
            supported_native_tools: vec![CODE_EXECUTION.to_owned()],
            bedrock_supports_tool_choice: false,
            bedrock_tool_result_format: ToolResultFormat::Text,
            bedrock_send_back_thinking_parts: false,
            bedrock_supports_prompt_caching: false,
            bedrock_supports_tool_caching: false,
            bedrock_supports_cache_point_after_tool_result: true,
            bedrock_supported_media_kinds_in_tool_returns: vec![ContentKind::Image],
            bedrock_tool_result_colocatable_content: vec![
                ContentKind::Text,
                ContentKind::Image,
                ContentKind::Document,
                ContentKind::Video,
            ],
            bedrock_supports_video_input: true,
            bedrock_supports_s3_location: true,
            bedrock_supports_leading_assistant_message: false,
            bedrock_supports_tool_result_status: true,
            bedrock_supports_strict_tool_definition: false,
            bedrock_thinking_variant: None,
            bedrock_supports_adaptive_thinking: false,
            bedrock_supports_effort: false,
            bedrock_top_k_variant: None,
            bedrock_supported_on_converse: true,
        }
    }
}

/// Part of the prompt, and so of what a cache knows: not a character of it may change.
const PROMPTED_OUTPUT_TEMPLATE: &str = "
Always respond with a JSON object that's compatible with this schema:

{schema}

Don't include any text or Markdown fencing before or after.
";

/// The one native tool of Converse.
const CODE_EXECUTION: &str = "code_execution";

impl ModelProfile {
    /// The profile of a model, by a model id, an inference-profile id, or an ARN that has one of them in it.
    ///
    /// Other ARNs (of application inference profiles, provisioned throughput, imported models) don't tell what model is
    /// behind them: ask for the profile of that model by its name.
    pub fn for_model(model_name: &str) -> Self {
        let model_id = model_id_in_arn(model_name).unwrap_or(model_name);
        let (provider, name) = split_model_id(model_id);
        match provider {
            Some("amazon") => amazon::profile(name),
            Some("anthropic") => anthropic::profile(name),
            Some("cohere") => cohere::profile(name),
            Some("deepseek") => deepseek::profile(name),
            Some("google") => google::profile(name),
            Some("meta") => meta::profile(),
            Some("minimax") => minimax::profile(name),
            Some("mistral") => mistral::profile(name),
            Some("moonshot" | "moonshotai") => moonshot::profile(name),
            Some("nvidia") => nvidia::profile(name),
            Some("openai") => openai::profile(name),
            Some("qwen") => qwen::profile(name),
            Some("writer") => writer::profile(),
            Some("zai") => zai::profile(name),
            _ => Self::default(),
        }
    }

    /// Changes the fields that a JSON object names. Members that are not fields are ignored, and so are native tools that
    /// this crate doesn't have.
    ///
    /// ```
    /// use bedrock_converse::profile::ModelProfile;
    /// use serde_json::json;
    ///
    /// let mut profile = ModelProfile::default();
    /// profile.merge(json!({"bedrock_thinking_variant": "qwen"}).as_object().unwrap())?;
    /// let error = profile.merge(json!({"supports_tools": 1}).as_object().unwrap()).unwrap_err();
    /// assert_eq!(error.message(), "profile: `supports_tools`: invalid type: integer `1`, expected a boolean");
    /// # Ok::<(), bedrock_converse::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for a value that its field can't have, which the message names. The profile is then
    /// as it was.
    pub fn merge(&mut self, overrides: &JsonObject) -> Result<()> {
        let mut merged = self.clone();
        for (field, value) in overrides {
            let invalid = |error| Error::new(ErrorKind::InvalidInput, format!("profile: `{field}`: {error}"));
            let mut json = serde_json::to_value(&merged).map_err(invalid)?;
            json[field] = value.clone();
            merged = serde_json::from_value(json).map_err(invalid)?;
        }
        merged.supported_native_tools.retain(|kind| kind == CODE_EXECUTION);
        *self = merged;
        Ok(())
    }

    /// Refuses a model that Converse does not serve.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`]; the message says where the model is served.
    pub fn check_served(&self, model_name: &str) -> Result<()> {
        if self.bedrock_supported_on_converse {
            return Ok(());
        }
        let message = format!(
            "Converse does not serve the model `{model_name}`. It is served by the OpenAI-compatible API of Bedrock \
             Mantle, at https://bedrock-mantle.<region>.api.aws"
        );
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    /// What most families start from: no native tools.
    fn without_native_tools() -> Self {
        Self { supported_native_tools: vec![], ..Self::default() }
    }

    /// Sets what goes with Bedrock's structured output: the rewriting of schemas, and whether they can be enforced.
    fn with_structured_output(self, supported: bool) -> Self {
        Self {
            json_schema_transformer: Some(JsonSchemaTransformer::Bedrock),
            supports_json_schema_output: supported,
            bedrock_supports_strict_tool_definition: supported,
            ..self
        }
    }
}

fn starts_with_any(name: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// How structured output is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StructuredOutputMode {
    /// As the arguments of a tool.
    Tool,
    /// By Bedrock's structured output.
    Native,
    /// By instructions.
    Prompted,
}

impl From<StructuredOutputMode> for OutputMode {
    fn from(mode: StructuredOutputMode) -> Self {
        match mode {
            StructuredOutputMode::Tool => Self::Tool,
            StructuredOutputMode::Native => Self::Native,
            StructuredOutputMode::Prompted => Self::Prompted,
        }
    }
}

/// The form of tool results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToolResultFormat {
    /// `text` blocks, with JSON in them where the result is not text.
    Text,
    /// `json` blocks where the result is not text.
    Json,
}

/// Kinds of content blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ContentKind {
    /// `text`
    Text,
    /// `image`
    Image,
    /// `document`
    Document,
    /// `video`
    Video,
}
