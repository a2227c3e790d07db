//! DeepSeek.

use super::ModelProfile;

pub(super) fn profile(name: &str) -> ModelProfile {
    let always_thinks = name.starts_with("deepseek-r1") || name == "deepseek-reasoner";
    ModelProfile {
        supports_thinking: always_thinks || name.starts_with("deepseek-v4-"),
        thinking_always_enabled: always_thinks,
        ignore_streamed_leading_whitespace: always_thinks,
        bedrock_send_back_thinking_parts: name.contains("r1"),
        ..ModelProfile::without_native_tools()
    }
}
