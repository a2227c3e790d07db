//! Unary calls of the client: what is sent, what is tried again, what becomes of each failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bedrock_converse::client::{Auth, Client, RequestOptions, Timeouts};
use bedrock_converse::credentials::{Credentials, ProvideCredentials};
use bedrock_converse::endpoint::EndpointParams;
use bedrock_converse::retry::RetryConfig;
use bedrock_converse::wire::{ConverseRequest, CountTokensRequest, StopReason};
use bedrock_converse::{Error, ErrorKind};

use crate::fake::{Answer, Fake, Piece, Step};

const PARIS: &str = r#"{"output":{"message":{"role":"assistant","content":[{"text":"Paris."}]}},"stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}}"#;

fn ok() -> Answer {
    Answer::json(200, PARIS)
}

fn throttled() -> Answer {
    Answer::error(429, "ThrottlingException", "Too many requests, please wait before trying again.")
}

fn request() -> ConverseRequest {
    ConverseRequest::new("us.amazon.nova-micro-v1:0").user("What is the capital of France?")
}

fn keys() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "SECRET", None, None, "test")
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn fails(client: &Client) -> Error {
    client.converse(&request()).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn an_answer_comes_with_its_json_and_request_id() {
    let fake = Fake::new([ok()]);
    let client = fake.builder().build().unwrap();
    let reply = client.converse(&request()).await.unwrap();
    assert_eq!(reply.value.stop_reason, StopReason::EndTurn);
    assert_eq!((&*reply.body, reply.attempts), (PARIS.as_bytes(), 1));
    assert_eq!(reply.request_id.as_deref(), Some("id-1"));

    let [sent] = &fake.sent()[..] else { panic!() };
    let url = "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.amazon.nova-micro-v1%3A0/converse";
    assert_eq!((sent.method().as_str(), sent.uri().to_string().as_str()), ("POST", url));
    assert_eq!(sent.headers()["authorization"], "Bearer bedrock-api-key-SECRET");
    assert_eq!(sent.headers()["content-type"], "application/json");
    assert_eq!(*sent.body(), request().to_json().unwrap());
    assert_eq!((client.region(), client.endpoint_url()), (Some("us-east-1"), &url[..47]));
}

#[tokio::test(start_paused = true)]
async fn credentials_sign_the_request_and_its_extra_headers() {
    let fake = Fake::new([ok()]);
    let mut options = RequestOptions::default();
    options.headers.insert("x-team", "search".parse().unwrap());
    options.headers.insert("user-agent", "mine".parse().unwrap());
    let client = fake.builder_with(Auth::credentials(keys())).build().unwrap();
    client.with_options(options).unwrap().converse(&request()).await.unwrap();
    let sent = &fake.sent()[0];
    let authorization = sent.headers()["authorization"].to_str().unwrap();
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{authorization}");
    assert!(
        authorization.contains("/us-east-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-team,")
    );
    assert_eq!(
        (&sent.headers()["user-agent"], &sent.headers()["x-team"]),
        (&"mine".parse().unwrap(), &"search".parse().unwrap())
    );
    // The options were the other clone's.
    client.converse(&request()).await.unwrap();
    assert!(!fake.sent()[1].headers().contains_key("x-team"));
}

#[tokio::test(start_paused = true)]
async fn tokens_are_counted() {
    let fake = Fake::new([
        Answer::json(200, r#"{"inputTokens":17}"#),
        throttled(),
        Answer::json(200, r#"{"inputTokens":18}"#),
    ]);
    let client = fake.builder().build().unwrap();
    let request = CountTokensRequest::from(request());
    assert_eq!(client.count_tokens(&request).await.unwrap().value.input_tokens, 17);
    assert_eq!(client.count_tokens(&request).await.unwrap().value.input_tokens, 18);
    assert!(fake.sent()[0].uri().path().ends_with("/count-tokens"));

    let message = "The provided model doesn't support counting tokens.";
    let fake = Fake::new([Answer::error(400, "ValidationException", message)]);
    let error = fake.builder().build().unwrap().count_tokens(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::CountTokensUnsupported, Some(400)));
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_sent() {
    let fake = Fake::new([ok()]);
    let build = |endpoint: EndpointParams, auth| Client::builder(endpoint, auth).build().map(drop);
    let own = EndpointParams { endpoint: Some("https://example.com".to_owned()), ..Default::default() };
    let error = build(own.clone(), Auth::credentials(keys())).unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Configuration, "Invalid Configuration: Missing Region"));
    build(own, Auth::api_key("key")).unwrap();

    for name in ["authorization", "host", "content-length", "x-amz-date"] {
        let mut options = RequestOptions::default();
        options.headers.insert(name, "1".parse().unwrap());
        let errors = [
            fake.builder().options(options.clone()).build().unwrap_err(),
            fake.builder().build().unwrap().with_options(options).unwrap_err(),
        ];
        for error in errors {
            assert!(error.kind() == ErrorKind::InvalidInput && error.message().contains(name), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_model_id_or_key_is_refused_before_anything_is_sent() {
    let fake = Fake::new([ok()]);
    for id in ["..", &"a".repeat(1 << 16)] {
        let error = fake.builder().build().unwrap().converse(&ConverseRequest::new(id)).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidInput, 0));
        assert!(error.message().starts_with("model: "), "{error}");
    }
    let client = fake.builder_with(Auth::api_key("two\nlines")).build().unwrap();
    let error = fails(&client).await;
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Credentials, 0));
    assert!(fake.sent().is_empty());
}

#[tokio::test(start_paused = true)]
async fn retries() {
    use ErrorKind::*;
    let error = |status, code| Step::from(Answer::error(status, code, "message"));
    let daily = || Step::from(Answer::error(429, "ThrottlingException", "Too many tokens per day, please wait."));
    let json = |status, body| Step::from(Answer::json(status, body));
    // The script, the number of attempts, and the kind of the error at the end.
    let table: [(&str, Vec<Step>, u32, Option<ErrorKind>); 20] = [
        ("success", vec![ok().into()], 1, None),
        ("throttled once", vec![throttled().into(), ok().into()], 2, None),
        ("throttled twice", vec![throttled().into(), throttled().into(), ok().into()], 3, None),
        ("throttled for good", vec![throttled().into()], 3, Some(Throttling)),
        ("internal", vec![error(500, "InternalServerException"), ok().into()], 2, None),
        ("unavailable", vec![error(503, "ServiceUnavailableException")], 3, Some(Unavailable)),
        ("a proxy's 502", vec![json(502, "<html>"), json(504, ""), ok().into()], 3, None),
        ("model not ready", vec![error(429, "ModelNotReadyException"), ok().into()], 2, None),
        ("no connection", vec![Step::Fail(Connection), ok().into()], 2, None),
        ("connect timeout", vec![Step::ConnectTimeout], 3, Some(Timeout)),
        ("daily quota", vec![daily()], 1, Some(QuotaExceeded)),
        ("validation", vec![error(400, "ValidationException")], 1, Some(Validation)),
        ("denied", vec![error(403, "AccessDeniedException")], 1, Some(AccessDenied)),
        ("not found", vec![error(404, "ResourceNotFoundException")], 1, Some(NotFound)),
        ("model timeout", vec![error(408, "ModelTimeoutException")], 1, Some(ModelTimeout)),
        ("model error", vec![error(424, "ModelErrorException")], 1, Some(ModelError)),
        (
            "first internal, then validation",
            vec![error(500, "InternalFailure"), error(400, "ValidationException")],
            2,
            Some(Validation),
        ),
        ("redirect", vec![json(302, "")], 1, Some(Service)),
        ("not JSON", vec![json(200, "<html>")], 1, Some(Protocol)),
        ("another protocol", vec![Step::Fail(Protocol)], 1, Some(Protocol)),
    ];
    for (name, script, attempts, kind) in table {
        let fake = Fake::new(script);
        match fake.builder().build().unwrap().converse(&request()).await {
            Ok(reply) => assert_eq!((kind, attempts), (None, reply.attempts), "{name}"),
            Err(error) => assert_eq!((kind, attempts), (Some(error.kind()), error.attempts()), "{name}: {error}"),
        }
        assert_eq!(fake.sent().len(), attempts as usize, "{name}");
        assert_eq!(fake.open(), 0, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn waits_are_the_service_s_or_grow_with_jitter() {
    let script = [throttled().with("x-amz-retry-after", "1500"), throttled().with("retry-after", "7"), ok()];
    let fake = Fake::new(script);
    fake.builder().build().unwrap().converse(&request()).await.unwrap();
    assert_eq!(fake.times(), [Duration::ZERO, Duration::from_millis(1500), Duration::from_millis(8500)]);

    let fake = Fake::new([throttled()]);
    let retry = RetryConfig { max_attempts: 6, ..RetryConfig::default() };
    fails(&fake.builder().retry(retry).build().unwrap()).await;
    let times = fake.times();
    for (i, pair) in times.windows(2).enumerate() {
        assert!(pair[1] - pair[0] <= seconds(1 << i), "{times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_total_outage_is_met_by_the_quota_of_the_client() {
    let fake = Fake::new([Answer::error(503, "ServiceUnavailableException", "down")]);
    let client = fake.builder().build().unwrap();
    let requests: Vec<_> = (0..1000)
        .map(|_| {
            tokio::spawn({
                let client = client.clone();
                async move { fails(&client).await.kind() }
            })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.unwrap(), ErrorKind::Unavailable);
    }
    // 500 of quota at 5 a retry.
    assert_eq!(fake.sent().len(), 1000 + 100);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_leaves_nothing_behind() {
    let fake = Fake::new([throttled().into(), Step::Silence]);
    let client = fake.builder().build().unwrap();
    // Dropped while it waits for an answer, after a retry.
    tokio::time::timeout(seconds(60), client.converse(&request())).await.unwrap_err();
    assert_eq!((fake.sent().len(), fake.open()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn silence_ends_with_a_timeout_and_is_not_tried_again_unless_asked() {
    let fake = Fake::new([Step::Silence]);
    let start = tokio::time::Instant::now();
    let error = fails(&fake.builder().build().unwrap()).await;
    assert_eq!(start.elapsed(), seconds(300));
    assert_eq!((error.kind(), error.attempts(), error.in_stream()), (ErrorKind::Timeout, 1, false));
    assert_eq!(error.message(), "no answer came within 300s");

    let retry = RetryConfig { retry_timeouts: true, ..RetryConfig::default() };
    let error = fails(&fake.builder().retry(retry).build().unwrap()).await;
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 3));
}

#[tokio::test(start_paused = true)]
async fn a_body_may_take_its_time_but_not_pause_for_too_long() {
    let halves = |wait| {
        let (one, two) = PARIS.split_at(40);
        let body = vec![Piece::Bytes(one.into()), Piece::Wait(wait), Piece::Wait(wait), Piece::Bytes(two.into())];
        Answer { body, ..ok() }
    };
    let options = |total| {
        let timeouts = Timeouts { first_byte: None, idle: Some(seconds(100)), total };
        RequestOptions { timeouts, ..Default::default() }
    };
    let call = async |wait, total| {
        let client = Fake::new([halves(seconds(wait))]).builder().options(options(total)).build().unwrap();
        client.converse(&request()).await
    };
    call(49, None).await.unwrap();
    assert_eq!(call(51, None).await.unwrap_err().message(), "the answer did not go on within 100s");
    assert_eq!(call(49, Some(seconds(97))).await.unwrap_err().message(), "the request did not end within 97s");
}

#[tokio::test(start_paused = true)]
async fn the_total_time_covers_all_attempts_and_no_wait_goes_beyond_it() {
    let fake = Fake::new([throttled().with("retry-after", "10")]);
    let timeouts = Timeouts { total: Some(seconds(15)), ..Timeouts::default() };
    let client = fake.builder().options(RequestOptions { timeouts, ..Default::default() }).build().unwrap();
    let start = tokio::time::Instant::now();
    let error = fails(&client).await;
    // What the service said is worth more than that the time would have run out.
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Throttling, 2));
    assert_eq!(start.elapsed(), seconds(10));
}

#[tokio::test(start_paused = true)]
async fn errors_have_all_that_the_service_said() {
    let html = Answer::json(503, "<html>busy</html>").with("content-type", "text/html").with("retry-after", "3");
    let unmodelled = Answer::json(400, r#"{"__type":"com.amazon#ExpiredTokenException:","Message":"late"}"#);
    let table = [
        (
            throttled(),
            ErrorKind::Throttling,
            Some("ThrottlingException"),
            "Too many requests, please wait before trying again.",
        ),
        (html, ErrorKind::Unavailable, None, "<html>busy</html>"),
        (unmodelled, ErrorKind::Unauthorized, Some("ExpiredTokenException"), "late"),
    ];
    let retry = RetryConfig { max_attempts: 1, ..RetryConfig::default() };
    for (answer, kind, code, message) in table {
        let Piece::Bytes(body) = answer.body[0].clone() else { panic!() };
        let wait = answer.headers.iter().any(|(name, _)| *name == "retry-after").then_some(seconds(3));
        let status = answer.status;
        let error = fails(&Fake::new([answer]).builder().retry(retry.clone()).build().unwrap()).await;
        assert_eq!((error.kind(), error.code(), error.message()), (kind, code, message));
        assert_eq!((error.status(), error.body(), error.request_id()), (Some(status), Some(&body), Some("id-1")));
        assert_eq!((error.retry_after(), error.attempts(), error.in_stream()), (wait, 1, false));
    }
    // The body of an error that breaks off takes nothing else with it.
    let broken = Answer { body: vec![Piece::Break], ..Answer::error(403, "AccessDeniedException", "") };
    let error = fails(&Fake::new([broken]).builder().build().unwrap()).await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::AccessDenied, Some("AccessDeniedException")));
}

#[tokio::test(start_paused = true)]
async fn a_success_that_is_none_is_an_error() {
    let unknown = r#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}"#;
    let table = [
        (Answer::json(200, unknown), "the service did not recognise the operation"),
        (
            Answer::json(200, "<html>").with("content-type", "text/html"),
            r#"the answer has the content type "text/html" in place of application/json"#,
        ),
        (Answer::json(200, ""), "EOF while parsing a value at line 1 column 0"),
    ];
    for (answer, message) in table {
        let Piece::Bytes(body) = answer.body[0].clone() else { panic!() };
        let error = fails(&Fake::new([answer]).builder().build().unwrap()).await;
        assert_eq!((error.kind(), error.message()), (ErrorKind::Protocol, message));
        assert_eq!((error.status(), error.body(), error.request_id()), (Some(200), Some(&body), Some("id-1")));
    }
    let error = fails(&Fake::new([ok()]).builder().max_body(PARIS.len() - 1).build().unwrap()).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains(&(PARIS.len() - 1).to_string()), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_is_put_right_by_the_service_s() {
    #[expect(clippy::disallowed_methods, reason = "the real clock is what is tested against")]
    let now = SystemTime::now();
    let http_date = |time: SystemTime| {
        aws_smithy_types::DateTime::from(time).fmt(aws_smithy_types::date_time::Format::HttpDate).unwrap()
    };
    let skewed =
        |ahead: u64, code| Answer::error(403, code, "too skewed").with("date", &http_date(now + seconds(ahead)));
    // The `x-amz-date` of a request, up to the minute, and the same of a time.
    let minutes = |time: SystemTime| {
        (-1..=1)
            .map(|i| {
                let time = if i < 0 { time - seconds(60) } else { time + seconds(60 * i as u64) };
                let text =
                    aws_smithy_types::DateTime::from(time).fmt(aws_smithy_types::date_time::Format::DateTime).unwrap();
                text.replace(['-', ':'], "")[..13].to_owned()
            })
            .collect::<Vec<_>>()
    };
    for code in ["InvalidSignatureException", "RequestTimeTooSkewed", "AccessDeniedException"] {
        let fake = Fake::new([skewed(3600, code), ok()]);
        let client = fake.builder_with(Auth::credentials(keys())).build().unwrap();
        assert_eq!(client.converse(&request()).await.unwrap().attempts, 2);
        client.converse(&request()).await.unwrap();
        let dates: Vec<_> =
            fake.sent().iter().map(|sent| sent.headers()["x-amz-date"].to_str().unwrap()[..13].to_owned()).collect();
        assert!(minutes(now).contains(&dates[0]), "{dates:?}");
        assert!(minutes(now + seconds(3600)).contains(&dates[1]), "{dates:?}");
        assert!(minutes(now + seconds(3600)).contains(&dates[2]), "it stays right: {dates:?}");
    }
    // For signatures only, once only, and not for a clock that is right enough.
    for (ahead, attempts) in [(3600, 2), (200, 1)] {
        let fake = Fake::new([skewed(ahead, "AccessDeniedException"), skewed(2 * ahead, "AccessDeniedException")]);
        let error = fails(&fake.builder_with(Auth::credentials(keys())).build().unwrap()).await;
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::AccessDenied, attempts));
        assert_eq!(fails(&fake.builder().build().unwrap()).await.attempts(), 1);
    }
}

/// Gives other keys each time: `AKID1`, `AKID2`, …
#[derive(Debug, Default)]
struct Rotating(AtomicUsize);

impl ProvideCredentials for Rotating {
    fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let number = 1 + self.0.fetch_add(1, Ordering::SeqCst);
        let keys = Credentials::new(format!("AKID{number}"), "SECRET", None, None, "rotating");
        aws_credential_types::provider::future::ProvideCredentials::ready(Ok(keys))
    }
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_resolved_anew_once() {
    let expired =
        || Answer::error(403, "ExpiredTokenException", "The security token included in the request is expired");
    let used = |fake: &Fake| -> Vec<String> {
        let key = |value: &str| value.split(['=', '/']).nth(1).unwrap().to_owned();
        fake.sent().iter().map(|sent| key(sent.headers()["authorization"].to_str().unwrap())).collect()
    };
    let fake = Fake::new([expired(), ok()]);
    let client = fake.builder_with(Auth::credentials(Rotating::default())).build().unwrap();
    assert_eq!(client.converse(&request()).await.unwrap().attempts, 2);
    assert_eq!(used(&fake), ["AKID1", "AKID2"]);
    // Without a wait, and the new ones are kept.
    assert_eq!(fake.times()[1], Duration::ZERO);
    client.converse(&request()).await.unwrap();
    assert_eq!(used(&fake)[2], "AKID2");

    let fake = Fake::new([expired()]);
    let error = fails(&fake.builder_with(Auth::credentials(Rotating::default())).build().unwrap()).await;
    assert_eq!((error.kind(), error.attempts(), used(&fake).len()), (ErrorKind::Unauthorized, 2, 2));

    // The same keys again are no reason for another attempt, nor is a refusal when one attempt is all there is.
    let one = RetryConfig { max_attempts: 1, ..RetryConfig::default() };
    for builder in [
        fake.builder_with(Auth::credentials(keys())),
        fake.builder(),
        fake.builder_with(Auth::credentials(Rotating::default())).retry(one),
    ] {
        let error = fails(&builder.build().unwrap()).await;
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthorized, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn bearer_keys_from_a_provider_are_asked_for_each_time() {
    let count = Arc::new(AtomicUsize::new(0));
    let provider = aws_credential_types::token_fn::provide_token_fn({
        let count = count.clone();
        move || {
            let number = count.fetch_add(1, Ordering::SeqCst);
            async move { Ok(aws_credential_types::Token::new(format!("key-{number}"), None)) }
        }
    });
    let fake = Fake::new([Answer::error(403, "ExpiredTokenException", ""), ok()]);
    let client = fake.builder_with(Auth::bearer(provider)).build().unwrap();
    assert_eq!(client.converse(&request()).await.unwrap().attempts, 2);
    let sent: Vec<_> = fake.sent().iter().map(|sent| sent.headers()["authorization"].clone()).collect();
    assert_eq!(sent, ["Bearer key-0", "Bearer key-1"]);
}
