//! Guardrails: what a request asks of them. What they did is in `guardrail_trace`.

use bytes::Bytes;

open_enum! {
    /// Whether the answer shall tell what the guardrail did.
    pub enum GuardrailTrace {
        /// What it found.
        Enabled = "enabled",
        /// Nothing.
        Disabled = "disabled",
        /// All that it looked at.
        EnabledFull = "enabled_full",
    }

    /// How a stream and its guardrail go together.
    pub enum GuardrailStreamProcessingMode {
        /// Each piece is looked at before it is sent.
        Sync = "sync",
        /// Pieces are sent at once and may turn out to be harmful afterwards.
        Async = "async",
    }

    /// The format of an image that a guardrail can look at.
    pub enum GuardrailConverseImageFormat {
        /// PNG.
        Png = "png",
        /// JPEG.
        Jpeg = "jpeg",
    }

    /// What a text is to contextual grounding.
    pub enum GuardrailConverseContentQualifier {
        /// What the answer has to rest on.
        GroundingSource = "grounding_source",
        /// What the answer has to be about.
        Query = "query",
        /// What is to be looked at.
        GuardContent = "guard_content",
    }
}

shape! {
    /// The guardrail of a request.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailConfiguration.html>
    ///
    /// ```
    /// use bedrock_converse::wire::{ConverseRequest, GuardrailConfiguration, GuardrailTrace};
    ///
    /// let request = ConverseRequest {
    ///     guardrail_config: Some(GuardrailConfiguration {
    ///         guardrail_identifier: Some("abc123".into()),
    ///         guardrail_version: Some("DRAFT".into()),
    ///         trace: Some(GuardrailTrace::Enabled),
    ///         ..Default::default()
    ///     }),
    ///     ..ConverseRequest::new("us.amazon.nova-micro-v1:0").user("Hello")
    /// };
    /// # let _ = request;
    /// ```
    pub struct GuardrailConfiguration {
        /// Its id or ARN.
        optional guardrail_identifier: String = "guardrailIdentifier";
        /// Its version: a number or `DRAFT`.
        optional guardrail_version: String = "guardrailVersion";
        /// Whether the answer shall tell what it did.
        optional trace: GuardrailTrace = "trace";
        /// How stream and guardrail go together; for `ConverseStream` alone.
        optional stream_processing_mode: GuardrailStreamProcessingMode = "streamProcessingMode";
    }

    /// Text that a guardrail shall look at.
    pub struct GuardrailConverseTextBlock {
        /// The text.
        required text: String = "text";
        /// What it is to contextual grounding.
        optional qualifiers: Vec<GuardrailConverseContentQualifier> = "qualifiers";
    }

    /// An image that a guardrail shall look at.
    pub struct GuardrailConverseImageBlock {
        /// Its format.
        required format: GuardrailConverseImageFormat = "format";
        /// Where it is.
        required source: GuardrailConverseImageSource = "source";
    }
}

union! {
    /// What a guardrail shall look at.
    pub union GuardrailConverseContentBlock {
        /// Text.
        Text(GuardrailConverseTextBlock) = "text";
        /// An image.
        Image(GuardrailConverseImageBlock) = "image";
    }

    /// Where an image is.
    pub union GuardrailConverseImageSource {
        /// Here.
        Bytes(Bytes) = "bytes";
    }
}

/// The guardrail of a streamed request: the same as of any other.
pub type GuardrailStreamConfiguration = GuardrailConfiguration;
