//! Writer Palmyra.

use super::{JsonSchemaTransformer, ModelProfile};

pub(super) fn profile() -> ModelProfile {
    ModelProfile {
        json_schema_transformer: Some(JsonSchemaTransformer::Bedrock),
        bedrock_tool_result_colocatable_content: vec![],
        bedrock_supports_tool_result_status: false,
        ..ModelProfile::without_native_tools()
    }
}
