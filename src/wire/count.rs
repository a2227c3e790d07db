//! What `CountTokens` is asked and what it answers.

use bytes::Bytes;
use serde_json::Value;

use super::{ConverseRequest, Message, SystemContentBlock, ToolConfiguration};
use crate::error::Result;

shape! {
    /// A request of `CountTokens`.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html>
    ///
    /// ```
    /// use bedrock_converse::wire::{ConverseRequest, CountTokensRequest};
    ///
    /// let request = ConverseRequest::new("anthropic.claude-sonnet-4-5-20250929-v1:0").user("Hello");
    /// let count = CountTokensRequest::from(request);
    /// assert_eq!(
    ///     String::from_utf8(count.to_json()?).unwrap(),
    ///     r#"{"input":{"converse":{"messages":[{"role":"user","content":[{"text":"Hello"}]}]}}}"#,
    /// );
    /// # Ok::<(), bedrock_converse::Error>(())
    /// ```
    pub struct CountTokensRequest {
        /// What to count.
        required input: CountTokensInput = "input";
    }
    beside {
        /// The model by its bare id, without a geography in front. It is sent in the path and is no part of the JSON.
        model_id: String;
    }

    /// The members of a request of `Converse` that count.
    pub struct ConverseTokensRequest {
        /// The conversation so far.
        optional messages: Vec<Message> = "messages";
        /// Instructions.
        optional system: Vec<SystemContentBlock> = "system";
        /// The tools.
        optional tool_config: ToolConfiguration = "toolConfig";
        /// What only this model knows.
        optional additional_model_request_fields: Value = "additionalModelRequestFields";
    }

    /// A body of `InvokeModel`.
    pub struct InvokeModelTokensRequest {
        /// The body as it would be sent.
        required body: Bytes = "body";
    }

    /// The answer of `CountTokens`.
    pub struct CountTokensResponse {
        /// How many tokens the input has.
        required input_tokens: i64 = "inputTokens";
    }
}

union! {
    /// What to count.
    pub union CountTokensInput {
        /// A body of `InvokeModel`.
        InvokeModel(InvokeModelTokensRequest) = "invokeModel";
        /// A conversation.
        Converse(ConverseTokensRequest) = "converse";
    }
}

/// What counts of a request; the rest has no place in `CountTokens`.
impl From<ConverseRequest> for CountTokensRequest {
    fn from(request: ConverseRequest) -> Self {
        let converse = ConverseTokensRequest {
            messages: request.messages,
            system: request.system,
            tool_config: request.tool_config,
            additional_model_request_fields: request.additional_model_request_fields,
            ..Default::default()
        };
        Self::new(request.model_id, CountTokensInput::Converse(converse))
    }
}

impl CountTokensRequest {
    /// The body to send.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a number that JSON cannot hold.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        super::to_json(self)
    }
}

impl CountTokensResponse {
    /// Reads an answer.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Protocol`](crate::ErrorKind::Protocol), with the path to the member.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        super::from_answer(json)
    }
}
