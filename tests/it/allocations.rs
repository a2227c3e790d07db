//! How often memory is asked for on the hot paths. More than these numbers is a change that somebody should know of.

use std::collections::VecDeque;

use allocation_counter::measure;
use bedrock_converse::ModelProfile;
use bedrock_converse::convert::{Downloads, Origin, Target};
use bedrock_converse::eventstream::Decoder;
use bedrock_converse::messages::{ModelMessage, ModelRequest, ModelResponse, ModelResponsePart, TextPart, Timestamp};
use bedrock_converse::stream::StreamParts;
use bedrock_converse::tools::ModelRequestParameters;
use bedrock_converse::wire::{ContentBlockDelta, ConverseStreamOutput};
use bytes::Bytes;

use crate::eventstream_fixtures::{encode, event};

const DELTAS: usize = 1000;
const DELTA: &str = r#"{"contentBlockIndex":0,"delta":{"text":" scattered light"},"p":"abcdefghijklmnop"}"#;
const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// A decoder that has seen the first delta and has a thousand others before it.
fn warm() -> Decoder {
    let deltas: Vec<_> = (0..=DELTAS).map(|_| event("contentBlockDelta", DELTA)).collect();
    let mut decoder = Decoder::new();
    decoder.push(Bytes::from(encode(&deltas)));
    decoder.next_frame().unwrap().unwrap();
    decoder
}

fn target(profile: &ModelProfile) -> Target<'_> {
    Target { model_name: MODEL, provider_name: "bedrock", profile }
}

#[test]
fn a_text_delta_is_read_without_any() {
    let mut decoder = warm();
    let mut length = 0;
    let allocations = measure(|| {
        while let Some(frame) = decoder.next_frame().unwrap() {
            let ConverseStreamOutput::ContentBlockDelta(event) = ConverseStreamOutput::from_frame(frame).unwrap()
            else {
                panic!("a delta");
            };
            let ContentBlockDelta::Text(text) = event.delta else { panic!("text") };
            length += text.len();
        }
    });
    assert_eq!(length, DELTAS * " scattered light".len());
    assert_eq!(allocations.count_total, 0);
}

/// The one is the text of the event; the part that grows asks for more ever more rarely.
#[test]
fn a_text_delta_is_told_with_one() {
    let profile = ModelProfile::for_model(MODEL);
    let origin =
        Origin { provider_url: String::new(), provider_response_id: None, timestamp: Timestamp::from_unix(0, 0) };
    let mut parts = StreamParts::new(target(&profile), origin, &ModelRequestParameters::default());
    let mut told = VecDeque::with_capacity(4);
    let mut decoder = warm();
    let mut handle = |decoder: &mut Decoder| {
        let Some(frame) = decoder.next_frame().unwrap() else { return false };
        parts.handle(&ConverseStreamOutput::from_frame(frame).unwrap(), &mut told).unwrap();
        told.clear();
        true
    };
    assert!(handle(&mut decoder));
    let allocations = measure(|| while handle(&mut decoder) {});
    let (deltas, growth) = (DELTAS as u64 - 1, u64::from(DELTAS.ilog2()) + 1);
    assert!((deltas..=deltas + growth).contains(&allocations.count_total), "{allocations:?}");
}

#[test]
fn a_turn_is_converted_with_two() {
    let history = |turns: usize| -> Vec<ModelMessage> {
        let pair = || -> [ModelMessage; 2] {
            let part = TextPart { content: "It scatters.".into(), ..TextPart::default() };
            let answer = ModelResponse::new(vec![ModelResponsePart::Text(part)]);
            [ModelRequest::user_text_prompt("Why is the sky blue?").into(), answer.into()]
        };
        (0..turns / 2).flat_map(|_| pair()).collect()
    };
    let profile = ModelProfile::for_model(MODEL);
    let target = target(&profile);
    let prepared = target.prepare_request(Default::default(), Default::default()).unwrap();
    let count = |turns: usize| {
        let history = history(turns);
        measure(|| drop(target.converse_request(&history, &prepared, &Downloads::new()).unwrap())).count_total
    };
    // Of each turn the text and the list of its blocks.
    assert_eq!(count(1010) - count(10), 2 * 1000);
}

/// What a call does before the transport has it: serialise and sign.
#[cfg(feature = "client")]
#[tokio::test]
async fn a_request_is_sent_with_12() {
    use std::task::{Context, Waker};

    use bedrock_converse::client::{Auth, Client};
    use bedrock_converse::credentials::Credentials;
    use bedrock_converse::endpoint::EndpointParams;
    use bedrock_converse::transport::{BoxFuture, Request, Response, Transport};
    use bedrock_converse::wire::ConverseRequest;

    #[derive(Debug)]
    struct Silent;

    impl Transport for Silent {
        fn send(&self, _: Request) -> BoxFuture<'_, bedrock_converse::Result<Response>> {
            Box::pin(std::future::pending())
        }
    }

    let endpoint = EndpointParams { region: Some("us-east-1".into()), ..Default::default() };
    let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None, None, "test");
    let client = Client::builder(endpoint, Auth::credentials(keys)).transport(Silent).build().unwrap();
    let request = ConverseRequest::new(MODEL).user("Why is the sky blue?");
    let send = || {
        let mut call = Box::pin(client.converse(&request));
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    };
    send(); // derives the key of the day
    let allocations = measure(send);
    assert_eq!(allocations.count_total, 12, "{allocations:?}");
}
