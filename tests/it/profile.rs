//! Model names and the profiles of the families; these and the schema transformers against pydantic-ai, where it is.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use bedrock_converse::ErrorKind;
use bedrock_converse::messages::JsonObject;
use bedrock_converse::profile::{
    BedrockModelName, ContentKind, JsonSchemaTransformer, LatestBedrockModelNames, ModelProfile, StructuredOutputMode,
    ThinkingVariant, ToolResultFormat, TopKVariant, split_model_id,
};
use bedrock_converse::settings::{BedrockModelSettings, ThinkingEffort, ThinkingLevel};
use serde_json::{Value, json};

/// The names that `LatestBedrockModelNames` is specified with.
const SPECIFIED: [&str; 59] = [
    "amazon.titan-tg1-large",
    "amazon.titan-text-lite-v1",
    "amazon.titan-text-express-v1",
    "us.amazon.nova-2-lite-v1:0",
    "us.amazon.nova-pro-v1:0",
    "us.amazon.nova-lite-v1:0",
    "us.amazon.nova-micro-v1:0",
    "anthropic.claude-3-5-sonnet-20241022-v2:0",
    "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
    "anthropic.claude-3-5-haiku-20241022-v1:0",
    "us.anthropic.claude-3-5-haiku-20241022-v1:0",
    "anthropic.claude-instant-v1",
    "anthropic.claude-v2:1",
    "anthropic.claude-v2",
    "anthropic.claude-3-sonnet-20240229-v1:0",
    "us.anthropic.claude-3-sonnet-20240229-v1:0",
    "anthropic.claude-3-haiku-20240307-v1:0",
    "us.anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-3-opus-20240229-v1:0",
    "us.anthropic.claude-3-opus-20240229-v1:0",
    "anthropic.claude-3-5-sonnet-20240620-v1:0",
    "us.anthropic.claude-3-5-sonnet-20240620-v1:0",
    "anthropic.claude-3-7-sonnet-20250219-v1:0",
    "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
    "anthropic.claude-opus-4-20250514-v1:0",
    "us.anthropic.claude-opus-4-20250514-v1:0",
    "global.anthropic.claude-opus-4-5-20251101-v1:0",
    "anthropic.claude-sonnet-4-20250514-v1:0",
    "us.anthropic.claude-sonnet-4-20250514-v1:0",
    "eu.anthropic.claude-sonnet-4-20250514-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "anthropic.claude-sonnet-4-6",
    "us.anthropic.claude-sonnet-4-6",
    "eu.anthropic.claude-sonnet-4-6",
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
    "cohere.command-text-v14",
    "cohere.command-r-v1:0",
    "cohere.command-r-plus-v1:0",
    "cohere.command-light-text-v14",
    "meta.llama3-8b-instruct-v1:0",
    "meta.llama3-70b-instruct-v1:0",
    "meta.llama3-1-8b-instruct-v1:0",
    "us.meta.llama3-1-8b-instruct-v1:0",
    "meta.llama3-1-70b-instruct-v1:0",
    "us.meta.llama3-1-70b-instruct-v1:0",
    "meta.llama3-1-405b-instruct-v1:0",
    "us.meta.llama3-2-11b-instruct-v1:0",
    "us.meta.llama3-2-90b-instruct-v1:0",
    "us.meta.llama3-2-1b-instruct-v1:0",
    "us.meta.llama3-2-3b-instruct-v1:0",
    "us.meta.llama3-3-70b-instruct-v1:0",
    "mistral.mistral-7b-instruct-v0:2",
    "mistral.mixtral-8x7b-instruct-v0:1",
    "mistral.mistral-large-2402-v1:0",
    "mistral.mistral-large-2407-v1:0",
];

#[test]
fn every_specified_name_is_known_and_has_a_profile_of_its_family() {
    let known: Vec<_> = LatestBedrockModelNames::all().map(LatestBedrockModelNames::as_str).collect();
    for name in SPECIFIED {
        assert!(known.contains(&name), "{name}");
        assert_eq!(name.parse::<LatestBedrockModelNames>().unwrap().as_str(), name);
        assert_ne!(ModelProfile::for_model(name), ModelProfile::default(), "{name}");
    }
    assert_eq!(known.len(), 110);
    for (i, name) in known.iter().enumerate() {
        assert!(!known[..i].contains(name), "{name} is there twice");
        ModelProfile::for_model(name).check_served(name).unwrap();
    }
}

