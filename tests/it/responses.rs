//! Answers of Converse as messages.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bedrock_converse::convert::{Downloads, Origin, Prepared, Target};
use bedrock_converse::messages::{ModelMessage, ModelResponse, ModelResponsePart, RequestUsage, State, Timestamp};
use bedrock_converse::profile::ModelProfile;
use bedrock_converse::wire::ConverseResponse;
use serde_json::{Value, json};

pub(crate) const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// Gives `then` a target and an origin.
pub(crate) fn with_target<T>(model_name: &str, then: impl FnOnce(Target<'_>, Origin) -> T) -> T {
    let profile = ModelProfile::for_model(model_name);
    let target = Target { model_name, provider_name: "bedrock", profile: &profile };
    let origin = Origin {
        provider_url: "https://bedrock-runtime.us-east-1.amazonaws.com".into(),
        provider_response_id: Some("request-1".into()),
        timestamp: Timestamp::from_unix(1_700_000_000, 0),
    };
    then(target, origin)
}

fn response(answer: &Value) -> ModelResponse {
    let answer = ConverseResponse::from_json(answer.to_string().as_bytes()).unwrap();
    with_target(MODEL, |target, origin| target.model_response(answer, origin))
}

fn answer(content: &Value) -> Value {
    json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
    })
}

/// The JSON of the parts that this content becomes, without members that are `null`.
fn parts(content: Value) -> Value {
    without_nulls(serde_json::to_value(response(&answer(&content)).parts).unwrap())
}

pub(crate) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        other => other,
    }
}

#[test]
fn the_frame_of_a_response() {
    let response = response(&answer(&json!([{"text": "Hello"}])));
    assert_eq!(response.model_name.as_deref(), Some(MODEL));
    assert_eq!(response.provider_name.as_deref(), Some("bedrock"));
    assert_eq!(response.provider_url.as_deref(), Some("https://bedrock-runtime.us-east-1.amazonaws.com"));
    assert_eq!(response.provider_response_id.as_deref(), Some("request-1"));
    assert_eq!(response.timestamp, Some(Timestamp::from_unix(1_700_000_000, 0)));
    assert_eq!(response.state, State::Complete);
    assert_eq!(response.text().as_deref(), Some("Hello"));
}

#[test]
fn stop_reasons() {
    for (stop_reason, finish_reason) in [
        ("end_turn", Some("stop")),
        ("tool_use", Some("tool_call")),
        ("max_tokens", Some("length")),
        ("stop_sequence", Some("stop")),
        ("guardrail_intervened", Some("content_filter")),
        ("content_filtered", Some("content_filter")),
        ("malformed_model_output", Some("error")),
        ("malformed_tool_use", Some("error")),
        ("model_context_window_exceeded", Some("length")),
        ("out_of_ink", None),
    ] {
        let mut answer = answer(&json!([]));
        answer["stopReason"] = stop_reason.into();
        let response = response(&answer);
        assert_eq!(response.finish_reason.as_ref().map(|reason| reason.as_str()), finish_reason, "{stop_reason}");
        assert_eq!(Value::from(response.provider_details), json!({"finish_reason": stop_reason}));
    }
}

#[test]
fn usage_counts_cached_input_and_keeps_unknown_counts() {
    let mut answer = answer(&json!([]));
    answer["usage"] = json!({
        "inputTokens": 3, "outputTokens": 5, "totalTokens": 1111, "cacheReadInputTokens": 100,
        "cacheWriteInputTokens": 1003, "cacheDetails": [{"ttl": "5m", "inputTokens": 1003}], "serverToolUsage": {},
        "pagesRead": 7, "fast": true,
    });
    let expected = RequestUsage {
        input_tokens: 1106,
        cache_read_tokens: 100,
        cache_write_tokens: 1003,
        output_tokens: 5,
        details: BTreeMap::from([("pagesRead".to_owned(), 7)]),
        ..RequestUsage::default()
    };
    assert_eq!(response(&answer).usage, expected);

    answer.as_object_mut().unwrap().remove("usage");
    assert_eq!(response(&answer).usage, RequestUsage::default());
}

#[test]
fn text_that_is_empty_is_no_part() {
    assert_eq!(
        parts(json!([{"text": ""}, {"text": " "}, {"text": "a"}])),
        json!([{"content": " ", "part_kind": "text"}, {"content": "a", "part_kind": "text"}])
    );
}

