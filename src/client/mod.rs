//! The client of Bedrock's runtime: Converse, ConverseStream and CountTokens on [wire types](crate::wire), with
//! signing, retries, time limits and errors that say what happened.
//!
//! [`Client`] sends; [`Auth`] says by whose right; [`ClientBuilder`] has the limits. A [`Reply`] is an answer with what came
//! beside it, a [`ConverseStream`] the events of one that is streamed. [`BedrockProvider`](crate::BedrockProvider) sets a client
//! up from the environment.
//!
//! ```
//! # #[cfg(feature = "serve")]
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use std::time::Duration;
//!
//! use bedrock_converse::client::{Auth, Client, RequestOptions, Timeouts};
//! use bedrock_converse::credentials::Credentials;
//! use bedrock_converse::endpoint::EndpointParams;
//! use bedrock_converse::serve::{EXAMPLE_ACCESS_KEY_ID, EXAMPLE_SECRET_ACCESS_KEY, Server};
//! use bedrock_converse::wire::ConverseRequest;
//!
//! let server = Server::start()?; // stands in for AWS
//! let endpoint = EndpointParams {
//!     region: Some("us-east-1".into()),
//!     endpoint: Some(server.url()), // without it, the region's
//!     ..Default::default()
//! };
//! let (id, secret) = (EXAMPLE_ACCESS_KEY_ID, EXAMPLE_SECRET_ACCESS_KEY);
//! let keys = Credentials::new(id, secret, None, None, "example");
//! let timeouts = Timeouts { total: Some(Duration::from_secs(60)), ..Default::default() };
//! let client = Client::builder(endpoint, Auth::credentials(keys))
//!     .options(RequestOptions { timeouts, ..Default::default() })
//!     .max_body(1 << 20)
//!     .build()?;
//!
//! let request = ConverseRequest::new("us.amazon.nova-micro-v1:0").user("Hello!");
//! let reply = client.converse(&request).await?;
//! assert_eq!(reply.value.message().unwrap().content[0].as_text(), Some("You said: Hello!"));
//! assert!(reply.request_id.is_some() && reply.body.starts_with(b"{"));
//!
//! let mut events = 0;
//! let mut stream = client.converse_stream(&request).await?;
//! while let Some(event) = stream.next_event().await {
//!     event?;
//!     events += 1;
//! }
//! assert!(events > 3);
//!
//! let mut request = request;
//! request.model_id = "anthropic.claude-sonnet-4-5-20250929-v1:0".into();
//! assert!(client.count_tokens(&request.into()).await?.value.input_tokens > 0);
//! # Ok::<(), bedrock_converse::Error>(())
//! # }).unwrap();
//! ```

mod answer;
mod auth;
mod builder;
mod call;
mod clock;
mod options;
mod span;
mod stream;

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use bytes::Bytes;
use http::Uri;
use tokio::time::Instant;
use tracing::Instrument as _;

pub use self::auth::Auth;
use self::auth::Authority;
pub use self::builder::ClientBuilder;
pub use self::options::{RequestOptions, Timeouts};
pub use self::stream::ConverseStream;
use crate::endpoint::EndpointParams;
use crate::error::Result;
use crate::eventstream::Limits;
use crate::retry::Retries;
use crate::sign::model_path;
use crate::transport::Transport;
use crate::wire::{ConverseRequest, ConverseResponse, CountTokensRequest, CountTokensResponse};

/// A client for one endpoint with one way to authorise. Clones are cheap and share connections, the retry quota and the
/// correction of the clock.
///
/// Its methods must be called on a Tokio runtime. Dropping their futures at any point abandons the request and closes
/// its connection.
///
/// ```
/// use bedrock_converse::client::{Auth, Client};
/// use bedrock_converse::endpoint::EndpointParams;
/// use bedrock_converse::wire::{ConverseRequest, StopReason};
/// # use bedrock_converse::transport::{BoxFuture, Request, Response, Transport};
/// # #[derive(Debug)]
/// # struct Replay;
/// # impl Transport for Replay {
/// #     fn send(&self, request: Request) -> BoxFuture<'_, bedrock_converse::Result<Response>> {
/// #         assert_eq!(request.uri().path(), "/model/us.amazon.nova-micro-v1%3A0/converse");
/// #         let body = br#"{"output":{"message":{"role":"assistant","content":[{"text":"Paris."}]}},"stopReason":"end_turn"}"#;
/// #         Box::pin(async { Ok(http::Response::new(bytes::Bytes::from_static(body).into())) })
/// #     }
/// # }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let endpoint = EndpointParams { region: Some("us-east-1".into()), ..Default::default() };
/// let builder = Client::builder(endpoint, Auth::api_key("bedrock-api-key-…"));
/// # let builder = builder.transport(Replay);
/// let client = builder.build()?;
/// let request = ConverseRequest::new("us.amazon.nova-micro-v1:0").user("Which city is it?");
/// let reply = client.converse(&request).await?;
/// assert_eq!(reply.value.stop_reason, StopReason::EndTurn);
/// # Ok::<(), bedrock_converse::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    options: RequestOptions,
}

