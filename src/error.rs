//! The one error type of the crate.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;

/// A `Result` whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a caller can act on it.
///
/// A failure of the service keeps the same kind whether it came as an HTTP status or as an exception inside a stream;
/// [`Error::in_stream`] tells the two apart.
///
/// ```
/// use bedrock_converse::{Error, ErrorKind};
///
/// fn advice(error: &Error) -> &'static str {
///     match error.kind() {
///         ErrorKind::InvalidInput | ErrorKind::Validation => "change the request",
///         ErrorKind::Credentials | ErrorKind::Unauthorized => "look at the credentials",
///         ErrorKind::QuotaExceeded => "come back tomorrow",
///         _ if error.is_retryable() => "try again later",
///         _ => "tell somebody",
///     }
/// }
/// let error = Error::new(ErrorKind::ModelNotReady, "The model is being loaded.");
/// assert_eq!(advice(&error), "try again later");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input breaks a rule that is known before anything is sent. The message names the field and the rule.
    /// Not retried: change the input.
    InvalidInput,
    /// The input asks for something that the model or this crate cannot do. Nothing was sent. Not retried.
    Unsupported,
    /// Region, endpoint, profile file or another setting is missing, malformed or contradicts another; the message names it.
    /// Nothing was sent. Not retried: change the setting.
    Configuration,
    /// No credentials were found, or their source failed; the message says which sources were tried. Not retried.
    Credentials,
    /// The connection could not be made, or broke before an answer was complete. Retried while no body has been
    /// handed out.
    Connection,
    /// One of the time limits passed (connect, first byte, idle, total). Retried only where nothing was sent.
    Timeout,
    /// The stream ended before `messageStop`. [`Error::partial`] has what had arrived. Retried only before the first event:
    /// later, a part of the answer may already have been used.
    Incomplete,
    /// Bytes that are not what the protocol allows: a bad frame, JSON of another shape, a success status with
    /// something else in it. Not retried.
    Protocol,
    /// `ValidationException` (400): the service refuses the request as it is. Not retried.
    Validation,
    /// `AccessDeniedException` (403): no permission, or no access to this model. Not retried.
    AccessDenied,
    /// The signature or token was refused (`ExpiredTokenException`, `UnrecognizedClientException`,
    /// `InvalidSignatureException`, …). The credentials are resolved anew once, then it is final.
    Unauthorized,
    /// `ResourceNotFoundException` (404): no such model or profile, or it was retired. Not retried.
    NotFound,
    /// `ThrottlingException` (429): too many requests or tokens just now. Retried with back-off.
    Throttling,
    /// A quota that does not come back within minutes (per day). Not retried.
    QuotaExceeded,
    /// `ModelNotReadyException` (429): the model is being loaded. Retried.
    ModelNotReady,
    /// `ModelTimeoutException` (408): the model took too long. The attempt may have been billed; not retried.
    ModelTimeout,
    /// `ModelErrorException` (424): the model failed. [`Error::original_status`] says how; retried when that is 429 or
    /// 500 and more.
    ModelError,
    /// `ModelStreamErrorException` (424): the model failed while it streamed. Not retried by the client: a part of the
    /// answer may already have been used.
    ModelStreamError,
    /// `InternalServerException` (500). Retried.
    Internal,
    /// `ServiceUnavailableException` (503). Retried.
    Unavailable,
    /// This model cannot count tokens. Not retried.
    CountTokensUnsupported,
    /// Any other answer that is an error; [`Error::status`] and [`Error::code`] say which.
    Service,
    /// A local file could not be read or written.
    Io,
}

impl ErrorKind {
    /// Whether an error of this kind is worth another attempt when nothing more is known about it.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Connection | Self::Throttling | Self::ModelNotReady | Self::Internal | Self::Unavailable)
    }
}

