//! Error replies, exception frames and error frames become errors that a caller can act on.

use bedrock_converse::{Error, ErrorKind, wire::fault};

fn reply(status: u16, error_type: Option<&str>, body: &str) -> Error {
    fault::from_reply(status, error_type, body.to_owned().into())
}

#[test]
fn each_modelled_exception_has_its_kind_and_status() {
    use ErrorKind as K;
    for (code, status, kind, retryable) in [
        ("ValidationException", 400, K::Validation, false),
        ("AccessDeniedException", 403, K::AccessDenied, false),
        ("ExpiredTokenException", 403, K::Unauthorized, false),
        ("UnrecognizedClientException", 403, K::Unauthorized, false),
        ("InvalidSignatureException", 403, K::Unauthorized, false),
        ("ResourceNotFoundException", 404, K::NotFound, false),
        ("ModelTimeoutException", 408, K::ModelTimeout, false),
        ("ModelErrorException", 424, K::ModelError, false),
        ("ModelStreamErrorException", 424, K::ModelStreamError, true),
        ("ThrottlingException", 429, K::Throttling, true),
        ("TooManyRequestsException", 429, K::Throttling, true),
        ("RequestLimitExceeded", 429, K::Throttling, true),
        ("ModelNotReadyException", 429, K::ModelNotReady, true),
        ("InternalServerException", 500, K::Internal, true),
        ("ServiceUnavailableException", 503, K::Unavailable, true),
        ("ServiceQuotaExceededException", 400, K::QuotaExceeded, false),
    ] {
        let error = reply(status, Some(code), r#"{"message":"m"}"#);
        assert_eq!((error.kind(), error.status(), error.is_retryable()), (kind, Some(status), retryable), "{code}");
        assert_eq!((error.code(), error.message(), error.in_stream()), (Some(code), "m", false));

        // In a stream there is no status but the one it stands for, and the name begins with a small letter.
        let small = code[..1].to_ascii_lowercase() + &code[1..];
        let error = fault::from_exception(&small, r#"{"message":"m"}"#.into());
        assert_eq!((error.kind(), error.status(), error.is_retryable()), (kind, Some(status), retryable), "{code}");
        assert_eq!((error.code(), error.message(), error.in_stream()), (Some(small.as_str()), "m", true));
    }
}

#[test]
fn the_code_is_found_wherever_it_is() {
    let url = "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/";
    for (header, body) in [
        (Some(url), "{}"),
        (Some("com.amazon#ValidationException"), r#"{"code":"Other"}"#),
        (Some("ValidationException,Other"), ""),
        (None, r#"{"code":"ValidationException"}"#),
        (None, r#"{"__type":"com.amazon.coral.service#ValidationException"}"#),
    ] {
        let error = reply(500, header, body);
        assert_eq!(
            (error.code(), error.kind()),
            (Some("ValidationException"), ErrorKind::Validation),
            "{header:?} {body}"
        );
        assert_eq!(error.status(), Some(500), "what was answered is what is told");
    }
}

#[test]
fn the_message_is_found_wherever_it_is() {
    for body in [r#"{"message":"m"}"#, r#"{"Message":"m"}"#, r#"{"errorMessage":"m"}"#, " m\n"] {
        assert_eq!(reply(403, None, body).message(), "m");
    }
    assert_eq!(reply(403, None, "").message(), "the service gave no message");
    let page = format!("<html>{}</html>", "x".repeat(10_000));
    let error = reply(502, None, &page);
    assert!(error.message().starts_with("<html>") && error.message().len() < 400);
    assert_eq!(error.body().unwrap(), page.as_bytes());
}

#[test]
fn without_a_code_the_status_decides() {
    use ErrorKind as K;
    for (status, kind, retryable) in [
        (400, K::Validation, false),
        (401, K::Unauthorized, false),
        (403, K::AccessDenied, false),
        (404, K::NotFound, false),
        (413, K::Service, false),
        (424, K::ModelError, false),
        (429, K::Throttling, true),
        (500, K::Internal, true),
        (502, K::Unavailable, true),
        (504, K::Unavailable, true),
    ] {
        for code in [None, Some("SomethingNewException"), Some("")] {
            let error = reply(status, code, "");
            assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{status} {code:?}");
        }
    }
}

#[test]
fn a_failing_model_is_worth_another_attempt_when_it_says_so() {
    for (original, retryable) in [(500, true), (529, true), (429, true), (400, false), (404, false)] {
        let body =
            format!(r#"{{"message":"m","originalStatusCode":{original},"originalMessage":"o","resourceName":"r"}}"#);
        for code in ["ModelErrorException", "ModelStreamErrorException"] {
            let error = reply(424, Some(code), &body);
            assert_eq!(error.is_retryable(), retryable, "{code} {original}");
            assert_eq!((error.original_status(), error.original_message()), (Some(original), Some("o")));
        }
    }
}

#[test]
fn a_quota_per_day_is_not_a_moment_of_throttling() {
    let error = reply(429, Some("ThrottlingException"), r#"{"message":"Too many tokens per day, please wait."}"#);
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::QuotaExceeded, false));
    let error = reply(429, Some("ThrottlingException"), r#"{"message":"Too many tokens, please wait."}"#);
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Throttling, true));
}

#[test]
fn a_model_that_cannot_count_is_told_apart() {
    let error =
        reply(400, Some("ValidationException"), r#"{"message":"The provided model doesn't support counting tokens."}"#);
    assert_eq!(error.kind(), ErrorKind::CountTokensUnsupported);
}

#[test]
fn odd_codes_do_no_harm() {
    for code in ["Exception", "äException", "#", ":", "", "é", "exception"] {
        let error = fault::from_exception(code, "not JSON".into());
        assert_eq!((error.kind(), error.message()), (ErrorKind::Service, "not JSON"), "{code}");
    }
    let error = fault::from_error_frame("InternalFailure", "it broke");
    assert_eq!((error.kind(), error.status(), error.message()), (ErrorKind::Internal, Some(500), "it broke"));
    assert!(error.in_stream());
}

#[test]
fn a_success_that_is_none_is_seen() {
    let body = br#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}"#;
    assert_eq!(fault::from_success(body).unwrap().code(), Some("UnknownOperationException"));
    assert!(fault::from_success(br#"{"output":{}}"#).is_none());
    assert!(fault::from_success(b"<html>").is_none());
}
