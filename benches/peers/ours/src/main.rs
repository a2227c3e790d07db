//! bedrock-converse: `Client` on the service's own types, credentials from the whole chain.
#![expect(clippy::disallowed_methods, reason = "a program may read the environment")]

use std::future::poll_fn;
use std::time::Instant;

use bedrock_converse::BedrockProvider;
use bedrock_converse::client::{Client, ConverseStream};
use bedrock_converse::wire::{ContentBlockDelta, ConverseRequest, ConverseStreamOutput};

fn request(model: &str) -> ConverseRequest {
    ConverseRequest::new(model).user("Why is the sky blue?")
}

async fn stream(client: &Client, model: &str) -> ConverseStream {
    client.converse_stream(&request(model)).await.expect("the server answers")
}

/// Reads up to `limit` text deltas; gives how long their text is.
async fn read(answer: &mut ConverseStream, limit: usize) -> usize {
    let (mut text, mut seen) = (String::new(), 0);
    let mut take = |event: ConverseStreamOutput<'_>| {
        if let ConverseStreamOutput::ContentBlockDelta(event) = event {
            if let ContentBlockDelta::Text(piece) = event.delta {
                text += &piece;
            }
            seen += 1;
        }
        seen >= limit
    };
    while let Some(enough) = poll_fn(|cx| answer.poll_event_with(cx, &mut take)).await {
        if enough.expect("an event") {
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
    let client = provider.build().expect("all are set").client();
    let mut length = 0;
    match mode.as_str() {
        "stream" => {
            for _ in 0..count {
                length += read(&mut stream(&client, "fast").await, usize::MAX).await;
            }
        }
        "unary" => {
            for _ in 0..count {
                let reply = client.converse(&request("fast")).await.expect("an answer");
                let message = reply.value.message().expect("a message");
                length += message.content[0].as_text().map_or(0, str::len);
            }
        }
        "first" => {
            let mut waits = Vec::with_capacity(count);
            for _ in 0..count {
                let start = Instant::now();
                let mut answer = stream(&client, "fast").await;
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
                let mut answer = stream(&client, "held").await;
                length += read(&mut answer, 1).await;
                open.push(answer);
            }
        }
        mode => panic!("no mode {mode}"),
    }
    assert!(count == 0 || length > 0);
}
