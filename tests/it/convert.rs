//! Histories, settings and parameters as requests: what each rule does, on pydantic-ai's own JSON.

use bedrock_converse::convert::{Downloads, Target, downloads, prepare_messages};
use bedrock_converse::messages::{FileUrl, JsonObject, ModelMessage};
use bedrock_converse::profile::ModelProfile;
use bedrock_converse::settings::BedrockModelSettings;
use bedrock_converse::tools::NativeTool;
use bedrock_converse::{Error, ErrorKind};
use serde_json::{Value, json};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const NOVA: &str = "us.amazon.nova-pro-v1:0";
const LLAMA: &str = "us.meta.llama4-maverick-17b-instruct-v1:0";
const MISTRAL: &str = "mistral.mistral-large-2407-v1:0";
const QWEN: &str = "qwen.qwen3-32b-v1:0";
const WRITER: &str = "us.writer.palmyra-x5-v1:0";

fn history(messages: Value) -> Vec<ModelMessage> {
    serde_json::from_value(messages).unwrap()
}

fn convert(model: &str, messages: Value, settings: Value, parameters: Value) -> Result<Value, Error> {
    let profile = ModelProfile::for_model(model);
    let target = Target { model_name: model, provider_name: "bedrock", profile: &profile };
    let settings = serde_json::from_value(settings).unwrap();
    let prepared = target.prepare_request(settings, serde_json::from_value(parameters).unwrap())?;
    let messages = history(messages);
    let files = downloads(&messages).into_iter().map(|file| (file.url.clone(), "content".into()));
    let request = target.converse_request(&messages, &prepared, &files.collect::<Downloads>())?;
    Ok(serde_json::to_value(&request).unwrap())
}

fn messages(model: &str, history: Value) -> Value {
    convert(model, history, json!({}), json!({})).unwrap()["messages"].take()
}

fn refusal(model: &str, history: Value) -> String {
    let error = convert(model, history, json!({}), json!({})).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported), "{error:?}");
    error.message().to_owned()
}

fn user(content: Value) -> Value {
    json!({"kind": "request", "parts": [{"part_kind": "user-prompt", "content": content}]})
}

fn call(id: &str) -> Value {
    json!({"part_kind": "tool-call", "tool_name": "look", "args": {"at": 1}, "tool_call_id": id})
}

fn tool_return(id: &str, content: Value) -> Value {
    json!({"part_kind": "tool-return", "tool_name": "look", "content": content, "tool_call_id": id})
}

fn exchange(content: Value) -> Value {
    json!([
        user(json!("look")),
        {"kind": "response", "parts": [call("c1")]},
        {"kind": "request", "parts": [tool_return("c1", content)]},
    ])
}

fn image() -> Value {
    json!({"kind": "binary", "data": "aW1n", "media_type": "image/png", "identifier": "pic"})
}

fn document() -> Value {
    json!({"kind": "binary", "data": "cGRm", "media_type": "application/pdf", "identifier": "doc"})
}

#[test]
fn user_messages_that_follow_each_other_are_one() {
    let sent = messages(NOVA, json!([user(json!("a")), user(json!(["b", image()]))]));
    let image = json!({"image": {"format": "png", "source": {"bytes": "aW1n"}}});
    assert_eq!(sent, json!([{"role": "user", "content": [{"text": "a"}, {"text": "b"}, image]}]));
}

