//! From a path and a body to an answer: authorisation, attempts and waits.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::uri::{PathAndQuery, Uri};
use tracing::Span;

use super::answer::{self, Answer};
use super::auth::Identity;
use super::clock::{Clock, TimedBody};
use super::{Client, ConverseStream, Reply, Shared};
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{Body, BoxFuture, Request};

/// A clock that differs from the service's by more seconds than this is put right before another attempt. Signatures
/// are good for five minutes.
const TOLERATED_LAG: u64 = 4 * 60;

/// An attempt that failed, and by how many seconds the clock lagged behind the answer's date.
struct Failure {
    error: Error,
    clock_lag: Option<i64>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, clock_lag: None }
    }
}

impl Client {
    /// A call that is answered by one JSON value.
    pub(super) async fn call<T>(&self, path: String, body: Vec<u8>, parse: fn(&[u8]) -> Result<T>) -> Result<Reply<T>> {
        let read = |Answer { head, body, clock, attempts, .. }: Answer| -> BoxFuture<'_, Result<Reply<T>>> {
            Box::pin(async move {
                let body = self.collect(body, &clock).await?;
                match parse(&body) {
                    Ok(value) => Ok(Reply { value, body, request_id: answer::request_id(&head), attempts }),
                    Err(error) => Err(answer::misdirected(&head, body, "application/json", Some(error))),
                }
            })
        };
        self.run(path, body, read).await
    }

    /// A call that is answered by events, the first of which has come.
    pub(super) async fn call_stream(&self, path: String, body: Vec<u8>, span: &Span) -> Result<ConverseStream> {
        const EVENTS: &str = "application/vnd.amazon.eventstream";
        let read = |answer: Answer| -> BoxFuture<'_, Result<ConverseStream>> {
            Box::pin(async move {
                if !answer::header(&answer.head, "content-type").is_some_and(|value| value.starts_with(EVENTS)) {
                    let body = self.collect(answer.body, &answer.clock).await?;
                    return Err(answer::misdirected(&answer.head, body, EVENTS, None));
                }
                let clock = answer.clock.clone();
                let mut stream = ConverseStream::new(answer, self.shared.frame_limits, span.clone());
                clock.until_first_byte(stream.read_first()).await?;
                Ok(stream)
            })
        };
        self.run(path, body, read).await
    }

    /// Reads a body whole.
    async fn collect(&self, body: Body, clock: &Clock) -> Result<Bytes> {
        Body::new(TimedBody::new(body, clock.clone(), true)).collect(self.shared.max_body).await
    }

    /// Tries until `read` has made something of an answer or the error is final.
    async fn run<'a, T>(
        &'a self,
        path: String,
        body: Vec<u8>,
        read: impl Fn(Answer) -> BoxFuture<'a, Result<T>>,
    ) -> Result<T> {
        let shared = &*self.shared;
        let (uri, body) = (shared.uri(path)?, Bytes::from(body));
        let mut clock = Clock::start(&self.options.timeouts);
        let mut attempts = shared.retries.attempts();
        let (mut renewed, mut clock_set) = (false, false);
        let mut refused: Option<(Identity<'_>, Error)> = None;
        loop {
            let mut request = self.request(uri.clone(), body.clone());
            let identity = match (clock.until_deadline(shared.authority.identity()).await, refused.take()) {
                (Ok(identity), Some((old, error))) if identity == old => return Err(error),
                (Err(renewal), Some((_, error))) => return Err(error.with_source(renewal)),
                (identity, _) => identity.map_err(|error| error.with_attempts(attempts.number()))?,
            };
            let time = shared.service_time();
            identity.authorise(&mut request, time).map_err(|error| error.with_attempts(attempts.number()))?;
            let wait = attempts.begin(|| shared.seconds());
            let attempt = self.attempt(request, &identity, wait, &mut clock, attempts.number(), &read);
            let Failure { error, clock_lag } = match attempt.await {
                Ok(value) => {
                    attempts.succeeded(shared.seconds());
                    return Ok(value);
                }
                Err(failure) => failure,
            };
            let mut error = error.with_attempts(attempts.number());
            if error.kind() == ErrorKind::Unauthorized {
                error = error.with_hint(identity.hint());
            }

            let denied = matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::AccessDenied);
            if denied && attempts.remain() {
                let lag = clock_lag.filter(|lag| lag.abs_diff(shared.clock_lag()) > TOLERATED_LAG);
                if let Some(lag) = lag
                    && identity.is_dated()
                    && !clock_set
                {
                    tracing::debug!(seconds = lag, "the clock is put right by the service's");
                    shared.clock_lag.store(lag, Ordering::Relaxed);
                    clock_set = true;
                    continue;
                }
                if error.kind() == ErrorKind::Unauthorized && !renewed {
                    tracing::debug!(code = error.code(), "the credentials were refused and are resolved anew");
                    identity.refuse();
                    refused = Some((identity, error));
                    renewed = true;
                    continue;
                }
            }

            let wait = attempts.failed(&error, random(), shared.seconds());
            let Some(wait) = wait.filter(|wait| may_be_repeated(&error) && clock.allows(*wait)) else {
                return Err(error);
            };
            tracing::debug!(
                attempt = attempts.number(),
                wait_ms = wait.as_millis() as u64,
                kind = ?error.kind(),
                status = error.status(),
                "another attempt"
            );
            tokio::time::sleep(wait).await;
        }
    }

    /// The request as it is before it is authorised.
    fn request(&self, uri: Uri, body: Bytes) -> Request {
        let mut request = http::Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("bedrock-converse/", env!("CARGO_PKG_VERSION"))));
        let mut own = self.options.headers.clone();
        // There may be keys among them, which no transport is to show.
        own.values_mut().for_each(|value| value.set_sensitive(true));
        headers.extend(own);
        request
    }

    async fn attempt<'a, T>(
        &'a self,
        request: Request,
        identity: &Identity<'_>,
        wait: Duration,
        clock: &mut Clock,
        attempts: u32,
        read: &impl Fn(Answer) -> BoxFuture<'a, Result<T>>,
    ) -> Result<T, Failure> {
        let shared = &*self.shared;
        if !wait.is_zero() {
            clock.sleep(wait).await?;
        }
        clock.start_attempt();
        let (head, body) = clock.until_first_byte(shared.transport.send(request)).await?.into_parts();
        if !head.status.is_success() {
            let clock_lag = answer::clock_lag(&head, local_time());
            let body = self.collect(body, clock).await.map(|body| identity.secret().redact(body));
            let error = answer::failure(&head, body);
            return Err(Failure { error, clock_lag });
        }
        let id = answer::request_id(&head);
        let answer = Answer { head, body, clock: clock.clone(), attempts, secret: identity.secret() };
        let outcome = read(answer).await;
        Ok(outcome.map_err(|error| identity.secret().redact_error(answer::with_request_id(error, id.as_deref())))?)
    }
}

