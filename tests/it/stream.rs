//! Answers of ConverseStream as parts and events: the order of what is told, and what the service usually sends.

use std::collections::VecDeque;

use bedrock_converse::messages::{ModelResponse, RequestUsage, State};
use bedrock_converse::stream::StreamParts;
use bedrock_converse::wire::ConverseStreamOutput;
use bedrock_converse::{ErrorKind, Result};
use serde_json::{Value, json};

use crate::responses::{with_target, without_nulls};

const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// A stream that is fed with events as JSON.
pub(crate) struct Feed {
    pub(crate) stream: StreamParts,
    pub(crate) told: VecDeque<bedrock_converse::messages::ModelResponseStreamEvent>,
}

impl Feed {
    pub(crate) fn new(parameters: Value) -> Self {
        let parameters = serde_json::from_value(parameters).unwrap();
        let stream = with_target(MODEL, |target, origin| StreamParts::new(target, origin, &parameters));
        Self { stream, told: VecDeque::new() }
    }

    pub(crate) fn push(&mut self, event: &Value) -> Result<()> {
        let event = event.to_string();
        let event: ConverseStreamOutput<'_> = serde_json::from_str(&event).unwrap();
        self.stream.handle(&event, &mut self.told)
    }

    pub(crate) fn all<'a>(mut self, events: impl IntoIterator<Item = &'a Value>) -> Self {
        events.into_iter().for_each(|event| self.push(event).unwrap());
        self
    }

    pub(crate) fn finish(&mut self) -> Result<()> {
        self.stream.finish(&mut self.told)
    }

    /// What was told since this was asked the last time, without members that are `null`.
    pub(crate) fn told(&mut self) -> Vec<Value> {
        let events = std::mem::take(&mut self.told);
        events.into_iter().map(|event| without_nulls(serde_json::to_value(event).unwrap())).collect()
    }
}

/// What is told of a whole stream, and the response.
pub(crate) fn stream(events: &[Value]) -> (Vec<Value>, ModelResponse) {
    let mut feed = Feed::new(json!({})).all(events).all(&[end("end_turn")]);
    feed.finish().unwrap();
    (feed.told(), feed.stream.response())
}

/// The JSON of the parts of a whole stream, without members that are `null`.
pub(crate) fn parts(events: &[Value]) -> Value {
    without_nulls(serde_json::to_value(stream(events).1.parts).unwrap())
}

