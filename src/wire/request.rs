//! What `Converse` and `ConverseStream` are asked.

use serde_json::Value;

use super::{
    CachePointBlock, ContentBlock, Entries, GuardrailConfiguration, GuardrailConverseContentBlock, Message, Tool,
    ToolConfiguration,
};
use crate::error::Result;

open_enum! {
    /// How fast the answer shall come.
    pub enum PerformanceConfigLatency {
        /// As usual.
        Standard = "standard",
        /// Faster, for the models and regions that have it.
        Optimized = "optimized",
    }

    /// What the request is billed and ranked as.
    pub enum ServiceTierType {
        /// Before the others, for more.
        Priority = "priority",
        /// As usual.
        Default = "default",
        /// After the others, for less.
        Flex = "flex",
        /// On reserved capacity.
        Reserved = "reserved",
    }

    /// The form of an answer.
    pub enum OutputFormatType {
        /// JSON by a schema.
        JsonSchema = "json_schema",
    }
}

shape! {
    /// A request of `Converse` and of `ConverseStream`.
    ///
    /// The two differ in [`GuardrailConfiguration::stream_processing_mode`] alone, which is for `ConverseStream`.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>
    ///
    /// ```
    /// use bedrock_converse::wire::{ConverseRequest, InferenceConfiguration, Tool};
    /// use serde_json::json;
    ///
    /// let request = ConverseRequest::new("us.amazon.nova-micro-v1:0")
    ///     .system("Answer in one word.")
    ///     .user("What is the capital of France?")
    ///     .inference(InferenceConfiguration { max_tokens: Some(20), ..Default::default() })
    ///     .tool(Tool::new("look_up", json!({"type": "object"})));
    /// assert_eq!(
    ///     String::from_utf8(request.to_json()?).unwrap(),
    ///     concat!(
    ///         r#"{"messages":[{"role":"user","content":[{"text":"What is the capital of France?"}]}],"#,
    ///         r#""system":[{"text":"Answer in one word."}],"inferenceConfig":{"maxTokens":20},"#,
    ///         r#""toolConfig":{"tools":[{"toolSpec":{"name":"look_up","inputSchema":{"json":{"type":"object"}}}}]}}"#,
    ///     ),
    /// );
    /// # Ok::<(), bedrock_converse::Error>(())
    /// ```
    pub struct ConverseRequest {
        /// The conversation so far.
        optional messages: Vec<Message> = "messages";
        /// Instructions.
        optional system: Vec<SystemContentBlock> = "system";
        /// How the model draws its tokens.
        optional inference_config: InferenceConfiguration = "inferenceConfig";
        /// The tools.
        optional tool_config: ToolConfiguration = "toolConfig";
        /// The guardrail.
        optional guardrail_config: GuardrailConfiguration = "guardrailConfig";
        /// What only this model knows.
        optional additional_model_request_fields: Value = "additionalModelRequestFields";
        /// What stands for the variables, where `model_id` names a prompt of Prompt management.
        optional prompt_variables: Entries<PromptVariableValues> = "promptVariables";
        /// JSON pointers to members of the model's own answer that shall come back; at most 10.
        optional additional_model_response_field_paths: Vec<String> = "additionalModelResponseFieldPaths";
        /// Words for the invocation log; 1 to 16 entries of at most 256 characters.
        optional request_metadata: Entries<String> = "requestMetadata";
        /// How fast the answer shall come.
        optional performance_config: PerformanceConfiguration = "performanceConfig";
        /// What the request is billed and ranked as.
        optional service_tier: ServiceTier = "serviceTier";
        /// The form of the answer.
        optional output_config: OutputConfig = "outputConfig";
    }
    beside {
        /// Model, inference profile, provisioned model, prompt or custom deployment, by id or ARN. It is sent in the
        /// path and is no part of the JSON.
        model_id: String;
    }

    /// How the model draws its tokens. What is absent is the model's own default.
    pub struct InferenceConfiguration {
        /// The most tokens that the answer may have.
        optional max_tokens: i64 = "maxTokens";
        /// From 0 (always the likeliest) to 1.
        optional temperature: f64 = "temperature";
        /// The share of the likeliest tokens to draw from, from 0 to 1.
        optional top_p: f64 = "topP";
        /// Texts at which the answer ends; at most 2,500.
        optional stop_sequences: Vec<String> = "stopSequences";
    }

    /// How fast the answer shall come, or came.
    pub struct PerformanceConfiguration {
        /// The latency.
        optional latency: PerformanceConfigLatency = "latency";
    }

    /// What the request shall be, or was, billed and ranked as.
    pub struct ServiceTier {
        /// The tier.
        required r#type: ServiceTierType = "type";
    }

    /// The form of the answer:
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>.
    ///
    /// ```
    /// use bedrock_converse::wire::{
    ///     ConverseRequest, JsonSchemaDefinition, OutputConfig, OutputFormat, OutputFormatStructure, OutputFormatType,
    /// };
    ///
    /// let schema = JsonSchemaDefinition::new(r#"{"type":"object","properties":{"celsius":{"type":"number"}}}"#);
    /// let form = OutputFormat::new(OutputFormatType::JsonSchema, OutputFormatStructure::JsonSchema(schema));
    /// let request = ConverseRequest {
    ///     output_config: Some(OutputConfig { text_format: Some(form), ..Default::default() }),
    ///     ..ConverseRequest::new("us.anthropic.claude-sonnet-4-6").user("How warm is it in Paris?")
    /// };
    /// # let _ = request;
    /// ```
    pub struct OutputConfig {
        /// The form of its text.
        optional text_format: OutputFormat = "textFormat";
        /// How hard the model shall try, in the model's own words (`low`, `high`, …).
        optional effort: String = "effort";
    }

    /// The form of a text.
    pub struct OutputFormat {
        /// Which form.
        required r#type: OutputFormatType = "type";
        /// Its particulars.
        required structure: OutputFormatStructure = "structure";
    }

    /// A JSON schema by which an answer is made.
    pub struct JsonSchemaDefinition {
        /// The schema: JSON text, not JSON in place.
        required schema: String = "schema";
        /// Its name.
        optional name: String = "name";
        /// What it is for.
        optional description: String = "description";
    }
}

