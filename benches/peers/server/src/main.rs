//! A loopback stand-in that answers as fast as it can, so that only the client's cost is seen.
//!
//! `peer-server DELTAS`: prints its URL, then serves until it is killed. The model id in the path chooses the answer:
//! `fast` streams everything at once, `paced` one frame a millisecond, `held` the first delta and then silence.

use std::io::Write as _;
use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const UNARY: &str = r#"{"output":{"message":{"role":"assistant","content":[{"text":"The sky is blue because air scatters short waves more than long ones."}]}},"stopReason":"end_turn","usage":{"inputTokens":12,"outputTokens":15,"totalTokens":27},"metrics":{"latencyMs":321}}"#;

fn frame(event: &'static str, payload: String) -> Vec<u8> {
    let header = |name: &'static str, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
    let message = Message::new(payload.into_bytes())
        .add_header(header(":event-type", event))
        .add_header(header(":content-type", "application/json"))
        .add_header(header(":message-type", "event"));
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).expect("a small message encodes");
    bytes
}

/// The frames of one answer, each as one HTTP chunk. A text delta's frame has about 200 bytes.
fn chunks(deltas: usize) -> Vec<Vec<u8>> {
    let pad = "abcdefghijklmnopqrstuvwxyz";
    let mut frames = vec![frame("messageStart", format!(r#"{{"p":"{pad}","role":"assistant"}}"#))];
    frames.extend((0..deltas).map(|_| {
        frame(
            "contentBlockDelta",
            format!(r#"{{"contentBlockIndex":0,"delta":{{"text":" scattered light"}},"p":"{pad}"}}"#),
        )
    }));
    frames.push(frame("contentBlockStop", format!(r#"{{"contentBlockIndex":0,"p":"{pad}"}}"#)));
    frames.push(frame("messageStop", format!(r#"{{"p":"{pad}","stopReason":"end_turn"}}"#)));
    frames.push(frame(
        "metadata",
        format!(r#"{{"metrics":{{"latencyMs":321}},"p":"{pad}","usage":{{"inputTokens":12,"outputTokens":{deltas},"totalTokens":99}}}}"#),
    ));
    let chunk = |frame: Vec<u8>| [format!("{:x}\r\n", frame.len()).as_bytes(), &frame, b"\r\n"].concat();
    frames.into_iter().map(chunk).collect()
}

/// Reads one request; gives its path, or `None` when the client went away.
async fn request(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok()
                })
                .unwrap_or(0);
            while buffer.len() < end + 4 + length {
                if socket.read_buf(buffer).await.ok()? == 0 {
                    return None;
                }
            }
            buffer.drain(..end + 4 + length);
            return head.split(' ').nth(1).map(str::to_owned);
        }
        if socket.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

async fn serve(mut socket: TcpStream, chunks: &'static [Vec<u8>]) -> Option<()> {
    socket.set_nodelay(true).ok()?;
    let mut buffer = Vec::with_capacity(4096);
    while let Some(path) = request(&mut socket, &mut buffer).await {
        if path.ends_with("/converse") {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
            socket.write_all(format!("{head}: {}\r\n\r\n{UNARY}", UNARY.len()).as_bytes()).await.ok()?;
            continue;
        }
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n";
        if path.contains("/fast/") {
            socket.write_all(&[head.as_bytes(), &chunks.concat(), b"0\r\n\r\n"].concat()).await.ok()?;
        } else {
            socket.write_all(&[head.as_bytes(), &chunks[0], &chunks[1]].concat()).await.ok()?;
            if path.contains("/held/") {
                let _ = socket.read_buf(&mut buffer).await;
                return None;
            }
            for chunk in &chunks[2..] {
                tokio::time::sleep(Duration::from_millis(1)).await;
                socket.write_all(chunk).await.ok()?;
            }
            socket.write_all(b"0\r\n\r\n").await.ok()?;
        }
    }
    None
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let deltas = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100);
    let chunks: &'static [Vec<u8>] = chunks(deltas).leak();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(serve(socket, chunks));
    }
}
