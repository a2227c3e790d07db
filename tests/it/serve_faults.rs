//! Every fault, seen from the socket.

use aws_smithy_eventstream::frame::read_message_from;
use bedrock_converse::serve::{Fault, Server};
use serde_json::json;

use crate::serve::{Answer, CLAUDE, Request, converse, converse_stream, says};

async fn with_fault(server: &Server, fault: &str, stream: bool) -> Answer {
    let path = format!("{CLAUDE}/{}", if stream { "converse-stream" } else { "converse" });
    Request::new(path, &says("a b c")).header("x-converse-fault", fault).signed(server).send(server).await
}

#[tokio::test]
async fn throttles_so_many_times_and_then_answers() {
    let script =
        Fault::script("throttle times=2 retry-after=3; http status=503 code=ServiceUnavailableException times=1");
    let server = Server::builder().faults(script.unwrap()).start().unwrap();
    for _ in 0..2 {
        let answer = converse(&server, &says("x")).await;
        assert_eq!((answer.status, answer.code()), (429, Some("ThrottlingException")));
        assert_eq!(answer.header("retry-after"), Some("3"));
    }
    let answer = converse(&server, &says("x")).await;
    assert_eq!((answer.status, answer.code()), (503, Some("ServiceUnavailableException")));
    assert_eq!(converse(&server, &says("x")).await.status, 200);

    // By header: requests with the same header share its count, and the script is untouched.
    let fault = "throttle times=1 x-amz-retry-after=20";
    let answer = with_fault(&server, fault, true).await;
    assert_eq!((answer.status, answer.header("x-amz-retry-after")), (429, Some("20")));
    assert_eq!(with_fault(&server, fault, true).await.status, 200);
    assert_eq!(with_fault(&server, "throttle", true).await.status, 429);
    assert_eq!(with_fault(&server, "throttle", true).await.status, 429);
}

