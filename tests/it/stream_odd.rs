//! Streams as they should not be, or seldom are: what pydantic-ai loses or refuses, cuts, and size.

use allocation_counter::measure;
use bedrock_converse::ErrorKind;
use bedrock_converse::messages::{ModelResponsePart, State};
use bedrock_converse::wire::ConverseStreamOutput;
use serde_json::{Value, json};

use crate::responses::without_nulls;
use crate::stream::*;

fn last_delta(told: &[Value]) -> &Value {
    let delta = told.iter().rfind(|event| event["event_kind"] == "part_delta");
    delta.map_or(&Value::Null, |event| &event["delta"])
}

/// pydantic-ai reads each piece as UTF-8 and keeps only the last one.
#[test]
fn encrypted_thinking_is_joined_from_pieces_that_are_padded_each() {
    let base64 = json!({"encoding": "base64"});
    let none = Value::Null;
    for (pieces, signature, details) in [
        (&["YWJjZA=="][..], "abcd", &none),
        (&["YWJjZA==", "ZWY="], "abcdef", &none),
        (&["YWJjZA==", "", "ZWY=", "Zw=="], "abcdefg", &none),
        (&["/w==", "YQ=="], "/2E=", &base64),       // not UTF-8
        (&["YWI=", "/w=="], "YWL/", &base64),       // not UTF-8 from the second on
        (&["w6k=", "YWLD", "qQ=="], "éabé", &none), // a character that is split, later
        (&["YWLD", "qQ=="], "YWLDqQ==", &base64),   // a character that is split, and told already
    ] {
        let mut events: Vec<Value> = pieces.iter().map(|piece| reasoning(0, "redactedContent", piece)).collect();
        events.extend([stop(0), text(1, "Done"), stop(1)]);
        let (told, response) = stream(&events);
        let ModelResponsePart::Thinking(part) = &response.parts[0] else { panic!() };
        assert_eq!(part.signature.as_deref(), Some(signature), "{pieces:?}");
        assert_eq!(Value::from(part.provider_details.clone()), *details, "{pieces:?}");
        assert_eq!(part.id.as_deref(), Some("redacted_content"));
        assert_eq!((part.content.as_str(), part.provider_name.as_deref()), ("", Some("bedrock")));
        if pieces.len() > 1 {
            assert_eq!(last_delta(&told)["signature_delta"], signature, "one delta tells the rest");
        }
        assert_eq!(told.len(), 5 + usize::from(pieces.len() > 1));
        let whole = without_nulls(serde_json::to_value(&response.parts[0]).unwrap());
        let ended = told.iter().find(|event| event["event_kind"] == "part_end").unwrap();
        assert_eq!(ended["part"], whole, "{pieces:?}");
    }
}

#[test]
fn encrypted_thinking_ends_with_all_that_came_when_another_part_interrupts_it() {
    let events = [reasoning(0, "redactedContent", "YQ=="), reasoning(0, "redactedContent", "Yg=="), text(1, "x")];
    let mut feed = Feed::new(json!({})).all(&events[..2]);
    let signature = |feed: &Feed| match &feed.stream.response().parts[0] {
        ModelResponsePart::Thinking(part) => part.signature.clone().unwrap(),
        _ => panic!(),
    };
    assert_eq!(signature(&feed), "ab", "though it is not told yet");
    feed = feed.all(&events[2..]);
    let told = feed.told();
    assert_eq!(told[1]["delta"]["signature_delta"], "ab");
    assert_eq!(told[2]["part"]["signature"], "ab");
    let mut no_more = Feed { stream: feed.stream.clone(), ..Feed::new(json!({})) }.all(&[stop(0)]);
    assert_eq!(no_more.told(), [] as [Value; 0], "it is told already");
    feed = feed.all(&[reasoning(0, "redactedContent", "Yw=="), stop(0)]);
    assert_eq!(feed.told()[0]["delta"]["signature_delta"], "abc");
    assert_eq!(signature(&feed), "abc");
}

#[test]
fn thinking_may_be_a_signature_alone() {
    let part = json!({"content": "", "signature": "c2ln", "provider_name": "bedrock", "part_kind": "thinking"});
    let (told, _) = stream(&[reasoning(0, "signature", "c2ln"), stop(0)]);
    assert_eq!(told[0], json!({"index": 0, "part": part, "event_kind": "part_start"}));
    assert_eq!(told[1], json!({"index": 0, "part": part, "event_kind": "part_end"}));

    let (told, _) = stream(&[reasoning(0, "signature", "YQ=="), reasoning(0, "signature", "c2ln"), stop(0)]);
    let delta = json!({"signature_delta": "c2ln", "part_delta_kind": "thinking"});
    assert_eq!(*last_delta(&told), delta, "the provider is named once");
    assert_eq!(told.last().unwrap()["part"], part);
}