#[test]
fn thinking_names_who_signed_it() {
    assert_eq!(
        parts(json!([
            {"reasoningContent": {"reasoningText": {"text": "hm"}}},
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
            {"reasoningContent": {"reasoningText": {"text": "", "signature": "c2ln"}}},
        ])),
        json!([
            {"content": "hm", "part_kind": "thinking"},
            {"content": "hm", "signature": "c2ln", "provider_name": "bedrock", "part_kind": "thinking"},
            {"content": "", "signature": "c2ln", "provider_name": "bedrock", "part_kind": "thinking"},
        ])
    );
}

/// pydantic-ai reads it as UTF-8, which it need not be.
#[test]
fn encrypted_thinking_is_bytes_and_goes_back_as_it_came() {
    for (bytes, base64) in [(&b"EtkECk+gI=="[..], false), (&[0xff, 0, 0xfe, b'a'][..], true)] {
        let blob = BASE64_STANDARD.encode(bytes);
        let content = json!([{"reasoningContent": {"redactedContent": blob}}, {"text": "Done"}]);
        let response = response(&answer(&content));
        let ModelResponsePart::Thinking(part) = &response.parts[0] else { panic!() };
        assert_eq!(part.id.as_deref(), Some("redacted_content"));
        assert_eq!(part.provider_name.as_deref(), Some("bedrock"));
        let signature = part.signature.as_deref().unwrap();
        if base64 {
            assert_eq!(signature, blob);
            assert_eq!(part.provider_details.as_ref().unwrap()["encoding"], "base64");
        } else {
            assert_eq!((signature.as_bytes(), &part.provider_details), (bytes, &None));
        }
        let history = [ModelMessage::Response(response)];
        let request = with_target(MODEL, |target, _| {
            target.converse_request(&history, &Prepared::default(), &Downloads::new()).unwrap().to_json().unwrap()
        });
        let request: Value = serde_json::from_slice(&request).unwrap();
        let turns = request["messages"].as_array().unwrap();
        let turn = turns.iter().find(|turn| turn["role"] == "assistant").unwrap();
        assert_eq!(turn["content"], content);
    }
}

#[test]
fn only_server_tool_use_is_a_native_call() {
    assert_eq!(
        parts(json!([
            {"toolUse": {"toolUseId": "t1", "name": "nova_code_interpreter", "input": {"snippet": "1"}, "type": "server_tool_use"}},
            {"toolResult": {"toolUseId": "t1", "type": "nova_code_interpreter_result", "status": "success", "content": [{"json": {"stdOut": "1"}}]}},
            {"toolUse": {"toolUseId": "t2", "name": "f", "input": {}, "type": "tool_use"}},
            {"toolUse": {"toolUseId": "t3", "name": "nova_code_interpreter", "input": {}}},
        ])),
        json!([
            {"tool_name": "code_execution", "args": {"snippet": "1"}, "tool_call_id": "t1", "provider_name": "bedrock", "part_kind": "builtin-tool-call"},
            {"tool_name": "code_execution", "content": {"stdOut": "1"}, "tool_call_id": "t1", "timestamp": "2023-11-14T22:13:20Z", "outcome": "success", "provider_name": "bedrock", "provider_details": {"status": "success"}, "part_kind": "builtin-tool-return"},
            {"tool_name": "f", "args": {}, "tool_call_id": "t2", "part_kind": "tool-call"},
            {"tool_name": "nova_code_interpreter", "args": {}, "tool_call_id": "t3", "part_kind": "tool-call"},
        ])
    );
}