impl Shared {
    /// The URI of an operation.
    fn uri(&self, mut path: String) -> Result<Uri> {
        if self.uri.path() != "/" {
            path.insert_str(0, self.uri.path());
        }
        let path = PathAndQuery::try_from(path).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "model: the id is too long for the path of a URL").with_source(error)
        })?;
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(path);
        Ok(Uri::from_parts(parts).expect("scheme and host are the endpoint's"))
    }

    /// The time by the service's clock.
    fn service_time(&self) -> SystemTime {
        let (now, lag) = (local_time(), Duration::from_secs(self.clock_lag().unsigned_abs()));
        let time = if self.clock_lag() < 0 { now.checked_sub(lag) } else { now.checked_add(lag) };
        time.unwrap_or(now)
    }

    fn clock_lag(&self) -> i64 {
        self.clock_lag.load(Ordering::Relaxed)
    }

    /// The time by which the retries are paced.
    fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }
}

/// Whether nothing of the answer has been handed out and the service has not begun to make it.
fn may_be_repeated(error: &Error) -> bool {
    use ErrorKind::{Incomplete, Throttling, Unavailable};
    !error.in_stream() || matches!(error.kind(), Incomplete | Throttling | Unavailable)
}

#[expect(clippy::disallowed_methods, reason = "the client is where the clock is read")]
fn local_time() -> SystemTime {
    SystemTime::now()
}

/// A number from 0 up to 1.
fn random() -> f64 {
    // Each `RandomState` has other keys, and 53 bits are what an `f64` holds.
    (RandomState::new().hash_one(()) >> 11) as f64 / (1_u64 << 53) as f64
}
