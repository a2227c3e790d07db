//! What can differ from request to request.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;

use crate::error::{Error, ErrorKind, Result};

/// How long a request may take. `None` is no limit.
///
/// The time for connecting is the transport's:
/// [`with_connect_timeout`](crate::transport::ReqwestTransport::with_connect_timeout).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the start of an attempt to the head of its answer; of a stream, to its first event. 5 minutes by default: a
    /// model that thinks sends nothing until it is done.
    pub first_byte: Option<Duration>,
    /// Between two chunks of an answer; it is measured to a 64th part. 5 minutes by default.
    pub idle: Option<Duration>,
    /// For everything, retries and the end of a stream included. No limit by default.
    pub total: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        const FIVE_MINUTES: Duration = Duration::from_secs(5 * 60);
        Self { first_byte: Some(FIVE_MINUTES), idle: Some(FIVE_MINUTES), total: None }
    }
}

/// What can differ from request to request: headers to add, and time limits.
///
/// ```
/// use bedrock_converse::client::RequestOptions;
///
/// let mut options = RequestOptions::default();
/// options.headers.insert("x-team", "search".parse().unwrap());
/// options.timeouts.total = Some(std::time::Duration::from_secs(60));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RequestOptions {
    /// Headers to send besides the client's own. They are signed, apart from `user-agent` and other headers that change
    /// on the way.
    pub headers: HeaderMap,
    /// How long the request may take.
    pub timeouts: Timeouts,
}

impl RequestOptions {
    /// Refuses headers that the client or the HTTP stack has to set.
    pub(super) fn check(&self) -> Result<()> {
        const OWN: [&str; 8] = [
            "authorization",
            "connection",
            "content-length",
            "host",
            "transfer-encoding",
            "x-amz-content-sha256",
            "x-amz-date",
            "x-amz-security-token",
        ];
        match OWN.iter().find(|name| self.headers.contains_key(**name)) {
            None => Ok(()),
            Some(name) => {
                Err(Error::new(ErrorKind::InvalidInput, format!("headers: `{name}` is set by the client itself")))
            }
        }
    }
}

/// Values of headers are not shown.
impl fmt::Debug for RequestOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(|name| name.as_str()).collect();
        f.debug_struct("RequestOptions").field("headers", &names).field("timeouts", &self.timeouts).finish()
    }
}
