//! What a source works with: settings, files, transports, time and randomness; and the one way it asks over HTTP.

use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use bytes::Bytes;
use http::StatusCode;

use super::imds;
use super::shared_config::SharedConfig;
use crate::endpoint::{EndpointParams, NO_REGION_HINT};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{Request, Transport};

/// Why a source gave nothing.
#[derive(Debug)]
pub(super) enum Miss {
    /// It is not set up, for this reason: the next source is asked.
    Unset(String),
    /// It is set up and failed: nothing else is asked.
    Failed(Error),
}

impl From<Error> for Miss {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// `error`, said to have happened in `place`; its hint stays.
pub(super) fn within(place: impl fmt::Display, kind: ErrorKind, error: &Error) -> Error {
    retold(format!("{place}: {error}"), kind, error)
}

/// `error` in these words; its hint stays.
pub(super) fn retold(message: String, kind: ErrorKind, error: &Error) -> Error {
    let outer = Error::new(kind, message);
    match error.hint() {
        Some(hint) => outer.with_hint(hint),
        None => outer,
    }
}

/// What a source found.
pub(super) type Found = Result<Credentials, Miss>;

/// Where time and randomness come from.
#[derive(Clone)]
pub(super) struct Ambient {
    pub(super) now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    /// A number in `0.0..1.0`.
    pub(super) random: Arc<dyn Fn() -> f64 + Send + Sync>,
}

impl Ambient {
    pub(super) fn now(&self) -> SystemTime {
        (self.now)()
    }

    pub(super) fn random(&self) -> f64 {
        (self.random)()
    }
}

/// The machine's own clock, and the randomness that hash maps are seeded with: enough to spread requests.
impl Default for Ambient {
    fn default() -> Self {
        #[expect(clippy::disallowed_methods, reason = "tests replace it")]
        let now = SystemTime::now;
        let random = || {
            let bits = std::hash::RandomState::new().hash_one(()) >> 11;
            bits as f64 / (1_u64 << 53) as f64
        };
        Self { now: Arc::new(now), random: Arc::new(random) }
    }
}

impl fmt::Debug for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ambient")
    }
}

/// What a source works with, for one pass through the chain.
pub(super) struct Context<'a> {
    pub(super) environment: &'a Environment,
    pub(super) config: SharedConfig,
    /// The region that the caller gave, which wins over the configured one.
    pub(super) region: Option<&'a str>,
    /// To AWS: with TLS and the proxies of the environment.
    pub(super) service: &'a dyn Transport,
    /// To the machine itself: never through a proxy.
    pub(super) local: &'a dyn Transport,
    /// Whether the instance metadata may be asked for the region.
    pub(super) ask_instance: bool,
    pub(super) allow_insecure_http: bool,
    pub(super) ambient: &'a Ambient,
}

/// How long a source waits, and how often it asks.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// For one whole exchange.
    pub(super) limit: Duration,
    pub(super) attempts: u32,
}

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl Answer {
    /// An error that says what `whom` answered: the status and, bounded, the code and the message that it gives.
    pub(super) fn refusal(&self, whom: &str, code: Option<String>, message: Option<String>) -> Error {
        let message = match message {
            Some(message) => format!("{whom}: {}", snippet(&message)),
            None => format!("{whom} refused"),
        };
        let error = Error::new(ErrorKind::Credentials, message).with_status(self.status.as_u16());
        match code {
            Some(code) => error.with_code(snippet(&code)),
            None => error,
        }
    }
}

