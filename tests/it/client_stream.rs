//! Streamed answers: events as they come, and an honest end.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use bedrock_converse::client::{Client, ConverseStream, RequestOptions, Timeouts};
use bedrock_converse::wire::{ContentBlockDelta, ConverseRequest, ConverseStreamOutput};
use bedrock_converse::{Error, ErrorKind, Result};
use bytes::Bytes;
use futures_core::Stream;
use tokio::time::Instant;

use crate::fake::{Answer, Fake, Piece, Step, event, exception, frame, hello, pieces};

/// The end of `hello` that proves it whole.
const MESSAGE_STOP: usize = 4;

fn request() -> ConverseRequest {
    ConverseRequest::new("us.amazon.nova-micro-v1:0").user("Say hello.")
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn silence() -> Piece {
    Piece::Silence
}

async fn open(body: Vec<Piece>) -> Result<ConverseStream> {
    Fake::new([Answer::stream(body)]).builder().build().unwrap().converse_stream(&request()).await
}

/// All events, and the error that ended them.
async fn drain(stream: &mut ConverseStream) -> (Vec<ConverseStreamOutput<'static>>, Option<Error>) {
    let mut events = Vec::new();
    loop {
        match stream.next_event().await {
            None => return (events, None),
            Some(Ok(event)) => events.push(event),
            Some(Err(error)) => {
                assert!(stream.next_event().await.is_none(), "nothing comes after an error");
                return (events, Some(error));
            }
        }
    }
}

/// What a caller sees of a body, also when it fails before the first event.
async fn play(body: Vec<Piece>) -> (Vec<ConverseStreamOutput<'static>>, Option<Error>) {
    match open(body).await {
        Ok(mut stream) => drain(&mut stream).await,
        Err(error) => (Vec::new(), Some(error)),
    }
}

fn text(events: &[ConverseStreamOutput<'_>]) -> String {
    let piece = |event: &ConverseStreamOutput<'_>| match event {
        ConverseStreamOutput::ContentBlockDelta(event) => match &event.delta {
            ContentBlockDelta::Text(text) => Some(text.clone().into_owned()),
            _ => None,
        },
        _ => None,
    };
    events.iter().filter_map(piece).collect()
}

#[tokio::test(start_paused = true)]
async fn events_do_not_depend_on_how_the_bytes_are_cut() {
    let (events, error) = play(pieces(&hello())).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!((events.len(), text(&events).as_str()), (6, "Hello"));
    let whole = Bytes::from(hello().concat());
    for size in [1, 2, 7, 100, whole.len()] {
        let cut: Vec<Bytes> = whole.chunks(size).map(Bytes::copy_from_slice).collect();
        let (again, error) = play(pieces(&cut)).await;
        assert!(error.is_none() && again == events, "chunks of {size}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_cut_is_incomplete_wherever_and_however_it_is_cut() {
    for broken in [false, true] {
        for (i, last) in hello().iter().enumerate() {
            for bytes in [0, 1, last.len() / 2, last.len() - 1] {
                let mut body = pieces(&hello()[..i]);
                body.push(Piece::Bytes(last.slice(..bytes)));
                if broken {
                    body.push(Piece::Break);
                }
                let (events, error) = play(body).await;
                let at = format!("{bytes} bytes into frame {i}, broken: {broken}");
                assert_eq!(events.len(), i, "{at}");
                if i > MESSAGE_STOP && bytes == 0 {
                    assert!(error.is_none(), "nothing but the usage is missing {at}: {error:?}");
                    continue;
                }
                let error = error.unwrap_or_else(|| panic!("a success {at}"));
                assert_eq!((error.kind(), error.in_stream()), (ErrorKind::Incomplete, true), "{at}");
                assert_eq!(error.request_id(), Some("id-1"), "{at}");
                assert_eq!(std::error::Error::source(&error).is_some(), broken, "{at}");
                // As long as nothing had come, it was tried again.
                assert_eq!(error.attempts(), if i == 0 { 3 } else { 1 }, "{at}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn exceptions_and_bad_frames_end_the_stream_with_what_they_stand_for() {
    use ErrorKind::*;
    let model = r#"{"message":"m","originalStatusCode":503,"originalMessage":"o"}"#;
    let plain = r#"{"message":"m","p":"abc"}"#;
    let mut flipped = hello()[1].to_vec();
    flipped[30] ^= 1;
    // The frame, and the kind, status, code and retryable flag of the error.
    let table = [
        (exception("throttlingException", plain), Throttling, Some(429), Some("throttlingException"), true),
        (
            exception("serviceUnavailableException", plain),
            Unavailable,
            Some(503),
            Some("serviceUnavailableException"),
            true,
        ),
        (exception("internalServerException", plain), Internal, Some(500), Some("internalServerException"), true),
        (exception("validationException", plain), Validation, Some(400), Some("validationException"), false),
        (
            exception("modelStreamErrorException", model),
            ModelStreamError,
            Some(424),
            Some("modelStreamErrorException"),
            true,
        ),
        (exception("somethingNewException", plain), Service, None, Some("somethingNewException"), false),
        (
            frame(&[(":message-type", "error"), (":error-code", "InternalFailure"), (":error-message", "m")], ""),
            Internal,
            Some(500),
            Some("InternalFailure"),
            true,
        ),
        (frame(&[(":message-type", "news")], "{}"), Protocol, None, None, false),
        (frame(&[(":event-type", "messageStart")], "{}"), Protocol, None, None, false),
        (event("contentBlockDelta", "{"), Protocol, None, None, false),
        (Bytes::from(flipped), Protocol, None, None, false),
    ];
    for (bad, kind, status, code, retryable) in table {
        for before in [0, 2, MESSAGE_STOP + 1] {
            let mut body = pieces(&hello()[..before]);
            body.extend([Piece::Bytes(bad.clone()), silence()]);
            let (events, error) = play(body).await;
            let error = error.unwrap();
            assert_eq!((events.len(), error.kind(), error.status()), (before, kind, status), "{error:?}");
            assert_eq!((error.is_retryable(), error.in_stream()), (retryable, true), "{error:?}");
            assert!(error.code().map(str::to_lowercase) == code.map(str::to_lowercase), "{error:?}");
            // As the first event, a throttle and an unavailable service are tried again.
            let again = before == 0 && matches!(kind, Throttling | Unavailable);
            assert_eq!(error.attempts(), if again { 3 } else { 1 }, "{error:?}");
            if kind == ModelStreamError {
                assert_eq!((error.original_status(), error.original_message()), (Some(503), Some("o")));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttle_as_the_first_event_is_tried_again_and_forgotten() {
    let throttle = exception("throttlingException", r#"{"message":"m"}"#);
    let script: [Step; 3] = [
        Answer::stream(vec![Piece::Bytes(throttle)]).into(),
        Answer::error(503, "ServiceUnavailableException", "m").into(),
        Answer::stream(pieces(&hello())).into(),
    ];
    let fake = Fake::new(script);
    let mut stream = fake.builder().build().unwrap().converse_stream(&request()).await.unwrap();
    assert_eq!((stream.attempts(), stream.request_id(), fake.sent().len()), (3, Some("id-1"), 3));
    let (events, error) = drain(&mut stream).await;
    assert!(error.is_none());
    assert_eq!(text(&events), "Hello");
}

#[tokio::test(start_paused = true)]
async fn events_are_handed_out_when_they_come() {
    let mut body = Vec::new();
    for frame in hello() {
        body.extend([Piece::Wait(seconds(60)), Piece::Bytes(frame)]);
    }
    let start = Instant::now();
    let mut stream = open(body).await.unwrap();
    assert_eq!(start.elapsed(), seconds(60), "the first event is awaited, and no more");
    for minutes in 1..=6 {
        stream.next_event().await.unwrap().unwrap();
        assert_eq!(start.elapsed(), seconds(60 * minutes));
    }
    assert!(stream.next_event().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn each_time_limit_has_its_own_place() {
    let timeouts = |first_byte, idle, total| Timeouts {
        first_byte: Some(seconds(first_byte)),
        idle: Some(seconds(idle)),
        total: Some(seconds(total)),
    };
    let run = async |timeouts: Timeouts, wait: [u64; 2]| {
        let [first, second] = wait.map(|wait| Piece::Wait(seconds(wait)));
        let [start, delta] = [0, 1].map(|i| Piece::Bytes(hello()[i].clone()));
        let options = RequestOptions { timeouts, ..Default::default() };
        let fake = Fake::new([Answer::stream(vec![first, start, second.clone(), delta, silence()])]);
        let client = fake.builder().options(options).build().unwrap();
        let (events, error) = match client.converse_stream(&request()).await {
            Ok(mut stream) => drain(&mut stream).await,
            Err(error) => (Vec::new(), Some(error)),
        };
        assert_eq!(fake.open(), 0, "the connection is closed");
        let error = error.unwrap();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1));
        assert_eq!(error.in_stream(), !events.is_empty());
        (events.len(), error.message().to_owned())
    };
    let first_byte = "no answer came within 50s".to_owned();
    let idle = "the answer did not go on within 20s".to_owned();
    let total = "the request did not end within 60s".to_owned();
    assert_eq!(run(timeouts(50, 20, 1000), [51, 0]).await, (0, first_byte));
    // The idle time does not hold before the first event.
    assert_eq!(run(timeouts(50, 20, 1000), [49, 21]).await, (1, idle.clone()));
    assert_eq!(run(timeouts(50, 20, 1000), [49, 19]).await, (2, idle));
    assert_eq!(run(timeouts(50, 20, 60), [49, 19]).await, (1, total));
}

#[tokio::test(start_paused = true)]
async fn the_idle_time_starts_anew_with_every_chunk() {
    let timeouts = Timeouts { idle: Some(seconds(64)), ..Default::default() };
    let options = RequestOptions { timeouts, ..Default::default() };
    // Waits within a 64th of the idle time, over several of them, and as long as it all but.
    for wait in [0, 300, 700, 1500, 20_000, 63_990].map(Duration::from_millis) {
        let mut body = pieces(&hello()[..1]);
        for _ in 0..40 {
            body.extend([Piece::Wait(wait), Piece::Bytes(hello()[1].clone())]);
        }
        body.push(silence());
        let fake = Fake::new([Answer::stream(body)]);
        let start = Instant::now();
        let mut stream =
            fake.builder().options(options.clone()).build().unwrap().converse_stream(&request()).await.unwrap();
        let (events, error) = drain(&mut stream).await;
        assert_eq!((events.len(), error.unwrap().kind()), (41, ErrorKind::Timeout));
        let silence = start.elapsed() - 40 * wait;
        assert!(
            silence >= seconds(64) && silence <= seconds(65) + 3 * Duration::from_millis(1),
            "{wait:?}: {silence:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn silence_after_the_end_of_the_message_is_no_failure() {
    let mut body = pieces(&hello()[..=MESSAGE_STOP]);
    body.push(silence());
    let (events, error) = play(body).await;
    assert_eq!((events.len(), error.is_none()), (MESSAGE_STOP + 1, true));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_stream_is_an_error() {
    let unknown = r#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}"#;
    let table = [
        (Answer::json(200, unknown), "the service did not recognise the operation"),
        (
            Answer::json(200, "<html>").with("content-type", "text/html"),
            r#"the answer has the content type "text/html" in place of application/vnd.amazon.eventstream"#,
        ),
    ];
    for (answer, message) in table {
        let client = Fake::new([answer]).builder().build().unwrap();
        let error = client.converse_stream(&request()).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Protocol, message));
        assert_eq!((error.status(), error.in_stream()), (Some(200), false));
        assert!(error.body().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_stream_or_its_future_closes_the_connection() {
    let mut body = pieces(&hello()[..2]);
    body.push(silence());
    let fake = Fake::new([Answer::stream(body), Answer::stream(vec![silence()])]);
    let client = fake.builder().build().unwrap();
    let mut stream = client.converse_stream(&request()).await.unwrap();
    stream.next_event().await.unwrap().unwrap();
    // `next_event` can be dropped without loss.
    stream.next_event().await.unwrap().unwrap();
    tokio::time::timeout(seconds(1), stream.next_event()).await.unwrap_err();
    assert_eq!(fake.open(), 1);
    drop(stream);
    assert_eq!(fake.open(), 0);
    tokio::time::timeout(seconds(1), client.converse_stream(&request())).await.unwrap_err();
    assert_eq!((fake.sent().len(), fake.open()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn events_can_be_read_where_they_lie_and_as_a_stream() {
    let mut stream = open(pieces(&hello())).await.unwrap();
    let mut borrowed = 0;
    let mut look = |event: ConverseStreamOutput<'_>| {
        if let ConverseStreamOutput::ContentBlockDelta(event) = event
            && let ContentBlockDelta::Text(std::borrow::Cow::Borrowed(_)) = event.delta
        {
            borrowed += 1;
        }
    };
    while let Some(outcome) = poll_fn(|cx| stream.poll_event_with(cx, &mut look)).await {
        outcome.unwrap();
    }
    assert_eq!(borrowed, 2);

    let mut stream = pin!(open(pieces(&hello())).await.unwrap());
    let mut events = Vec::new();
    while let Some(event) = poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
        events.push(event.unwrap());
    }
    assert_eq!(text(&events), "Hello");
}

#[test]
fn futures_and_streams_can_be_sent_between_threads() {
    fn check<T: Send>(_: T) {}
    fn checks<T: Send + Sync + Clone>() {}
    checks::<Client>();
    let futures = |client: &'static Client, request: &'static ConverseRequest| {
        check(client.converse(request));
        check(async move {
            let mut stream = client.converse_stream(request).await?;
            stream.next_event().await.transpose()
        });
    };
    let _ = futures;
}