#[tokio::test]
async fn answers_that_are_not_the_services() {
    let server = Server::start().unwrap();
    let answer = with_fault(&server, "html", false).await;
    assert_eq!((answer.status, answer.header("content-type")), (503, Some("text/html")));
    assert!(answer.body.starts_with(b"<html>"));
    let answer = with_fault(&server, "html status=200", true).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html")));
    let answer = with_fault(&server, "unknown-operation", true).await;
    assert_eq!(answer.json()["Output"]["__type"], "com.amazon.coral.service#UnknownOperationException");
    let answer = with_fault(&server, "empty", false).await;
    assert_eq!((answer.status, answer.body.len(), answer.whole), (200, 0, true));
    let answer =
        with_fault(&server, r#"http status=424 body="{\"a\": 1}" header:x-mine=yes code=ModelErrorException"#, true)
            .await;
    assert_eq!((answer.status, answer.json(), answer.header("x-mine")), (424, json!({ "a": 1 }), Some("yes")));
    assert_eq!(answer.code(), Some("ModelErrorException"));
}

#[tokio::test]
async fn exception_and_error_frames_end_a_stream() {
    let server = Server::start().unwrap();
    // messageStart, five deltas, contentBlockStop, messageStop, metadata
    for (at, before) in [("0", 0), ("contentBlockDelta", 1), ("4", 4), ("metadata", 8), ("end", 9)] {
        let fault = format!(r#"exception type=throttlingException message="slow down" at={at}"#);
        let answer = with_fault(&server, &fault, true).await;
        let (events, rest) = answer.events();
        assert_eq!((answer.status, answer.whole, rest, events.len()), (200, true, 0, before + 1), "{at}");
        assert_eq!(events[before], ("throttlingException".into(), json!({ "message": "slow down" })));
    }
    let fault = "exception type=modelStreamErrorException original-status=529 original-message=overloaded at=2";
    let payload = &with_fault(&server, fault, true).await.events().0[2].1;
    assert_eq!(payload["originalStatusCode"], 529);
    assert_eq!(payload["originalMessage"], "overloaded");

    let answer = with_fault(&server, "error code=Boom message=bang at=3", true).await;
    assert_eq!(answer.events().0[3].0, "Boom");
}

#[tokio::test]
async fn bad_frames() {
    let server = Server::start().unwrap();
    let good = with_fault(&server, "none", true).await;
    for field in ["total-length", "headers-length", "prelude-crc", "headers", "payload", "message-crc"] {
        let answer = with_fault(&server, &format!("flip field={field} at=3"), true).await;
        let (events, rest) = answer.events();
        assert_eq!(events, good.events().0[..3], "{field}");
        assert!(rest > 0);
        let wrong = answer.body.iter().zip(&good.body).filter(|(bad, good)| bad != good);
        assert_eq!((answer.body.len(), wrong.count()), (good.body.len(), 1), "{field}");
    }
    for (field, offset) in [("total-length", 0), ("headers-length", 4)] {
        let answer = with_fault(&server, &format!("length field={field} at=2"), true).await;
        let (events, rest) = answer.events();
        assert_eq!(events.len(), 2);
        let prelude = &answer.body[answer.body.len() - rest..][..12];
        assert_eq!(prelude[offset..offset + 4], i32::MAX.to_be_bytes());
        assert_eq!(prelude[8..], crc32fast::hash(&prelude[..8]).to_be_bytes());
    }
}

#[tokio::test]
async fn cut_connections() {
    let server = Server::start().unwrap();
    let good = with_fault(&server, "none", true).await;
    let ends = |count: usize| -> usize {
        let mut rest = good.body.as_slice();
        (0..count).for_each(|_| drop(read_message_from(&mut rest).unwrap()));
        good.body.len() - rest.len()
    };
    for at in 0..=9 {
        for (fault, whole, reset) in [("cut", false, false), ("cut clean=true", true, false), ("reset", false, true)] {
            let answer = with_fault(&server, &format!("{fault} at={at}"), true).await;
            assert_eq!((answer.status, answer.whole, answer.reset), (200, whole, reset), "{fault} {at}");
            assert_eq!(answer.body, good.body[..ends(at)]);
            if at < 9 {
                let answer = with_fault(&server, &format!("{fault} at={at} byte=7"), true).await;
                assert_eq!(answer.body, good.body[..ends(at) + 7]);
            }
        }
    }
    for (fault, reset) in [("cut at=head", false), ("reset at=head", true)] {
        let answer = with_fault(&server, fault, false).await;
        assert_eq!((answer.status, answer.reset), (0, reset));
    }
    let answer = with_fault(&server, "cut byte=10", false).await;
    assert_eq!((answer.status, answer.body.len(), answer.whole), (200, 10, false));
    server.until(|requests| requests.iter().all(|request| request.done)).await;
    let statuses: Vec<_> = server.requests().iter().rev().take(3).map(|request| request.status).collect();
    assert_eq!(statuses, [Some(200), None, None]);
}

#[tokio::test]
async fn stalls_slow_answers_and_small_chunks() {
    let server = Server::start().unwrap();
    let good = with_fault(&server, "none", true).await;
    for fault in ["stall at=3 byte=20 for=30", "stall at=head for=30", "none delay=5", "none chunk=1", "none chunk=100"]
    {
        let answer = with_fault(&server, fault, true).await;
        assert_eq!(answer.body, good.body, "{fault}");
        assert!(answer.whole);
        let longest = answer.chunks.iter().max().copied();
        match fault {
            "none chunk=1" => assert_eq!(longest, Some(1)),
            "none chunk=100" => assert_eq!(longest, Some(100)),
            _ => assert!(longest > Some(100)),
        }
    }
    for fault in ["stall", "stall at=head"] {
        let request = Request::new(format!("{CLAUDE}/converse"), &says("x")).header("x-converse-fault", fault);
        let before = server.requests().len();
        let stream = request.signed(&server).open(&server).await;
        server.until(|requests| requests.len() > before).await;
        drop(stream);
        server.until(|requests| requests[before].done).await;
        assert!(server.requests()[before].closed_early);
    }
}

#[tokio::test]
async fn a_fault_that_does_not_fit_is_refused() {
    let server = Server::start().unwrap();
    for (fault, stream, named) in [
        ("exception", false, "stream"),
        ("cut at=12", true, "9 events"),
        ("cut at=contentBlockStart", true, "contentBlockStart"),
        ("cut at=1 byte=5000", true, "shorter"),
        ("flip at=9", true, "no event"),
        ("cutt", true, "cutt"),
        ("cut when=later", true, "when"),
        ("flip byte=3", true, "byte"),
        ("throttle at=3", true, "at"),
        ("cut clean=true at=head", true, "at=head"),
        ("cut at=1 at=2", true, "twice"),
        ("flip at=head", true, "at=head"),
        ("flip field=nose", true, "nose"),
        ("http status=99", true, "status"),
        ("throttle times=x", true, "times"),
        ("error message=\"", true, "JSON string"),
    ] {
        let answer = with_fault(&server, fault, stream).await;
        let body = answer.json();
        let message = body["message"].as_str().unwrap();
        assert_eq!((answer.status, answer.code()), (400, Some("ValidationException")), "{fault}");
        assert!(message.starts_with("x-converse-fault: ") && message.contains(named), "{fault}: {message}");
    }
}

#[tokio::test]
async fn scripts_are_text_or_json() {
    let json = r#"[{"fault": "throttle", "times": 1, "retry-after": 2}, "cut at=2 times=1", {"fault": "exception", "at": "end"}]"#;
    let text = "throttle times=1 retry-after=2 ; cut at=2 times=1; exception at=end";
    for script in [json, text] {
        let server = Server::builder().faults(Fault::script(script).unwrap()).start().unwrap();
        let answer = converse_stream(&server, &says("x")).await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("2")));
        assert_eq!(converse_stream(&server, &says("x")).await.events().0.len(), 2);
        for _ in 0..2 {
            let (events, _) = converse_stream(&server, &says("x")).await.events();
            assert_eq!(events.last().unwrap().0, "internalServerException");
        }
    }
    assert!(Fault::script("[1]").is_err());
    assert!(Fault::script("[{").is_err());
    assert!("cut; cut".parse::<Fault>().is_err());
    assert!("".parse::<Fault>().is_err());
    assert_eq!(Fault::script("").unwrap().len(), 0);
}
