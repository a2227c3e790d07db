//! Setting up a client.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use tokio::time::Instant;

use super::auth::Authority;
use super::{Auth, Client, RequestOptions, Shared};
use crate::endpoint::EndpointParams;
use crate::error::Result;
use crate::eventstream::Limits;
use crate::retry::{Retries, RetryConfig};
use crate::transport::{ReqwestTransport, Transport};

/// The longest unary answer that is read, unless set otherwise.
const MAX_BODY: usize = 64 << 20;

/// Sets up a [`Client`].
///
/// ```
/// use bedrock_converse::client::{Auth, Client, ClientBuilder};
/// use bedrock_converse::endpoint::EndpointParams;
/// use bedrock_converse::eventstream::Limits;
/// use bedrock_converse::retry::RetryConfig;
///
/// let endpoint = EndpointParams { region: Some("eu-west-1".into()), ..Default::default() };
/// let builder: ClientBuilder = Client::builder(endpoint, Auth::api_key("my-key"))
///     .retry(RetryConfig { max_attempts: 1, ..Default::default() })
///     .max_body(8 << 20)
///     .frame_limits(Limits { payload: 1 << 20, ..Default::default() });
/// let client = builder.build()?;
/// assert_eq!(client.region(), Some("eu-west-1"));
///
/// let nowhere = EndpointParams::default();
/// let error = Client::builder(nowhere, Auth::api_key("my-key")).build().unwrap_err();
/// assert_eq!(error.kind(), bedrock_converse::ErrorKind::Configuration);
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    endpoint: EndpointParams,
    auth: Auth,
    transport: Option<Arc<dyn Transport>>,
    retry: RetryConfig,
    options: RequestOptions,
    max_body: usize,
    frame_limits: Limits,
}

impl ClientBuilder {
    pub(super) fn new(endpoint: EndpointParams, auth: Auth) -> Self {
        Self {
            endpoint,
            auth,
            transport: None,
            retry: RetryConfig::default(),
            options: RequestOptions::default(),
            max_body: MAX_BODY,
            frame_limits: Limits::default(),
        }
    }

    /// What carries the requests, in place of a [`ReqwestTransport`] of the client's own.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// How often and how a failed request is tried again.
    pub fn retry(mut self, config: RetryConfig) -> Self {
        self.retry = config;
        self
    }

    /// The headers and time limits of each request.
    pub fn options(mut self, options: RequestOptions) -> Self {
        self.options = options;
        self
    }

    /// The longest answer in bytes that is read whole; 64 MiB by default. Streams are limited by frame.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// How long the frames of a stream may be.
    pub fn frame_limits(mut self, limits: Limits) -> Self {
        self.frame_limits = limits;
        self
    }

    /// Checks it all. Nothing is connected or read yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when the endpoint does not resolve or requests
    /// cannot be signed for want of a region, [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when a
    /// header is the client's own affair.
    pub fn build(self) -> Result<Client> {
        self.options.check()?;
        let url = self.endpoint.url()?;
        let authority = Authority::new(self.auth, || self.endpoint.required_region())?;
        let transport = self.transport.unwrap_or_else(|| Arc::new(ReqwestTransport::new()));
        let shared = Shared {
            transport,
            authority,
            uri: url.parse().expect("an endpoint that was resolved is a URL"),
            url,
            region: self.endpoint.region,
            retries: Retries::new(self.retry),
            clock_lag: AtomicI64::new(0),
            began: Instant::now(),
            max_body: self.max_body,
            frame_limits: self.frame_limits,
        };
        Ok(Client { shared: Arc::new(shared), options: self.options })
    }
}