pub(crate) fn delta(index: i64, delta: Value) -> Value {
    json!({"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}})
}

pub(crate) fn text(index: i64, text: &str) -> Value {
    delta(index, json!({"text": text}))
}

pub(crate) fn input(index: i64, input: &str) -> Value {
    delta(index, json!({"toolUse": {"input": input}}))
}

pub(crate) fn reasoning(index: i64, member: &str, value: &str) -> Value {
    delta(index, json!({"reasoningContent": {member: value}}))
}

pub(crate) fn start(index: i64, start: Value) -> Value {
    json!({"contentBlockStart": {"contentBlockIndex": index, "start": start}})
}

pub(crate) fn call(index: i64, id: &str, name: &str) -> Value {
    start(index, json!({"toolUse": {"toolUseId": id, "name": name}}))
}

pub(crate) fn stop(index: i64) -> Value {
    json!({"contentBlockStop": {"contentBlockIndex": index}})
}

pub(crate) fn end(reason: &str) -> Value {
    json!({"messageStop": {"stopReason": reason}})
}

pub(crate) fn metadata() -> Value {
    json!({"metadata": {
        "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 18, "cacheReadInputTokens": 3},
        "metrics": {"latencyMs": 1},
    }})
}

#[test]
fn parts_start_grow_and_end_in_order() {
    let begin = json!({"messageStart": {"role": "assistant"}});
    let events = [
        begin,
        reasoning(0, "text", "h"),
        reasoning(0, "text", "m"),
        reasoning(0, "signature", "c2ln"),
        stop(0),
        text(1, "Hel"),
        text(1, ""),
        text(1, "lo"),
        stop(1),
        call(2, "t1", "f"),
        input(2, ""),
        input(2, "{}"),
        stop(2),
    ];
    let (told, response) = stream(&events);
    let thinking = json!({"content": "hm", "signature": "c2ln", "provider_name": "bedrock", "part_kind": "thinking"});
    let hello = json!({"content": "Hello", "part_kind": "text"});
    let call = json!({"tool_name": "f", "args": "{}", "tool_call_id": "t1", "part_kind": "tool-call"});
    assert_eq!(
        told,
        [
            json!({"index": 0, "part": {"content": "h", "part_kind": "thinking"}, "event_kind": "part_start"}),
            json!({"index": 0, "delta": {"content_delta": "m", "part_delta_kind": "thinking"}, "event_kind": "part_delta"}),
            json!({"index": 0, "delta": {"signature_delta": "c2ln", "provider_name": "bedrock", "part_delta_kind": "thinking"}, "event_kind": "part_delta"}),
            json!({"index": 0, "part": thinking, "next_part_kind": "text", "event_kind": "part_end"}),
            json!({"index": 1, "part": {"content": "Hel", "part_kind": "text"}, "previous_part_kind": "thinking", "event_kind": "part_start"}),
            json!({"event_kind": "final_result"}),
            json!({"index": 1, "delta": {"content_delta": "lo", "part_delta_kind": "text"}, "event_kind": "part_delta"}),
            json!({"index": 1, "part": hello, "next_part_kind": "tool-call", "event_kind": "part_end"}),
            json!({"index": 2, "part": {"tool_name": "f", "tool_call_id": "t1", "part_kind": "tool-call"}, "previous_part_kind": "text", "event_kind": "part_start"}),
            json!({"index": 2, "delta": {"args_delta": "", "tool_call_id": "t1", "part_delta_kind": "tool_call"}, "event_kind": "part_delta"}),
            json!({"index": 2, "delta": {"args_delta": "{}", "tool_call_id": "t1", "part_delta_kind": "tool_call"}, "event_kind": "part_delta"}),
            json!({"index": 2, "part": call, "event_kind": "part_end"}),
        ]
    );
    assert_eq!(without_nulls(serde_json::to_value(response.parts).unwrap()), json!([thinking, hello, call]));
}

#[test]
fn calls_interleave_by_index() {
    let events = [
        call(0, "t1", "f"),
        call(1, "t2", "g"),
        input(0, "{\"a\":"),
        input(1, "{\"b\":2"),
        input(0, "1}"),
        input(1, "}"),
        stop(1),
        stop(0),
    ];
    let (told, response) = stream(&events);
    let args: Vec<Value> = response.tool_calls().map(|call| call.args_as_dict().unwrap().into()).collect();
    assert_eq!(args, [json!({"a": 1}), json!({"b": 2})]);
    // As pydantic-ai tells it, a part ends when the next one starts, whatever comes later.
    let steps: Vec<(&str, u64)> =
        told.iter().map(|event| (event["event_kind"].as_str().unwrap(), event["index"].as_u64().unwrap())).collect();
    let delta = "part_delta";
    let expected =
        [("part_start", 0), ("part_end", 0), ("part_start", 1), (delta, 0), (delta, 1), (delta, 0), (delta, 1)];
    assert_eq!(steps[..7], expected);
    assert_eq!(steps[7..], [("part_end", 1)]);
}

#[test]
fn the_final_result_is_told_once_and_by_the_parameters() {
    let tool = |kind: &str| json!({"name": "f", "kind": kind});
    let calls = [call(0, "t1", "f"), stop(0), call(1, "t2", "f"), stop(1)];
    let texts = [text(0, "a"), stop(0), text(1, "b"), stop(1)];
    let by_tool = json!({"tool_name": "f", "tool_call_id": "t1", "event_kind": "final_result"});
    let plain = json!({"event_kind": "final_result"});
    for (parameters, events, expected) in [
        (json!({}), &texts, Some(&plain)),
        (json!({"allow_text_output": false}), &texts, None),
        (json!({}), &calls, None),
        (json!({"function_tools": [tool("function")]}), &calls, None),
        (json!({"function_tools": [tool("external")]}), &calls, Some(&plain)),
        (json!({"function_tools": [tool("unapproved")]}), &calls, Some(&plain)),
        (json!({"output_tools": [tool("output")]}), &calls, Some(&by_tool)),
        (json!({"function_tools": [tool("function")], "output_tools": [tool("output")]}), &calls, Some(&by_tool)),
    ] {
        let told = Feed::new(parameters.clone()).all(events).told();
        let at = told.iter().position(|event| event["event_kind"] == "final_result");
        assert_eq!(at.map(|at| &told[at]), expected, "{parameters}");
        assert_eq!(at.unwrap_or(1), 1, "{parameters}: right after the start of its part");
        let count = told.iter().filter(|event| event["event_kind"] == "final_result").count();
        assert_eq!(count, expected.iter().count(), "{parameters}");
    }
}

#[test]
fn calls_say_what_the_framework_uses_their_tool_for() {
    let tools = json!([{"name": "s", "tool_kind": "tool-search"}, {"name": "f"}]);
    let events = [call(0, "t1", "s"), stop(0), call(1, "t2", "f"), stop(1)];
    let feed = Feed::new(json!({"function_tools": tools})).all(&events);
    let kinds: Vec<Option<String>> = feed.stream.response().tool_calls().map(|call| call.tool_kind.clone()).collect();
    assert_eq!(kinds, [Some("tool-search".to_owned()), None]);
}

#[test]
fn leading_white_space_is_dropped_where_the_profile_says_so() {
    let events =
        [text(0, "\n\u{1c}"), text(0, "\u{2003}"), text(0, " a"), text(0, " "), stop(0), text(1, " "), stop(1)];
    for (ignore, expected) in [(true, &[" a "][..]), (false, &["\n\u{1c}\u{2003} a ", " "])] {
        let parameters = serde_json::from_value(json!({})).unwrap();
        let stream = with_target(MODEL, |target, origin| {
            let mut profile = target.profile.clone();
            profile.ignore_streamed_leading_whitespace = ignore;
            StreamParts::new(bedrock_converse::convert::Target { profile: &profile, ..target }, origin, &parameters)
        });
        let mut feed = Feed { stream, told: VecDeque::new() }.all(&events).all(&[end("end_turn")]);
        feed.finish().unwrap();
        let parts = serde_json::to_value(feed.stream.response().parts).unwrap();
        let texts: Vec<&str> = parts.as_array().unwrap().iter().map(|part| part["content"].as_str().unwrap()).collect();
        assert_eq!(texts, expected);
    }
}

#[test]
fn code_runs_are_told_when_their_result_is_whole() {
    let events = [
        start(0, json!({"toolUse": {"toolUseId": "t1", "name": "nova_code_interpreter", "type": "server_tool_use"}})),
        input(0, "{\"snippet\":"),
        input(0, "\"1+1\"}"),
        stop(0),
        start(
            1,
            json!({"toolResult": {"toolUseId": "t1", "type": "nova_code_interpreter_result", "status": "success"}}),
        ),
        delta(1, json!({"toolResult": [{"json": {"stdOut": "2"}}]})),
        stop(1),
        text(2, "2"),
        stop(2),
    ];
    let (told, response) = stream(&events);
    let result = json!({
        "tool_name": "code_execution", "content": {"stdOut": "2"}, "tool_call_id": "t1",
        "timestamp": "2023-11-14T22:13:20Z", "outcome": "success", "provider_name": "bedrock",
        "provider_details": {"status": "success"}, "part_kind": "builtin-tool-return",
    });
    let kinds: Vec<&str> = told.iter().map(|event| event["event_kind"].as_str().unwrap()).collect();
    let (begin, grow, finish) = ("part_start", "part_delta", "part_end");
    assert_eq!(kinds, [begin, grow, grow, finish, begin, begin, "final_result", finish]);
    assert_eq!(told[3]["next_part_kind"], "builtin-tool-return");
    assert_eq!(told[4]["part"], result);
    assert_eq!(told[4]["previous_part_kind"], "builtin-tool-call");
    assert_eq!(told[5]["previous_part_kind"], "builtin-tool-return");
    let parts = without_nulls(serde_json::to_value(response.parts).unwrap());
    let run = json!({
        "tool_name": "code_execution", "args": "{\"snippet\":\"1+1\"}", "tool_call_id": "t1",
        "provider_name": "bedrock", "part_kind": "builtin-tool-call",
    });
    assert_eq!(parts, json!([run, result, {"content": "2", "part_kind": "text"}]));
}

#[test]
fn tool_input_that_is_nothing_is_an_empty_object_and_broken_input_is_flagged() {
    for (pieces, args, invalid) in [
        (&[][..], json!(null), false),
        (&[""][..], json!(""), false),
        (&["", "{\"a\":", "1}"], json!("{\"a\":1}"), false),
        (&["{\"a\":\"\\u00", "e9\"}"], json!("{\"a\":\"\\u00e9\"}"), false),
        (&["{\"a\":"], json!("{\"a\":"), true),
        (&["[1]"], json!("[1]"), true),
    ] {
        let mut events = vec![call(0, "t1", "f")];
        events.extend(pieces.iter().map(|piece| input(0, piece)));
        events.push(stop(0));
        let (_, response) = stream(&events);
        let call = response.tool_calls().next().unwrap();
        assert_eq!(serde_json::to_value(&call.args).unwrap(), args);
        assert_eq!(call.has_invalid_args(), invalid, "{args}");
    }
}

#[test]
fn metadata_may_follow_or_not() {
    let mut feed = Feed::new(json!({})).all(&[text(0, "ok"), stop(0)]);
    assert!(!feed.stream.is_stopped());
    feed = feed.all(&[end("max_tokens")]);
    assert!(feed.stream.is_stopped());
    assert_eq!(feed.stream.usage(), &RequestUsage::default());

    let mut without = Feed { stream: feed.stream.clone(), told: VecDeque::new() };
    without.finish().unwrap();
    let response = without.stream.response();
    assert_eq!((&response.state, &response.usage), (&State::Complete, &RequestUsage::default()));
    assert_eq!(response.finish_reason.unwrap().as_str(), "length");
    assert_eq!(Value::from(response.provider_details), json!({"finish_reason": "max_tokens"}));

    feed = feed.all(&[metadata(), json!({"metadata": {"metrics": {"latencyMs": 2}}})]);
    feed.finish().unwrap();
    assert_eq!(feed.stream.usage().input_tokens, 13);
    assert_eq!(feed.stream.response().usage.cache_read_tokens, 3);
}

#[test]
fn the_state_says_how_it_ended() {
    let mut feed = Feed::new(json!({})).all(&[text(0, "a")]);
    assert_eq!(feed.stream.response().state, State::Incomplete);
    feed.stream.cancel();
    feed.finish().unwrap();
    assert_eq!(feed.stream.response().state, State::Interrupted);
    assert_eq!(feed.stream.response().text().as_deref(), Some("a"));

    let mut feed = Feed::new(json!({})).all(&[text(0, "a"), stop(0), end("end_turn")]);
    assert_eq!(feed.stream.response().state, State::Incomplete);
    feed.finish().unwrap();
    feed.told();
    feed.finish().unwrap();
    assert_eq!(feed.told(), [] as [Value; 0], "the end is told once");
    feed.stream.cancel();
    assert_eq!(feed.stream.response().state, State::Complete);
}

#[test]
fn exceptions_are_errors_with_the_answer_so_far() {
    for (name, kind, status) in [
        ("throttlingException", ErrorKind::Throttling, 429),
        ("internalServerException", ErrorKind::Internal, 500),
        ("serviceUnavailableException", ErrorKind::Unavailable, 503),
        ("validationException", ErrorKind::Validation, 400),
        ("modelStreamErrorException", ErrorKind::ModelStreamError, 424),
    ] {
        let mut feed = Feed::new(json!({})).all(&[text(0, "so far")]);
        let error = feed.push(&json!({name: {"message": "no", "originalStatusCode": 503}})).unwrap_err();
        assert_eq!((error.kind(), error.status(), error.message()), (kind, Some(status), "no"), "{name}");
        assert!(error.in_stream());
        assert_eq!(error.original_status(), Some(503));
        assert_eq!(error.partial().unwrap().text().as_deref(), Some("so far"));
    }
}