/// Everything that can fail here, in the size of one pointer.
///
/// `Display` is the message with status, code and request id; it never repeats [`source`](StdError::source).
///
/// ```
/// use bedrock_converse::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Throttling, "Too many requests").with_status(429);
/// assert!(error.is_retryable());
/// assert_eq!(error.to_string(), "Too many requests (status 429)");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    body: Option<Bytes>,
    hint: Option<String>,
    retryable: Option<bool>,
    retry_after: Option<Duration>,
    original_status: Option<u16>,
    original_message: Option<String>,
    in_stream: bool,
    attempts: u32,
    partial: Option<Box<dyn Any + Send + Sync>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error with nothing but a kind and a message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            status: None,
            code: None,
            request_id: None,
            body: None,
            hint: None,
            retryable: None,
            retry_after: None,
            original_status: None,
            original_message: None,
            in_stream: false,
            attempts: 0,
            partial: None,
            source: None,
        }))
    }

    /// What a caller can act on.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened, without status, code or hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The HTTP status. For an exception inside a stream: the status that it stands for.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The service's name of the error, such as `ThrottlingException`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The service's id of the request (`x-amzn-requestid`), which AWS support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The answer's body as it came, when there was one.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.body.as_ref()
    }

    /// What to do about it, when that is known.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Whether the same request may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable.unwrap_or_else(|| self.0.kind.is_retryable())
    }

    /// How long the service asks to wait before another attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The status that the model itself gave (`originalStatusCode`).
    pub fn original_status(&self) -> Option<u16> {
        self.0.original_status
    }

    /// The message that the model itself gave (`originalMessage`).
    pub fn original_message(&self) -> Option<&str> {
        self.0.original_message.as_deref()
    }

    /// Whether it happened inside a stream, after the service had answered with success.
    pub fn in_stream(&self) -> bool {
        self.0.in_stream
    }

    /// How many times the request was sent before this became final; 0 when nothing was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Sets the kind.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Sets the service's name of the error.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Sets the service's id of the request.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Keeps the answer's body.
    #[must_use]
    pub fn with_body(mut self, body: Bytes) -> Self {
        self.0.body = Some(body);
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Overrides what the kind says about retries.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = Some(retryable);
        self
    }

    /// Sets how long the service asks to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Sets what the model itself said.
    #[must_use]
    pub fn with_original(mut self, status: Option<u16>, message: Option<String>) -> Self {
        self.0.original_status = status;
        self.0.original_message = message;
        self
    }

    /// Marks it as having happened inside a stream.
    #[must_use]
    pub fn with_in_stream(mut self) -> Self {
        self.0.in_stream = true;
        self
    }

    /// Sets how many times the request was sent.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Sets the cause, which [`source`](StdError::source) returns.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says it in other words.
    #[cfg(feature = "client")]
    #[must_use]
    pub(crate) fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Says where in the input it is: `place` goes before the message.
    #[must_use]
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        let joint = if self.0.message.starts_with(['.', '[']) { "" } else { ": " };
        self.0.message = format!("{place}{joint}{}", self.0.message);
        self
    }

    /// Keeps what had arrived. Its type is known where `partial()` is defined, beside the messages.
    pub(crate) fn with_partial_value(mut self, partial: Box<dyn Any + Send + Sync>) -> Self {
        self.0.partial = Some(partial);
        self
    }

    /// The counterpart of [`with_partial_value`](Self::with_partial_value).
    pub(crate) fn partial_value(&self) -> Option<&(dyn Any + Send + Sync)> {
        self.0.partial.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { message, status, code, request_id, .. } = &*self.0;
        f.write_str(message)?;
        let mut open = " (";
        if let Some(code) = code {
            write!(f, "{open}{code}")?;
            open = ", ";
        }
        if let Some(status) = status {
            write!(f, "{open}status {status}")?;
            open = ", ";
        }
        if let Some(id) = request_id {
            write!(f, "{open}request id {id}")?;
            open = ", ";
        }
        if open == ", " { f.write_str(")") } else { Ok(()) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, message, status, code, request_id, hint, in_stream, attempts, source, .. } = &*self.0;
        f.debug_struct("Error")
            .field("kind", kind)
            // As it is, for some are several lines long.
            .field("message", &format_args!("{message}"))
            .field("status", status)
            .field("code", code)
            .field("request_id", request_id)
            .field("hint", hint)
            .field("in_stream", in_stream)
            .field("attempts", attempts)
            .field("source", source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// A URL as it may be shown: without user name and password, and without its query, where signed URLs have their secret.
#[cfg(any(feature = "client", test))]
pub(crate) fn shown_url(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = match url.find("://") {
        Some(at) => url.split_at(at + 3),
        None => ("", url),
    };
    let authority = rest.find(['/', '\\']).unwrap_or(rest.len());
    let host = rest[..authority].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}{}", &rest[host..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_shown_without_what_may_be_secret() {
        for (url, shown) in [
            ("https://example.com/a@b", "https://example.com/a@b"),
            ("https://user:SECRET@example.com:8443/a?b=SECRET#c", "https://example.com:8443/a"),
            ("https://user:SEC@RET@example.com", "https://example.com"),
            ("user:SECRET@example.com/a", "example.com/a"),
            ("https://example.com#SECRET", "https://example.com"),
            ("", ""),
        ] {
            assert_eq!(shown_url(url), shown);
        }
    }

    #[test]
    fn is_the_size_of_a_pointer() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn display_says_what_the_service_said_but_not_the_source() {
        let error = Error::new(ErrorKind::Internal, "it broke")
            .with_code("InternalServerException")
            .with_status(500)
            .with_request_id("abc")
            .with_source("the cause");
        assert_eq!(error.to_string(), "it broke (InternalServerException, status 500, request id abc)");
        assert_eq!(error.source().unwrap().to_string(), "the cause");
        assert_eq!(Error::new(ErrorKind::Io, "plain").to_string(), "plain");
    }

    #[test]
    fn what_is_known_wins_over_what_the_kind_says() {
        let error = Error::new(ErrorKind::Throttling, "x");
        assert!(error.is_retryable());
        assert!(!error.with_retryable(false).is_retryable());
    }
}
