//! Frames and payloads become stream events.

use std::borrow::Cow;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bedrock_converse::eventstream::Decoder;
use bedrock_converse::wire::{
    ContentBlockDelta, ContentBlockDeltaEvent, ConverseStreamOutput, ReasoningContentBlockDelta, StopReason,
};
use bedrock_converse::{ErrorKind, Result};
use proptest::prelude::*;
use serde_json::{Value, json};

fn delta(payload: &str) -> ContentBlockDeltaEvent<'_> {
    match ConverseStreamOutput::parse("contentBlockDelta", payload.as_bytes()).unwrap() {
        ConverseStreamOutput::ContentBlockDelta(event) => event,
        other => panic!("{other:?}"),
    }
}

#[test]
fn text_without_escapes_is_borrowed() {
    for payload in [
        r#"{"contentBlockIndex":12,"delta":{"text":"Grüße"},"p":"abcdefABC01"}"#,
        r#"{"contentBlockIndex":12,"delta":{"text":"Grüße"}}"#,
        r#"{"p":"a","delta": {"text": "Grüße"}, "contentBlockIndex": 12}"#,
    ] {
        let event = delta(payload);
        assert_eq!((event.content_block_index, event.extra.is_empty()), (12, true));
        assert!(matches!(event.delta, ContentBlockDelta::Text(Cow::Borrowed("Grüße"))), "{payload}");
    }
    let event = delta(r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}},"p":"a"}"#);
    let ContentBlockDelta::ReasoningContent(piece) = event.delta else { panic!() };
    assert!(matches!(piece, ReasoningContentBlockDelta::Text(Cow::Borrowed("hm"))));
}

#[test]
fn text_with_escapes_is_read_too() {
    let event = delta(r#"{"contentBlockIndex":0,"delta":{"text":"a\n\"\ud83e\udd80"},"p":"a"}"#);
    assert_eq!(event.delta, ContentBlockDelta::Text("a\n\"\u{1f980}".into()));
    let event = delta(r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{\"a\":"}},"p":"a"}"#);
    let ContentBlockDelta::ToolUse(piece) = event.delta else { panic!() };
    assert_eq!(piece.input, r#"{"a":"#);
}

#[test]
fn an_owned_event_outlives_its_payload() {
    let owned: Vec<ConverseStreamOutput<'static>> = {
        let payloads = [
            r#"{"contentBlockIndex":0,"delta":{"text":"x"}}"#,
            r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"x"}}}"#,
            r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"x"}}}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":"x","more":1},"later":2}"#,
        ]
        .map(String::from);
        let parse = |payload: &String| {
            ConverseStreamOutput::parse("contentBlockDelta", payload.as_bytes()).unwrap().into_owned()
        };
        payloads.iter().map(parse).collect()
    };
    let json = serde_json::to_value(&owned).unwrap();
    assert_eq!(json[0], json!({"contentBlockDelta": {"delta": {"text": "x"}, "contentBlockIndex": 0}}));
    assert_eq!(json[1]["contentBlockDelta"]["delta"], json!({"toolUse": {"input": "x"}}));
    assert_eq!(json[2]["contentBlockDelta"]["delta"], json!({"reasoningContent": {"signature": "x"}}));
    assert_eq!(
        json[3],
        json!({"contentBlockDelta": {"delta": {"text": "x", "more": 1}, "contentBlockIndex": 0, "later": 2}})
    );
}