#[test]
fn a_name_is_known_or_any_other() {
    let known: LatestBedrockModelNames = "us.amazon.nova-pro-v1:0".parse().unwrap();
    assert_eq!(BedrockModelName::from(known), BedrockModelName::from("us.amazon.nova-pro-v1:0"));
    assert_eq!(BedrockModelName::from("my.model".to_owned()).to_string(), "my.model");

    let error = "us.anthropic.claude-sonet-4-6".parse::<LatestBedrockModelNames>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.hint(), Some("did you mean `us.anthropic.claude-sonnet-4-6`?"));
    assert_eq!("gpt-4".parse::<LatestBedrockModelNames>().unwrap_err().hint(), None);
    assert_eq!(LatestBedrockModelNames::nearest(""), None);
    assert_eq!(LatestBedrockModelNames::nearest(&"amazon.".repeat(1000)), None);
}

/// The fields of a profile that are not as they are for a model that nothing is known of.
fn beside_default(name: &str) -> Value {
    let default = serde_json::to_value(ModelProfile::default()).unwrap();
    let mut profile = serde_json::to_value(ModelProfile::for_model(name)).unwrap();
    profile.as_object_mut().unwrap().retain(|field, value| default[field] != *value);
    profile
}

#[test]
fn the_families() {
    let inlined = json!({"json_schema_transformer": "InlineDefsJsonSchemaTransformer", "supported_native_tools": []});
    let rewritten = json!({"json_schema_transformer": "BedrockJsonSchemaTransformer", "supported_native_tools": []});
    let structured = json!({"supports_json_schema_output": true, "bedrock_supports_strict_tool_definition": true});
    let thinks = json!({"supports_thinking": true, "thinking_always_enabled": true});
    let claude = json!({
        "supports_thinking": true,
        "thinking_tags": ["<thinking>", "</thinking>"],
        "bedrock_supports_tool_choice": true,
        "bedrock_send_back_thinking_parts": true,
        "bedrock_supports_prompt_caching": true,
        "bedrock_supports_tool_caching": true,
        "bedrock_supported_media_kinds_in_tool_returns": ["image", "document"],
        "bedrock_tool_result_colocatable_content": ["text", "image"],
        "bedrock_supports_video_input": false,
        "bedrock_supports_s3_location": false,
        "bedrock_supports_leading_assistant_message": true,
        "bedrock_thinking_variant": "anthropic",
        "bedrock_top_k_variant": "anthropic",
    });
    let adaptive = json!({"bedrock_supports_adaptive_thinking": true, "bedrock_supports_effort": true});
    let nova = json!({
        "bedrock_supports_tool_choice": true,
        "bedrock_supports_prompt_caching": true,
        "bedrock_supports_cache_point_after_tool_result": false,
        "bedrock_top_k_variant": "nova",
    });
    let alone = json!({"bedrock_tool_result_colocatable_content": []});
    let mistral = json!({
        "bedrock_tool_result_format": "json",
        "bedrock_supported_media_kinds_in_tool_returns": ["document"],
    });
    let qwen = json!({
        "ignore_streamed_leading_whitespace": true,
        "bedrock_supported_media_kinds_in_tool_returns": [],
        "bedrock_supports_leading_assistant_message": true,
        "bedrock_thinking_variant": "qwen",
    });
    let leading = json!({"bedrock_supports_tool_choice": true, "bedrock_supports_leading_assistant_message": true});
    let kimi = json!({
        "supports_thinking": true,
        "ignore_streamed_leading_whitespace": true,
        "bedrock_supported_media_kinds_in_tool_returns": [],
    });

    for (name, fields) in [
        ("amazon.titan-text-lite-v1", vec![&inlined]),
        ("us.amazon.nova-micro-v1:0", vec![&inlined, &nova]),
        (
            "global.amazon.nova-2-lite-v1:0",
            vec![&json!({"json_schema_transformer": "InlineDefsJsonSchemaTransformer"}), &nova],
        ),
        ("anthropic.claude-v2:1", vec![&rewritten, &claude]),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", vec![&rewritten, &claude]),
        ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", vec![&rewritten, &claude, &structured]),
        ("anthropic.claude-sonnet-4-6", vec![&rewritten, &claude, &structured, &adaptive]),
        ("us.anthropic.claude-opus-5", vec![&rewritten, &claude, &adaptive]),
        ("cohere.command-r-v1:0", vec![&json!({"supported_native_tools": []})]),
        ("cohere.command-a-reasoning", vec![&json!({"supported_native_tools": []}), &thinks]),
        ("us.deepseek.r1-v1:0", vec![&json!({"supported_native_tools": [], "bedrock_send_back_thinking_parts": true})]),
        ("deepseek.v3.2", vec![&json!({"supported_native_tools": []})]),
        ("google.gemma-3-4b-it", vec![&rewritten]),
        ("google.gemma-3-27b-it", vec![&rewritten, &structured]),
        (
            "us.meta.llama4-scout-17b-instruct-v1:0",
            vec![&inlined, &alone, &json!({"bedrock_supported_media_kinds_in_tool_returns": ["image", "document"]})],
        ),
        ("minimax.minimax-m2.5", vec![&rewritten, &structured]),
        ("mistral.mistral-large-2402-v1:0", vec![&rewritten, &alone, &mistral]),
        ("mistral.magistral-small-2509", vec![&rewritten, &alone, &mistral, &structured, &thinks]),
        ("moonshot.kimi-k2-thinking", vec![&rewritten, &structured, &leading, &kimi]),
        ("moonshotai.kimi-k2.5", vec![&rewritten, &structured, &leading, &kimi]),
        ("nvidia.nemotron-nano-9b-v2", vec![&rewritten, &structured]),
        ("nvidia.nemotron-super-3-120b", vec![&rewritten]),
        ("openai.gpt-oss-120b-1:0", vec![&thinks, &json!({"bedrock_thinking_variant": "openai"})]),
        ("openai.gpt-5.4", vec![&json!({"bedrock_supported_on_converse": false})]),
        ("qwen.qwen3-32b-v1:0", vec![&rewritten, &structured, &qwen, &thinks]),
        ("us.writer.palmyra-x5-v1:0", vec![&rewritten, &alone, &json!({"bedrock_supports_tool_result_status": false})]),
        ("zai.glm-4.7-flash", vec![&rewritten, &structured, &leading, &json!({"supports_thinking": true})]),
        ("ai21.jamba-1-5-large-v1:0", vec![]),
        ("claude-sonnet-4-6", vec![]),
    ] {
        let mut expected = json!({});
        expected.as_object_mut().unwrap().extend(fields.into_iter().flat_map(|f| f.as_object().unwrap().clone()));
        assert_eq!(beside_default(name), expected, "{name}");
    }
}

