//! Moonshot AI Kimi, which Bedrock has under `moonshot.` and `moonshotai.`.

use super::{ModelProfile, starts_with_any};

const THINKING: &[&str] = &["kimi-k2.5", "kimi-k2.6", "kimi-k2.7", "kimi-k2-thinking", "kimi-k3", "kimi-thinking"];

pub(super) fn profile(name: &str) -> ModelProfile {
    ModelProfile {
        supports_thinking: starts_with_any(&name.to_lowercase(), THINKING),
        ignore_streamed_leading_whitespace: true,
        bedrock_supports_tool_choice: true,
        bedrock_supported_media_kinds_in_tool_returns: vec![],
        bedrock_supports_leading_assistant_message: true,
        ..ModelProfile::without_native_tools()
    }
    .with_structured_output(true)
}
