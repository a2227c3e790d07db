//! The JSON of messages, settings, parameters and events against that of pydantic-ai.

use std::path::Path;

use bedrock_converse::messages::*;
use bedrock_converse::settings::BedrockModelSettings;
use bedrock_converse::tools::{ModelRequestParameters, ToolDefinition};
use bedrock_converse::{Error, ErrorKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Loads and dumps.
fn round<T: DeserializeOwned + Serialize>(value: &Value) -> Value {
    let text = value.to_string();
    let loaded: T = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    serde_json::to_value(loaded).unwrap()
}

/// Panics unless `after` has everything that `before` has. What it has besides must be what the reference fills in.
fn check_kept(before: &Value, after: &Value, path: &str) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (name, value) in before.iter().filter(|(_, value)| !value.is_null()) {
                let kept = after.get(name).unwrap_or_else(|| panic!("{path}.{name} is lost"));
                check_kept(value, kept, &format!("{path}.{name}"));
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            assert_eq!(before.len(), after.len(), "{path}");
            for (i, (before, after)) in before.iter().zip(after).enumerate() {
                check_kept(before, after, &format!("{path}[{i}]"));
            }
        }
        (Value::Number(before), Value::Number(after)) => assert_eq!(before.as_f64(), after.as_f64(), "{path}"),
        _ => assert_eq!(before, after, "{path}"),
    }
}

fn check_round<T: DeserializeOwned + Serialize>(value: &Value, path: &str) {
    let once = round::<T>(value);
    check_kept(value, &once, path);
    assert_eq!(round::<T>(&once), once, "{path}: a second round changes it");
}

#[test]
fn conformance_cases_go_round() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance/cases"));
    let Ok(entries) = std::fs::read_dir(folder) else {
        println!("SKIPPED: {} is not there", folder.display());
        return;
    };
    let (mut messages, mut events) = (0, 0);
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy();
        let case: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let input = &case["input"];
        check_round::<Vec<ModelMessage>>(&input["messages"], &format!("{name}: messages"));
        check_round::<BedrockModelSettings>(&input["settings"], &format!("{name}: settings"));
        check_round::<ModelRequestParameters>(&input["parameters"], &format!("{name}: parameters"));
        messages += input["messages"].as_array().unwrap().len();
        let expect = &case["expect"];
        if expect["response"].is_object() {
            check_round::<ModelMessage>(&expect["response"], &format!("{name}: response"));
            messages += 1;
        }
        if expect["usage"].is_object() {
            check_round::<RequestUsage>(&expect["usage"], &format!("{name}: usage"));
        }
        for (i, event) in expect["events"].as_array().into_iter().flatten().enumerate() {
            check_round::<ModelResponseStreamEvent>(event, &format!("{name}: events[{i}]"));
            events += 1;
        }
    }
    println!("{messages} messages and {events} events");
    assert!(messages > 500 && events > 300, "only {messages} messages and {events} events were there");
}