#[test]
fn a_model_that_nothing_is_known_of() {
    let profile = ModelProfile::default();
    assert!(
        profile.supports_tools && profile.bedrock_supports_tool_result_status && profile.bedrock_supported_on_converse
    );
    assert_eq!(profile.default_structured_output_mode, StructuredOutputMode::Tool);
    assert_eq!(profile.bedrock_tool_result_format, ToolResultFormat::Text);
    assert_eq!(profile.bedrock_supported_media_kinds_in_tool_returns, [ContentKind::Image]);
    assert_eq!(profile.bedrock_tool_result_colocatable_content.len(), 4);
    assert_eq!(profile.supported_native_tools, ["code_execution"]);
    assert_eq!(profile.thinking_tags, ("<think>".to_owned(), "</think>".to_owned()));
}

#[test]
fn an_arn_that_names_a_model_has_its_profile() {
    let claude = ModelProfile::for_model("anthropic.claude-sonnet-4-6");
    for arn in [
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-6",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6",
    ] {
        assert_eq!(ModelProfile::for_model(arn), claude, "{arn}");
    }
    let opaque = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/mi1dadi0g15f";
    assert_eq!(ModelProfile::for_model(opaque), ModelProfile::default());
}

#[test]
fn a_model_that_converse_does_not_serve_is_refused() {
    for name in ["openai.gpt-5.4", "us.openai.gpt-6-v1:0"] {
        let error = ModelProfile::for_model(name).check_served(name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains(name) && error.message().contains("bedrock-mantle"), "{error}");
    }
    // The caller may know better.
    let mut profile = ModelProfile::for_model("openai.gpt-5.4");
    profile.merge(json!({"bedrock_supported_on_converse": true}).as_object().unwrap()).unwrap();
    profile.check_served("openai.gpt-5.4").unwrap();
}

