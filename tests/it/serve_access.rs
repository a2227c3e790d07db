//! Who gets in: signatures, bearer keys and paths.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use bedrock_converse::Environment;
use bedrock_converse::serve::Server;
use serde_json::json;

use crate::serve::{CLAUDE, Request, example_keys, now, says};

fn request() -> Request {
    Request::new(format!("{CLAUDE}/converse"), &says("hi"))
}

const ARN: &str = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc";

#[tokio::test]
async fn a_right_signature_gets_in() {
    let server = Server::builder().region("us-east-1").start().unwrap();
    for path in [format!("{CLAUDE}/converse"), format!("{ARN}/converse-stream")] {
        let answer = Request::new(path, &says("hi")).signed(&server).send(&server).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let counted = Request::new(
        "/model/anthropic.claude-sonnet-4-20250514-v1%3A0/count-tokens",
        &json!({
            "input": { "converse": says("one two three") }
        }),
    );
    let answer = counted.signed(&server).send(&server).await;
    assert_eq!(answer.json(), json!({ "inputTokens": 3 }));
    // A query and headers with odd spaces and letters are signed, too.
    let odd = Request::new(format!("{CLAUDE}/converse?b=2&a=%2F%20"), &says("hi"))
        .header("x-amz-odd", "  a   b ")
        .header("x-mine", "Zürich");
    assert_eq!(odd.signed(&server).send(&server).await.status, 200);
}

#[tokio::test]
async fn a_wrong_signature_does_not() {
    let keys = |secret: &str, token: Option<&str>| {
        Credentials::new("AKIDEXAMPLE", secret, token.map(str::to_owned), None, "test")
    };
    let right = example_keys();
    let server = Server::builder().credentials(right.clone()).start().unwrap();
    let now = now();
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);

    let wrong_secret = request().signed_with(&server, &keys("wrong", None), now);
    let mut changed_body = request().signed(&server);
    *changed_body.body.iter_mut().find(|byte| **byte == b'h').unwrap() = b'H';
    let mut unencoded_colon = request().signed(&server);
    unencoded_colon.path = unencoded_colon.path.replace("%3A", ":");
    let mut unencoded_slash = Request::new(format!("{ARN}/converse"), &says("hi")).signed(&server);
    unencoded_slash.path = unencoded_slash.path.replace("%2F", "/");
    let mut changed_header = request().header("x-amz-mine", "1").signed(&server);
    changed_header.headers.iter_mut().find(|(name, _)| name == "x-amz-mine").unwrap().1 = "2".into();
    let unsigned_header = request().signed(&server).header("x-amz-later", "1");
    let expired = request().signed_with(&server, &right, now - minutes(6));
    let early = request().signed_with(&server, &right, now + minutes(6));
    let unknown = request().signed_with(&server, &Credentials::new("AKIDOTHER", "x", None, None, "test"), now);
    let with_token = request().signed_with(&server, &keys(right.secret_access_key(), Some("TOKEN")), now);
    let other_scheme = request().header("authorization", "Basic eDp5");
    let bearer = request().header("authorization", "Bearer guess");

    for (what, request, code) in [
        ("wrong secret", wrong_secret, "InvalidSignatureException"),
        ("changed body", changed_body, "InvalidSignatureException"),
        ("unencoded colon", unencoded_colon, "InvalidSignatureException"),
        ("unencoded slash", unencoded_slash, "InvalidSignatureException"),
        ("changed header", changed_header, "InvalidSignatureException"),
        ("unsigned header", unsigned_header, "InvalidSignatureException"),
        ("expired", expired, "InvalidSignatureException"),
        ("early", early, "InvalidSignatureException"),
        ("unknown key", unknown, "UnrecognizedClientException"),
        ("token of nobody", with_token, "UnrecognizedClientException"),
        ("other scheme", other_scheme, "IncompleteSignatureException"),
        ("no credentials", request(), "MissingAuthenticationTokenException"),
        ("unknown bearer key", bearer, "AccessDeniedException"),
    ] {
        let answer = request.send(&server).await;
        assert_eq!((answer.status, answer.code()), (403, Some(code)), "{what}: {answer:?}");
        assert!(!answer.json()["message"].as_str().unwrap().is_empty(), "{what}");
    }
    for (region, service) in [("eu-west-1", "bedrock"), ("us-east-1", "s3")] {
        let server = Server::builder().region("us-east-1").start().unwrap();
        let mut request = request().signed(&server);
        for (_, value) in &mut request.headers {
            *value = value.replace("us-east-1/bedrock", &format!("{region}/{service}"));
        }
        assert_eq!(request.send(&server).await.code(), Some("InvalidSignatureException"));
    }
}

