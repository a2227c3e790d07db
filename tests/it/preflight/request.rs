//! Rules for the members of a request and for the tools that it offers.

use bedrock_converse::preflight::Rule;
use serde_json::{Value, json};

use super::rules::*;

pub(super) fn cases() -> Vec<Case> {
    [request(), tool_config()].concat()
}

fn request() -> Vec<Case> {
    let many: Vec<String> = (0..2501).map(|n| n.to_string()).collect();
    let metadata: Value = (0..17).map(|n| (n.to_string(), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    let schema = json!({"type": "json_schema", "structure": {"jsonSchema": {"schema": "{}"}}});
    vec![
        left(Rule::ModelId, "", with(json!({})), "modelId"),
        left(Rule::ModelId, "us.amazon.nova-pro-v1%3A0", with(json!({})), "modelId"),
        left(Rule::NotServed, "openai.gpt-5.4", with(json!({})), "modelId"),
        warned(left(Rule::UnknownModel, "us.amazon.nova-pro-v1:O", with(json!({})), "modelId")),
        left(Rule::NoMessages, NOVA, said(json!([])), "messages"),
        left(Rule::NoMessages, NOVA, json!({}), "messages"),
        left(Rule::PromptConflict, PROMPT, json!({"system": [{"text": "Be kind."}]}), "system"),
        left(Rule::PromptConflict, PROMPT, json!({"toolConfig": {"tools": [tool("look")]}}), "toolConfig"),
        warned(mended(Rule::PromptConflict, PROMPT, json!({"inferenceConfig": {}}), "inferenceConfig", json!({}))),
        warned(left(
            Rule::PromptVariables,
            NOVA,
            with(json!({"promptVariables": {"a": {"text": "b"}}})),
            "promptVariables",
        )),
        left(
            Rule::InferenceRange,
            NOVA,
            with(json!({"inferenceConfig": {"maxTokens": 1, "temperature": 1.5, "topP": 1.0}})),
            "inferenceConfig.temperature",
        ),
        left(
            Rule::InferenceRange,
            NOVA,
            with(json!({"inferenceConfig": {"maxTokens": 0}})),
            "inferenceConfig.maxTokens",
        ),
        left(Rule::InferenceRange, NOVA, with(json!({"inferenceConfig": {"topP": -0.1}})), "inferenceConfig.topP"),
        left(
            Rule::StopSequences,
            NOVA,
            with(json!({"inferenceConfig": {"stopSequences": many}})),
            "inferenceConfig.stopSequences",
        ),
        mended(
            Rule::StopSequences,
            NOVA,
            with(json!({"inferenceConfig": {"stopSequences": ["a", "", " "]}})),
            "inferenceConfig.stopSequences[1]",
            with(json!({"inferenceConfig": {"stopSequences": ["a", " "]}})),
        ),
        left(Rule::RequestMetadata, NOVA, with(json!({"requestMetadata": metadata})), "requestMetadata"),
        left(Rule::RequestMetadata, NOVA, with(json!({"requestMetadata": {"naïve": ""}})), "requestMetadata.naïve"),
        left(Rule::RequestMetadata, NOVA, with(json!({"requestMetadata": {"a": "b!"}})), "requestMetadata.a"),
        mended(Rule::RequestMetadata, NOVA, with(json!({"requestMetadata": {}})), "requestMetadata", with(json!({}))),
        left(
            Rule::ResponsePaths,
            NOVA,
            with(json!({"additionalModelResponseFieldPaths": vec!["/a"; 11]})),
            "additionalModelResponseFieldPaths",
        ),
        warned(left(
            Rule::ResponsePaths,
            NOVA,
            with(json!({"additionalModelResponseFieldPaths": ["/a", "b"]})),
            "additionalModelResponseFieldPaths[1]",
        )),
        warned(left(
            Rule::OutputFormat,
            NOVA,
            with(json!({"outputConfig": {"textFormat": schema}})),
            "outputConfig.textFormat",
        )),
        left(Rule::Constraint, NOVA, with(json!({"outputConfig": {"effort": "x".repeat(17)}})), "outputConfig.effort"),
    ]
}

fn tool_config() -> Vec<Case> {
    let tools = |tools: Value| with(json!({"toolConfig": {"tools": tools}}));
    let chosen = |choice: Value| json!({"toolConfig": {"tools": [tool("look")], "toolChoice": choice}});
    let spec = |spec: Value| json!([{"toolSpec": spec}]);
    let schema = json!({"json": {"type": "object"}});
    let mut thinking = with(chosen(json!({"any": {}})));
    thinking["additionalModelRequestFields"] = json!({"thinking": {"type": "enabled", "budget_tokens": 1024}});
    let history = json!([hi(), assistant(json!([call("a")])), user(json!([result("a")]))]);
    vec![
        mended(Rule::ToolConfigMissing, CLAUDE, said(history.clone()), "toolConfig", {
            let look = json!({"name": "look", "inputSchema": {"json": {"type": "object", "properties": {}}}});
            json!({"messages": history, "toolConfig": {"tools": [{"toolSpec": look}]}})
        }),
        left(Rule::ToolsRefused, "google.gemini-image", tools(json!([tool("look")])), "toolConfig"),
        mended(Rule::NoTools, CLAUDE, tools(json!([])), "toolConfig.tools", with(json!({}))),
        left(
            Rule::NoTools,
            CLAUDE,
            with(json!({"toolConfig": {"tools": [], "toolChoice": {"any": {}}}})),
            "toolConfig.tools",
        ),
        left(Rule::ToolName, CLAUDE, tools(json!([tool("look.up")])), "toolConfig.tools[0].toolSpec.name"),
        left(
            Rule::ToolName,
            CLAUDE,
            tools(json!([{"systemTool": {"name": ""}}])),
            "toolConfig.tools[0].systemTool.name",
        ),
        left(
            Rule::ToolNameDuplicate,
            CLAUDE,
            tools(json!([tool("a"), tool("a")])),
            "toolConfig.tools[1].toolSpec.name",
        ),
        left(
            Rule::ToolSchema,
            CLAUDE,
            tools(spec(json!({"name": "look", "inputSchema": {"json": {"type": "array"}}}))),
            "toolConfig.tools[0].toolSpec.inputSchema.json",
        ),
        mended(
            Rule::ToolSchema,
            CLAUDE,
            tools(spec(json!({"name": "look", "inputSchema": {"json": {"properties": {}}}}))),
            "toolConfig.tools[0].toolSpec.inputSchema.json",
            tools(spec(json!({"name": "look", "inputSchema": {"json": {"properties": {}, "type": "object"}}}))),
        ),
        mended(
            Rule::Constraint,
            CLAUDE,
            tools(spec(json!({"name": "look", "description": "", "inputSchema": schema}))),
            "toolConfig.tools[0].toolSpec.description",
            tools(json!([tool("look")])),
        ),
        mended(
            Rule::StrictRefused,
            NOVA,
            tools(spec(json!({"name": "look", "inputSchema": schema, "strict": true}))),
            "toolConfig.tools[0].toolSpec.strict",
            tools(json!([tool("look")])),
        ),
        left(
            Rule::ToolChoiceUnknown,
            CLAUDE,
            with(chosen(json!({"tool": {"name": "l"}}))),
            "toolConfig.toolChoice.tool.name",
        ),
        left(Rule::ToolChoiceRefused, LLAMA, with(chosen(json!({"any": {}}))), "toolConfig.toolChoice.any"),
        mended(
            Rule::ToolChoiceRefused,
            LLAMA,
            with(chosen(json!({"auto": {}}))),
            "toolConfig.toolChoice.auto",
            tools(json!([tool("look")])),
        ),
        left(Rule::ForcedToolWithThinking, CLAUDE, thinking, "toolConfig.toolChoice.any"),
    ]
}
