//! What does a request cost, from the caller's strings to the signed bytes?
//!
//! `ours` is a whole call of the client up to the transport, which gets the request and never answers. `by hand` is
//! what a careful person writes: borrowing serde structs and the HTTP signer of `aws-sigv4`. `sha256` is the floor: no
//! signature does without the hash of the body. `history` is what messages of pydantic-ai cost on top.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Waker};

use aws_credential_types::Credentials;
use bedrock_converse::Result;
use bedrock_converse::client::{Auth, Client};
use bedrock_converse::convert::{Downloads, Target};
use bedrock_converse::endpoint::EndpointParams;
use bedrock_converse::messages::{ModelMessage, ModelRequest, ModelResponse, ModelResponsePart, TextPart};
use bedrock_converse::profile::ModelProfile;
use bedrock_converse::settings::BedrockModelSettings;
use bedrock_converse::tools::{ModelRequestParameters, ToolDefinition};
use bedrock_converse::transport::{BoxFuture, Request, Response, Transport};
use bedrock_converse::wire::{ConverseRequest, Message, Tool};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::by_hand::MODEL;

#[path = "by_hand/write.rs"]
mod by_hand;

const TOOLS: usize = 20;

fn request(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let _guard = runtime.enter();
    let short = vec!["Why is the sky blue?".to_owned()];
    let sentence = "The sky is blue because air scatters short waves more than long ones, \"Rayleigh\" says.\n";
    let long: Vec<String> = (0..100).map(|_| sentence.repeat(4096 / sentence.len() + 1)).collect();
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    for (name, turns, tools) in [("short", &short, 0), ("100 turns", &long, TOOLS)] {
        let body = build(turns, tools, &schema).to_json().expect("plain data");
        let by_hand = serde_json::to_vec(&by_hand::request(turns, tools, &schema)).expect("plain data");
        assert_eq!(json_of(&body), json_of(&by_hand));

        let client = client();
        let credentials = credentials();
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function("sha256", |bencher| bencher.iter(|| Sha256::digest(black_box(&body))));
        group.bench_function("ours", |bencher| {
            bencher.iter(|| {
                let request = build(black_box(turns), tools, &schema);
                let call = pin!(client.converse(&request));
                assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_pending());
            });
        });
        group.bench_function("by hand", |bencher| {
            bencher.iter(|| by_hand::signed(&by_hand::request(black_box(turns), tools, &schema), &credentials));
        });
        group.bench_function("history", |bencher| {
            let history = history(turns);
            let profile = ModelProfile::for_model(MODEL);
            let target = Target { model_name: MODEL, provider_name: "bedrock", profile: &profile };
            bencher.iter(|| {
                let parameters = parameters(tools, &schema);
                let prepared = target.prepare_request(BedrockModelSettings::default(), parameters);
                target.converse_request(&history, &prepared.expect("it fits"), &Downloads::new()).expect("it fits")
            });
        });
        group.finish();
    }
}

fn build(turns: &[String], tools: usize, schema: &Value) -> ConverseRequest {
    let mut request = ConverseRequest::new(MODEL);
    for (index, text) in turns.iter().enumerate() {
        let text = text.as_str();
        request = request.message(if index % 2 == 0 { Message::user(text) } else { Message::assistant(text) });
    }
    for index in 0..tools {
        request = request.tool(Tool::new(format!("tool_{index}"), schema.clone()));
    }
    request
}

fn history(turns: &[String]) -> Vec<ModelMessage> {
    let message = |(index, text): (usize, &String)| match index % 2 {
        0 => ModelRequest::user_text_prompt(text.as_str()).into(),
        _ => {
            let part = TextPart { content: text.clone(), ..TextPart::default() };
            ModelResponse::new(vec![ModelResponsePart::Text(part)]).into()
        }
    };
    turns.iter().enumerate().map(message).collect()
}

fn parameters(tools: usize, schema: &Value) -> ModelRequestParameters {
    let schema = schema.as_object().expect("it is written above");
    let tool = |index| ToolDefinition::new(format!("tool_{index}")).with_parameters(schema.clone());
    ModelRequestParameters { function_tools: (0..tools).map(tool).collect(), ..Default::default() }
}

fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("JSON")
}

fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None, None, "bench")
}

fn client() -> Client {
    let endpoint = EndpointParams { region: Some("us-east-1".into()), ..Default::default() };
    Client::builder(endpoint, Auth::credentials(credentials())).transport(Silent).build().expect("a client")
}

/// Takes requests and never answers.
#[derive(Debug)]
struct Silent;

impl Transport for Silent {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        black_box(request);
        Box::pin(std::future::pending())
    }
}

criterion_group!(benches, request);
criterion_main!(benches);
