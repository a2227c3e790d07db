//! reqwest behind `Transport`, against sockets that are played by hand.

use bedrock_converse::ErrorKind;
use bedrock_converse::transport::{Request, ReqwestTransport, Transport};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

fn transport() -> ReqwestTransport {
    ReqwestTransport::new().without_proxy()
}

fn post(url: &str) -> Request {
    http::Request::post(url).header("x-mine", "1").body(Bytes::from_static(b"body")).unwrap()
}

/// Reads one request, which ends with the word `body`.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\nbody") {
        assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "the client hung up");
    }
    String::from_utf8(request).unwrap()
}

#[tokio::test]
async fn the_request_leaves_as_it_is_and_connections_are_used_again() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut requests = Vec::new();
        for _ in 0..2 {
            requests.push(read_request(&mut stream).await);
            stream.write_all(format!("{OK}hi").as_bytes()).await.unwrap();
        }
        requests
    });
    let transport = transport();
    for path in ["/model/arn%3Aaws%3Ab%2Fc%253A/converse", "/model/raw:colon/converse"] {
        let response = transport.clone().send(post(&format!("{url}{path}"))).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.into_body().collect(10).await.unwrap(), "hi");
    }
    let requests = server.await.unwrap();
    assert!(requests[0].starts_with("POST /model/arn%3Aaws%3Ab%2Fc%253A/converse HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[1].starts_with("POST /model/raw:colon/converse HTTP/1.1\r\n"), "{}", requests[1]);
    assert!(requests[0].contains("\r\nx-mine: 1\r\n") && requests[0].contains(&url["http://".len()..]));
}

#[tokio::test]
async fn a_path_that_would_change_is_refused() {
    for path in ["/model/../converse", "/model/%2E%2E/converse"] {
        let error = transport().send(post(&format!("http://localhost{path}"))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains(path), "{error}");
    }
}

#[tokio::test]
async fn chunks_arrive_as_they_are_sent_and_dropping_the_body_closes_the_connection() {
    let (listener, url) = listen().await;
    let transport = transport();
    let sending = tokio::spawn(async move { transport.send(post(&url)).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    read_request(&mut stream).await;
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n").await.unwrap();
    let mut body = sending.await.unwrap().unwrap().into_body();
    assert_eq!(body.chunk().await.unwrap().unwrap(), "one");
    stream.write_all(b"3\r\ntwo\r\n").await.unwrap();
    assert_eq!(body.chunk().await.unwrap().unwrap(), "two");
    drop(body);
    // Zero bytes, or an error: either way the other side is gone.
    assert!(matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn a_body_that_is_cut_is_an_error() {
    let (listener, url) = listen().await;
    let transport = transport();
    let sending = tokio::spawn(async move { transport.send(post(&url)).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    read_request(&mut stream).await;
    stream.write_all(format!("{OK}h").as_bytes()).await.unwrap();
    drop(stream);
    let mut body = sending.await.unwrap().unwrap().into_body();
    assert_eq!(body.chunk().await.unwrap().unwrap(), "h");
    let error = body.chunk().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(body.chunk().await.is_none());
}

#[tokio::test]
async fn redirects_and_error_statuses_are_answers() {
    for status in ["302 Found", "503 Service Unavailable"] {
        let (listener, url) = listen().await;
        let transport = transport();
        let sending = tokio::spawn(async move { transport.send(post(&url)).await });
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        let answer = format!("HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
        let response = sending.await.unwrap().unwrap();
        assert!(status.starts_with(response.status().as_str()));
    }
}

#[tokio::test]
async fn no_connection_and_no_answer_are_errors_of_the_connection() {
    let (listener, url) = listen().await;
    let transport = transport();
    let sending = tokio::spawn({
        let (transport, url) = (transport.clone(), url.clone());
        async move { transport.send(post(&url)).await }
    });
    let (mut stream, _) = listener.accept().await.unwrap();
    read_request(&mut stream).await;
    drop((stream, listener));
    let error = sending.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true), "{error}");

    let error = transport.send(post(&url)).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true), "{error}");
    assert!(error.message().contains("127.0.0.1"), "{error}");
}

/// The TLS configuration works without a provider for the whole process, and a server that speaks no TLS is an error.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn a_failed_tls_handshake_is_an_error_of_the_connection() {
    let (listener, url) = listen().await;
    let url = url.replace("http:", "https:");
    let sending = tokio::spawn(async move { transport().send(post(&url)).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut hello = [0; 6];
    stream.read_exact(&mut hello).await.unwrap();
    assert_eq!((hello[0], hello[5]), (22, 1), "the first record is a client hello");
    stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    let error = sending.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
}

/// What is spoken over TLS is settled in its first message, which nobody has encrypted yet.
#[cfg(all(feature = "rustls", not(feature = "native-tls")))]
#[tokio::test]
async fn http_2_is_offered_when_it_is_compiled_in() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 5]; // a TLS record: type, version, length
        stream.read_exact(&mut head).await.unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        stream.read_exact(&mut hello).await.unwrap();
        hello
    });
    transport().send(post(&url.replace("http:", "https:"))).await.unwrap_err();
    let hello = server.await.unwrap();
    let offers = |protocols: &[u8]| hello.windows(protocols.len()).any(|bytes| bytes == protocols);
    // The length of the list, and each protocol after its own.
    assert_eq!(offers(b"\0\x0c\x02h2\x08http/1.1"), cfg!(feature = "http2"));
    assert_eq!(offers(b"\0\x09\x08http/1.1"), !cfg!(feature = "http2"));
}
