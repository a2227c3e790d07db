//! What is tried again, how often and after how long: over real HTTP, on a clock that only waits move.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bedrock_converse::client::{Client, RequestOptions, Timeouts};
use bedrock_converse::retry::{RetryConfig, RetryMode};
use bedrock_converse::serve::{EXAMPLE_ACCESS_KEY_ID, Fault, Server, ServerBuilder};
use bedrock_converse::transport::{Body, BoxFuture, Chunks, Request, ReqwestTransport, Response, Transport};
use bedrock_converse::wire::ConverseRequest;
use bedrock_converse::{BedrockProvider, Error, ErrorKind, Result};
use bytes::Bytes;
use tokio::time::Instant;

use ErrorKind::{
    Connection, Incomplete, Internal, ModelNotReady, ModelTimeout, Protocol, QuotaExceeded, Throttling, Unauthorized,
    Unavailable, Validation,
};

/// Real HTTP that takes no time on Tokio's paused clock, and a note of when each request was sent.
#[derive(Clone, Debug, Default)]
struct Timeless {
    http: ReqwestTransport,
    sent: Arc<Mutex<Vec<Instant>>>,
}

impl Timeless {
    /// After how many milliseconds each request was sent, and forgets them.
    fn times(&self) -> Vec<u128> {
        let sent = std::mem::take(&mut *self.sent.lock().unwrap());
        sent.iter().map(|time| (*time - sent[0]).as_millis()).collect()
    }
}

impl Transport for Timeless {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        self.sent.lock().unwrap().push(Instant::now());
        Box::pin(async {
            // The paused clock stands still as long as a blocking task is at work.
            let (done, wait) = std::sync::mpsc::channel::<()>();
            let work = tokio::task::spawn_blocking(move || wait.recv().is_err());
            let response = match self.http.send(request).await {
                Err(error) => Err(error),
                Ok(response) => {
                    let (head, mut body) = response.into_parts();
                    let mut chunks = VecDeque::new();
                    while let Some(chunk) = body.chunk().await {
                        chunks.push_back(chunk);
                    }
                    Ok(Response::from_parts(head, Body::new(Read(chunks))))
                }
            };
            drop(done);
            work.await.unwrap();
            response
        })
    }
}

/// A body that was read.
struct Read(VecDeque<Result<Bytes>>);

impl Chunks for Read {
    fn poll_chunk(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        Poll::Ready(self.0.pop_front())
    }
}

fn start(server: ServerBuilder, script: &str) -> Server {
    server.faults(Fault::script(script).unwrap()).start().unwrap()
}

fn client(server: &Server, retry: RetryConfig) -> (Client, Timeless) {
    let transport = Timeless::default();
    let provider = BedrockProvider::builder().environment(server.environment()).transport(transport.clone());
    (provider.retry(retry).build().unwrap().client(), transport)
}

fn request() -> ConverseRequest {
    ConverseRequest::new("us.amazon.nova-micro-v1:0").user("Hello!")
}

/// Sends one request, whole or streamed: the attempts, and the error that it ended with.
async fn send(client: &Client, streamed: bool) -> (u32, Option<Error>) {
    if !streamed {
        return match client.converse(&request()).await {
            Ok(reply) => (reply.attempts, None),
            Err(error) => (error.attempts(), Some(error)),
        };
    }
    let mut stream = match client.converse_stream(&request()).await {
        Ok(stream) => stream,
        Err(error) => return (error.attempts(), Some(error)),
    };
    while let Some(event) = stream.next_event().await {
        if let Err(error) = event {
            assert!(stream.next_event().await.is_none());
            return (error.attempts(), Some(error));
        }
    }
    (stream.attempts(), None)
}

