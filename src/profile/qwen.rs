//! Alibaba Qwen.

use super::{ModelProfile, ThinkingVariant};

pub(super) fn profile(name: &str) -> ModelProfile {
    let thinks = name.contains("qwq") || name.contains("qwen3");
    ModelProfile {
        supports_thinking: thinks,
        thinking_always_enabled: thinks,
        ignore_streamed_leading_whitespace: true,
        bedrock_supported_media_kinds_in_tool_returns: vec![],
        bedrock_supports_leading_assistant_message: true,
        bedrock_thinking_variant: Some(ThinkingVariant::ReasoningConfig),
        ..ModelProfile::without_native_tools()
    }
    .with_structured_output(name.starts_with("qwen3"))
}
