//! What a trace tells of a request, and that no secret is in it or in any `Debug`.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use bedrock_converse::client::{Auth, RequestOptions};
use bedrock_converse::credentials::{Credentials, CredentialsCache};
use bedrock_converse::endpoint::EndpointParams;
use bedrock_converse::retry::RetryConfig;
use bedrock_converse::wire::{ConverseRequest, CountTokensRequest, GuardrailConfiguration, InferenceConfiguration};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::fake::{Answer, Fake, Piece, exception, hello, pieces};
use crate::wire_stable::again;

/// Keeps the fields of every span and event, at every level.
#[derive(Clone, Default)]
struct Keep(Arc<Mutex<Vec<Fields>>>);

#[derive(Clone, Default)]
struct Fields(HashMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl Subscriber for Keep {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut kept = self.0.lock().unwrap();
        kept.push(Fields::default());
        attributes.record(kept.last_mut().unwrap());
        Id::from_u64(kept.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        values.record(&mut self.0.lock().unwrap()[span.into_u64() as usize - 1]);
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Keep {
    /// The fields of the first span, which is the request's.
    fn span(&self) -> Fields {
        self.0.lock().unwrap()[0].clone()
    }
}

impl Fields {
    #[track_caller]
    fn check(&self, expected: &[(&str, &str)]) {
        for (name, value) in expected {
            assert_eq!(self.0.get(name).map(String::as_str), Some(*value), "{name}: {:?}", self.0);
        }
    }
}

fn request() -> ConverseRequest {
    let mut request = ConverseRequest::new("us.amazon.nova-micro-v1:0")
        .user("CONTENT")
        .inference(InferenceConfiguration { max_tokens: Some(20), temperature: Some(0.5), ..Default::default() });
    request.guardrail_config =
        Some(GuardrailConfiguration { guardrail_identifier: Some("guard".to_owned()), ..Default::default() });
    request
}

const REQUEST: [(&str, &str); 10] = [
    ("otel.name", "chat us.amazon.nova-micro-v1:0"),
    ("otel.kind", "\"client\""),
    ("gen_ai.operation.name", "\"chat\""),
    ("gen_ai.provider.name", "\"aws.bedrock\""),
    ("gen_ai.request.model", "\"us.amazon.nova-micro-v1:0\""),
    ("gen_ai.request.max_tokens", "20"),
    ("gen_ai.request.temperature", "0.5"),
    ("aws.bedrock.guardrail.id", "\"guard\""),
    ("aws.request_id", "\"id-1\""),
    ("server.address", "\"bedrock-runtime.us-east-1.amazonaws.com\""),
];

#[tokio::test(start_paused = true)]
#[ignore = "started by `in_processes_of_their_own`"]
async fn a_span_tells_the_request_and_what_it_cost() {
    let keep = Keep::default();
    let _guard = tracing::subscriber::set_default(keep.clone());
    let body = r#"{"output":{"message":{"role":"assistant","content":[{"text":"CONTENT"}]}},"stopReason":"max_tokens",
        "usage":{"inputTokens":1,"outputTokens":2,"totalTokens":60,"cacheReadInputTokens":50,"cacheWriteInputTokens":7}}"#;
    Fake::new([Answer::json(200, body)]).builder().build().unwrap().converse(&request()).await.unwrap();
    let span = keep.span();
    span.check(&REQUEST);
    span.check(&[
        ("gen_ai.response.finish_reasons", r#"["max_tokens"]"#),
        ("gen_ai.usage.input_tokens", "58"),
        ("gen_ai.usage.output_tokens", "2"),
        ("gen_ai.usage.cache_read.input_tokens", "50"),
        ("gen_ai.usage.cache_creation.input_tokens", "7"),
        ("http.response.status_code", "200"),
    ]);
    assert!(!span.0.contains_key("error.type"));
}

#[tokio::test(start_paused = true)]
#[ignore = "started by `in_processes_of_their_own`"]
async fn the_span_of_a_stream_is_filled_as_it_goes_on() {
    let keep = Keep::default();
    let _guard = tracing::subscriber::set_default(keep.clone());
    let mut broken = pieces(&hello()[..2]);
    broken.push(Piece::Bytes(exception("internalServerException", r#"{"message":"CONTENT"}"#)));
    let fake = Fake::new([Answer::stream(pieces(&hello())), Answer::stream(broken)]);
    let client = fake.builder().build().unwrap();
    let mut stream = client.converse_stream(&request()).await.unwrap();
    while let Some(event) = stream.next_event().await {
        event.unwrap();
    }
    keep.span().check(&REQUEST);
    keep.span().check(&[
        ("gen_ai.response.finish_reasons", r#"["end_turn"]"#),
        ("gen_ai.usage.input_tokens", "3"),
        ("gen_ai.usage.output_tokens", "2"),
        ("http.response.status_code", "200"),
    ]);

    keep.0.lock().unwrap().clear();
    let mut stream = client.converse_stream(&request()).await.unwrap();
    while let Some(Ok(_)) = stream.next_event().await {}
    keep.span().check(&REQUEST);
    keep.span().check(&[("error.type", "\"internalServerException\""), ("http.response.status_code", "200")]);
}

#[tokio::test(start_paused = true)]
#[ignore = "started by `in_processes_of_their_own`"]
async fn the_span_of_a_failure_says_what_failed() {
    let keep = Keep::default();
    let _guard = tracing::subscriber::set_default(keep.clone());
    let request = CountTokensRequest::from(request());
    let fake = Fake::new([Answer::error(404, "ResourceNotFoundException", "CONTENT")]);
    fake.builder().build().unwrap().count_tokens(&request).await.unwrap_err();
    keep.span().check(&[
        ("otel.name", "count_tokens us.amazon.nova-micro-v1:0"),
        ("error.type", "\"ResourceNotFoundException\""),
        ("http.response.status_code", "404"),
        ("aws.request_id", "\"id-1\""),
    ]);
}

#[tokio::test(start_paused = true)]
#[ignore = "started by `in_processes_of_their_own`"]
async fn neither_secrets_nor_content_are_traced_or_shown() {
    let keep = Keep::default();
    let guard = tracing::subscriber::set_default(keep.clone());
    let keys = Credentials::new("AKIDEXAMPLE", "SECRET", Some("SECRET".to_owned()), None, "test");
    let mut options = RequestOptions::default();
    options.headers.insert("x-key", "SECRET".parse().unwrap());
    let mut shown = String::new();
    for auth in [Auth::credentials(keys.clone()), Auth::api_key("SECRET")] {
        let script = [
            Answer::error(403, "ExpiredTokenException", "CONTENT").with("date", "Mon, 01 Jan 2001 00:00:00 GMT"),
            Answer::error(403, "ExpiredTokenException", "CONTENT"),
            Answer::error(429, "ThrottlingException", "CONTENT"),
            Answer::stream(pieces(&hello())),
            Answer::error(400, "ValidationException", "about the request"),
        ];
        let retry = RetryConfig { max_attempts: 5, ..RetryConfig::default() };
        let builder = Fake::new(script).builder_with(auth.clone()).options(options.clone()).retry(retry);
        shown += &format!("{builder:#?} {auth:#?} ");
        let client = builder.build().unwrap();
        for _ in 0..4 {
            match client.converse_stream(&request()).await {
                Ok(mut stream) => {
                    while let Some(event) = stream.next_event().await {
                        event.unwrap();
                    }
                    shown += &format!("{stream:#?} ");
                }
                Err(error) => shown += &format!("{:?} {:?} ", error.kind(), error.code()),
            }
        }
        shown += &format!("{client:#?} {:#?}", client.options());
    }
    drop(guard);
    let now = std::time::SystemTime::UNIX_EPOCH;
    let key =
        bedrock_converse::short_term_api_key(&keys, "us-east-1", std::time::Duration::from_secs(60), now).unwrap();
    shown += &format!("{key:#?} {:#?} {:#?}", CredentialsCache::new(keys), EndpointParams::default());
    for fields in keep.0.lock().unwrap().iter() {
        shown += &format!("{:?}", fields.0);
    }
    assert!(shown.contains("ValidationException") && shown.contains("x-key") && shown.contains("another attempt"));
    for hidden in ["SECRET", "CONTENT", key.token()] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

/// Whether something is logged is decided when it is first met, for the whole process: no other test may run in it.
#[test]
fn in_processes_of_their_own() {
    for test in [
        "a_span_tells_the_request_and_what_it_cost",
        "the_span_of_a_stream_is_filled_as_it_goes_on",
        "the_span_of_a_failure_says_what_failed",
        "neither_secrets_nor_content_are_traced_or_shown",
    ] {
        println!("{}", again(&format!("client_trace::{test}")));
    }
}
