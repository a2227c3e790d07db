//! The floor: reqwest alone. Sends the same requests unsigned and counts the bytes that come back.

use std::time::Instant;

const BODY: &str = r#"{"messages":[{"role":"user","content":[{"text":"Why is the sky blue?"}]}]}"#;

async fn send(http: &reqwest::Client, url: &str, model: &str, operation: &str) -> reqwest::Response {
    let url = format!("{url}/model/{model}/{operation}");
    http.post(url).header("content-type", "application/json").body(BODY).send().await.expect("the server answers")
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("URL MODE COUNT");
    let (url, mode, count) = (next(), next(), next().parse::<usize>().expect("a number"));
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("ring has them");
    let verifier = rustls_platform_verifier::Verifier::new(rustls::crypto::ring::default_provider().into());
    let tls = tls
        .dangerous()
        .with_custom_certificate_verifier(std::sync::Arc::new(verifier.expect("roots")))
        .with_no_client_auth();
    let http = reqwest::Client::builder().tls_backend_preconfigured(tls).build().expect("a client");
    let mut bytes = 0;
    match mode.as_str() {
        "stream" => {
            for _ in 0..count {
                let mut answer = send(&http, &url, "fast", "converse-stream").await;
                while let Some(chunk) = answer.chunk().await.expect("a chunk") {
                    bytes += chunk.len();
                }
            }
        }
        "unary" => {
            for _ in 0..count {
                bytes += send(&http, &url, "fast", "converse").await.bytes().await.expect("a body").len();
            }
        }
        "first" => {
            let mut waits = Vec::with_capacity(count);
            for _ in 0..count {
                let start = Instant::now();
                let mut answer = send(&http, &url, "fast", "converse-stream").await;
                bytes += answer.chunk().await.expect("a chunk").map_or(0, |chunk| chunk.len());
                waits.push(start.elapsed());
                while answer.chunk().await.expect("a chunk").is_some() {}
            }
            waits.sort();
            println!("{}", waits[waits.len() / 2].as_nanos());
        }
        "open" => {
            let mut open = Vec::with_capacity(count);
            for _ in 0..count {
                let mut answer = send(&http, &url, "held", "converse-stream").await;
                bytes += answer.chunk().await.expect("a chunk").map_or(0, |chunk| chunk.len());
                open.push(answer);
            }
        }
        mode => panic!("no mode {mode}"),
    }
    assert!(count == 0 || bytes > 0);
}
