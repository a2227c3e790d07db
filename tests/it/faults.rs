//! What a user gets when something goes wrong with an answer: each fault at each place of a stream, over real HTTP.

use std::time::{Duration, Instant};

use bedrock_converse::client::{RequestOptions, Timeouts};
use bedrock_converse::messages::{
    FinishReason, ModelMessage, ModelRequest, ModelResponseStreamEvent, RequestUsage, State,
};
use bedrock_converse::retry::RetryConfig;
use bedrock_converse::serve::Server;
use bedrock_converse::settings::BedrockModelSettings;
use bedrock_converse::{BedrockConverseModel, BedrockProvider, BedrockStreamedResponse, Error, ErrorKind};

use ErrorKind::{
    Connection, Incomplete, Internal, ModelError, ModelNotReady, ModelStreamError, Protocol, QuotaExceeded, Service,
    Throttling, Timeout, Unavailable, Validation,
};

const NOVA: &str = "us.amazon.nova-micro-v1:0";

/// What the server's model answers: `messageStart`, a delta per word, `contentBlockStop`, `messageStop`, `metadata`.
const WHOLE: &str = "You said: a b c";
const EVENTS: usize = 9;

/// Where a fault happens, and the text that has come until then.
const PLACES: [(&str, &str); 5] =
    [("messageStart", ""), ("contentBlockDelta", ""), ("3", "You said:"), ("metadata", WHOLE), ("end", WHOLE)];

/// What a fault does to an answer that is whole: `messageStop` has come, and only the usage is missing.
#[derive(Clone, Copy, PartialEq)]
enum AfterStop {
    Fails,
    Whole,
}
use AfterStop::{Fails, Whole};

/// A fault in a stream and the error that it ends with: kind, status, code, whether it is worth another attempt; how
/// often the client tries when it is the very first thing that comes; and what it does after `messageStop`.
type Row = (&'static str, ErrorKind, Option<u16>, Option<&'static str>, bool, u32, AfterStop);