/// pydantic-ai loses them.
#[test]
fn citations_are_told_when_their_block_ends() {
    let cite = |title: &str| delta(0, json!({"citation": {"title": title}}));
    let details = json!({"citations": [{"title": "A"}, {"title": "B"}]});
    let part = |content: &str| json!({"content": content, "provider_name": "bedrock", "provider_details": details, "part_kind": "text"});
    let events = [text(0, "It "), cite("A"), text(0, "is."), cite("B"), stop(0)];
    let (told, _) = stream(&events);
    assert_eq!(parts(&events), json!([part("It is.")]));
    assert_eq!(
        *last_delta(&told),
        json!({"content_delta": "", "provider_name": "bedrock", "provider_details": details, "part_delta_kind": "text"})
    );
    assert_eq!(told.last().unwrap()["part"], part("It is."));

    assert_eq!(parts(&[cite("A"), cite("B"), stop(0)]), json!([part("")]));
    let before_the_end = Feed::new(json!({})).all(&events[..4]).stream.response();
    assert_eq!(without_nulls(serde_json::to_value(before_the_end.parts).unwrap()), json!([part("It is.")]));
}

/// pydantic-ai loses them.
#[test]
fn images_are_told_when_they_are_whole() {
    let piece = |bytes: &str| delta(0, json!({"image": {"source": {"bytes": bytes}}}));
    let events = [start(0, json!({"image": {"format": "png"}})), piece("iVA="), piece("Tkc="), stop(0)];
    let mut feed = Feed::new(json!({"allow_image_output": true, "allow_text_output": false})).all(&events[..3]);
    assert_eq!(feed.told(), [] as [Value; 0]);
    assert_eq!(feed.stream.response().files().next().unwrap().data, &b"\x89PNG"[..], "though it is not told yet");
    feed = feed.all(&events[3..]);
    let told = feed.told();
    assert_eq!(told[0]["part"]["content"]["media_type"], "image/png");
    assert_eq!(told[0]["part"]["content"]["data"], "iVBORw==");
    assert_eq!(told[1..], [json!({"event_kind": "final_result"})]);
    assert_eq!(stream(&events).0.len(), 1, "what comes whole has no end of its own");

    let error = delta(0, json!({"image": {"error": {"message": "no paint"}}}));
    let parts = parts(&[start(0, json!({"image": {"format": "png"}})), error, stop(0)]);
    assert_eq!(parts[0]["provider_details"], json!({"error": {"message": "no paint"}}));
}

/// pydantic-ai drops what it doesn't know, and of a result all but the first piece of the last delta.
#[test]
fn native_tools_of_any_name_and_all_of_their_results_are_kept() {
    let pieces = |pieces: Value| delta(1, json!({"toolResult": pieces}));
    let parts = parts(&[
        start(0, json!({"toolUse": {"toolUseId": "t1", "name": "nova_grounding", "type": "server_tool_use"}})),
        input(0, "{}"),
        stop(0),
        start(1, json!({"toolResult": {"toolUseId": "t1", "type": "nova_grounding_result"}})),
        pieces(json!([{"text": "a"}])),
        pieces(json!([{"text": "b"}, {"json": {"c": 1}}])),
        stop(1),
    ]);
    assert_eq!(
        (&parts[0]["part_kind"], &parts[0]["tool_name"]),
        (&json!("builtin-tool-call"), &json!("nova_grounding"))
    );
    assert_eq!((&parts[1]["tool_name"], &parts[1]["content"]), (&json!("nova_grounding"), &json!(["ab", {"c": 1}])));
}

