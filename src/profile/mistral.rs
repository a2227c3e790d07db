//! Mistral.

use super::{ContentKind, ModelProfile, ToolResultFormat, starts_with_any};

const STRUCTURED_OUTPUT: &[&str] = &["magistral-small", "ministral-3", "mistral-large-3", "voxtral"];

pub(super) fn profile(name: &str) -> ModelProfile {
    let thinks = name.starts_with("magistral");
    ModelProfile {
        supports_thinking: thinks,
        thinking_always_enabled: thinks,
        bedrock_tool_result_format: ToolResultFormat::Json,
        bedrock_supported_media_kinds_in_tool_returns: vec![ContentKind::Document],
        bedrock_tool_result_colocatable_content: vec![],
        ..ModelProfile::without_native_tools()
    }
    .with_structured_output(starts_with_any(name, STRUCTURED_OUTPUT))
}
