//! Google Gemma; Gemini, should Bedrock come to serve it.

use super::{ModelProfile, starts_with_any};

const STRUCTURED_OUTPUT: &[&str] = &["gemma-3-12b-it", "gemma-3-27b-it"];

pub(super) fn profile(name: &str) -> ModelProfile {
    let image = name.contains("image");
    let thinks = name.contains("gemini-2.5") || name.contains("gemini-3");
    ModelProfile {
        supports_tools: !image,
        supports_image_output: image,
        supports_thinking: thinks,
        thinking_always_enabled: thinks && name.contains("pro") && !name.contains("flash"),
        ..ModelProfile::without_native_tools()
    }
    .with_structured_output(starts_with_any(name, STRUCTURED_OUTPUT))
}
