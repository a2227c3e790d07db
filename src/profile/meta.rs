//! Meta Llama.

use super::{ContentKind, JsonSchemaTransformer, ModelProfile};

pub(super) fn profile() -> ModelProfile {
    ModelProfile {
        json_schema_transformer: Some(JsonSchemaTransformer::InlineDefs),
        bedrock_supported_media_kinds_in_tool_returns: vec![ContentKind::Image, ContentKind::Document],
        bedrock_tool_result_colocatable_content: vec![],
        ..ModelProfile::without_native_tools()
    }
}
