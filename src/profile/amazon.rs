//! Amazon Nova and Titan.

use super::{CODE_EXECUTION, JsonSchemaTransformer, ModelProfile, TopKVariant};

pub(super) fn profile(name: &str) -> ModelProfile {
    let nova = name.contains("nova");
    let code_execution = name.contains("nova-2").then(|| CODE_EXECUTION.to_owned());
    ModelProfile {
        json_schema_transformer: Some(JsonSchemaTransformer::InlineDefs),
        supported_native_tools: code_execution.into_iter().collect(),
        bedrock_supports_tool_choice: nova,
        bedrock_supports_prompt_caching: nova,
        bedrock_supports_cache_point_after_tool_result: !nova,
        bedrock_top_k_variant: nova.then_some(TopKVariant::InferenceConfig),
        ..ModelProfile::default()
    }
}
