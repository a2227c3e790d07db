//! Z.AI GLM.

use super::{ModelProfile, starts_with_any};

const THINKING: &[&str] = &["glm-5", "glm-4.7", "glm-4.6", "glm-4.5"];

pub(super) fn profile(name: &str) -> ModelProfile {
    ModelProfile {
        supports_thinking: starts_with_any(&name.to_lowercase(), THINKING),
        bedrock_supports_tool_choice: true,
        bedrock_supports_leading_assistant_message: true,
        ..ModelProfile::without_native_tools()
    }
    .with_structured_output(true)
}
