//! What the head of an answer says, and answers that are not what was asked for.

use std::time::{Duration, SystemTime};

use aws_smithy_types::date_time::{DateTime, Format};
use bytes::Bytes;
use http::response::Parts;

use crate::error::{Error, ErrorKind, Result};
use crate::transport::Body;
use crate::wire::fault;

use super::auth::Secret;
use super::clock::Clock;

/// An answer that says success, with all that is needed to read it.
pub(super) struct Answer {
    pub(super) head: Parts,
    pub(super) body: Body,
    pub(super) clock: Clock,
    /// Which attempt it answers.
    pub(super) attempts: u32,
    pub(super) secret: Secret,
}

pub(super) fn header<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name)?.to_str().ok()
}

pub(super) fn request_id(head: &Parts) -> Option<String> {
    header(head, "x-amzn-requestid").map(str::to_owned)
}

/// The error of an answer whose status is none of success.
pub(super) fn failure(head: &Parts, body: Result<Bytes>) -> Error {
    let error_type = header(head, "x-amzn-errortype");
    let mut error = match body {
        Ok(body) => fault::from_reply(head.status.as_u16(), error_type, body),
        // The status is known all the same.
        Err(cause) => fault::from_reply(head.status.as_u16(), error_type, Bytes::new()).with_source(cause),
    };
    if let Some(wait) = retry_after(head) {
        error = error.with_retry_after(wait);
    }
    with_request_id(error, request_id(head).as_deref())
}

/// The error of an answer whose status says success and whose body is something else.
pub(super) fn misdirected(head: &Parts, body: Bytes, expected: &str, otherwise: Option<Error>) -> Error {
    let content_type = header(head, "content-type").unwrap_or_default();
    let error = match (fault::from_success(&body), otherwise) {
        (Some(error), _) => error,
        (None, Some(error)) if content_type.is_empty() || content_type.starts_with(expected) => error,
        _ => {
            let message = format!("the answer has the content type {content_type:?} in place of {expected}");
            Error::new(ErrorKind::Protocol, message)
                .with_hint("something between here and the service may have answered")
        }
    };
    error.with_status(head.status.as_u16()).with_body(body)
}

pub(super) fn with_request_id(error: Error, id: Option<&str>) -> Error {
    match id {
        Some(id) if error.request_id().is_none() => error.with_request_id(id),
        _ => error,
    }
}

/// What the service asks to wait: `x-amz-retry-after` in milliseconds, else `retry-after` in seconds.
fn retry_after(head: &Parts) -> Option<Duration> {
    let number = |name| header(head, name)?.trim().parse().ok();
    number("x-amz-retry-after").map(Duration::from_millis).or_else(|| number("retry-after").map(Duration::from_secs))
}

/// By how many seconds the clock that says `now` lags behind the service's.
pub(super) fn clock_lag(head: &Parts, now: SystemTime) -> Option<i64> {
    let theirs = DateTime::from_str(header(head, "date")?, Format::HttpDate).ok()?.secs();
    Some(theirs - DateTime::from(now).secs())
}