/// pydantic-ai drops calls and results of native tools that it doesn't know, and all but the first item of a result.
#[test]
fn native_tools_of_any_name_and_all_of_their_results_are_kept() {
    assert_eq!(
        parts(json!([
            {"toolUse": {"toolUseId": "t1", "name": "nova_grounding", "input": {"q": "x"}, "type": "server_tool_use"}},
            {"toolResult": {"toolUseId": "t1", "type": "nova_grounding_result", "content": [{"text": "a"}, {"json": {"b": 1}}]}},
            {"toolResult": {"toolUseId": "t2", "type": "nova_code_interpreter_result", "content": []}},
        ])),
        json!([
            {"tool_name": "nova_grounding", "args": {"q": "x"}, "tool_call_id": "t1", "provider_name": "bedrock", "part_kind": "builtin-tool-call"},
            {"tool_name": "nova_grounding", "content": ["a", {"b": 1}], "tool_call_id": "t1", "timestamp": "2023-11-14T22:13:20Z", "outcome": "success", "provider_name": "bedrock", "provider_details": {}, "part_kind": "builtin-tool-return"},
            {"tool_name": "code_execution", "tool_call_id": "t2", "timestamp": "2023-11-14T22:13:20Z", "outcome": "success", "provider_name": "bedrock", "provider_details": {}, "part_kind": "builtin-tool-return"},
        ])
    );
}

#[test]
fn input_that_is_no_object_is_kept_as_text_and_flagged() {
    for (input, args, invalid) in [
        (json!({"a": 1}), json!({"a": 1}), false),
        (json!("{\"a\": 1}"), json!("{\"a\": 1}"), false),
        (json!("{\"a\": "), json!("{\"a\": "), true),
        (json!([1, 2]), json!("[1,2]"), true),
        (json!(null), json!(null), false),
    ] {
        let content = json!([{"toolUse": {"toolUseId": "t1", "name": "f", "input": input}}]);
        let response = response(&answer(&content));
        let call = response.tool_calls().next().unwrap();
        assert_eq!(serde_json::to_value(&call.args).unwrap(), args);
        assert_eq!(call.has_invalid_args(), invalid, "{args}");
    }
}

/// pydantic-ai loses the text.
#[test]
fn cited_text_is_text_with_its_citations() {
    let citation = json!({
        "title": "Doc", "sourceContent": [{"text": "the source"}],
        "location": {"documentChar": {"documentIndex": 0, "start": 1, "end": 9}}, "weight": 0.5,
    });
    assert_eq!(
        parts(json!([
            {"text": "Yes. "},
            {"citationsContent": {"content": [{"text": "It "}, {"text": "is."}], "citations": [citation.clone()]}},
            {"citationsContent": {"content": [{"text": " Really."}], "citations": []}},
            {"citationsContent": {}},
        ])),
        json!([
            {"content": "Yes. ", "part_kind": "text"},
            {"content": "It is.", "provider_name": "bedrock", "provider_details": {"citations": [citation]}, "part_kind": "text"},
            {"content": " Really.", "part_kind": "text"},
        ])
    );
}

/// pydantic-ai loses them.
#[test]
fn images_and_sound_are_files() {
    let parts = parts(json!([
        {"image": {"format": "png", "source": {"bytes": "iVBORw=="}}},
        {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/k"}}, "error": {"message": "too big"}}},
        {"audio": {"format": "mp3", "source": {"bytes": "AAEC"}}},
    ]));
    let part = |at: usize| (&parts[at]["content"]["media_type"], &parts[at]["content"]["data"]);
    assert_eq!(part(0), (&json!("image/png"), &json!("iVBORw==")));
    assert_eq!(part(1), (&json!("image/png"), &json!("")));
    let details = json!({"source": {"s3Location": {"uri": "s3://b/k"}}, "error": {"message": "too big"}});
    assert_eq!(parts[1]["provider_details"], details);
    assert_eq!(part(2), (&json!("audio/mpeg"), &json!("AAEC")));
    assert_eq!((&parts[2]["part_kind"], &parts[2]["provider_name"]), (&json!("file"), &json!("bedrock")));
}

/// As with pydantic-ai, but nothing is gone: the answer itself has it.
#[test]
fn blocks_that_are_not_known_are_no_parts() {
    let content = json!([{"text": "a"}, {"hologram": {"x": 1}}, {"text": "b", "tone": "low"}]);
    assert_eq!(
        parts(content.clone()),
        json!([{"content": "a", "part_kind": "text"}, {"content": "b", "part_kind": "text"}])
    );
    let answer = ConverseResponse::from_json(answer(&content).to_string().as_bytes()).unwrap();
    assert_eq!(serde_json::to_value(answer.message().unwrap()).unwrap()["content"], content);

    let mut answer = self::answer(&json!([]));
    answer["output"] = json!({"song": {}});
    assert_eq!(response(&answer).parts, []);
}