fn history(parts: &str) -> Result<Vec<ModelMessage>, String> {
    serde_json::from_str(&format!(r#"[{{"kind": "response", "parts": {parts}}}]"#)).map_err(|e| e.to_string())
}

#[test]
fn what_is_not_known_is_written_back_as_it_came() {
    let json = json!([
        {"kind": "request", "parts": [
            {"part_kind": "novel", "b": 1, "a": {"z": [], "y": null}},
            {"part_kind": "user-prompt", "content": [{"kind": "hologram", "depth": 3}, "text"], "mood": "calm"},
            {"part_kind": "tool-return", "tool_name": "t", "content": {"kind": "image-url", "url": 7}, "outcome": "?"},
        ], "novel": true},
        {"kind": "response", "parts": [{"part_kind": "telepathy"}], "finish_reason": "bored", "usage": {"smells": 4}},
    ]);
    check_round::<Vec<ModelMessage>>(&json, "history");
    let event = json!({"event_kind": "part_delta", "index": 1, "delta": {"part_delta_kind": "smell", "x": 1}});
    check_round::<ModelResponseStreamEvent>(&event, "event");

    let parameters = json!({"native_tools": [{"kind": "web_search", "max_uses": 2}, {"kind": "code_execution"}]});
    let loaded: ModelRequestParameters = serde_json::from_value(parameters.clone()).unwrap();
    assert_eq!(
        loaded.native_tools.iter().map(|tool| tool.kind()).collect::<Vec<_>>(),
        ["web_search", "code_execution"]
    );
    check_round::<ModelRequestParameters>(&parameters, "parameters");
}

#[test]
fn older_names_are_read() {
    let json = json!({
        "kind": "response", "parts": [], "vendor_id": "r1", "vendor_details": {"a": 1},
        "usage": {"request_tokens": 3, "response_tokens": 4, "details": null},
    });
    let ModelMessage::Response(response) = serde_json::from_value(json).unwrap() else { panic!("a response") };
    assert_eq!(response.provider_response_id.as_deref(), Some("r1"));
    assert_eq!(response.provider_details.as_ref().unwrap()["a"], 1);
    assert_eq!((response.usage.input_tokens, response.usage.total_tokens()), (3, 7));
    let tool: ToolDefinition = serde_json::from_value(json!({"name": "t", "prefer_builtin": "web_search"})).unwrap();
    assert_eq!(tool.unless_native.as_deref(), Some("web_search"));
}

#[test]
fn errors_say_where_and_what() {
    let cases = [
        (r#"[{"part_kind": "text"}]"#, "parts[0].content: missing"),
        (r#"[{"part_kind": "text", "content": null}]"#, "parts[0].content: expected a string, found null"),
        (r#"[{}]"#, "parts[0].part_kind: missing"),
        (r#"7"#, "parts: expected an array, found a number"),
        (
            r#"[{"part_kind": "text", "content": "x"}, {"part_kind": "tool-call", "tool_name": "t", "args": [1]}]"#,
            "parts[1].args: expected an object or JSON text, found an array",
        ),
        (
            r#"[{"part_kind": "file", "content": {"kind": "binary", "media_type": "image/png", "data": "_/77"}}]"#,
            "parts[0].content.data: not base64: Invalid symbol 95, offset 0.",
        ),
        (
            r#"[{"part_kind": "file", "content": {"kind": "text", "media_type": "image/png", "data": ""}}]"#,
            r#"parts[0].content.kind: expected "binary", found "text""#,
        ),
    ];
    for (parts, expected) in cases {
        let error = history(parts).unwrap_err();
        assert!(error.starts_with(expected), "{parts}: {error}");
    }
    let settings = |json: Value| serde_json::from_value::<BedrockModelSettings>(json).unwrap_err().to_string();
    assert_eq!(
        settings(json!({"bedrock_cache_messages": "2h"})),
        r#"bedrock_cache_messages: expected one of 5m, 1h, found "2h""#
    );
    assert_eq!(
        settings(json!({"max_tokens": -1})),
        "max_tokens: expected a whole number that is not negative, found a number"
    );
    assert_eq!(settings(json!({"extra_headers": {"a": 1}})), "extra_headers.a: expected a string, found a number");
    let message = serde_json::from_str::<ModelMessage>(r#"{"kind": "rumour"}"#).unwrap_err().to_string();
    assert!(message.starts_with(r#"kind: expected "request" or "response", found "rumour""#), "{message}");
}

#[test]
fn both_base64_alphabets_are_read() {
    for data in ["__77", "//77", "_-8", "/+8="] {
        let binary: BinaryContent = serde_json::from_value(json!({"data": data, "media_type": "image/png"})).unwrap();
        assert_eq!(binary.data[0], 0xFF, "{data}");
    }
    let binary = BinaryContent::new(&[0xFF_u8, 0xFE, 0xFB][..], "image/png");
    let json =
        r#"{"data":"__77","media_type":"image/png","vendor_metadata":null,"kind":"binary","identifier":"99d5e6"}"#;
    assert_eq!(serde_json::to_string(&binary).unwrap(), json);
}

#[test]
fn media_types_come_from_the_path() {
    let cases = [
        ("https://example.com/a.PNG", Some("image/png")),
        ("https://example.com/a.png?size=1.jpg#x.gif", Some("image/png")),
        ("https://example.com/a.b/c", None),
        ("https://example.com", None),
        ("https://example.com/.png", None),
        ("s3://bucket/a.docx", Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document")),
        ("data:image/gif;base64,AAAA", Some("image/gif")),
    ];
    for (url, media_type) in cases {
        assert_eq!(FileUrl::image(url).media_type(), media_type, "{url}");
    }
    assert_eq!(FileUrl::video("https://user@YouTu.be:443/x").media_type(), Some("video/mp4"));
    assert_eq!(FileUrl::image("https://youtu.be/x").media_type(), None);
    assert_eq!(UploadedFile::new("file-1", "bedrock").media_type(), "application/octet-stream");

    let message = |url: FileUrl| url.format().unwrap_err().to_string();
    assert_eq!(
        message(FileUrl::image("s3://b/k")),
        r#"image-url: cannot infer a media type from "s3://b/k"; give `media_type`"#
    );
    assert_eq!(
        message(FileUrl::image("s3://b/k.pdf")),
        r#"media type "application/pdf": no format of an image is known for it"#
    );
    assert_eq!(FileUrl::document("s3://b/k.pdf").format().unwrap(), "pdf");
}

#[test]
fn times_are_formatted() {
    let cases = [
        (951_782_399, 0, "2000-02-28T23:59:59Z"),
        (951_782_400, 1_999, "2000-02-29T00:00:00.000001Z"),
        (4_107_542_400, 999, "2100-03-01T00:00:00Z"),
        (-1, 999_999_999, "1969-12-31T23:59:59.999999Z"),
        (-2_203_891_200, 0, "1900-03-01T00:00:00Z"),
    ];
    for (seconds, nanos, text) in cases {
        assert_eq!(Timestamp::from_unix(seconds, nanos).as_str(), text);
    }
}

#[test]
fn a_tool_return_becomes_text_object_or_items() {
    let image = json!({"kind": "image-url", "url": "https://example.com/a.png"});
    let part = |content: Value| ToolReturnPart::new("t", content, "id");
    let cases = [
        (json!("x"), "x", json!({"return_value": "x"})),
        (json!(null), "", json!({})),
        (json!({"a": 1.5}), r#"{"a":1.5}"#, json!({"a": 1.5})),
        (json!([1, "b"]), r#"[1,"b"]"#, json!({"return_value": [1, "b"]})),
        (json!([1]), "[1]", json!({"return_value": [1]})),
        (json!([1, image]), "1", json!({"return_value": 1})),
        (json!([image]), "", json!({})),
        (image.clone(), "", json!({})),
    ];
    for (content, text, object) in cases {
        assert_eq!(part(content.clone()).model_response_str(true), text, "{content}");
        assert_eq!(json!(part(content.clone()).model_response_object(true)), object, "{content}");
    }

    let mut failed = part(json!(["broken", {"a": 1}, image]));
    assert_eq!(failed.content_items(ContentMode::Text, true).len(), 3);
    failed.outcome = ToolOutcome::Failed;
    assert_eq!(failed.model_response_str(true), r#"{"error":"[\"broken\",{\"a\":1}]"}"#);
    let items = failed.content_items(ContentMode::Json, true);
    assert!(matches!(&items[..], [ContentItem::Json(error), ContentItem::Media(_)] if error["error"].is_string()));
    let items = failed.content_items(ContentMode::Text, false);
    let [ContentItem::Json(first), ContentItem::Json(second), ContentItem::Media(media)] = &items[..] else {
        panic!("{items:?}")
    };
    assert_eq!((&**first, &**second), (&json!("broken"), &json!(r#"{"a":1}"#)));
    assert_eq!(media.identifier(), "b86daf");
}

#[test]
fn a_retry_prompt_says_what_was_wrong() {
    let part = RetryPromptPart { content: "too short".into(), ..Default::default() };
    assert_eq!(part.model_response(), "Validation feedback:\ntoo short\n\nFix the errors and try again.");

    let error = json!({"type": "missing", "loc": ["a"], "msg": "m", "input": {"b": 1}, "ctx": {"c": 1}});
    let content = RetryContent::Errors(vec![error.as_object().unwrap().clone()]);
    let mut part = RetryPromptPart { content, ..Default::default() };
    assert!(!part.model_response().contains("input") && !part.model_response().contains("ctx"));
    part.tool_name = Some("t".into());
    let expected = r#"1 validation error:
```json
[
  {
    "type": "missing",
    "loc": [
      "a"
    ],
    "msg": "m",
    "input": {
      "b": 1
    }
  }
]
```

Fix the errors and try again."#;
    assert_eq!(part.model_response(), expected);
}

#[test]
fn arguments_that_are_not_an_object_are_an_error() {
    let call = |args: &str| ToolCallPart { args: Some(ToolArgs::Text(args.into())), ..ToolCallPart::new("t", "id") };
    for blank in ["", "  \n"] {
        assert_eq!(call(blank).args_as_dict().unwrap().len(), 0);
        assert_eq!(call(blank).args_as_json_str().unwrap(), "{}");
    }
    assert_eq!(call(r#" {"a": 1.0}"#).args_as_json_str().unwrap(), r#" {"a": 1.0}"#);
    for broken in [r#"{"a":"#, "[]", "null", "7", "{} {}"] {
        assert!(call(broken).has_invalid_args(), "{broken}");
        let error = call(broken).args_as_dict().unwrap_err();
        assert_eq!(error.message(), format!("arguments of tool call \"t\" are not a JSON object: {broken}"));
    }
}

#[test]
fn deltas_add_to_their_part() {
    let delta = |json: Value| -> ModelResponsePartDelta { serde_json::from_value(json).unwrap() };
    let mut part = ModelResponsePart::ToolCall(ToolCallPart::new("get", "id"));
    for args in [r#"{"a"#, r#"":1}"#] {
        delta(json!({"part_delta_kind": "tool_call", "args_delta": args})).apply(&mut part).unwrap();
    }
    let ModelResponsePart::ToolCall(call) = &part else { panic!("{part:?}") };
    assert_eq!(call.args_as_dict().unwrap()["a"], 1);

    let before = part.clone();
    for refused in [
        json!({"part_delta_kind": "tool_call", "args_delta": {"b": 2}, "tool_name_delta": "_it"}),
        json!({"part_delta_kind": "text", "content_delta": "x"}),
    ] {
        assert_eq!(delta(refused).apply(&mut part).unwrap_err().kind(), ErrorKind::Protocol);
        assert_eq!(part, before);
    }
}

#[test]
fn a_response_gives_its_text() {
    let text = |content: &str| ModelResponsePart::Text(TextPart { content: content.into(), ..Default::default() });
    let thinking =
        |content: &str| ModelResponsePart::Thinking(ThinkingPart { content: content.into(), ..Default::default() });
    let call = ModelResponsePart::ToolCall(ToolCallPart::new("t", "id"));
    let response = ModelResponse::new(vec![text("a"), text("b"), thinking("x"), text("c"), call, thinking("y")]);
    assert_eq!(response.text().as_deref(), Some("ab\n\nc"));
    assert_eq!(response.thinking().as_deref(), Some("x\n\ny"));
    assert_eq!(response.tool_calls().count(), 1);
    assert_eq!(ModelResponse::new(vec![thinking("x")]).text(), None);
}

#[test]
fn an_error_keeps_what_had_arrived() {
    let response = ModelResponse { model_name: Some("m".into()), ..Default::default() };
    let error = Error::new(ErrorKind::Incomplete, "cut").with_partial(response.clone());
    assert_eq!(error.partial(), Some(&response));
    assert_eq!(Error::new(ErrorKind::Incomplete, "cut").partial(), None);
}
