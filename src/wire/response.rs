//! What `Converse` answers.

use serde_json::Value;

use super::{CacheTTL, GuardrailTraceAssessment, Message, PerformanceConfiguration, ServiceTier, Unread};
use crate::error::Result;

open_enum! {
    /// Why the answer ends where it ends.
    pub enum StopReason {
        /// The model was done.
        EndTurn = "end_turn",
        /// The model wants tools to be called.
        ToolUse = "tool_use",
        /// The limit of the request was reached.
        MaxTokens = "max_tokens",
        /// One of the request's stop sequences came.
        StopSequence = "stop_sequence",
        /// A guardrail stepped in; the usage is zero then.
        GuardrailIntervened = "guardrail_intervened",
        /// The model's own filter stepped in.
        ContentFiltered = "content_filtered",
        /// The model wrote something that cannot be read.
        MalformedModelOutput = "malformed_model_output",
        /// The model called a tool in a way that cannot be read.
        MalformedToolUse = "malformed_tool_use",
        /// The model's context was full.
        ModelContextWindowExceeded = "model_context_window_exceeded",
    }
}

shape! {
    /// The answer of `Converse`.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>
    ///
    /// ```
    /// use bedrock_converse::wire::{ConverseResponse, StopReason};
    ///
    /// let response = ConverseResponse::from_json(br#"{
    ///     "output": {"message": {"role": "assistant", "content": [{"text": "Paris"}]}},
    ///     "stopReason": "end_turn",
    ///     "usage": {"inputTokens": 7, "outputTokens": 1, "totalTokens": 8}
    /// }"#)?;
    /// assert_eq!(response.message().unwrap().content[0].as_text(), Some("Paris"));
    /// assert_eq!((response.stop_reason, response.usage.unwrap().output_tokens), (StopReason::EndTurn, 1));
    /// # Ok::<(), bedrock_converse::Error>(())
    /// ```
    pub struct ConverseResponse {
        /// What the model said.
        required output: ConverseOutput = "output";
        /// Why it ends.
        required stop_reason: StopReason = "stopReason";
        /// What it cost in tokens. Services that speak the same protocol leave it out at times.
        optional usage: TokenUsage = "usage";
        /// What it cost in time. Services that speak the same protocol leave it out at times.
        optional metrics: ConverseMetrics = "metrics";
        /// What the request's `additionalModelResponseFieldPaths` asked for.
        optional additional_model_response_fields: Value = "additionalModelResponseFields";
        /// What guardrail and prompt router did.
        optional trace: ConverseTrace = "trace";
        /// How fast it was made.
        optional performance_config: PerformanceConfiguration = "performanceConfig";
        /// What it is billed as.
        optional service_tier: ServiceTier = "serviceTier";
    }

    /// Tokens. Those of the whole input are `input_tokens` and both cache figures together.
    ///
    /// The service also sends `cacheReadInputTokenCount` and `cacheWriteInputTokenCount`, which repeat the two cache
    /// figures, and `serverToolUsage`. They are not in the service model and stay in `extra`.
    ///
    /// ```
    /// use bedrock_converse::wire::TokenUsage;
    ///
    /// let json = r#"{"inputTokens":3,"outputTokens":2,"totalTokens":105,"cacheReadInputTokens":100}"#;
    /// let usage: TokenUsage = serde_json::from_str(json).unwrap();
    /// let read = usage.input_tokens + usage.cache_read_input_tokens.unwrap_or(0);
    /// assert_eq!((read, usage.output_tokens), (103, 2));
    /// ```
    pub struct TokenUsage {
        /// Input that was neither read from nor written to the cache.
        required input_tokens: i64 = "inputTokens";
        /// Output.
        required output_tokens: i64 = "outputTokens";
        /// All of them.
        required total_tokens: i64 = "totalTokens";
        /// Input that was read from the cache.
        optional cache_read_input_tokens: i64 = "cacheReadInputTokens";
        /// Input that was written to the cache.
        optional cache_write_input_tokens: i64 = "cacheWriteInputTokens";
        /// What was written, by how long it lives.
        optional cache_details: Vec<CacheDetail> = "cacheDetails";
    }

    /// Tokens written to the cache for one life.
    pub struct CacheDetail {
        /// How long they live.
        required ttl: CacheTTL = "ttl";
        /// How many they are.
        required input_tokens: i64 = "inputTokens";
    }

    /// What an answer cost in time.
    pub struct ConverseMetrics {
        /// From request to answer, in milliseconds.
        required latency_ms: i64 = "latencyMs";
    }

    /// What guardrail and prompt router did.
    pub struct ConverseTrace {
        /// The guardrail.
        optional guardrail: Unread<GuardrailTraceAssessment> = "guardrail";
        /// The prompt router.
        optional prompt_router: PromptRouterTrace = "promptRouter";
    }

    /// What a prompt router did.
    pub struct PromptRouterTrace {
        /// The model that it chose.
        optional invoked_model_id: String = "invokedModelId";
    }
}

union! {
    /// What the model said.
    pub union ConverseOutput {
        /// A message.
        Message(Message) = "message";
    }
}

/// What a streamed answer cost in time.
pub type ConverseStreamMetrics = ConverseMetrics;

/// What guardrail and prompt router did in a streamed answer.
pub type ConverseStreamTrace = ConverseTrace;

impl ConverseResponse {
    /// Reads an answer.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Protocol`](crate::ErrorKind::Protocol), with the path to the member.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        super::from_answer(json)
    }

    /// The JSON of the answer; a record of it reads the same.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a number that JSON cannot hold.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        super::to_json(self)
    }

    /// The message, unless the output is of a kind that is not known.
    pub fn message(&self) -> Option<&Message> {
        match self.output.known() {
            ConverseOutput::Message(message) => Some(message),
            ConverseOutput::Other(_) => None,
        }
    }
}
