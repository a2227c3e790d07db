//! The transport that is used unless another is given: reqwest, with nothing of it in the signatures.

use std::future::Future as _;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use reqwest::redirect;

use super::{Body, BoxFuture, Chunks, Request, Response, Transport};
use crate::error::{Error, ErrorKind, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Balancers and NAT gateways drop connections that are silent for a few minutes, and a model may think for longer.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// HTTP by [reqwest](https://docs.rs/reqwest), on a pool of connections that all clones share.
///
/// Proxies come from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`) when the first request is
/// sent; until then nothing is set up. The certificates that are trusted are loaded at the first TLS connection of the
/// process. Requests must be sent on a Tokio runtime with I/O and time enabled.
///
/// ```
/// use std::time::Duration;
///
/// use bedrock_converse::BedrockProvider;
/// use bedrock_converse::transport::ReqwestTransport;
///
/// let transport = ReqwestTransport::new().with_connect_timeout(Duration::from_secs(3)).without_proxy();
/// let provider = BedrockProvider::builder().region_name("us-east-1").api_key("key").transport(transport).build()?;
/// # let _ = provider;
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReqwestTransport {
    connect_timeout: Duration,
    proxy: bool,
    client: Arc<OnceLock<reqwest::Client>>,
}

impl ReqwestTransport {
    /// A transport with a connect timeout of 10 seconds.
    pub fn new() -> Self {
        Self { connect_timeout: CONNECT_TIMEOUT, proxy: true, client: Arc::default() }
    }

    /// Sets how long looking up the host, connecting and the TLS handshake may take together.
    #[must_use]
    pub fn with_connect_timeout(self, timeout: Duration) -> Self {
        Self { connect_timeout: timeout, client: Arc::default(), ..self }
    }

    /// Connects directly, whatever the environment says about proxies.
    #[must_use]
    pub fn without_proxy(self) -> Self {
        Self { proxy: false, client: Arc::default(), ..self }
    }

    fn client(&self) -> Result<&reqwest::Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let mut builder = builder(self.connect_timeout).redirect(redirect::Policy::none());
        if !self.proxy {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            Error::new(ErrorKind::Configuration, "the HTTP client cannot be set up").with_source(error)
        })?;
        Ok(self.client.get_or_init(|| client))
    }

    async fn execute(&self, request: Request) -> Result<Response> {
        let uri = request.uri().clone();
        let host = uri.host().unwrap_or_default();
        let request = reqwest::Request::try_from(request).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, format!("{uri} is not a URL")).with_source(error.without_url())
        })?;
        if request.url().path() != uri.path() {
            // The signature covers the path, so it must leave as it is.
            let message = format!("the path {:?} would be sent as {:?}", uri.path(), request.url().path());
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        let mut answer = self.client()?.execute(request).await.map_err(|error| connection(error, host))?;
        let (status, version) = (answer.status(), answer.version());
        let headers = std::mem::take(answer.headers_mut());
        answer.extensions_mut().clear(); // they would live as long as the stream
        let mut response = Response::new(Body::new(ReqwestBody(answer)));
        *response.status_mut() = status;
        *response.version_mut() = version;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// What all HTTP clients of the crate have in common.
pub(super) fn builder(connect_timeout: Duration) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .connect_timeout(connect_timeout)
        .tcp_keepalive(KEEPALIVE)
        .tcp_nodelay(true)
        .retry(reqwest::retry::never());
    #[cfg(feature = "native-tls")]
    let builder = builder.tls_backend_native();
    #[cfg(all(feature = "rustls", not(feature = "native-tls")))]
    let builder = builder.tls_backend_preconfigured(super::tls::config());
    builder
}

impl Default for ReqwestTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl Transport for ReqwestTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(self.execute(request))
    }
}

fn connection(error: reqwest::Error, host: &str) -> Error {
    let error = error.without_url();
    if error.is_connect() && error.is_timeout() {
        // Nothing had been sent, so another attempt is safe.
        let message = format!("connecting to {host} took too long");
        return Error::new(ErrorKind::Timeout, message).with_retryable(true).with_source(error);
    }
    let message = match error.is_connect() {
        true => format!("no connection to {host}"),
        false => format!("the connection to {host} broke before an answer came"),
    };
    Error::new(ErrorKind::Connection, message).with_source(error)
}

struct ReqwestBody(reqwest::Response);

impl Chunks for ReqwestBody {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        // The future holds nothing but the response: what has not come stays there when it is dropped.
        pin!(self.0.chunk()).poll(cx).map(|chunk| {
            let message = "the connection broke while the answer was read";
            chunk.map_err(|error| Error::new(ErrorKind::Connection, message).with_source(error)).transpose()
        })
    }
}
