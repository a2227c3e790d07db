//! The AWS SDK, as its documentation says to use it.
#![expect(clippy::disallowed_methods, reason = "a program may read the environment")]

use std::time::Instant;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::Credentials;
use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamOutput;
use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, ConverseStreamOutput as Event, Message};

fn message() -> Message {
    let text = ContentBlock::Text("Why is the sky blue?".to_owned());
    Message::builder().role(ConversationRole::User).content(text).build().expect("all are set")
}

async fn stream(client: &Client, model: &str) -> ConverseStreamOutput {
    client.converse_stream().model_id(model).messages(message()).send().await.expect("the server answers")
}

/// Reads up to `limit` text deltas; gives how long their text is.
async fn read(answer: &mut ConverseStreamOutput, limit: usize) -> usize {
    let (mut text, mut seen) = (String::new(), 0);
    while let Some(event) = answer.stream.recv().await.expect("an event") {
        if let Event::ContentBlockDelta(event) = event {
            text += event.delta().and_then(|delta| delta.as_text().ok()).map_or("", String::as_str);
            seen += 1;
            if seen >= limit {
                break;
            }
        }
    }
    text.len()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("URL MODE COUNT");
    let (url, mode, count) = (next(), next(), next().parse::<usize>().expect("a number"));
    let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None, None, "bench");
    let mut config = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1")).endpoint_url(url);
    if std::env::var_os("PEER_CHAIN").is_none() {
        config = config.credentials_provider(keys);
    }
    let client = Client::new(&config.load().await);
    let mut length = 0;
    match mode.as_str() {
        "stream" => {
            for _ in 0..count {
                length += read(&mut stream(&client, "fast").await, usize::MAX).await;
            }
        }
        "unary" => {
            for _ in 0..count {
                let answer = client.converse().model_id("fast").messages(message()).send().await.expect("an answer");
                let message = answer.output().and_then(|output| output.as_message().ok()).expect("a message");
                length += message.content()[0].as_text().map_or(0, String::len);
            }
        }
        "first" => {
            let mut waits = Vec::with_capacity(count);
            for _ in 0..count {
                let start = Instant::now();
                let mut answer = stream(&client, "fast").await;
                length += read(&mut answer, 1).await;
                waits.push(start.elapsed());
                while answer.stream.recv().await.expect("an event").is_some() {}
            }
            waits.sort();
            println!("{}", waits[waits.len() / 2].as_nanos());
        }
        "open" => {
            let mut open = Vec::with_capacity(count);
            for _ in 0..count {
                let mut answer = stream(&client, "held").await;
                length += read(&mut answer, 1).await;
                open.push(answer);
            }
        }
        mode => panic!("no mode {mode}"),
    }
    assert!(count == 0 || length > 0);
}