#[test]
fn padding_is_dropped_and_nothing_else() {
    let event = ConverseStreamOutput::parse("messageStop", br#"{"p":"abc","stopReason":"end_turn","q":1}"#).unwrap();
    assert_eq!(serde_json::to_value(&event).unwrap(), json!({"messageStop": {"stopReason": "end_turn", "q": 1}}));
    let event = ConverseStreamOutput::parse("later", br#"{"p":"abc","q":{"p":1}}"#).unwrap();
    assert_eq!(event.member(), None);
    assert_eq!(serde_json::to_value(&event).unwrap(), json!({"later": {"q": {"p": 1}}}));
}

fn from_frame(
    headers: &[(&'static str, &'static str)],
    payload: &'static str,
) -> Result<ConverseStreamOutput<'static>> {
    let mut message = Message::new(payload);
    for (name, value) in headers {
        message = message.add_header(Header::new(*name, HeaderValue::String((*value).into())));
    }
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    let mut decoder = Decoder::new();
    decoder.push(bytes.into());
    ConverseStreamOutput::from_frame(decoder.next_frame().unwrap().unwrap()).map(ConverseStreamOutput::into_owned)
}

#[test]
fn a_frame_is_read_by_its_message_type() {
    let event =
        from_frame(&[(":message-type", "event"), (":event-type", "messageStop")], r#"{"stopReason":"tool_use"}"#);
    let ConverseStreamOutput::MessageStop(event) = event.unwrap() else { panic!() };
    assert_eq!(event.stop_reason, StopReason::ToolUse);

    let exception = [(":message-type", "exception"), (":exception-type", "throttlingException")];
    let error = from_frame(&exception, r#"{"message":"slow down"}"#).unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Throttling, "slow down"));

    let error = [(":message-type", "error"), (":error-code", "InternalFailure"), (":error-message", "it broke")];
    let error = from_frame(&error, "").unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Internal, "it broke"));

    for (headers, message) in [
        (&[(":event-type", "messageStop")][..], "a frame has no `:message-type`"),
        (&[(":message-type", "ping")], "a frame has the unknown `:message-type` \"ping\""),
        (&[(":message-type", "event")], "an event has no `:event-type`"),
        (&[(":message-type", "event"), (":event-type", "messageStop")], "member `stopReason` is missing"),
    ] {
        let error = from_frame(headers, "{}").unwrap_err();
        assert_eq!((error.kind(), error.in_stream()), (ErrorKind::Protocol, true));
        assert!(error.message().starts_with(message), "{error}");
    }
}

/// Payloads of deltas: the service's form, and all that is near to it.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        4 => "[a-zA-Z ü]{0,40}",
        3 => r#"([a-z é🦀]{1,20}|\\[n"\\/u]|\\u00[0-9a-f]{2}){0,4}"#,
        1 => r"[\x00-\x7f]{0,30}",
        1 => any::<String>(),
    ];
    let index =
        prop_oneof![4 => "[0-9]{1,3}", 1 => "-?[0-9]{0,25}", 1 => Just("1.0".to_owned()), 1 => Just("1e2".to_owned())];
    let delta = prop_oneof![
        4 => text.clone().prop_map(|text| format!(r#"{{"text":"{text}"}}"#)),
        2 => text.clone().prop_map(|text| format!(r#"{{"reasoningContent":{{"text":"{text}"}}}}"#)),
        1 => text.clone().prop_map(|text| format!(r#"{{"reasoningContent":{{"text":"{text}"}},"x":1}}"#)),
        1 => text.clone().prop_map(|text| format!(r#"{{"text":"{text}","text":"b"}}"#)),
        1 => text.clone().prop_map(|text| format!(r#"{{"toolUse":{{"input":"{text}"}}}}"#)),
    ];
    let rest = prop_oneof![
        4 => "[a-zA-Z0-9]{0,61}".prop_map(|p| format!(r#","p":"{p}"}}"#)),
        1 => Just("}".to_owned()),
        1 => text.prop_map(|p| format!(r#","p":"{p}"}}"#)),
        1 => "[ ,\"}a-z:0-9]{0,12}",
    ];
    let whole = (index, delta, rest).prop_map(|(index, delta, rest)| {
        format!(r#"{{"contentBlockIndex":{index},"delta":{delta}{rest}"#).into_bytes()
    });
    // One byte in three payloads is another one, is missing or is there twice.
    (whole, 0..9, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut bytes, change, at, byte)| {
        let at = at.index(bytes.len());
        match change {
            0 => bytes[at] = byte,
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, bytes[at]),
            _ => {}
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..Default::default() })]

    /// What is read without a parser is what the parser reads.
    #[test]
    fn both_ways_to_read_a_delta_agree(payload in payload()) {
        let quick = ConverseStreamOutput::parse("contentBlockDelta", &payload).ok();
        let general: Option<ContentBlockDeltaEvent<'_>> = serde_json::from_slice(&payload).ok();
        prop_assert_eq!(quick, general.map(ConverseStreamOutput::ContentBlockDelta));
    }
}

#[test]
fn the_recorded_streams_come_back_unchanged() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance/eventstream/recorded");
    let Ok(entries) = std::fs::read_dir(folder) else { return println!("SKIPPED: no recorded streams at {folder}") };
    let mut count = 0;
    for path in entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "bin")) {
        let mut decoder = Decoder::new();
        decoder.push(std::fs::read(&path).unwrap().into());
        while let Some(frame) = decoder.next_frame().unwrap() {
            let event = ConverseStreamOutput::from_frame(frame).unwrap();
            assert_eq!(event.member(), frame.event_type());
            let mut payload: Value = serde_json::from_slice(frame.payload()).unwrap();
            assert!(payload.as_object_mut().unwrap().remove("p").is_some());
            assert_eq!(serde_json::to_value(&event).unwrap(), json!({frame.event_type().unwrap(): payload}));
            count += 1;
        }
        decoder.finish().unwrap();
    }
    println!("{count} recorded events");
    assert!(count > 0);
}
