//! A program and its test: recorded once against the server, replayed without a network from then on.

#[cfg(feature = "serve")]
use std::fs;

use bedrock_converse::messages::ModelRequest;
use bedrock_converse::transport::{BoxFuture, Cassette, Mode, Request, Response, Transport};
use bedrock_converse::{BedrockConverseModel, BedrockProvider, Environment, Result};

use crate::fixtures::folder;

// ─── the program ───

struct Answer {
    text: String,
    tokens: u64,
}

async fn capital_of(country: &str, provider: BedrockProvider) -> Result<Answer> {
    let model = BedrockConverseModel::new("us.amazon.nova-micro-v1:0", provider)?;
    let question = format!("What is the capital of {country}?");
    let answer = model.request(&[ModelRequest::user_text_prompt(question).into()], None, None).await?;
    Ok(Answer { text: answer.text().unwrap_or_default(), tokens: answer.usage.output_tokens })
}

// ─── its test ───

fn provider(cassette: &Cassette) -> BedrockProvider {
    BedrockProvider::builder().environment(cassette.environment()).transport(cassette.clone()).build().unwrap()
}

#[tokio::test]
async fn it_tells_the_capital() {
    let cassette = Cassette::open("fixtures/recorded/capital").unwrap();
    let answer = capital_of("France", provider(&cassette)).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.tokens), ("The capital of France is Paris.", 8));
    cassette.finish().unwrap();
}

// ─── what is behind it ───

/// A network that is down.
#[derive(Debug)]
struct Down;

impl Transport for Down {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        panic!("{} was asked", request.uri())
    }
}

#[tokio::test]
async fn with_the_network_down_it_replays_and_a_changed_prompt_shows() {
    for mode in [Mode::Once, Mode::None] {
        let folder = folder("recorded/capital");
        let cassette = Cassette::new(&folder, mode, Down, Environment::fixed([("", ""); 0])).unwrap();
        let Err(error) = capital_of("Spain", provider(&cassette)).await else { panic!("it is not recorded") };
        let expected = format!(
            r#"{}: no recorded exchange equals POST /model/us.amazon.nova-micro-v1%3A0/converse.
The closest is `001-converse`, recorded (-) and sent (+):
  $.messages[0].content[0].text
    - "What is the capital of France?"
    + "What is the capital of Spain?""#,
            folder.display()
        );
        assert_eq!(error.message(), expected);
        assert_eq!(error.hint(), Some("if that is as it should be, CONVERSE_RECORD=all records everything anew"));
        assert!(cassette.finish().unwrap_err().message().ends_with("nobody asked for 001-converse"));
        assert!(!capital_of("France", provider(&cassette)).await.unwrap().text.is_empty());
        cassette.finish().unwrap();
    }
}

/// Records the program anew, and with `UPDATE_FIXTURES` set keeps the record as the fixture.
#[cfg(feature = "serve")]
#[tokio::test]
async fn the_recording_is_up_to_date() {
    let server = bedrock_converse::serve::Server::start().unwrap();
    let scratch = crate::cassette::Folder::new();
    let network = bedrock_converse::transport::ReqwestTransport::new();
    let cassette = Cassette::new(scratch.path(), Mode::Once, network, server.environment()).unwrap();
    assert!(cassette.is_recording());
    capital_of("France", provider(&cassette)).await.unwrap();
    cassette.finish().unwrap();
    for file in scratch.files() {
        let (recorded, path) = (scratch.read(&file), folder("recorded/capital").join(&file));
        if Environment::process().var("UPDATE_FIXTURES").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &recorded).unwrap();
        }
        let found = fs::read(&path).unwrap_or_default();
        assert!(found == recorded, "{}: remake it as fixtures/README.md says", path.display());
    }
}

/// What a model says in a stream, recorded and replayed, reads the same.
#[cfg(feature = "serve")]
#[tokio::test]
async fn a_stream_is_replayed_as_it_was() {
    let server = bedrock_converse::serve::Server::builder().delay(std::time::Duration::from_millis(1)).start().unwrap();
    let scratch = crate::cassette::Folder::new();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let network = bedrock_converse::transport::ReqwestTransport::new();
        let cassette = Cassette::new(scratch.path(), Mode::Once, network, server.environment()).unwrap();
        let model = BedrockConverseModel::new("us.amazon.nova-micro-v1:0", provider(&cassette)).unwrap();
        let question = [ModelRequest::user_text_prompt("Tell me a story.").into()];
        let mut stream = model.request_stream(&question, None, None).await.unwrap();
        let mut events = Vec::new();
        while let Some(event) = stream.next().await {
            events.push(serde_json::to_string(&event.unwrap()).unwrap());
        }
        seen.push((cassette.is_recording(), events));
        cassette.finish().unwrap();
    }
    assert_eq!((seen[0].0, seen[1].0, server.requests().len()), (true, false, 1));
    assert!(seen[0].1.len() > 5);
    assert_eq!(seen[0].1, seen[1].1);
}