union! {
    /// One block of the instructions.
    ///
    /// ```
    /// use bedrock_converse::wire::{CachePointBlock, CachePointType, ConverseRequest, SystemContentBlock};
    ///
    /// let request = ConverseRequest::new("us.anthropic.claude-sonnet-4-6")
    ///     .system("A long text that every request begins with.")
    ///     .system(SystemContentBlock::CachePoint(CachePointBlock::new(CachePointType::Default)))
    ///     .user("Hello!");
    /// assert_eq!(request.system.unwrap().len(), 2);
    /// ```
    pub union SystemContentBlock {
        /// Text.
        Text(String) = "text";
        /// What a guardrail shall look at.
        GuardContent(GuardrailConverseContentBlock) = "guardContent";
        /// The end of a prefix to cache.
        CachePoint(CachePointBlock) = "cachePoint";
    }

    /// What stands for a variable of a prompt.
    pub union PromptVariableValues {
        /// Text.
        Text(String) = "text";
    }

    /// The particulars of a form.
    pub union OutputFormatStructure {
        /// A JSON schema.
        JsonSchema(JsonSchemaDefinition) = "jsonSchema";
    }
}

/// A request of `ConverseStream`: the same as of `Converse`.
pub type ConverseStreamRequest = ConverseRequest;

impl ConverseRequest {
    /// Adds instructions.
    #[must_use]
    pub fn system(mut self, block: impl Into<SystemContentBlock>) -> Self {
        self.system.get_or_insert_default().push(block.into());
        self
    }

    /// Adds a message.
    #[must_use]
    pub fn message(mut self, message: Message) -> Self {
        self.messages.get_or_insert_default().push(message);
        self
    }

    /// Adds a turn of the caller.
    #[must_use]
    pub fn user(self, content: impl Into<ContentBlock>) -> Self {
        self.message(Message::user(content))
    }

    /// Adds a turn of the model.
    #[must_use]
    pub fn assistant(self, content: impl Into<ContentBlock>) -> Self {
        self.message(Message::assistant(content))
    }

    /// Sets how the model draws its tokens.
    #[must_use]
    pub fn inference(mut self, config: InferenceConfiguration) -> Self {
        self.inference_config = Some(config);
        self
    }

    /// Adds a tool.
    #[must_use]
    pub fn tool(mut self, tool: impl Into<Tool>) -> Self {
        self.tool_config.get_or_insert_with(|| ToolConfiguration::new([])).tools.push(tool.into());
        self
    }

    /// Sets a member that this crate has no field for.
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name, value);
        self
    }

    /// The body to send, always the same bytes for the same request.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a number that JSON cannot hold.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        super::to_json(self)
    }

    /// Reads a body. It has no model in it: set [`model_id`](Self::model_id) afterwards.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Protocol`](crate::ErrorKind::Protocol), with the path to the member.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        super::from_json(json)
    }
}

impl From<&str> for SystemContentBlock {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for SystemContentBlock {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
