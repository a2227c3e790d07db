//! The errors of the service: the modelled exceptions, and an [`Error`] out of whatever an answer or a frame says.
//!
//! The exceptions are structs for those who write an answer of the service, or read one by themselves. A
//! [`Client`](https://docs.rs/bedrock-converse/latest/bedrock_converse/client/struct.Client.html) gives an [`Error`] instead,
//! whose kind tells them apart. <https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html>
//!
//! ```
//! use bedrock_converse::ErrorKind;
//! use bedrock_converse::wire::fault::{ThrottlingException, from_error_frame, from_exception, from_reply};
//!
//! let body = ThrottlingException { message: Some("Too many requests".into()), ..Default::default() };
//! let body = serde_json::to_vec(&body).unwrap();
//!
//! // The same failure as a status, and in the midst of a stream, where there is no status.
//! let reply = from_reply(429, Some("ThrottlingException"), body.clone().into());
//! let exception = from_exception("throttlingException", body.into());
//! assert_eq!((reply.kind(), exception.kind()), (ErrorKind::Throttling, ErrorKind::Throttling));
//! assert_eq!((reply.status(), exception.status()), (Some(429), Some(429)));
//! assert!(!reply.in_stream() && exception.in_stream() && exception.is_retryable());
//!
//! assert_eq!(from_error_frame("InternalFailure", "").kind(), ErrorKind::Internal);
//! assert_eq!(from_reply(503, None, "<html>".into()).kind(), ErrorKind::Unavailable); // a proxy's
//! ```

use bytes::Bytes;
use serde_json::{Map, Value};

use super::read::shorten;
use crate::error::{Error, ErrorKind};

shape! {
    /// The request is refused as it is; status 400.
    pub struct ValidationException {
        /// Why.
        optional message: String = "message";
    }

    /// No permission, or no access to the model; status 403.
    pub struct AccessDeniedException {
        /// Why.
        optional message: String = "message";
    }

    /// No such model or profile; status 404.
    pub struct ResourceNotFoundException {
        /// What is missing.
        optional message: String = "message";
    }

    /// The model took too long; status 408.
    pub struct ModelTimeoutException {
        /// What happened.
        optional message: String = "message";
    }

    /// The model failed; status 424.
    pub struct ModelErrorException {
        /// What happened.
        optional message: String = "message";
        /// The status that the model gave.
        optional original_status_code: i64 = "originalStatusCode";
        /// The model.
        optional resource_name: String = "resourceName";
    }

    /// The model failed while it streamed; status 424.
    pub struct ModelStreamErrorException {
        /// What happened.
        optional message: String = "message";
        /// The status that the model gave.
        optional original_status_code: i64 = "originalStatusCode";
        /// What the model said.
        optional original_message: String = "originalMessage";
    }

    /// Too many requests or tokens just now; status 429.
    pub struct ThrottlingException {
        /// Of what there was too much.
        optional message: String = "message";
    }

    /// The model is being loaded; status 429.
    pub struct ModelNotReadyException {
        /// What happened.
        optional message: String = "message";
    }

    /// The service failed; status 500.
    pub struct InternalServerException {
        /// What happened.
        optional message: String = "message";
    }

    /// The service cannot answer now; status 503.
    pub struct ServiceUnavailableException {
        /// What happened.
        optional message: String = "message";
    }
}

/// The error that an answer with a status of 300 or more stands for.
///
/// `error_type` is the header `x-amzn-errortype`. Without it the code is the body's `code` or `__type`, and without a
/// code the status decides. A body that is not JSON, as proxies send it, becomes the message.
pub fn from_reply(status: u16, error_type: Option<&str>, body: Bytes) -> Error {
    from_body(error_type, Some(status), body)
}

/// The error that a frame with the `:message-type` `exception` stands for; `exception_type` is its `:exception-type`.
///
/// The status is the one that the exception would have outside a stream.
pub fn from_exception(exception_type: &str, payload: Bytes) -> Error {
    from_body(Some(exception_type), None, payload).with_in_stream()
}

/// The error that a frame with the `:message-type` `error` stands for: its `:error-code` and `:error-message`.
pub fn from_error_frame(code: &str, message: &str) -> Error {
    classify(Some(code), None, message).with_in_stream()
}

/// The error in an answer whose status says success: `{"Output": {"__type": …}, "Version": "1.0"}`, which comes when
/// the path does not name an operation.
pub fn from_success(body: &[u8]) -> Option<Error> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let code = code_of(body.get("Output")?.get("__type")?.as_str()?);
    let error = Error::new(ErrorKind::Protocol, "the service did not recognise the operation");
    Some(error.with_code(code).with_hint("the model id has to be percent-encoded in the path"))
}

