//! Cohere Command.

use super::ModelProfile;

pub(super) fn profile(name: &str) -> ModelProfile {
    let reasoning = name.contains("reasoning");
    ModelProfile {
        supports_thinking: reasoning,
        thinking_always_enabled: reasoning,
        ..ModelProfile::without_native_tools()
    }
}