/// pydantic-ai fails on the calls.
#[test]
fn deltas_open_blocks_that_were_not_announced_at_any_index() {
    let result = delta(70, json!({"toolResult": [{"json": {"ok": true}}]}));
    let image = delta(1_000_000, json!({"image": {"source": {"bytes": "AA=="}}}));
    let events = [
        input(7, "{\"a\""),
        text(3, "x"),
        reasoning(-2, "text", "hm"),
        input(7, ":1}"),
        result,
        image,
        stop(70),
        stop(1_000_000),
        stop(3),
        stop(7),
        stop(-2),
        stop(99),
    ];
    let parts = parts(&events);
    let kinds: Vec<&str> = parts.as_array().unwrap().iter().map(|part| part["part_kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["tool-call", "text", "thinking", "builtin-tool-return", "file"]);
    let call = json!({"tool_name": "", "args": "{\"a\":1}", "tool_call_id": "", "part_kind": "tool-call"});
    assert_eq!(parts[0], call);
    assert_eq!(parts[3]["content"], json!({"ok": true}));
    let (told, _) = stream(&events);
    assert_eq!(*last_delta(&told), json!({"args_delta": ":1}", "part_delta_kind": "tool_call"}));
}

/// pydantic-ai fails on the first and joins what does not belong together in the second.
#[test]
fn another_kind_at_the_same_index_and_a_second_start_are_new_parts() {
    let of = |events: &[Value]| {
        let parts = parts(events);
        let content = |part: &Value| [&part["content"], &part["args"]].map(|value| value.as_str().map(str::to_owned));
        parts
            .as_array()
            .unwrap()
            .iter()
            .map(|part| content(part).into_iter().flatten().collect())
            .collect::<Vec<String>>()
    };
    let events = [text(0, "a"), reasoning(0, "text", "b"), text(0, "c"), input(0, "{}"), stop(0)];
    assert_eq!(of(&events), ["a", "b", "c", "{}"]);
    let events = [call(0, "t1", "f"), input(0, "{}"), call(0, "t2", "g"), input(0, "[]"), stop(0)];
    assert_eq!(of(&events), ["{}", "[]"]);
    let events = [text(0, "a"), stop(0), text(0, "b"), stop(0)];
    assert_eq!(of(&events), ["a", "b"]);
    let events = [reasoning(0, "redactedContent", "YQ=="), reasoning(0, "text", "b"), stop(0)];
    assert_eq!(of(&events), ["", "b"]);
}

#[test]
fn what_is_told_whole_is_told_when_something_else_takes_its_index() {
    let cite = delta(0, json!({"citation": {"title": "A"}}));
    let result = delta(0, json!({"toolResult": [{"text": "r"}]}));
    let image = delta(0, json!({"image": {"source": {"bytes": "AA=="}}}));
    let others = [call(0, "t1", "f"), reasoning(0, "text", "hm")];
    for next in others.iter().chain([&result, &image]) {
        for (first, kind) in [(&cite, "text"), (&result, "builtin-tool-return"), (&image, "file")] {
            let parts = parts(&[first.clone(), next.clone(), stop(0)]);
            assert_eq!(parts[0]["part_kind"], kind);
            assert_eq!(parts.as_array().unwrap().len(), if first == next { 1 } else { 2 }, "{first} {next}");
            if first == &cite {
                assert_eq!(parts[0]["provider_details"]["citations"], json!([{"title": "A"}]));
            }
        }
    }
}

#[test]
fn what_is_not_known_changes_nothing() {
    let events = [
        json!({"heartbeat": {"x": 1}}),
        text(0, "a"),
        start(1, json!({"hologram": {}})),
        delta(1, json!({"hologram": {"x": 1}})),
        delta(0, json!({"hologram": {"x": 1}})),
        delta(0, json!({"reasoningContent": {"mood": "x"}})),
        delta(0, json!({"text": "b", "tone": "low"})),
        stop(1),
        stop(0),
    ];
    let (told, response) = stream(&events);
    assert_eq!(response.text().as_deref(), Some("ab"));
    assert_eq!((told.len(), response.parts.len()), (4, 1));
}

/// pydantic-ai takes a cut stream for a whole one.
#[test]
fn a_cut_after_any_event_but_the_last_is_incomplete_with_what_had_come() {
    let events = [
        json!({"messageStart": {"role": "assistant"}}),
        reasoning(0, "text", "hm"),
        stop(0),
        text(1, "Hel"),
        text(1, "lo"),
        stop(1),
        call(2, "t1", "f"),
        input(2, "{\"a\":"),
        input(2, "1}"),
        stop(2),
        end("tool_use"),
        metadata(),
    ];
    for length in 0..events.len() {
        let mut feed = Feed::new(json!({})).all(&events[..length]);
        let told = feed.told();
        match feed.finish() {
            Ok(()) => assert!(length > 10),
            Err(error) => {
                assert!(length <= 10, "{error}");
                assert_eq!(error.kind(), ErrorKind::Incomplete);
                assert!(error.in_stream() && !error.is_retryable());
                assert_eq!(error.message(), "the stream ended without `messageStop`");
                assert_eq!(feed.told(), [] as [Value; 0], "a part that may go on has no end");
                let partial = error.partial().unwrap();
                assert_eq!(partial, &feed.stream.response());
                assert_eq!(partial.state, State::Incomplete);
                let text = ["", "", "", "", "Hel", "Hello"][length.min(5)];
                assert_eq!(partial.text().unwrap_or_default(), text);
                assert_eq!(partial.tool_calls().any(|call| call.has_invalid_args()), length == 8);
            }
        }
        let starts = told.iter().filter(|event| event["event_kind"] == "part_start").count();
        assert_eq!(starts, feed.stream.response().parts.len());
    }
}

#[test]
fn a_block_that_never_stops_is_incomplete_too() {
    let mut feed =
        Feed::new(json!({})).all(&[text(0, "a"), stop(0), call(1, "t1", "f"), input(1, "{"), end("tool_use")]);
    let error = feed.finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    assert_eq!(error.message(), "the stream ended without `contentBlockStop` of block 1");
    let partial = error.partial().unwrap();
    assert!(partial.tool_calls().next().unwrap().has_invalid_args());
    assert_eq!(partial.finish_reason.as_ref().unwrap().as_str(), "tool_call");
}

/// The bytes that are allocated for this many parts that are all open at once, read back in the end.
fn bytes_for_parts(count: i64) -> u64 {
    let mut events: Vec<Value> = (0..count).map(|index| call(index, "t", "f")).collect();
    events.extend((0..count).rev().map(|index| input(index, "{}")));
    events.extend((0..count).map(stop));
    let events: Vec<String> = events.iter().map(Value::to_string).collect();
    let mut told = std::collections::VecDeque::new();
    let mut feed = Feed::new(json!({}));
    let info = measure(|| {
        for event in &events {
            let event: ConverseStreamOutput<'_> = serde_json::from_str(event).unwrap();
            feed.stream.handle(&event, &mut told).unwrap();
        }
        assert_eq!(feed.stream.response().parts.len() as i64, count);
    });
    assert_eq!(told.len() as i64, 3 * count - 1);
    assert!(feed.stream.response().tool_calls().all(|call| !call.has_invalid_args()));
    info.bytes_total
}

#[test]
fn memory_is_linear_in_the_parts() {
    let (some, many) = (bytes_for_parts(2_500), bytes_for_parts(10_000));
    assert!(many < some * 5, "{some} bytes for 2500 parts, {many} for 10000");
}

/// Text, citations and encrypted thinking: none is copied anew with every piece.
#[test]
fn memory_is_linear_in_the_pieces() {
    for piece in [text(0, "x"), delta(0, json!({"citation": {"title": "x"}})), reasoning(0, "redactedContent", "eHg=")]
    {
        let piece = piece.to_string();
        let bytes = |count: usize| {
            let mut feed = Feed::new(json!({}));
            let mut told = std::collections::VecDeque::with_capacity(count + 8);
            measure(|| {
                for _ in 0..count {
                    let event: ConverseStreamOutput<'_> = serde_json::from_str(&piece).unwrap();
                    feed.stream.handle(&event, &mut told).unwrap();
                }
                let stop = serde_json::from_str(r#"{"contentBlockStop":{"contentBlockIndex":0}}"#).unwrap();
                feed.stream.handle(&stop, &mut told).unwrap();
            })
            .bytes_total
        };
        let (some, many) = (bytes(2_500), bytes(10_000));
        assert!(many < some * 5, "{some} bytes for 2500 of {piece}, {many} for 10000");
    }
}

#[test]
fn a_piece_of_text_allocates_its_own_string_and_nothing_else() {
    let payload = br#"{"contentBlockIndex":0,"delta":{"text":"Hello there"},"p":"abc"}"#;
    let event = ConverseStreamOutput::parse("contentBlockDelta", payload).unwrap();
    let mut feed = Feed::new(json!({})).all(&[text(0, &"x".repeat(1000))]);
    let mut told = std::collections::VecDeque::with_capacity(64);
    let info = measure(|| {
        for _ in 0..50 {
            feed.stream.handle(&event, &mut told).unwrap();
        }
    });
    // Fifty deltas, and the part's text once while it grows from 1000 bytes by 550.
    assert!(info.count_total <= 51, "{} allocations", info.count_total);
}
