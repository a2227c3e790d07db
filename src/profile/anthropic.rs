//! Anthropic Claude.

use super::{ContentKind, ModelProfile, ThinkingVariant, TopKVariant, starts_with_any};

/// Models whose structured output works on Bedrock; with Anthropic itself more have it.
const STRUCTURED_OUTPUT: &[&str] = &[
    "claude-mythos-5",
    "claude-haiku-4-5",
    "claude-sonnet-4-5",
    "claude-sonnet-4-6",
    "claude-opus-4-5",
    "claude-opus-4-6",
];

/// Models that choose themselves how much to think. They also take an effort.
const ADAPTIVE_THINKING: &[&str] = &[
    "claude-fable-5",
    "claude-mythos-5",
    "claude-sonnet-4-6",
    "claude-sonnet-5",
    "claude-opus-4-6",
    "claude-opus-4-7",
    "claude-opus-4-8",
    "claude-opus-5",
];

pub(super) fn profile(name: &str) -> ModelProfile {
    let adaptive = starts_with_any(name, ADAPTIVE_THINKING);
    ModelProfile {
        supports_thinking: true,
        thinking_tags: ("<thinking>".to_owned(), "</thinking>".to_owned()),
        bedrock_supports_tool_choice: true,
        bedrock_send_back_thinking_parts: true,
        bedrock_supports_prompt_caching: true,
        bedrock_supports_tool_caching: true,
        bedrock_supported_media_kinds_in_tool_returns: vec![ContentKind::Image, ContentKind::Document],
        bedrock_tool_result_colocatable_content: vec![ContentKind::Text, ContentKind::Image],
        bedrock_supports_video_input: false,
        bedrock_supports_s3_location: false,
        bedrock_supports_leading_assistant_message: true,
        bedrock_thinking_variant: Some(ThinkingVariant::Thinking),
        bedrock_supports_adaptive_thinking: adaptive,
        bedrock_supports_effort: adaptive,
        bedrock_top_k_variant: Some(TopKVariant::TopK),
        ..ModelProfile::without_native_tools()
    }
    .with_structured_output(starts_with_any(name, STRUCTURED_OUTPUT))
}