#[test]
fn overrides_are_laid_over_a_profile() {
    let mut profile = ModelProfile::for_model("us.anthropic.claude-sonnet-4-6");
    let overrides = json!({
        "supports_json_schema_output": false,
        "thinking_tags": ["<t>", "</t>"],
        "json_schema_transformer": null,
        "supported_native_tools": ["web_search", "code_execution"],
        "bedrock_thinking_variant": "openai",
        "bedrock_top_k_variant": null,
        "bedrock_supported_media_kinds_in_tool_returns": ["video"],
        "anthropic_supports_effort": true,
    });
    profile.merge(overrides.as_object().unwrap()).unwrap();

    let mut expected = ModelProfile::for_model("us.anthropic.claude-sonnet-4-6");
    expected.supports_json_schema_output = false;
    expected.thinking_tags = ("<t>".to_owned(), "</t>".to_owned());
    expected.json_schema_transformer = None;
    expected.supported_native_tools = vec!["code_execution".to_owned()];
    expected.bedrock_thinking_variant = Some(ThinkingVariant::ReasoningEffort);
    expected.bedrock_top_k_variant = None;
    expected.bedrock_supported_media_kinds_in_tool_returns = vec![ContentKind::Video];
    assert_eq!(profile, expected);

    let bad = json!({"supports_thinking": false, "bedrock_top_k_variant": "k"});
    let error = profile.merge(bad.as_object().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(
        error.message(),
        "profile: `bedrock_top_k_variant`: unknown variant `k`, expected `anthropic` or `nova`"
    );
    assert_eq!(profile, expected, "a refused change leaves the profile as it was");
    assert_eq!(serde_json::to_value(TopKVariant::InferenceConfig).unwrap(), "nova");
}

#[test]
fn settings_take_the_form_of_the_family() {
    use ThinkingEffort::{High, Low, Medium, Minimal, Xhigh};
    let levels = [
        ThinkingLevel::Off,
        ThinkingLevel::On,
        ThinkingLevel::Effort(Minimal),
        ThinkingLevel::Effort(Low),
        ThinkingLevel::Effort(Medium),
        ThinkingLevel::Effort(High),
        ThinkingLevel::Effort(Xhigh),
    ];
    let enabled = |budget: u32| json!({"thinking": {"type": "enabled", "budget_tokens": budget}});
    let adaptive = |effort| json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}});
    let effort = |effort| json!({"reasoning_effort": effort});
    let config = |config| json!({"reasoning_config": config});
    for (name, expected) in [
        (
            "anthropic.claude-haiku-4-5-20251001-v1:0",
            [
                json!({"thinking": {"type": "disabled"}}),
                enabled(10_000),
                enabled(1024),
                enabled(2048),
                enabled(10_000),
                enabled(16_384),
                enabled(32_768),
            ],
        ),
        (
            "anthropic.claude-sonnet-4-6",
            [
                json!({}),
                json!({"thinking": {"type": "adaptive"}}),
                adaptive("low"),
                adaptive("low"),
                adaptive("medium"),
                adaptive("high"),
                adaptive("max"),
            ],
        ),
        (
            "openai.gpt-oss-20b-1:0",
            [
                json!({}),
                effort("medium"),
                effort("minimal"),
                effort("low"),
                effort("medium"),
                effort("high"),
                effort("xhigh"),
            ],
        ),
        (
            "qwen.qwen3-32b-v1:0",
            [json!({}), config("high"), config("low"), config("low"), config("high"), config("high"), config("high")],
        ),
        ("us.amazon.nova-pro-v1:0", [(); 7].map(|()| json!({}))),
    ] {
        for (level, expected) in levels.into_iter().zip(expected) {
            let mut fields = JsonObject::new();
            ModelProfile::for_model(name).add_thinking(level, &mut fields);
            assert_eq!(Value::Object(fields), expected, "{name}, {level:?}");
        }
    }
    for (name, own, expected) in [
        ("anthropic.claude-v2", json!({}), json!({"top_k": 5})),
        ("anthropic.claude-v2", json!({"top_k": 1}), json!({"top_k": 1})),
        ("amazon.nova-pro-v1:0", json!({}), json!({"inferenceConfig": {"topK": 5}})),
        ("amazon.nova-pro-v1:0", json!({"inferenceConfig": {"x": 1}}), json!({"inferenceConfig": {"x": 1, "topK": 5}})),
        ("amazon.nova-pro-v1:0", json!({"inferenceConfig": {"topK": 1}}), json!({"inferenceConfig": {"topK": 1}})),
        ("meta.llama3-8b-instruct-v1:0", json!({}), json!({})),
    ] {
        let mut fields = own.as_object().unwrap().clone();
        ModelProfile::for_model(name).add_top_k(5, &mut fields);
        assert_eq!(Value::Object(fields), expected, "{name}");
    }
}

