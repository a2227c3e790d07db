//! Requests at random: what repair promises.

use std::collections::BTreeSet;

use bedrock_converse::ModelProfile;
use bedrock_converse::preflight::{Finding, check, repair};
use bedrock_converse::wire::{ContentBlock, ConverseRequest};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::request;
use super::rules::{CLAUDE, LLAMA, NOVA, PROMPT, WRITER, document, image, point, tool, video};

fn id() -> impl Strategy<Value = &'static str> {
    select(&["a", "b", "a!", ""][..])
}

fn cache_point() -> impl Strategy<Value = Value> {
    select(vec![point(), json!({"cachePoint": {"type": "default", "ttl": "1h"}}), point()])
}

fn result_content() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"text": "seen"}),
        json!({"text": " "}),
        json!({"json": [1]}),
        json!({"json": {}, "text": null}),
        document("a", "pdf"),
        image(),
    ])
}

fn block() -> impl Strategy<Value = Value> {
    let call =
        (id(), select(&["look", "look!"][..]), select(vec![json!({}), json!(null), json!("{}"), json!("x"), json!(1)]));
    let result =
        (id(), prop::collection::vec(result_content(), 0..3), select(&["success", "error"][..]), any::<bool>());
    let file = (select(&["a", "a", "b.csv", ""][..]), select(&["pdf", "csv"][..]));
    prop_oneof![
        3 => select(&["one", "two ", "", " \n"][..]).prop_map(|text| json!({"text": text})),
        1 => Just(image()),
        1 => Just(video()),
        2 => file.prop_map(|(name, format)| document(name, format)),
        3 => call.prop_map(|(id, name, input)| json!({"toolUse": {"toolUseId": id, "name": name, "input": input}})),
        1 => Just(json!({"toolUse": {"toolUseId": "s", "name": "code", "input": {}, "type": "server_tool_use"}})),
        4 => result.prop_map(|(id, content, status, known)| {
            let mut result = json!({"toolUseId": id, "content": content});
            if known {
                result["status"] = status.into();
            }
            json!({"toolResult": result})
        }),
        3 => cache_point(),
        1 => Just(json!({"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "x"}}})),
        1 => Just(json!({"text": "beside", "other": 1})),
        1 => Just(json!({"tomorrow": {}})),
    ]
}

fn message() -> impl Strategy<Value = Value> {
    (select(&["user", "user", "assistant", "assistant", "system"][..]), prop::collection::vec(block(), 0..6))
        .prop_map(|(role, content)| json!({"role": role, "content": content}))
}

fn tool_config() -> impl Strategy<Value = Value> {
    let spec = json!({"toolSpec": {"name": "strict", "description": "", "inputSchema": {"json": {}}, "strict": true}});
    let tools =
        prop::collection::vec(prop_oneof![Just(tool("look")), Just(tool("look!")), Just(spec), cache_point()], 0..5);
    let choice = select(vec![None, Some(json!({"auto": {}})), Some(json!({"any": {}}))]);
    (tools, choice).prop_map(|(tools, choice)| match choice {
        None => json!({"tools": tools}),
        Some(choice) => json!({"tools": tools, "toolChoice": choice}),
    })
}

fn body() -> impl Strategy<Value = Value> {
    let system = prop_oneof![Just(json!({"text": "Be kind."})), Just(json!({"text": ""})), cache_point()];
    (
        prop::collection::vec(message(), 0..7),
        prop::option::of(prop::collection::vec(system, 0..5)),
        prop::option::of(tool_config()),
        select(vec![json!({}), json!({"stopSequences": ["", "a"]})]),
    )
        .prop_map(|(messages, system, tool_config, inference)| {
            let mut body = json!({"messages": messages, "inferenceConfig": inference, "requestMetadata": {}});
            for (name, value) in [("system", system.map(Value::from)), ("toolConfig", tool_config)] {
                if let Some(value) = value {
                    body[name] = value;
                }
            }
            body
        })
}

/// How much was said: texts that are not blank, media, calls.
fn said(request: &ConverseRequest) -> [usize; 4] {
    let blocks = request.messages.iter().flatten().flat_map(|message| &message.content);
    let count = |is: fn(&ContentBlock) -> bool| blocks.clone().filter(|block| is(block.known())).count();
    let instructions =
        request.system.iter().flatten().filter(|block| !json!(block)["text"].as_str().unwrap_or(" ").trim().is_empty());
    [
        count(|block| matches!(block, ContentBlock::Text(text) if !text.trim().is_empty())) + instructions.count(),
        count(|block| matches!(block, ContentBlock::Image(_) | ContentBlock::Document(_) | ContentBlock::Video(_))),
        count(|block| matches!(block, ContentBlock::ToolUse(_) | ContentBlock::ReasoningContent(_))),
        count(|block| matches!(block, ContentBlock::Other(_))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn repair_keeps_its_promises(
        model in select(&[CLAUDE, NOVA, LLAMA, WRITER, PROMPT, "zai.glm-5"][..]),
        body in body(),
    ) {
        let profile = ModelProfile::for_model(model);
        let given = request(model, &body);
        let mut repaired = given.clone();

        let found = check(&given, &profile);
        let mended = repair(&mut repaired, &profile);
        prop_assert_eq!(&mended, &found.iter().filter(|finding| finding.repairable).cloned().collect::<Vec<_>>());
        if mended.is_empty() {
            prop_assert_eq!(&repaired, &given);
        }

        let left = check(&repaired, &profile);
        let shown = serde_json::to_string(&repaired).unwrap();
        prop_assert!(left.iter().all(|finding| !finding.repairable), "{left:#?}\n{shown}");
        let rules = |findings: &[Finding]| findings.iter().map(|finding| finding.rule.id()).collect::<BTreeSet<_>>();
        prop_assert!(rules(&left).is_subset(&rules(&found)), "{left:#?}\n{shown}");
        prop_assert!(said(&given).iter().zip(said(&repaired)).all(|(before, after)| *before <= after), "{shown}");
    }
}