#[test]
fn answers_that_follow_each_other_are_one() {
    let answer = |text: &str| json!({"kind": "response", "parts": [{"part_kind": "text", "content": text}]});
    let open = json!({"kind": "response", "parts": [call("c1")]});
    let told = messages(CLAUDE, json!([user(json!("a")), answer("b"), answer(" "), open, answer("c"), answer("d")]));
    let roles: Vec<&Value> = told.as_array().unwrap().iter().map(|message| &message["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
    assert_eq!(told[1]["content"][0], json!({"text": "b"}));
    assert_eq!(told[1]["content"][1]["toolUse"]["toolUseId"], "c1");
    assert_eq!(told[2]["content"][0]["toolResult"]["status"], "error");
    assert_eq!(told[3]["content"], json!([{"text": "c"}, {"text": "d"}]));
}

#[test]
fn all_results_of_a_turn_stand_together() {
    let sent = messages(
        CLAUDE,
        json!([
            user(json!("look")),
            {"kind": "response", "parts": [call("c1"), call("c2")]},
            {"kind": "request", "parts": [tool_return("c1", json!("one"))]},
            {"kind": "request", "parts": [
                {"part_kind": "retry-prompt", "tool_name": "look", "content": "no such place", "tool_call_id": "c2"},
                {"part_kind": "user-prompt", "content": "and now?"},
            ]},
        ]),
    );
    let retry = "no such place\n\nFix the errors and try again.";
    assert_eq!(
        sent[2],
        json!({"role": "user", "content": [
            {"toolResult": {"toolUseId": "c1", "content": [{"text": "one"}], "status": "success"}},
            {"toolResult": {"toolUseId": "c2", "content": [{"text": retry}], "status": "error"}},
            {"text": "and now?"},
        ]})
    );
}

#[test]
fn a_turn_begins_with_its_results() {
    let history = |content: Value| {
        json!([
            user(json!("look")),
            {"kind": "response", "parts": [call("c1"), call("c2")]},
            {"kind": "request", "parts": [
                {"part_kind": "user-prompt", "content": "and"}, tool_return("c1", json!(["see", content])),
            ]},
            {"kind": "request", "parts": [tool_return("c2", json!("two"))]},
        ])
    };
    let kinds = |turn: &Value| -> Vec<String> {
        turn["content"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| block.as_object().unwrap().keys().next().unwrap().clone())
            .collect()
    };
    let sent = messages(CLAUDE, history(json!("one")));
    assert_eq!(kinds(&sent[2]), ["toolResult", "toolResult", "text"]);
    // A file that follows its result follows the others, too.
    let sent = messages(NOVA, history(document()));
    assert_eq!(kinds(&sent[2]), ["toolResult", "toolResult", "text", "document", "text"]);
    let sent = messages(LLAMA, history(json!("one")));
    assert_eq!(
        (kinds(&sent[2]), kinds(&sent[4])),
        (vec!["toolResult".into(), "toolResult".into()], vec!["text".into()])
    );
}

#[test]
fn what_may_not_stand_beside_a_result_gets_a_turn_of_its_own() {
    let history = |content| {
        let mut history = exchange(content);
        history.as_array_mut().unwrap().push(user(json!("and now?")));
        history
    };
    let roles = |sent: &Value| -> Vec<String> {
        let roles = sent.as_array().unwrap().iter().map(|message| message["role"].as_str().unwrap().to_owned());
        roles.collect()
    };
    let apart = messages(LLAMA, history(json!("one")));
    assert_eq!(roles(&apart), ["user", "assistant", "user", "assistant", "user"]);
    assert_eq!(apart[3], json!({"role": "assistant", "content": [{"text": "."}]}));
    assert_eq!(roles(&messages(CLAUDE, history(json!("one")))), ["user", "assistant", "user"]);

    // An image goes into the result, beside it, or behind it, as the model takes it.
    let results = |sent: &Value| sent[2]["content"].as_array().unwrap().len();
    assert_eq!(results(&messages(CLAUDE, exchange(json!(["see", image()])))), 1);
    assert_eq!(results(&messages(QWEN, exchange(json!(["see", image()])))), 3);
    let behind = messages(MISTRAL, exchange(json!(["see", image()])));
    assert_eq!(behind[2]["content"][0]["toolResult"]["content"][1]["text"], "See file pic.");
    assert_eq!(behind[4]["content"][0]["text"], "This is file pic:");
}

#[test]
fn results_are_told_in_the_form_that_the_model_takes() {
    let content = |model, content| messages(model, exchange(content))[2]["content"][0]["toolResult"].take();
    assert_eq!(content(CLAUDE, json!({"a": 1}))["content"], json!([{"text": "{\"a\":1}"}]));
    assert_eq!(content(MISTRAL, json!({"a": 1}))["content"], json!([{"json": {"a": 1}}]));
    assert_eq!(content(MISTRAL, json!([1, "b"]))["content"], json!([{"json": {"result": 1}}, {"text": "b"}]));
    assert_eq!(content(MISTRAL, json!([]))["content"], json!([{"json": {"result": []}}]));
    assert!(content(WRITER, json!("x")).get("status").is_none());
}

#[test]
fn blank_text_is_not_sent() {
    let sent = messages(
        CLAUDE,
        json!([user(json!(["", "a", " \n"])), {"kind": "response", "parts": [
        {"part_kind": "text", "content": ""},
    ]}, user(json!(["  ", document()]))]),
    );
    assert_eq!(sent[0]["content"], json!([{"text": "a"}]));
    assert_eq!(sent[1]["content"], json!([{"text": "."}]));
    assert_eq!(sent[2]["content"][0], json!({"text": "See attached document(s)."}));
    let system = json!([{"kind": "request", "parts": [
        {"part_kind": "system-prompt", "content": " "}, {"part_kind": "user-prompt", "content": "hi"},
    ]}]);
    let request = convert(CLAUDE, system, json!({"bedrock_cache_instructions": true}), json!({})).unwrap();
    assert_eq!(request["system"], json!([]));
}

#[test]
fn a_call_that_nothing_answers_gets_a_failed_result() {
    let calls = json!({"kind": "response", "parts": [call("c1"), call("c2")]});
    let sent = messages(
        CLAUDE,
        json!([user(json!("look")), calls, {"kind": "request", "parts": [
            tool_return("c2", json!("two")),
        ]}]),
    );
    let open = json!({"toolUseId": "c1", "content": [{"text": "The tool call was not answered."}], "status": "error"});
    assert_eq!(sent[2]["content"][0]["toolResult"], open);
    assert_eq!(sent[2]["content"][1]["toolResult"]["toolUseId"], "c2");
    let at_the_end = messages(CLAUDE, json!([user(json!("look")), {"kind": "response", "parts": [call("c1")]}]));
    assert_eq!(at_the_end[2]["content"][0]["toolResult"], open);
    // What is added doesn't count in the places that errors name.
    let audio = json!({"kind": "audio-url", "url": "https://example.com/a.mp3"});
    let called = json!({"kind": "response", "parts": [call("c1")]});
    let said = refusal(CLAUDE, json!([user(json!("look")), called, called, user(json!(["b", audio]))]));
    assert!(said.starts_with("messages[3].parts[0].content[1]: "), "{said}");
}

#[test]
fn calls_and_results_without_an_id_are_matched_by_their_order() {
    let sent = messages(
        CLAUDE,
        json!([user(json!("look")), {"kind": "response", "parts": [call(""), call("")]},
        {"kind": "request", "parts": [tool_return("", json!("1")), tool_return("", json!("2"))]}]),
    );
    for (index, id) in [(0, "pyd_ai_1"), (1, "pyd_ai_2")] {
        assert_eq!(sent[1]["content"][index]["toolUse"]["toolUseId"], id);
        assert_eq!(sent[2]["content"][index]["toolResult"]["toolUseId"], id);
    }
}

#[test]
fn a_history_with_calls_goes_with_tools() {
    let tools = json!({"function_tools": [{"name": "other", "description": "d"}]});
    let none = json!({"tool_choice": "none"});
    let kept = convert(CLAUDE, exchange(json!("one")), none.clone(), tools.clone()).unwrap();
    assert_eq!(kept["toolConfig"]["tools"][0]["toolSpec"]["name"], "other");
    assert_eq!(kept["toolConfig"]["toolChoice"], json!({"auto": {}}));
    let fresh = convert(CLAUDE, json!([user(json!("hi"))]), none, tools).unwrap();
    assert!(fresh.get("toolConfig").is_none());
    let made_up = convert(CLAUDE, exchange(json!("one")), json!({}), json!({})).unwrap();
    let schema = json!({"json": {"type": "object", "properties": {}}});
    assert_eq!(made_up["toolConfig"], json!({"tools": [{"toolSpec": {"name": "look", "inputSchema": schema}}]}));
}

#[test]
fn arguments_are_objects_and_broken_ones_say_so() {
    let input = |args: Value| {
        let call = json!({"part_kind": "tool-call", "tool_name": "look it/up", "args": args, "tool_call_id": "c"});
        let sent = messages(NOVA, json!([user(json!("x")), {"kind": "response", "parts": [call]}]));
        assert_eq!(sent[1]["content"][0]["toolUse"]["name"], "look_it_up");
        sent[1]["content"][0]["toolUse"]["input"].clone()
    };
    assert_eq!(input(json!("{\"b\": 1, \"a\": 2}")).to_string(), r#"{"b":1,"a":2}"#);
    for nothing in [json!(null), json!(""), json!("  ")] {
        assert_eq!(input(nothing), json!({}));
    }
    assert_eq!(input(json!("{\"b\": ")), json!({"INVALID_JSON": "{\"b\": "}));
}

#[test]
fn thinking_goes_back_only_to_where_it_came_from() {
    let sent = |model, part: Value| {
        let history = json!([user(json!("x")), {"kind": "response", "parts": [part]}, user(json!("y"))]);
        messages(model, history)[1]["content"][0].take()
    };
    let signed = json!({"part_kind": "thinking", "content": "hm", "signature": "sig", "provider_name": "bedrock"});
    let reasoning = json!({"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}});
    assert_eq!(sent(CLAUDE, signed.clone()), reasoning);
    let as_text = |model: &str| {
        let (start, end) = ModelProfile::for_model(model).thinking_tags;
        json!({"text": format!("{start}\nhm\n{end}")})
    };
    assert_eq!(sent(NOVA, signed.clone()), as_text(NOVA));
    let mut foreign = signed.clone();
    foreign["provider_name"] = json!("anthropic");
    assert_eq!(sent(CLAUDE, foreign), as_text(CLAUDE));

    // Through the same provider, and from another family.
    let answered = |from: &str| {
        let response = json!({"kind": "response", "parts": [signed], "model_name": from});
        messages(CLAUDE, json!([user(json!("x")), response, user(json!("y"))]))[1]["content"][0].take()
    };
    assert_eq!(answered("anthropic.claude-opus-5"), reasoning);
    assert_eq!(answered("openai.gpt-oss-120b-1:0"), as_text(CLAUDE));

    let redacted = |signature: &str, details: Value| {
        let part = json!({"part_kind": "thinking", "content": "", "id": "redacted_content", "signature": signature,
            "provider_name": "bedrock", "provider_details": details});
        sent(CLAUDE, part)["reasoningContent"]["redactedContent"].take()
    };
    assert_eq!(redacted("text", json!(null)), "dGV4dA==");
    assert_eq!(redacted("/wD/", json!({"encoding": "base64"})), "/wD/");
}

#[test]
fn cache_points_stand_where_the_service_takes_them() {
    let point = json!({"kind": "cache-point", "ttl": "1h"});
    let wire = json!({"cachePoint": {"type": "default", "ttl": "1h"}});
    let sent = messages(CLAUDE, json!([user(json!(["a", document(), point]))]));
    assert_eq!(sent[0]["content"][1], wire);
    assert_eq!(
        messages(LLAMA, json!([user(json!(["a", point]))])),
        json!([{"role": "user", "content": [{"text": "a"}]}])
    );
    let opening = messages(CLAUDE, json!([user(json!("a")), user(json!([point, "b"]))]));
    assert_eq!(opening[0]["content"], json!([{"text": "a"}, wire, {"text": "b"}]));

    // Not every model takes one right behind a result.
    let history = || {
        let mut history = exchange(json!("one"));
        history.as_array_mut().unwrap().push(user(json!([point, "and now?"])));
        history
    };
    assert_eq!(messages(CLAUDE, history())[2]["content"][1], wire);
    let sent = messages(NOVA, history());
    assert_eq!((&sent[0]["content"][1], sent[2]["content"][1]["text"].as_str()), (&wire, Some("and now?")));
    let by_setting = json!({"bedrock_cache_messages": "1h"});
    let sent = convert(NOVA, exchange(json!("one")), by_setting, json!({})).unwrap()["messages"].take();
    assert_eq!((&sent[0]["content"][1], sent[2]["content"].as_array().unwrap().len()), (&wire, 1));

    assert!(refusal(CLAUDE, json!([user(json!([point]))])).starts_with("messages[0].parts[0].content[0]: "));
    assert!(
        refusal(CLAUDE, json!([user(json!(["a", point, point]))])).starts_with("messages[0].parts[0].content[2]: ")
    );

    let settings = json!({"bedrock_cache_instructions": true, "bedrock_cache_tool_definitions": "5m", "bedrock_cache_messages": "1h"});
    let parameters = json!({
        "function_tools": [{"name": "look"}],
        "instruction_parts": [{"content": "fixed"}, {"content": "today", "dynamic": true}],
    });
    let many = json!([user(json!(["a", point, "b", point, "c", point, "d"]))]);
    let request = convert(CLAUDE, many, settings, parameters).unwrap();
    let default = json!({"cachePoint": {"type": "default"}});
    assert_eq!(request["system"], json!([{"text": "fixed"}, default, {"text": "today"}]));
    assert_eq!(request["toolConfig"]["tools"][1], json!({"cachePoint": {"type": "default", "ttl": "5m"}}));
    // Four in all: the newest of the messages stay.
    let texts = json!([{"text": "a"}, {"text": "b"}, {"text": "c"}, wire, {"text": "d"}, wire]);
    assert_eq!(request["messages"][0]["content"], texts);
}

#[test]
fn the_output_is_asked_for_in_the_form_that_the_model_has() {
    let parameters = json!({
        "output_mode": "native",
        "output_object": {"json_schema": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}},
    });
    let hi = || json!([user(json!("hi"))]);
    let request = convert(CLAUDE, hi(), json!({}), parameters.clone()).unwrap();
    let schema = request["outputConfig"]["textFormat"]["structure"]["jsonSchema"].clone();
    assert_eq!(schema["name"], "final_result");
    assert!(schema["schema"].as_str().unwrap().contains(r#""description":"minimum=1""#));
    let refused = convert(NOVA, hi(), json!({}), parameters.clone()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);

    let mut prompted = parameters;
    prompted["output_mode"] = json!("prompted");
    let request = convert(NOVA, hi(), json!({}), prompted).unwrap();
    assert!(request["system"][0]["text"].as_str().unwrap().contains(r#"{"type": "object", "properties": "#));
    assert!(request.get("outputConfig").is_none());

    let tool =
        json!({"output_mode": "tool", "output_tools": [{"name": "out", "kind": "output"}], "allow_text_output": false});
    let forced = convert(NOVA, hi(), json!({}), tool.clone()).unwrap();
    assert_eq!(forced["toolConfig"]["toolChoice"], json!({"any": {}}));
    let thinks = convert(CLAUDE, hi(), json!({"thinking": true}), tool).unwrap_err();
    assert!(thinks.message().contains("thinking"), "{thinks}");
}

#[test]
fn what_cannot_be_sent_is_refused_by_its_place() {
    let audio = json!({"kind": "audio-url", "url": "https://example.com/a.mp3"});
    assert!(
        refusal(NOVA, json!([user(json!("a")), user(json!(["b", audio]))]))
            .starts_with("messages[1].parts[0].content[1]: ")
    );
    let typed = json!({"kind": "image-url", "url": "s3://bucket/cat"});
    assert!(refusal(NOVA, json!([user(json!([typed]))])).contains("cannot infer a media type"));
    let video = json!([user(json!([{"kind": "video-url", "url": "https://youtu.be/x"}]))]);
    assert!(refusal(NOVA, video.clone()).contains("YouTube"));
    assert_eq!(downloads(&history(video)), [] as [&FileUrl; 0]);
    let packed = json!({"kind": "document-url", "url": "s3://bucket/table.csv.gz"});
    assert!(refusal(NOVA, json!([user(json!([packed]))])).contains("cannot infer a media type"));
    let foreign = json!({"kind": "uploaded-file", "file_id": "s3://b/k.png", "provider_name": "openai"});
    assert!(refusal(NOVA, json!([user(json!([foreign]))])).contains("`provider_name`"));
    let query = json!({"kind": "image-url", "url": "s3://bucket/cat.png?bucketOwner=123456789012"});
    let location = json!({"uri": "s3://bucket/cat.png", "bucketOwner": "123456789012"});
    let sent = messages(NOVA, json!([user(json!([query]))]));
    assert_eq!(sent[0]["content"][0]["image"]["source"]["s3Location"], location);
}

#[test]
fn what_only_a_program_can_ask_for_is_refused_or_sent() {
    let profile = ModelProfile::for_model(NOVA);
    let target = Target { model_name: NOVA, provider_name: "bedrock", profile: &profile };
    let settings = BedrockModelSettings { max_tokens: Some(u64::MAX), ..Default::default() };
    let mut prepared = target.prepare_request(settings, Default::default()).unwrap();
    let history = history(json!([user(json!("hi"))]));
    let request = target.converse_request(&history, &prepared, &Downloads::new()).unwrap();
    assert_eq!(request.inference_config.unwrap().max_tokens, Some(i64::MAX));
    prepared.parameters.native_tools.push(NativeTool::Other(JsonObject::new()));
    let error = target.converse_request(&history, &prepared, &Downloads::new()).unwrap_err();
    assert_eq!(error.message(), r#"native_tools: Bedrock has no tool of the kind """#);
}

#[test]
fn tokens_are_counted_on_the_foundation_model() {
    for (model, id) in [
        (CLAUDE, "anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0"),
    ] {
        let profile = ModelProfile::for_model(model);
        let target = Target { model_name: model, provider_name: "bedrock", profile: &profile };
        let prepared = target.prepare_request(Default::default(), Default::default()).unwrap();
        let request = target.count_tokens_request(&history(json!([user(json!("hi"))])), &prepared, &Downloads::new());
        let request = request.unwrap();
        assert_eq!(request.model_id, id);
        let body =
            json!({"input": {"converse": {"messages": [{"role": "user", "content": [{"text": "hi"}]}], "system": []}}});
        assert_eq!(serde_json::to_value(&request).unwrap(), body);
    }
}

#[test]
fn system_prompts_in_the_midst_become_user_text() {
    let history = history(json!([
        {"kind": "request", "parts": [
            {"part_kind": "system-prompt", "content": "first"}, {"part_kind": "user-prompt", "content": "hi"},
            {"part_kind": "system-prompt", "content": "later"},
        ]},
        {"kind": "response", "parts": [{"part_kind": "speech", "speaker": "assistant", "transcript": "well", "interrupted_at_ms": 20}]},
        {"kind": "request", "parts": [{"part_kind": "speech", "speaker": "user", "transcript": "go on"}]},
    ]));
    let prepared = serde_json::to_value(prepare_messages(&ModelProfile::for_model(NOVA), &history)).unwrap();
    let part = |message: usize, part: usize| prepared[message]["parts"][part].clone();
    assert_eq!(part(0, 0)["part_kind"], "system-prompt");
    assert_eq!(
        (part(0, 2)["part_kind"].clone(), part(0, 2)["content"].clone()),
        ("user-prompt".into(), "<system>later</system>".into())
    );
    assert_eq!(part(1, 0)["content"], "well\n[Interrupted after 20 ms]");
    assert_eq!(part(2, 0)["content"], "go on");
}