/// Thousands of names, overrides and random schemas, each against what pydantic-ai makes of it.
#[test]
#[expect(clippy::disallowed_methods, reason = "says where the other implementation is")]
fn profiles_and_schemas_are_those_of_pydantic_ai() {
    let Ok(python) = std::env::var("REFERENCE_PYTHON") else {
        println!("SKIPPED: set REFERENCE_PYTHON to a Python that has pydantic-ai-slim[bedrock]");
        return;
    };
    let number = |name, default| std::env::var(name).unwrap_or(default);
    let output = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/profile.py"))
        .arg(number("REFERENCE_COUNT", "1000".to_owned()))
        .arg(number("REFERENCE_SEED", "1".to_owned()))
        .output()
        .expect("REFERENCE_PYTHON runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut cases, mut unequal) = (0, vec![]);
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (ours, expected) = (ours(&case), &case["expected"]);
        // Here the order of keys counts: it is part of the prompt.
        let in_order = case["check"] == "schema" || case["check"] == "fields";
        let text = |value: &Value| in_order.then(|| value.to_string());
        if ours != *expected || text(&ours) != text(expected) {
            unequal.push(format!("{line}\nours: {ours}"));
        }
        cases += 1;
    }
    println!("{cases} cases, {} unequal", unequal.len());
    assert!(cases > 1000);
    assert!(unequal.is_empty(), "{} of {cases}:\n{}", unequal.len(), unequal[..unequal.len().min(5)].join("\n"));
}

/// What this crate makes of a case of `profile.py`.
fn ours(case: &Value) -> Value {
    let name = case["name"].as_str().unwrap_or_default();
    match case["check"].as_str().unwrap() {
        "split" => json!(split_model_id(name)),
        "nearest" => json!(LatestBedrockModelNames::nearest(name).map(|name| name.as_str())),
        "profile" => {
            let mut profile = ModelProfile::for_model(name);
            profile.merge(case["overrides"].as_object().unwrap()).unwrap();
            profile.bedrock_supported_media_kinds_in_tool_returns.sort_by_key(|kind| json!(kind).to_string());
            profile.bedrock_tool_result_colocatable_content.sort_by_key(|kind| json!(kind).to_string());
            if profile.check_served(name).is_err() {
                return Value::Null;
            }
            let mut profile = json!(profile);
            for ours_alone in [
                "bedrock_supports_video_input",
                "bedrock_supports_s3_location",
                "bedrock_supports_cache_point_after_tool_result",
            ] {
                profile.as_object_mut().unwrap().shift_remove(ours_alone);
            }
            profile
        }
        "fields" => {
            let mut profile = ModelProfile::for_model(name);
            profile.merge(case["overrides"].as_object().unwrap()).unwrap();
            let settings: BedrockModelSettings = serde_json::from_value(case["settings"].clone()).unwrap();
            let mut fields = settings.bedrock_additional_model_requests_fields.unwrap();
            if let Some(top_k) = settings.top_k {
                profile.add_top_k(top_k, &mut fields);
            }
            if let Some(level) = serde_json::from_value(case["thinking"].clone()).unwrap() {
                profile.add_thinking(level, &mut fields);
            }
            fields.into()
        }
        "schema" => {
            let transformer: JsonSchemaTransformer = serde_json::from_value(case["transformer"].clone()).unwrap();
            let strict = case["strict"].as_bool();
            let schema = case["schema"].as_object().unwrap();
            let Ok(mut schema) = transformer.transform(schema, strict) else { return Value::Null };
            // Which definitions contain themselves is a set in Python: their order is not comparable.
            if transformer == JsonSchemaTransformer::InlineDefs
                && let Some(defs) = schema.get_mut("$defs").and_then(Value::as_object_mut)
            {
                defs.sort_keys();
            }
            json!([schema, transformer.is_strict_compatible(strict)])
        }
        check => panic!("unknown check {check}"),
    }
}