impl Context<'_> {
    pub(super) fn now(&self) -> SystemTime {
        self.ambient.now()
    }

    /// The variable `variable`, else the profile's property `name`.
    pub(super) fn setting(&self, variable: &str, name: &str) -> Option<String> {
        self.environment.var(variable).or_else(|| self.config.property(name))
    }

    /// The region that was given or configured, else the instance's.
    pub(super) async fn region(&self) -> Result<String> {
        let configured = self.endpoint("sts")?.region;
        if let Some(region) = self.region.map(str::to_owned).or(configured) {
            return Ok(region);
        }
        let why = match self.ask_instance {
            false => "instance metadata is not asked".to_owned(),
            true => match imds::region(self).await {
                Ok(region) => return Ok(region),
                Err(Miss::Unset(why)) => format!("instance metadata: {why}"),
                Err(Miss::Failed(error)) => error.to_string(),
            },
        };
        let profile = self.config.profile_name();
        let message = format!("no region: AWS_REGION is not set, profile `{profile}` has none, {why}");
        Err(Error::new(ErrorKind::Configuration, message).with_hint(NO_REGION_HINT))
    }

    /// The URL of a service by its identifier, in `region` unless another endpoint is configured. FIPS and dual-stack
    /// choose among AWS's own endpoints; for what only hands out credentials they don't forbid another.
    pub(super) fn service_url(&self, service: &str, region: &str) -> Result<String> {
        let host = match service {
            "sso" => "portal.sso",
            "sso_oidc" => "oidc",
            other => other,
        };
        let mut params = EndpointParams { region: Some(region.to_owned()), ..self.endpoint(service)? };
        if params.endpoint.is_some() {
            (params.use_fips, params.use_dual_stack) = (false, false);
        }
        params.service_url(host)
    }

    fn endpoint(&self, service: &str) -> Result<EndpointParams> {
        let params = EndpointParams::configured(service, self.environment, &|name| self.config.property(name))?;
        Ok(EndpointParams { allow_insecure_http: self.allow_insecure_http, ..params })
    }

    /// Sends `request`, again while `transient` says so of the answer or the connection broke. A timeout is final: where
    /// nothing listens, waiting several times over would be long.
    pub(super) async fn exchange(
        &self,
        transport: &dyn Transport,
        request: &Request,
        patience: Patience,
        transient: fn(&Answer) -> bool,
    ) -> Result<Answer> {
        const FIRST_WAIT: Duration = Duration::from_millis(200);
        let mut attempt = 1;
        loop {
            let outcome = exchange_once(transport, request.clone(), patience.limit).await;
            let again = match &outcome {
                Ok(answer) => transient(answer),
                Err(error) => error.kind() == ErrorKind::Connection,
            };
            if !again || attempt >= patience.attempts {
                return outcome;
            }
            tracing::debug!(host = request.uri().host(), attempt, "credential source asked again");
            tokio::time::sleep(FIRST_WAIT.mul_f64((1_u32 << attempt.min(6)) as f64 * self.ambient.random())).await;
            attempt += 1;
        }
    }
}

async fn exchange_once(transport: &dyn Transport, request: Request, limit: Duration) -> Result<Answer> {
    const LONGEST: usize = 1 << 20;
    let host = request.uri().host().unwrap_or_default().to_owned();
    let exchange = async {
        let (head, body) = transport.send(request).await?.into_parts();
        Ok(Answer { status: head.status, body: body.collect(LONGEST).await? })
    };
    match tokio::time::timeout(limit, exchange).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::new(ErrorKind::Timeout, format!("{host} did not answer within {limit:?}"))),
    }
}

/// A server that is overloaded or fails.
pub(super) fn overloaded(answer: &Answer) -> bool {
    answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS
}

/// At most the first 200 characters, on one line.
pub(super) fn snippet(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    if text.trim().chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

/// A request to `whom`. Neither the URL nor a header's value is shown when it is malformed: both may be secret.
///
/// # Errors
///
/// [`ErrorKind::Configuration`] when `url` is not a URL, or a value cannot stand in a header.
pub(super) fn request(
    whom: &str,
    method: http::Method,
    url: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Result<Request> {
    let mut builder = http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        let mut value = http::HeaderValue::from_str(value).map_err(|_| {
            Error::new(ErrorKind::Configuration, format!("{whom}: the value for the header `{name}` is not ASCII text"))
        })?;
        value.set_sensitive(true);
        builder = builder.header(*name, value);
    }
    builder.body(body).map_err(|error| Error::new(ErrorKind::Configuration, format!("{whom}: bad URL: {error}")))
}