fn from_body(code: Option<&str>, status: Option<u16>, body: Bytes) -> Error {
    let members: Map<String, Value> = serde_json::from_slice(&body).unwrap_or_default();
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let code = code.or_else(|| text("code")).or_else(|| text("__type"));
    let raw = String::from_utf8_lossy(&body);
    let raw = shorten(raw.trim());
    let message = text("message").or_else(|| text("Message")).or_else(|| text("errorMessage")).unwrap_or(&raw);

    let original = members.get("originalStatusCode").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    let error = classify(code, status, message);
    let retryable = match error.kind() {
        ErrorKind::ModelError => original.is_some_and(|status| status == 429 || status >= 500),
        ErrorKind::ModelStreamError => original.is_none_or(|status| status == 429 || status >= 500),
        _ => error.is_retryable(),
    };
    error
        .with_retryable(retryable)
        .with_original(original, text("originalMessage").map(str::to_owned))
        .with_body(body.clone())
}

fn classify(code: Option<&str>, status: Option<u16>, message: &str) -> Error {
    let code = code.map(code_of).filter(|code| !code.is_empty());
    let (mut kind, modelled) = code.and_then(by_code).unwrap_or_else(|| (by_status(status), status));
    let says =
        |words: &str| message.as_bytes().windows(words.len()).any(|part| part.eq_ignore_ascii_case(words.as_bytes()));
    match kind {
        ErrorKind::Throttling if says("per day") => kind = ErrorKind::QuotaExceeded,
        ErrorKind::Validation if says("support counting tokens") => kind = ErrorKind::CountTokensUnsupported,
        _ => {}
    }
    let message = if message.is_empty() { "the service gave no message" } else { message };
    let mut error = Error::new(kind, message);
    if let Some(status) = status.or(modelled) {
        error = error.with_status(status);
    }
    match code {
        Some(code) => error.with_code(code),
        None => error,
    }
}

/// `aws.protocols#ValidationException:http://internal.amazon.com/coral/` → `ValidationException`.
fn code_of(error_type: &str) -> &str {
    let end = error_type.find([':', ',']).unwrap_or(error_type.len());
    error_type[..end].rsplit('#').next().unwrap_or_default().trim()
}

/// Kind and status of a code. Inside a stream codes begin with a small letter.
fn by_code(code: &str) -> Option<(ErrorKind, Option<u16>)> {
    let mut name = code.strip_suffix("Exception").unwrap_or(code).to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let (kind, status) = match &*name {
        "Validation" => (ErrorKind::Validation, 400),
        "AccessDenied" => (ErrorKind::AccessDenied, 403),
        "ExpiredToken"
        | "UnrecognizedClient"
        | "InvalidClientTokenId"
        | "InvalidSignature"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "RequestTimeTooSkewed"
        | "RequestExpired"
        | "RequestInTheFuture"
        | "AuthFailure" => (ErrorKind::Unauthorized, 403),
        "ResourceNotFound" => (ErrorKind::NotFound, 404),
        "ModelTimeout" => (ErrorKind::ModelTimeout, 408),
        "ModelError" => (ErrorKind::ModelError, 424),
        "ModelStreamError" => (ErrorKind::ModelStreamError, 424),
        "ModelNotReady" => (ErrorKind::ModelNotReady, 429),
        "ServiceQuotaExceeded" => (ErrorKind::QuotaExceeded, 400),
        "Throttling"
        | "Throttled"
        | "RequestThrottled"
        | "TooManyRequests"
        | "ProvisionedThroughputExceeded"
        | "TransactionInProgress"
        | "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "LimitExceeded"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "EC2Throttled" => (ErrorKind::Throttling, 429),
        "InternalServer" | "InternalFailure" => (ErrorKind::Internal, 500),
        "ServiceUnavailable" => (ErrorKind::Unavailable, 503),
        _ => return None,
    };
    Some((kind, Some(status)))
}

fn by_status(status: Option<u16>) -> ErrorKind {
    match status {
        Some(400) => ErrorKind::Validation,
        Some(401) => ErrorKind::Unauthorized,
        Some(403) => ErrorKind::AccessDenied,
        Some(404) => ErrorKind::NotFound,
        Some(424) => ErrorKind::ModelError,
        Some(429) => ErrorKind::Throttling,
        Some(500) => ErrorKind::Internal,
        Some(502..=504) => ErrorKind::Unavailable,
        _ => ErrorKind::Service,
    }
}