#[tokio::test]
async fn session_tokens_are_compared_and_expire() {
    let keys = |id: &str, expiry| Credentials::new(id, "secret", Some("TOKEN".into()), expiry, "test");
    let now = now();
    let (live, dead) = (keys("LIVE", None), keys("DEAD", Some(now - Duration::from_secs(1))));
    let server = Server::builder().credentials(live.clone()).credentials(dead.clone()).start().unwrap();
    let send = async |keys: &Credentials| request().signed_with(&server, keys, now).send(&server).await;
    assert_eq!(send(&live).await.status, 200);
    assert_eq!(send(&dead).await.code(), Some("ExpiredTokenException"));
    let other = Credentials::new("LIVE", "secret", Some("OTHER".into()), None, "test");
    assert_eq!(send(&other).await.code(), Some("UnrecognizedClientException"));
    let environment = server.environment();
    assert_eq!(environment.var("AWS_SESSION_TOKEN").as_deref(), Some("TOKEN"));
    assert!(!format!("{environment:?}").contains("TOKEN"));
}

#[tokio::test]
async fn a_server_whose_clock_is_off_says_so() {
    let server = Server::builder().clock_skew(3600).start().unwrap();
    let answer = request().signed(&server).send(&server).await;
    assert_eq!(answer.code(), Some("InvalidSignatureException"));
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("Signature expired: "), "{message}");
    let date = aws_smithy_types::DateTime::from_str(
        answer.header("date").unwrap(),
        aws_smithy_types::date_time::Format::HttpDate,
    );
    let date = SystemTime::try_from(date.unwrap()).unwrap();
    let answer = request().signed_with(&server, &example_keys(), date).send(&server).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn bearer_keys_and_open_doors() {
    let server = Server::builder().bearer_key("the-key").start().unwrap();
    assert_eq!(server.environment().var("AWS_BEARER_TOKEN_BEDROCK").as_deref(), Some("the-key"));
    let answer = request().header("authorization", "Bearer the-key").send(&server).await;
    assert_eq!(answer.status, 200);
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer ***"));
    assert_eq!(request().signed(&server).send(&server).await.code(), Some("UnrecognizedClientException"));

    let open = Server::builder().any_credentials().start().unwrap();
    assert_eq!(request().send(&open).await.status, 200);
}

#[tokio::test]
async fn a_path_that_is_no_operation_gets_a_200_that_is_an_error() {
    let server = Server::start().unwrap();
    let raw_slash = format!("{}/converse", ARN.replace("%2F", "/"));
    let mut get = Request::new(format!("{CLAUDE}/converse"), &says("hi"));
    get.method = "GET".into();
    for request in [Request::new(raw_slash, &says("hi")), Request::new("/model/x/invoke", &says("hi")), get] {
        let answer = request.signed(&server).send(&server).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["Output"]["__type"], "com.amazon.coral.service#UnknownOperationException");
    }
    let twice = Request::new(format!("{}/converse", CLAUDE.replace('%', "%25")), &says("hi"));
    let answer = twice.signed(&server).send(&server).await;
    assert_eq!((answer.status, answer.code()), (400, Some("ValidationException")));
}

/// Runs with `REFERENCE_PYTHON` set to a Python that has boto3 and pydantic-ai.
#[test]
fn real_clients_get_along_with_it() {
    let Some(python) = Environment::process().var("REFERENCE_PYTHON") else {
        println!("SKIPPED: real_clients_get_along_with_it needs REFERENCE_PYTHON, a Python with boto3 and pydantic-ai");
        return;
    };
    for script in ["boto3_serve.py", "agent_serve.py"] {
        let server = Server::start().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(script);
        let output = Command::new(&python).arg(&script).arg(server.url()).output().unwrap();
        let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        println!("{printed}{errors}");
        assert!(output.status.success(), "{}", script.display());
    }
}
