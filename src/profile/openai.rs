//! OpenAI. Converse has the open-weight models alone.

use super::{ModelProfile, ThinkingVariant};

pub(super) fn profile(name: &str) -> ModelProfile {
    if !name.starts_with("gpt-oss") {
        return ModelProfile { bedrock_supported_on_converse: false, ..ModelProfile::default() };
    }
    ModelProfile {
        supports_thinking: true,
        thinking_always_enabled: true,
        bedrock_thinking_variant: Some(ThinkingVariant::ReasoningEffort),
        ..ModelProfile::default()
    }
}