#[rustfmt::skip]
const IN_STREAM: [Row; 22] = [
    ("exception type=throttlingException",                           Throttling,       Some(429), Some("throttlingException"),         true,  3, Fails),
    (r#"exception type=throttlingException message="20 per day""#,   QuotaExceeded,    Some(429), Some("throttlingException"),         false, 1, Fails),
    ("exception type=internalServerException",                       Internal,         Some(500), Some("internalServerException"),     true,  1, Fails),
    ("exception type=serviceUnavailableException",                   Unavailable,      Some(503), Some("serviceUnavailableException"), true,  3, Fails),
    ("exception type=validationException",                           Validation,       Some(400), Some("validationException"),         false, 1, Fails),
    ("exception type=modelStreamErrorException",                     ModelStreamError, Some(424), Some("modelStreamErrorException"),   true,  1, Fails),
    ("exception type=modelStreamErrorException original-status=400", ModelStreamError, Some(424), Some("modelStreamErrorException"),   false, 1, Fails),
    ("exception type=brandNewException",                             Service,          None,      Some("brandNewException"),           false, 1, Fails),
    ("error code=InternalFailure",                                   Internal,         Some(500), Some("InternalFailure"),             true,  1, Fails),
    ("error code=Unheard",                                           Service,          None,      Some("Unheard"),                     false, 1, Fails),
    ("flip field=total-length",                                      Protocol,         None,      None,                                false, 1, Fails),
    ("flip field=headers-length",                                    Protocol,         None,      None,                                false, 1, Fails),
    ("flip field=prelude-crc",                                       Protocol,         None,      None,                                false, 1, Fails),
    ("flip field=headers",                                           Protocol,         None,      None,                                false, 1, Fails),
    ("flip field=payload",                                           Protocol,         None,      None,                                false, 1, Fails),
    ("flip field=message-crc",                                       Protocol,         None,      None,                                false, 1, Fails),
    ("length field=total-length",                                    Protocol,         None,      None,                                false, 1, Fails),
    ("length field=headers-length",                                  Protocol,         None,      None,                                false, 1, Fails),
    ("cut",                                                          Incomplete,       None,      None,                                false, 3, Whole),
    ("cut clean=true",                                               Incomplete,       None,      None,                                false, 3, Whole),
    ("reset",                                                        Incomplete,       None,      None,                                false, 3, Whole),
    ("stall",                                                        Timeout,          None,      None,                                false, 1, Whole),
];

/// An answer in place of the model's, and the same of its error; the number is that of the attempts.
type Answer = (&'static str, ErrorKind, Option<u16>, Option<&'static str>, bool, u32);

#[rustfmt::skip]
const IN_PLACE: [Answer; 16] = [
    ("throttle",                                         Throttling,    Some(429), Some("ThrottlingException"),         true,  3),
    (r#"throttle message="20 per day""#,                 QuotaExceeded, Some(429), Some("ThrottlingException"),         false, 1),
    ("http code=InternalServerException",                Internal,      Some(500), Some("InternalServerException"),     true,  3),
    ("http status=503 code=ServiceUnavailableException", Unavailable,   Some(503), Some("ServiceUnavailableException"), true,  3),
    ("http status=429 code=ModelNotReadyException",      ModelNotReady, Some(429), Some("ModelNotReadyException"),      true,  3),
    ("http status=400 code=ValidationException",         Validation,    Some(400), Some("ValidationException"),         false, 1),
    ("http status=424 code=ModelErrorException",         ModelError,    Some(424), Some("ModelErrorException"),         false, 1),
    ("http status=418 code=BrandNewException",           Service,       Some(418), Some("BrandNewException"),           false, 1),
    (r#"http status=502 body="""#,                       Unavailable,   Some(502), None,                                true,  3),
    ("html",                                             Unavailable,   Some(503), None,                                true,  3),
    ("html status=200",                                  Protocol,      Some(200), None,                                false, 1),
    ("unknown-operation",                                Protocol,      Some(200), Some("UnknownOperationException"),   false, 1),
    ("empty",                                            Protocol,      Some(200), None,                                false, 1),
    ("cut at=head",                                      Connection,    None,      None,                                true,  3),
    ("reset at=head",                                    Connection,    None,      None,                                true,  3),
    ("stall at=head",                                    Timeout,       None,      None,                                false, 1),
];

/// A model that waits for nothing between attempts, and for silence as long as `silence`.
pub(crate) fn model_with(server: &Server, silence: Duration) -> BedrockConverseModel {
    let timeouts = Timeouts { first_byte: Some(silence), idle: Some(silence), total: None };
    let provider = BedrockProvider::builder()
        .environment(server.environment())
        .retry(RetryConfig { max_backoff: Duration::from_millis(1), ..RetryConfig::default() })
        .options(RequestOptions { timeouts, ..RequestOptions::default() })
        .build();
    BedrockConverseModel::new(NOVA, provider.unwrap()).unwrap()
}

/// The settings of a request to which `fault` happens.
pub(crate) fn with_fault(fault: &str) -> BedrockModelSettings {
    let headers = [("x-converse-fault", fault)];
    BedrockModelSettings { extra_headers: Some(headers.into()), ..BedrockModelSettings::default() }
}

pub(crate) fn says(text: &str) -> Vec<ModelMessage> {
    vec![ModelRequest::user_text_prompt(text).into()]
}

/// How long silence lasts that is to be noticed, and otherwise.
fn silence(fault: &str) -> Duration {
    Duration::from_secs(if fault.starts_with("stall") { 1 } else { 60 })
}

/// What came of a stream.
struct Outcome {
    stream: Option<BedrockStreamedResponse>,
    events: Vec<ModelResponseStreamEvent>,
    error: Option<Error>,
}

async fn stream(server: &Server, fault: &str) -> Outcome {
    let model = model_with(server, silence(fault));
    let mut stream = match model.request_stream(&says("a b c"), Some(&with_fault(fault)), None).await {
        Ok(stream) => stream,
        Err(error) => return Outcome { stream: None, events: vec![], error: Some(error) },
    };
    let (mut events, mut error) = (vec![], None);
    while let Some(event) = stream.next().await {
        assert!(error.is_none(), "{fault}: something comes after the error: {event:?}");
        match event {
            Ok(event) => events.push(event),
            Err(failure) => error = Some(failure),
        }
    }
    assert!(stream.next().await.is_none(), "{fault}: it is over");
    Outcome { stream: Some(stream), events, error }
}

/// Waits until the server is done with the requests that `fault` happened to, and counts them.
async fn served(server: &Server, fault: &str) -> usize {
    let hit = |request: &&bedrock_converse::serve::ServedRequest| request.header("x-converse-fault") == Some(fault);
    server.until(|requests| requests.iter().filter(hit).all(|request| request.done)).await;
    server.requests().iter().filter(hit).count()
}

#[tokio::test]
async fn each_fault_at_each_place_of_a_stream() {
    let server = Server::start().unwrap();
    for row in IN_STREAM {
        // Those that wait for a limit wait together.
        let [a, b, c, d, e] = PLACES.map(|place| check_in_stream(&server, row, place));
        tokio::join!(a, b, c, d, e);
    }
}

async fn check_in_stream(server: &Server, row: Row, (at, text): (&str, &str)) {
    let (fault, kind, status, code, retryable, attempts_at_start, after_stop) = row;
    if at == "end" && (fault.starts_with("flip") || fault.starts_with("length")) {
        return; // There is no frame any more.
    }
    let fault = format!("{fault} at={at}");
    let at_start = at == "messageStart";
    let stopped = text == WHOLE;
    let Outcome { stream, events, error } = stream(server, &fault).await;
    let usage = if at == "end" {
        RequestUsage { input_tokens: 3, output_tokens: 5, ..Default::default() }
    } else {
        RequestUsage::default()
    };
    let attempts = if at_start { attempts_at_start } else { 1 };
    assert_eq!(served(server, &fault).await, attempts as usize, "{fault}");

    if stopped && after_stop == Whole {
        // The answer is whole; nothing but the usage can be missing.
        assert!(error.is_none(), "{fault}: {error:?}");
        let response = stream.unwrap().get();
        assert_eq!((response.text().as_deref(), response.state), (Some(WHOLE), State::Complete), "{fault}");
        assert_eq!((response.finish_reason, &response.usage), (Some(FinishReason::Stop), &usage), "{fault}");
        assert_eq!(events.last().map(ModelResponseStreamEvent::kind), Some("part_end"), "{fault}");
        println!("{fault:<100} complete, {} output tokens", usage.output_tokens);
        return;
    }
    let error = error.unwrap_or_else(|| panic!("{fault}: no error"));
    // As long as nothing has come, a cut stream may be tried again.
    let retryable = retryable || (at_start && kind == Incomplete);
    assert_eq!((error.kind(), error.status(), error.code()), (kind, status, code), "{fault}: {error:?}");
    assert_eq!((error.is_retryable(), error.attempts()), (retryable, attempts), "{fault}: {error:?}");
    assert_eq!(error.in_stream(), !(at_start && kind == Timeout), "{fault}: {error:?}");
    if matches!(fault.split(' ').next(), Some("exception" | "error")) {
        let message = if kind == QuotaExceeded { "20 per day" } else { "scripted fault" };
        assert_eq!(error.message(), message, "{fault}: {error:?}");
    }
    println!("{fault:<100} {kind:?} {status:?} retryable: {retryable}, partial: {text:?}, attempts: {attempts}");

    let Some(stream) = stream else {
        assert!(at_start && error.partial().is_none(), "{fault}: {error:?}");
        return;
    };
    assert!(!at_start && error.request_id().is_some(), "{fault}: {error:?}");
    let partial = error.partial().unwrap_or_else(|| panic!("{fault}: no partial answer"));
    assert_eq!(partial.text().unwrap_or_default(), text, "{fault}");
    assert_eq!((&partial.state, &partial.usage), (&State::Incomplete, &usage), "{fault}");
    assert_eq!(partial.finish_reason, stopped.then_some(FinishReason::Stop), "{fault}");
    assert_eq!((partial, &usage), (&stream.get(), stream.usage()), "{fault}: the stream says the same");
    // What was told adds up to what is there.
    let starts = usize::from(!text.is_empty());
    let kinds = |kind| events.iter().filter(|event| event.kind() == kind).count();
    assert_eq!((kinds("part_start"), kinds("part_end")), (starts, 0), "{fault}: {events:?}");
}

#[tokio::test]
async fn a_stream_that_is_cut_before_inside_or_after_any_event_is_never_taken_for_whole() {
    let server = Server::start().unwrap();
    let text = |event: usize| match event {
        0 | 1 => "",
        2 => "You",
        3 => "You said:",
        4 => "You said: a",
        5 => "You said: a b",
        _ => WHOLE,
    };
    for cut in ["cut", "cut clean=true", "reset"] {
        for event in 0..=EVENTS {
            // Before it, inside the prelude, the headers and the payload; before the one after the last is after the last.
            for byte in if event == EVENTS { &[0][..] } else { &[0, 7, 40, 120] } {
                let fault = format!("{cut} at={event} byte={byte}");
                let outcome = stream(&server, &fault).await;
                let whole = event > 7 && *byte == 0;
                assert_eq!(outcome.error.is_none(), whole, "{fault}: {:?}", outcome.error);
                let Some(error) = outcome.error else { continue };
                assert_eq!((error.kind(), error.in_stream()), (Incomplete, true), "{fault}: {error:?}");
                let partial = error.partial().and_then(|partial| partial.text()).unwrap_or_default();
                assert_eq!(partial, text(event), "{fault}");
                assert_eq!(error.attempts(), if event == 0 { 3 } else { 1 }, "{fault}");
            }
        }
    }
}

#[tokio::test]
async fn each_answer_that_stands_in_place_of_the_model_s() {
    let server = Server::start().unwrap();
    for (fault, kind, status, code, retryable, attempts) in IN_PLACE {
        let model = model_with(&server, silence(fault));
        let streamed = stream(&server, fault).await;
        assert!(streamed.stream.is_none(), "{fault}: it fails before there is a stream");
        let whole = model.request(&says("a b c"), Some(&with_fault(fault)), None).await.unwrap_err();
        for error in [streamed.error.unwrap(), whole] {
            assert_eq!((error.kind(), error.status(), error.code()), (kind, status, code), "{fault}: {error:?}");
            assert_eq!((error.is_retryable(), error.attempts()), (retryable, attempts), "{fault}: {error:?}");
            assert!(!error.in_stream() && error.partial().is_none(), "{fault}: {error:?}");
            assert_eq!(error.request_id().is_some(), status.is_some(), "{fault}: {error:?}");
            let body = error.body().map(|body| String::from_utf8_lossy(body).into_owned());
            match fault.split(' ').next().unwrap() {
                "html" => assert!(body.unwrap().starts_with("<html>"), "{fault}"),
                "throttle" => assert!(body.unwrap().starts_with(r#"{"message":"#), "{fault}"),
                "empty" => assert_eq!(body.as_deref(), Some(""), "{fault}"),
                "cut" | "reset" | "stall" => assert_eq!(body, None, "{fault}"),
                _ => assert!(body.is_some(), "{fault}"),
            }
            println!("{fault:<60} {kind:?} {status:?} {code:?} retryable: {retryable}, attempts: {attempts}");
        }
        assert_eq!(served(&server, fault).await, 2 * attempts as usize, "{fault}");
    }
}

#[tokio::test]
async fn whole_answers_that_break_off() {
    let server = Server::start().unwrap();
    // Nothing of it was handed out, so it is asked for again; silence may have been billed.
    for (fault, kind, attempts) in [
        ("cut byte=20", Connection, 3),
        ("cut byte=20 clean=true", Protocol, 1),
        ("reset byte=20", Connection, 3),
        ("stall byte=20", Timeout, 1),
    ] {
        let model = model_with(&server, silence(fault));
        let error = model.request(&says("a b c"), Some(&with_fault(fault)), None).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts(), error.in_stream()), (kind, attempts, false), "{fault}: {error:?}");
        assert!(error.request_id().is_some(), "{fault}: {error:?}");
        assert_eq!(served(&server, fault).await, attempts as usize, "{fault}");
    }
    // A stream of no bytes at all.
    let fault = r#"http status=200 body="" content-type=application/vnd.amazon.eventstream"#;
    let error = stream(&server, fault).await.error.unwrap();
    assert_eq!((error.kind(), error.is_retryable(), error.attempts()), (Incomplete, true, 3), "{error:?}");
}

/// How long after `act` the server sees that the client has gone.
async fn until_closed(server: &Server, name: &str, act: impl FnOnce()) {
    let start = Instant::now();
    act();
    let closed = server.until(|requests| requests.last().is_some_and(|request| request.done));
    tokio::time::timeout(Duration::from_secs(60), closed).await.unwrap_or_else(|_| panic!("{name}: still open"));
    println!("{name}: closed after {:?}", start.elapsed());
    let request = server.requests().pop().unwrap();
    assert!(request.closed_early, "{name}: {request:?}");
}

#[tokio::test]
async fn leaving_a_stream_closes_its_connection() {
    let server = Server::start().unwrap();
    let model = model_with(&server, Duration::from_secs(60));
    let open = async || {
        let settings = with_fault("stall at=4");
        let mut stream = model.request_stream(&says("a b c"), Some(&settings), None).await.unwrap();
        for _ in 0..3 {
            stream.next().await.unwrap().unwrap();
        }
        assert_eq!(stream.get().text().as_deref(), Some("You said:"));
        stream
    };
    let stream = open().await;
    until_closed(&server, "a dropped stream", || drop(stream)).await;

    let mut stream = open().await;
    until_closed(&server, "a cancelled stream", || stream.cancel()).await;
    assert!(stream.cancelled() && stream.next().await.is_none());
    assert_eq!((stream.get().state, stream.get().text().as_deref()), (State::Interrupted, Some("You said:")));

    // Calls that are dropped while they wait: for an answer at all, for its first event, for its end.
    for (name, fault, streamed) in [
        ("a dropped call of a stream", "stall at=head", true),
        ("a dropped call of a stream, its head has come", "stall at=0", true),
        ("a dropped call", "stall at=head", false),
        ("a dropped call, half its answer has come", "stall byte=20", false),
    ] {
        let arrived = server.requests().len() + 1;
        let (model, settings) = (model.clone(), with_fault(fault));
        let call = tokio::spawn(async move {
            match streamed {
                true => drop(model.request_stream(&says("a b c"), Some(&settings), None).await),
                false => drop(model.request(&says("a b c"), Some(&settings), None).await),
            }
        });
        server.until(|requests| requests.len() == arrived).await;
        until_closed(&server, name, || call.abort()).await;
    }

    // The client is as good as before.
    assert_eq!(model.request(&says("a b c"), None, None).await.unwrap().text().as_deref(), Some(WHOLE));
}