/// What happens to the requests, how many there are, and the kind of the error at the end.
type Row = (&'static str, u32, Option<ErrorKind>);

#[rustfmt::skip]
const BOTH: [Row; 24] = [
    ("none",                                                                1, None),
    ("throttle times=1",                                                    2, None),
    ("throttle times=2",                                                    3, None),
    ("throttle",                                                            3, Some(Throttling)),
    ("http status=429 code=ModelNotReadyException times=2",                 3, None),
    ("http status=429 code=ModelNotReadyException",                         3, Some(ModelNotReady)),
    ("http status=500 code=InternalServerException times=1",                2, None),
    ("http status=500 code=InternalServerException",                        3, Some(Internal)),
    ("http status=503 code=ServiceUnavailableException",                    3, Some(Unavailable)),
    ("http status=502 body=\"\" times=1; http status=504 body=\"\" times=1", 3, None),
    ("html",                                                                3, Some(Unavailable)),
    ("cut at=head times=1",                                                 2, None),
    ("reset at=head times=2",                                               3, None),
    ("reset at=head",                                                       3, Some(Connection)),
    ("throttle times=1; cut at=head times=1",                               3, None),
    ("throttle times=1; http status=400 code=ValidationException",          2, Some(Validation)),
    ("throttle message=\"Too many tokens per day\"",                        1, Some(QuotaExceeded)),
    ("http status=400 code=ServiceQuotaExceededException",                  1, Some(QuotaExceeded)),
    ("http status=400 code=ValidationException",                            1, Some(Validation)),
    ("http status=404 code=ResourceNotFoundException",                      1, Some(ErrorKind::NotFound)),
    ("http status=403 code=AccessDeniedException",                          1, Some(ErrorKind::AccessDenied)),
    ("http status=408 code=ModelTimeoutException",                          1, Some(ModelTimeout)),
    ("http status=424 code=ModelErrorException",                            1, Some(ErrorKind::ModelError)),
    ("unknown-operation",                                                   1, Some(Protocol)),
];

#[rustfmt::skip]
const WHOLE: [Row; 3] = [
    ("cut byte=9 times=2",   3, None),
    ("reset byte=9 times=1", 2, None),
    ("html status=200",      1, Some(Protocol)),
];

/// Streams are taken up when the first event has come. Before that, a throttle is as good as one by status.
#[rustfmt::skip]
const STREAMED: [Row; 12] = [
    ("exception type=throttlingException times=1",                    2, None),
    ("exception type=serviceUnavailableException times=2",            3, None),
    ("exception type=throttlingException",                            3, Some(Throttling)),
    ("exception type=throttlingException at=1",                       1, Some(Throttling)),
    ("exception type=throttlingException at=end",                     1, Some(Throttling)),
    ("exception type=serviceUnavailableException at=3",               1, Some(Unavailable)),
    ("exception type=throttlingException message=\"20 per day\"",     1, Some(QuotaExceeded)),
    ("exception type=internalServerException",                        1, Some(Internal)),
    ("cut times=2",                                                   3, None),
    ("reset byte=30 times=1",                                         2, None),
    ("cut at=1",                                                      1, Some(Incomplete)),
    ("throttle times=1; exception type=throttlingException times=1; exception type=validationException", 3, Some(Validation)),
];

#[tokio::test(start_paused = true)]
async fn what_is_tried_again_and_how_often() {
    let rows = |rows: &'static [Row], streamed| rows.iter().map(move |row| (row, streamed));
    for ((script, attempts, kind), streamed) in
        rows(&BOTH, false).chain(rows(&BOTH, true)).chain(rows(&WHOLE, false)).chain(rows(&STREAMED, true))
    {
        let server = start(Server::builder(), script);
        let (client, transport) = client(&server, RetryConfig::default());
        let (made, error) = send(&client, streamed).await;
        let what = format!("{script}, streamed: {streamed}: {error:?}");
        assert_eq!((made, error.as_ref().map(Error::kind)), (*attempts, *kind), "{what}");
        server.until(|requests| requests.iter().all(|request| request.done)).await;
        assert_eq!(server.requests().len(), *attempts as usize, "{what}");
        // Between attempts there is a wait with jitter: up to 1 s, then up to 2 s.
        let times = transport.times();
        let waits: Vec<u128> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(waits.iter().zip([1000, 2000]).all(|(wait, longest)| *wait <= longest), "{what}: {waits:?}");
        println!("{script:<100} {:<8} {attempts} {kind:?} {waits:?} ms", if streamed { "streamed" } else { "whole" });
    }
}

#[tokio::test(start_paused = true)]
async fn the_service_says_how_long_to_wait() {
    let script = "throttle x-amz-retry-after=1500 times=1; http status=503 retry-after=7 times=1; throttle retry-after=90 times=1";
    let server = start(Server::builder(), script);
    let (client, transport) = client(&server, RetryConfig { max_attempts: 5, ..RetryConfig::default() });
    assert_eq!(send(&client, true).await.0, 4);
    // Never longer than the longest wait.
    assert_eq!(transport.times(), [0, 1500, 8500, 28500]);

    // A wait that goes beyond the whole time is not begun.
    server.set_faults(Fault::script("throttle retry-after=10").unwrap());
    let timeouts = Timeouts { total: Some(Duration::from_secs(15)), ..Timeouts::default() };
    let client = client.with_options(RequestOptions { timeouts, ..RequestOptions::default() }).unwrap();
    let (attempts, error) = send(&client, false).await;
    assert_eq!((attempts, error.unwrap().kind(), transport.times()), (2, Throttling, vec![0, 10_000]));
}

#[tokio::test(start_paused = true)]
async fn as_often_as_was_asked() {
    let server = start(Server::builder(), "throttle");
    for (max_attempts, attempts) in [(0, 1), (1, 1), (2, 2), (7, 7)] {
        let (client, _) = client(&server, RetryConfig { max_attempts, ..RetryConfig::default() });
        assert_eq!(send(&client, false).await.0, attempts);
    }
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_the_quota_holds() {
    for (outage, retries) in [("http status=503", 100), ("cut at=head", 50)] {
        let server = start(Server::builder().any_credentials(), outage);
        let (client, transport) = client(&server, RetryConfig::default());
        let mut requests = tokio::task::JoinSet::new();
        for _ in 0..300 {
            let client = client.clone();
            requests.spawn(async move { send(&client, false).await.1.expect("an error").kind() });
        }
        let kinds = requests.join_all().await;
        assert!(kinds.iter().all(|kind| matches!(kind, Unavailable | Connection)), "{kinds:?}");
        // 500 of quota, 5 for a retry, 10 for one after a broken connection.
        assert_eq!(transport.times().len(), 300 + retries, "{outage}");
        assert_eq!(send(&client, true).await.0, 1, "{outage}: nothing is left");

        // What succeeds brings the quota back, one by one.
        server.set_faults([]);
        for _ in 0..5 {
            assert_eq!(send(&client, false).await.0, 1);
        }
        server.set_faults(Fault::script("throttle").unwrap());
        assert_eq!((send(&client, false).await.0, send(&client, false).await.0), (2, 1), "{outage}");
    }
}

#[tokio::test(start_paused = true)]
async fn adaptive_mode_slows_down_when_throttled() {
    for (mode, slows_down) in [(RetryMode::Standard, false), (RetryMode::Adaptive, true)] {
        let server = start(Server::builder(), "throttle times=2");
        let (client, transport) = client(&server, RetryConfig { mode, ..RetryConfig::default() });
        assert_eq!(send(&client, false).await.0, 3);
        transport.times();
        for _ in 0..4 {
            assert_eq!(send(&client, false).await.0, 1);
        }
        let times = transport.times();
        assert!(times.windows(2).all(|pair| (pair[1] > pair[0]) == slows_down), "{mode:?}: {times:?}");
        println!("{mode:?}, after two throttles: {times:?} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_is_put_right_once() {
    for (skew, attempts) in [(3600, 2), (-3600, 2), (120, 1)] {
        let server = start(Server::builder().clock_skew(skew), "");
        let (client, transport) = client(&server, RetryConfig::default());
        assert_eq!(send(&client, false).await.0, attempts, "{skew}");
        // Without a wait, and for all requests to come.
        assert!(transport.times().iter().all(|time| *time == 0));
        assert_eq!(send(&client, true).await.0, 1, "{skew}");
    }
    // Keys that are wrong stay wrong.
    let server = start(Server::builder().clock_skew(3600), "");
    let provider = BedrockProvider::builder().environment(server.environment()).transport(Timeless::default());
    let client = provider.aws_credentials(EXAMPLE_ACCESS_KEY_ID, "wrong", None).build().unwrap().client();
    let (attempts, error) = send(&client, false).await;
    assert_eq!((attempts, error.unwrap().kind()), (2, Unauthorized));
}