/// What all clones of a client share.
struct Shared {
    transport: Arc<dyn Transport>,
    authority: Authority,
    url: String,
    /// `url` parsed.
    uri: Uri,
    region: Option<String>,
    retries: Retries,
    /// What the local clock lags behind the service's, in seconds.
    clock_lag: AtomicI64,
    began: Instant,
    max_body: usize,
    frame_limits: Limits,
}

/// An answer and what came with it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use bedrock_converse::client::{Auth, Client, Reply};
/// use bedrock_converse::endpoint::EndpointParams;
/// use bedrock_converse::transport::Replay;
/// use bedrock_converse::wire::{ConverseRequest, ConverseResponse};
///
/// let replay = Replay::from_dir("fixtures/converse/amazon/text")?;
/// let endpoint = EndpointParams { region: Some("us-east-1".into()), ..Default::default() };
/// let client = Client::builder(endpoint, Auth::api_key("any")).transport(replay).build()?;
/// let question = "What is the capital of France?";
/// let request = ConverseRequest::new("us.amazon.nova-micro-v1:0").user(question);
///
/// let reply: Reply<ConverseResponse> = client.converse(&request).await?;
/// assert_eq!(reply.value.stop_reason.as_str(), "end_turn");
/// assert_eq!((reply.attempts, &reply.body[..1]), (1, &b"{"[..]));
/// # Ok::<(), bedrock_converse::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reply<T> {
    /// The answer.
    pub value: T,
    /// Its JSON as it came.
    pub body: Bytes,
    /// The service's id of the request, which AWS support asks for.
    pub request_id: Option<String>,
    /// How many times the request was sent.
    pub attempts: u32,
}

impl Client {
    /// Begins to set up a client.
    pub fn builder(endpoint: EndpointParams, auth: Auth) -> ClientBuilder {
        ClientBuilder::new(endpoint, auth)
    }

    /// The same client with other headers and time limits.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when one of the headers is the client's own affair.
    pub fn with_options(&self, options: RequestOptions) -> Result<Self> {
        options.check()?;
        Ok(Self { shared: Arc::clone(&self.shared), options })
    }

    /// The headers and time limits of each request.
    pub fn options(&self) -> &RequestOptions {
        &self.options
    }

    /// The URL of the service, without a slash at its end.
    pub fn endpoint_url(&self) -> &str {
        &self.shared.url
    }

    /// The region. An endpoint of one's own with a bearer key needs none.
    pub fn region(&self) -> Option<&str> {
        self.shared.region.as_deref()
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>
    ///
    /// # Errors
    ///
    /// Any [kind](crate::ErrorKind) but those of streams. What is retried has been; [`attempts`](crate::Error::attempts)
    /// says how often.
    pub async fn converse(&self, request: &ConverseRequest) -> Result<Reply<ConverseResponse>> {
        let span = span::converse(self, request);
        let exchange = pin!(async {
            let path = model_path(&request.model_id, "converse")?;
            self.call(path, request.to_json()?, ConverseResponse::from_json).await
        });
        let outcome = exchange.instrument(span.clone()).await;
        span::converse_ended(&span, &outcome);
        outcome
    }

    /// Sends a request and waits for the first event of the answer.
    ///
    /// A throttle or an unavailable service that shows in the first event is retried as if it had come as a status. After
    /// that nothing is: parts of the answer may have been used.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>
    ///
    /// # Errors
    ///
    /// As [`converse`](Self::converse), and the errors of the first event.
    pub async fn converse_stream(&self, request: &ConverseRequest) -> Result<ConverseStream> {
        let span = span::converse(self, request);
        let exchange = pin!(async {
            let path = model_path(&request.model_id, "converse-stream")?;
            self.call_stream(path, request.to_json()?, &span).await
        });
        let outcome = exchange.instrument(span.clone()).await;
        if let Err(error) = &outcome {
            span::failed(&span, error);
        }
        outcome
    }

    /// Counts the tokens of a request, which costs nothing. Works with a bare model id, without a geography in front,
    /// and with few models.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html>
    ///
    /// # Errors
    ///
    /// As [`converse`](Self::converse), and [`ErrorKind::CountTokensUnsupported`](crate::ErrorKind::CountTokensUnsupported).
    pub async fn count_tokens(&self, request: &CountTokensRequest) -> Result<Reply<CountTokensResponse>> {
        let span = span::count_tokens(self, &request.model_id);
        let exchange = pin!(async {
            let path = model_path(&request.model_id, "count-tokens")?;
            self.call(path, request.to_json()?, CountTokensResponse::from_json).await
        });
        let outcome = exchange.instrument(span.clone()).await;
        match &outcome {
            Ok(reply) => span::ended(&span, reply.request_id.as_deref()),
            Err(error) => span::failed(&span, error),
        }
        outcome
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { transport, authority, url, region, .. } = &*self.shared;
        f.debug_struct("Client")
            .field("url", url)
            .field("region", region)
            .field("auth", &authority.name())
            .field("transport", transport)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
