//! bedrock-converse: `BedrockConverseModel` on messages, settings and events as pydantic-ai has them.
#![expect(clippy::disallowed_methods, reason = "a program may read the environment")]

use std::time::Instant;

use bedrock_converse::messages::{
    ModelMessage, ModelRequest, ModelResponsePart, ModelResponsePartDelta, ModelResponseStreamEvent,
};
use bedrock_converse::{BedrockConverseModel, BedrockProvider, BedrockStreamedResponse};

fn history() -> [ModelMessage; 1] {
    [ModelRequest::user_text_prompt("Why is the sky blue?").into()]
}

async fn stream(model: &BedrockConverseModel) -> BedrockStreamedResponse {
    model.request_stream(&history(), None, None).await.expect("the server answers")
}

/// Reads up to `limit` pieces of text; gives how long they are.
async fn read(answer: &mut BedrockStreamedResponse, limit: usize) -> usize {
    let (mut text, mut seen) = (String::new(), 0);
    while let Some(event) = answer.next().await {
        match event.expect("an event") {
            ModelResponseStreamEvent::PartStart(event) => {
                if let ModelResponsePart::Text(part) = event.part {
                    text += &part.content;
                    seen += 1;
                }
            }
            ModelResponseStreamEvent::PartDelta(event) => {
                if let ModelResponsePartDelta::Text(delta) = event.delta {
                    text += &delta.content_delta;
                    seen += 1;
                }
            }
            _ => {}
        }
        if seen >= limit {
            break;
        }
    }
    text.len()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("URL MODE COUNT");
    let (url, mode, count) = (next(), next(), next().parse::<usize>().expect("a number"));
    let mut provider = BedrockProvider::builder().region_name("us-east-1").base_url(url);
    if std::env::var_os("PEER_CHAIN").is_none() {
        provider = provider.aws_credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None);
    }
    let provider = provider.build().expect("all are set");
    let named = |name: &str| BedrockConverseModel::new(name, provider.clone()).expect("a model");
    let (fast, held) = (named("fast"), named("held"));
    let mut length = 0;
    match mode.as_str() {
        "stream" => {
            for _ in 0..count {
                length += read(&mut stream(&fast).await, usize::MAX).await;
            }
        }
        "unary" => {
            for _ in 0..count {
                let answer = fast.request(&history(), None, None).await.expect("an answer");
                length += answer.text().map_or(0, |text| text.len());
            }
        }
        "first" => {
            let mut waits = Vec::with_capacity(count);
            for _ in 0..count {
                let start = Instant::now();
                let mut answer = stream(&fast).await;
                length += read(&mut answer, 1).await;
                waits.push(start.elapsed());
                read(&mut answer, usize::MAX).await;
            }
            waits.sort();
            println!("{}", waits[waits.len() / 2].as_nanos());
        }
        "open" => {
            let mut open = Vec::with_capacity(count);
            for _ in 0..count {
                let mut answer = stream(&held).await;
                length += read(&mut answer, 1).await;
                open.push(answer);
            }
        }
        mode => panic!("no mode {mode}"),
    }
    assert!(count == 0 || length > 0);
}
