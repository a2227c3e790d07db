//! The built-in model, and what is refused before it is asked.

use bedrock_converse::serve::Server;
use serde_json::{Value, json};

use crate::serve::{Request, converse, converse_stream, says};

fn with(mut body: Value, members: Value) -> Value {
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

fn weather_tools() -> Value {
    let tool = |name: &str, schema: Value| json!({ "toolSpec": { "name": name, "inputSchema": { "json": schema } } });
    let city = json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    let result =
        json!({ "type": "object", "properties": { "n": { "type": "integer", "minimum": 3 } }, "required": ["n"] });
    json!({ "tools": [tool("get_weather", city), tool("final_result", result)] })
}

async fn content(server: &Server, body: &Value) -> Value {
    let answer = converse(server, body).await;
    assert_eq!(answer.status, 200, "{:?}", answer);
    answer.json()["output"]["message"]["content"].clone()
}

#[tokio::test]
async fn calls_the_tools_that_are_named_and_uses_their_results() {
    let server = Server::start().unwrap();
    let config = json!({ "toolConfig": weather_tools() });
    let no_tool = with(says("Hello"), config.clone());
    assert_eq!(content(&server, &no_tool).await, json!([{ "text": "You said: Hello" }]));

    let ask = with(says(r#"Call get_weather {"city": "Paris"} and final_result"#), config.clone());
    let answer = converse(&server, &ask).await.json();
    assert_eq!(answer["stopReason"], "tool_use");
    let calls = json!([
        { "toolUse": { "toolUseId": "tooluse_0000000000000000000001", "name": "get_weather", "input": { "city": "Paris" } } },
        { "toolUse": { "toolUseId": "tooluse_0000000000000000000002", "name": "final_result", "input": { "n": 3 } } },
    ]);
    assert_eq!(answer["output"]["message"]["content"], calls);

    let (events, _) = converse_stream(&server, &ask).await.events();
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..3], ["messageStart", "contentBlockStart", "contentBlockDelta"]);
    assert_eq!(
        events[1].1["start"]["toolUse"],
        json!({ "toolUseId": "tooluse_0000000000000000000001", "name": "get_weather" })
    );
    let input = |index: u64| -> String {
        let deltas = events.iter().filter(|(_, payload)| payload["contentBlockIndex"] == index);
        deltas.filter_map(|(_, payload)| payload["delta"]["toolUse"]["input"].as_str()).collect()
    };
    assert_eq!((input(0), input(1)), (r#"{"city":"Paris"}"#.into(), r#"{"n":3}"#.into()));

    let result = |id: &str, content: Value| json!({ "toolResult": { "toolUseId": id, "content": [content] } });
    let mut again = ask.clone();
    let messages = again["messages"].as_array_mut().unwrap();
    messages.push(json!({ "role": "assistant", "content": calls }));
    messages.push(json!({ "role": "user", "content": [
        result("tooluse_0000000000000000000001", json!({ "text": "sunny" })),
        result("tooluse_0000000000000000000002", json!({ "json": { "ok": true } })),
    ] }));
    let said = r#"The tool says: sunny; {"json":{"ok":true}}"#;
    assert_eq!(content(&server, &again).await, json!([{ "text": said }]));
}

#[tokio::test]
async fn a_forced_tool_is_called() {
    let server = Server::start().unwrap();
    let choose = |choice: Value| {
        with(says("Hello"), json!({ "toolConfig": with(weather_tools(), json!({ "toolChoice": choice })) }))
    };
    let chosen = content(&server, &choose(json!({ "tool": { "name": "final_result" } }))).await;
    assert_eq!(chosen[0]["toolUse"]["name"], "final_result");
    let mut any = choose(json!({ "any": {} }));
    for name in ["get_weather", "final_result", "final_result"] {
        let content = content(&server, &any).await;
        assert_eq!(content[0]["toolUse"]["name"], name);
        let id = &content[0]["toolUse"]["toolUseId"];
        let result = json!([{ "toolResult": { "toolUseId": id, "content": [{ "text": "done" }] } }]);
        let messages = any["messages"].as_array_mut().unwrap();
        messages.push(json!({ "role": "assistant", "content": content }));
        messages.push(json!({ "role": "user", "content": result }));
    }
}

#[tokio::test]
async fn thinks_when_asked_to() {
    let server = Server::start().unwrap();
    for fields in [
        json!({ "thinking": { "type": "enabled", "budget_tokens": 1024 } }),
        json!({ "thinking": { "type": "adaptive" } }),
        json!({ "reasoningConfig": { "type": "enabled" } }),
        json!({ "reasoning_effort": "low" }),
    ] {
        let body = with(says("two words"), json!({ "additionalModelRequestFields": fields }));
        let content = content(&server, &body).await;
        let thinking = &content[0]["reasoningContent"]["reasoningText"];
        assert_eq!(thinking["text"], "The user wrote 2 words. I answer them.");
        assert_eq!(content[1]["text"], "You said: two words");
        let (events, _) = converse_stream(&server, &body).await.events();
        let deltas = || events.iter().map(|(_, payload)| &payload["delta"]["reasoningContent"]);
        let text: String = deltas().filter_map(|delta| delta["text"].as_str()).collect();
        let signature: String = deltas().filter_map(|delta| delta["signature"].as_str()).collect();
        assert_eq!((json!(text), json!(signature)), (thinking["text"].clone(), thinking["signature"].clone()));
    }
    let off = with(says("x"), json!({ "additionalModelRequestFields": { "thinking": { "type": "disabled" } } }));
    assert_eq!(content(&server, &off).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn structured_output_fits_the_schema() {
    let server = Server::start().unwrap();
    for (schema, expected) in [
        (
            json!({
                "type": "object",
                "properties": {
                    "name": { "type": "string" }, "age": { "type": ["null", "integer"], "exclusiveMinimum": 17 },
                    "tags": { "type": "array", "minItems": 2, "items": { "enum": ["a", "b"] } }, "unused": {},
                    "born": { "type": "string", "format": "date" }, "parent": { "$ref": "#/$defs/P" },
                    "either": { "anyOf": [{ "type": "null" }, { "const": 5 }] },
                    "both": { "allOf": [{ "$ref": "#/$defs/P" }, { "properties": { "q": { "type": "boolean" } }, "required": ["q"] }] },
                },
                "required": ["name", "age", "tags", "born", "parent", "either", "both"],
                "$defs": { "P": { "type": "object", "properties": { "code": { "type": "string", "maxLength": 2 } }, "required": ["code"] } },
            }),
            json!({
                "name": "name", "age": 18, "tags": ["a", "a"], "born": "2026-01-02", "parent": { "code": "co" },
                "either": 5, "both": { "code": "co", "q": true },
            }),
        ),
        (json!({ "type": "string", "minLength": 7 }), json!("valueva")),
        (json!({ "type": "number", "maximum": -2.5 }), json!(-2.5)),
        (json!({ "type": "null" }), json!(null)),
        (json!({ "type": "integer", "default": 9 }), json!(9)),
    ] {
        let format = json!({ "type": "json_schema", "structure": { "jsonSchema": { "schema": schema.to_string() } } });
        let body = with(says("x"), json!({ "outputConfig": { "textFormat": format } }));
        let content = content(&server, &body).await;
        let instance: Value = serde_json::from_str(content[0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(instance, expected);
    }
    // A schema without an end.
    let endless = json!({ "$ref": "#" }).to_string();
    let format = json!({ "structure": { "jsonSchema": { "schema": endless } } });
    let body = with(says("x"), json!({ "outputConfig": { "textFormat": format } }));
    assert_eq!(content(&server, &body).await, json!([{ "text": "null" }]));
    // Schemas that ask for more than there is memory: a long string, a long list, and lists of lists.
    for greedy in [
        json!({ "type": "string", "minLength": u64::MAX }),
        json!({ "type": "array", "minItems": u64::MAX, "items": { "type": "null" } }),
        json!({ "type": "array", "minItems": 1000, "items": { "$ref": "#" } }),
    ] {
        let format = json!({ "structure": { "jsonSchema": { "schema": greedy.to_string() } } });
        let body = with(says("x"), json!({ "outputConfig": { "textFormat": format } }));
        let length = content(&server, &body).await[0]["text"].as_str().unwrap().len();
        assert!((10_000..100_000).contains(&length), "{length} bytes for {greedy}");
    }
}

#[tokio::test]
async fn limits_end_the_answer() {
    let server = Server::start().unwrap();
    let config = |config: Value| with(says("one two STOP three"), json!({ "inferenceConfig": config }));
    let answer = converse(&server, &config(json!({ "maxTokens": 3 }))).await.json();
    assert_eq!(answer["output"]["message"]["content"], json!([{ "text": "You said: one" }]));
    assert_eq!((&answer["stopReason"], &answer["usage"]["outputTokens"]), (&json!("max_tokens"), &json!(3)));
    let answer = converse(&server, &config(json!({ "stopSequences": ["STOP"] }))).await.json();
    assert_eq!(answer["output"]["message"]["content"], json!([{ "text": "You said: one two " }]));
    assert_eq!(answer["stopReason"], "stop_sequence");
    let answer = converse(&server, &config(json!({ "maxTokens": 6 }))).await.json();
    assert_eq!(answer["stopReason"], "end_turn");
}

#[tokio::test]
async fn cache_points_are_written_once_and_then_read() {
    let server = Server::start().unwrap();
    let body = |words: &str| {
        json!({
            "system": [{ "text": "be very brief" }, { "cachePoint": { "type": "default", "ttl": "1h" } }],
            "messages": [{ "role": "user", "content": [{ "text": words }, { "cachePoint": { "type": "default" } }, { "text": "go" }] }],
            "serviceTier": { "type": "flex" },
        })
    };
    let first = converse(&server, &body("a b")).await.json();
    assert_eq!(first["serviceTier"], json!({ "type": "flex" }));
    assert_eq!(
        first["usage"],
        json!({
            "inputTokens": 1, "outputTokens": 5, "totalTokens": 11, "cacheReadInputTokens": 0, "cacheWriteInputTokens": 5,
            "cacheDetails": [{ "ttl": "1h", "inputTokens": 3 }, { "ttl": "5m", "inputTokens": 2 }],
        })
    );
    let usage = async |words: &str| {
        let usage = converse(&server, &body(words)).await.json()["usage"].clone();
        ["inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"].map(|name| usage[name].as_u64().unwrap())
    };
    assert_eq!(usage("a b").await, [1, 5, 0]);
    assert_eq!(usage("a b c").await, [1, 3, 3]);
    assert_eq!(usage("a b c").await, [1, 6, 0]);
    let (events, _) = converse_stream(&server, &body("a b")).await.events();
    assert_eq!(events.last().unwrap().1["usage"]["cacheReadInputTokens"], 5);
}

#[tokio::test]
async fn counts_tokens_as_it_bills_them() {
    let server = Server::start().unwrap();
    let count = async |model: &str, body: Value| {
        Request::new(format!("/model/{model}/count-tokens"), &body).signed(&server).send(&server).await
    };
    let claude = "anthropic.claude-sonnet-4-20250514-v1%3A0";
    let body = with(says("Call get_weather now"), json!({ "toolConfig": weather_tools() }));
    let counted = count(claude, json!({ "input": { "converse": body.clone() } })).await.json();
    assert_eq!(counted["inputTokens"], converse(&server, &body).await.json()["usage"]["inputTokens"]);
    let invoke = json!({ "input": { "invokeModel": { "body": "MTIzNDU2Nzg5" } } });
    assert_eq!(count(claude, invoke).await.json(), json!({ "inputTokens": 3 }));
    let arn = "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc";
    for (model, body) in [
        (&*format!("us.{claude}"), json!({ "input": { "converse": body.clone() } })),
        (arn, json!({ "input": { "converse": body.clone() } })),
        (claude, body.clone()),
        (claude, json!({ "input": { "converse": with(body.clone(), json!({ "inferenceConfig": {} })) } })),
        (claude, json!({ "input": {} })),
    ] {
        let answer = count(model, body).await;
        assert_eq!((answer.status, answer.code()), (400, Some("ValidationException")), "{model}");
    }
}

#[tokio::test]
async fn refuses_what_the_service_refuses() {
    let server = Server::start().unwrap();
    let talk = |messages: Value| json!({ "messages": messages });
    let user = |content: Value| json!({ "role": "user", "content": content });
    let model = |content: Value| json!({ "role": "assistant", "content": content });
    let call = json!([{ "toolUse": { "toolUseId": "t1", "name": "get_weather", "input": {} } }]);
    let result = |id: &str| json!([{ "toolResult": { "toolUseId": id, "content": [{ "text": "x" }] } }]);
    let hi = || user(json!([{ "text": "hi" }]));
    let tools = |body: Value| with(body, json!({ "toolConfig": weather_tools() }));
    for (body, named) in [
        (json!({}), "messages"),
        (talk(json!([])), "messages"),
        (talk(json!([{ "role": "robot", "content": [{ "text": "x" }] }])), "robot"),
        (talk(json!([user(json!([]))])), "messages.0.content"),
        (talk(json!([user(json!([{ "text": "x", "image": {} }]))])), "messages.0.content.0"),
        (talk(json!([user(json!([{ "text": " \n" }]))])), "blank"),
        (talk(json!([model(json!([{ "text": "x" }]))])), "start with a user message"),
        (talk(json!([hi(), hi()])), "alternate"),
        (talk(json!([hi(), model(call.clone()), user(result("t1"))])), "toolConfig"),
        (tools(talk(json!([hi(), model(call.clone()), user(result("t2"))]))), "t2"),
        (tools(talk(json!([hi(), model(call.clone()), hi()]))), "t1"),
        (tools(talk(json!([user(result("t1"))]))), "t1"),
        (
            tools(talk(json!([
                hi(),
                model(json!([{ "toolUse": { "toolUseId": "t1", "name": "x", "input": "{}" } }]))
            ]))),
            "input",
        ),
        (with(says("x"), json!({ "toolConfig": { "tools": [] } })), "toolConfig.tools"),
        (with(says("x"), json!({ "toolConfig": { "tools": [{ "toolSpec": { "name": "a b" } }] } })), "a b"),
        (
            with(
                says("x"),
                json!({ "toolConfig": with(weather_tools(), json!({ "toolChoice": { "tool": { "name": "n" } } })) }),
            ),
            "toolChoice",
        ),
        (with(says("x"), json!({ "inferenceConfig": { "temperature": 1.5 } })), "temperature"),
        (with(says("x"), json!({ "inferenceConfig": { "maxTokens": 0 } })), "maxTokens"),
        (with(says("x"), json!({ "system": [{ "text": "" }] })), "system.0"),
    ] {
        for answer in [converse(&server, &body).await, converse_stream(&server, &body).await] {
            assert_eq!((answer.status, answer.code()), (400, Some("ValidationException")), "{body}");
            let message = answer.json()["message"].as_str().unwrap().to_owned();
            assert!(message.contains(named), "{body}: {message}");
        }
    }
    let mut no_json = Request::new("/model/x/converse", &json!({}));
    no_json.body = b"{".to_vec();
    assert_eq!(no_json.signed(&server).send(&server).await.code(), Some("ValidationException"));
    let prompt = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aprompt%2FABC/converse";
    let body = json!({ "promptVariables": { "a": { "text": "b" } } });
    assert_eq!(Request::new(prompt, &body).signed(&server).send(&server).await.status, 200);
}
