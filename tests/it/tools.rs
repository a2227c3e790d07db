//! Which tools the model sees, may call and must call.

use bedrock_converse::ErrorKind;
use bedrock_converse::settings::{BedrockModelSettings, ToolChoice};
use bedrock_converse::tools::{ModelRequestParameters, ResolvedToolChoice, ToolDefinition, resolve_tool_choice};
use serde_json::json;

/// Function tools and output tools by name; `!` before a name hides the tool. `text`: whether text may be the output.
fn parameters(functions: &[&str], outputs: &[&str], text: bool) -> ModelRequestParameters {
    let tool = |name: &&str| ToolDefinition {
        defer_loading: name.starts_with('!'),
        ..ToolDefinition::new(name.trim_start_matches('!'))
    };
    ModelRequestParameters {
        function_tools: functions.iter().map(tool).collect(),
        output_tools: outputs.iter().map(tool).collect(),
        allow_text_output: text,
        ..Default::default()
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn tool_choice_is_resolved() {
    use ResolvedToolChoice as Resolved;
    let of = |list: &[&str]| names(list).into_iter().collect();
    let tools = |list: &[&str]| Some(ToolChoice::Tools(names(list)));
    let tool_or_output = |list: &[&str]| Some(ToolChoice::ToolOrOutput(names(list)));
    let cases = [
        (None, parameters(&["a"], &[], true), Resolved::Auto),
        (Some(ToolChoice::Auto), parameters(&["a"], &["o"], false), Resolved::Required),
        (Some(ToolChoice::None), parameters(&["a"], &[], true), Resolved::None),
        (Some(ToolChoice::None), parameters(&["a"], &["o"], true), Resolved::AutoOf(of(&["o"]))),
        (Some(ToolChoice::None), parameters(&["a"], &["o"], false), Resolved::RequiredOf(of(&["o"]))),
        (tools(&[]), parameters(&[], &["o"], false), Resolved::Required),
        (Some(ToolChoice::Required), parameters(&["a", "!b"], &[], true), Resolved::Required),
        (tools(&["a", "b"]), parameters(&["a", "b"], &[], true), Resolved::Required),
        (tools(&["a"]), parameters(&["a", "b"], &[], true), Resolved::RequiredOf(of(&["a"]))),
        (tools(&["a", "gone"]), parameters(&["a", "b"], &[], true), Resolved::RequiredOf(of(&["a", "gone"]))),
        (tool_or_output(&[]), parameters(&["a"], &[], true), Resolved::None),
        (tool_or_output(&[]), parameters(&["a"], &["o"], true), Resolved::AutoOf(of(&["o"]))),
        (tool_or_output(&["a"]), parameters(&["a", "b"], &["o"], false), Resolved::RequiredOf(of(&["a", "o"]))),
        (tool_or_output(&["a"]), parameters(&["a"], &["o"], true), Resolved::Auto),
        (tool_or_output(&["a"]), parameters(&["!a"], &["o"], true), Resolved::AutoOf(of(&["o"]))),
    ];
    for (choice, parameters, expected) in cases {
        assert_eq!(resolve_tool_choice(choice.as_ref(), &parameters).unwrap(), expected, "{choice:?}");
    }
}

#[test]
fn tool_choice_is_refused() {
    let tools = |list: &[&str]| ToolChoice::Tools(names(list));
    let cases = [
        (ToolChoice::Required, parameters(&[], &["o"], true), "there are no function tools"),
        (ToolChoice::Required, parameters(&["!a"], &[], true), "every function tool is hidden"),
        (ToolChoice::None, parameters(&["a"], &[], false), "neither text nor images nor output tools"),
        (tools(&["x"]), parameters(&["a"], &[], true), r#"names no tool that is there: ["x"]"#),
        (tools(&["a"]), parameters(&["!a"], &[], true), "names only tools that are hidden"),
        (ToolChoice::ToolOrOutput(names(&["o"])), parameters(&["a"], &["o"], true), "names no tool that is there"),
    ];
    for (choice, parameters, message) in cases {
        let error = resolve_tool_choice(Some(&choice), &parameters).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().starts_with("`tool_choice` ") && error.message().contains(message), "{error}");
    }
}

#[test]
fn of_tools_with_one_name_the_last_counts() {
    let mut parameters = parameters(&["a", "b", "!c"], &["a"], true);
    parameters.output_tools[0].description = Some("the other".into());
    let names = |tools: Vec<&ToolDefinition>| tools.iter().map(|tool| tool.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(parameters.tool_defs()), ["a", "b", "c"]);
    assert_eq!(parameters.tool_defs()[0].description.as_deref(), Some("the other"));
    assert_eq!(names(parameters.declared_tool_defs()), ["a", "b"]);
}

#[test]
fn settings_merge_member_by_member() {
    let load = |json| serde_json::from_value::<BedrockModelSettings>(json).unwrap();
    let base =
        load(json!({"temperature": 1, "stop_sequences": ["x"], "seed": 3, "thinking": "xhigh", "timeout": null}));
    let merged = BedrockModelSettings::merge(base, load(json!({"temperature": 0.5, "thinking": false, "seed": 4})));
    let expected = json!({"temperature": 0.5, "stop_sequences": ["x"], "thinking": false, "seed": 4});
    assert_eq!(serde_json::to_value(merged).unwrap(), expected);
}
