//! A local stand-in for Bedrock, over real HTTP: for tests without an AWS account, and behind `converse serve`.
//!
//! It answers Converse, ConverseStream and CountTokens on a loopback port. It checks signatures and bearer keys as AWS
//! does and refuses what the service refuses, as far as that is the same for all models. A request that equals a
//! recorded one gets the recorded answer; every other gets one from a small built-in model. [`Fault`]s make it fail on
//! purpose.
//!
//! ```
//! use bedrock_converse::serve::Server;
//!
//! let server = Server::start()?;
//! let environment = server.environment(); // endpoint, region and keys, for a client
//! assert_eq!(environment.var("AWS_ENDPOINT_URL_BEDROCK_RUNTIME"), Some(server.url()));
//! // ... requests ...
//! assert_eq!(server.requests().len(), 0);
//! # Ok::<(), bedrock_converse::Error>(())
//! ```
//!
//! # The built-in model
//!
//! The same request always gets the same answer (but for the cache), in a stream one delta per word.
//!
//! - Text: `You said: ` and the text of the last user message.
//! - Tools: each tool that this text names (`get_weather` or "get weather") is called. Arguments may follow the name, as
//!   in `get_weather {"city": "Paris"}`; otherwise they are the smallest that fit the schema. A tool that `toolChoice`
//!   forces is called in any case; `any` calls one that was not called yet. After a `toolResult` the answer is
//!   `The tool says: ` and the result.
//! - Thinking: on request (`thinking`, `reasoning_config`, `reasoningConfig` or `reasoning_effort` among
//!   `additionalModelRequestFields`) a signed block of reasoning comes first.
//! - Structured output: with `outputConfig.textFormat` the text is the smallest JSON that fits the schema.
//! - Limits: `maxTokens` and `stopSequences` end the answer.
//! - Usage: a word is a token; so are four bytes of JSON in tools and tool calls, and an image, document, audio or video
//!   is 256. What stands before a cache point is written to the cache the first time and read from it later.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use aws_credential_types::Credentials;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::sync::oneshot;

mod answer;
mod auth;
mod builtin;
mod connection;
mod fault;
mod fixture;
mod log;
mod plan;
mod schema;
mod service;
mod tokens;
mod validate;

pub use fault::Fault;
pub use log::ServedRequest;

use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use connection::{Link, Socket};
use fixture::Fixture;
use service::{Service, lock};

/// The access key that a server knows unless it is given others: AWS's example key.
pub const EXAMPLE_ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
/// The secret of [`EXAMPLE_ACCESS_KEY_ID`].
pub const EXAMPLE_SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A running server. Dropping it stops it and closes its connections.
///
/// It runs on a thread of its own, so it works with any async runtime and with none.
///
/// ```
/// use bedrock_converse::serve::{EXAMPLE_ACCESS_KEY_ID, Fault, Server};
///
/// let server = Server::start()?;
/// assert_eq!(server.url(), format!("http://{}", server.addr()));
/// assert_eq!(server.environment().var("AWS_ACCESS_KEY_ID").as_deref(), Some(EXAMPLE_ACCESS_KEY_ID));
/// server.set_faults(Fault::script("throttle times=1")?); // the next request is throttled
/// drop(server); // stops it
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
pub struct Server {
    addr: SocketAddr,
    service: Arc<Service>,
    environment: Environment,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server with all defaults on a free port.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when there is no free port, or no thread to run it on.
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// Configures a server.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The endpoint for clients: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The variables with which a client finds this server and gets in: endpoint, region, and the first credentials
    /// or, when it has only those, the first bearer key.
    pub fn environment(&self) -> Environment {
        self.environment.clone()
    }

    /// The requests so far, in the order of their arrival; of more than a thousand, the latest.
    pub fn requests(&self) -> Vec<ServedRequest> {
        self.service.log.with(<[ServedRequest]>::to_vec)
    }

    /// Waits until the requests are as `condition` wants them.
    pub async fn until(&self, mut condition: impl FnMut(&[ServedRequest]) -> bool) {
        let mut changes = self.service.log.subscribe();
        // The sender is in the service, which `self` keeps alive, so that there is always another change to wait for.
        while !self.service.log.with(&mut condition) && changes.changed().await.is_ok() {}
    }

    /// Replaces the faults that are still to come.
    pub fn set_faults(&self, script: impl IntoIterator<Item = Fault>) {
        lock(&self.service.faults).set(script.into_iter().collect());
    }

    /// Serves until the process ends.
    pub fn serve_forever(mut self) {
        if let Some(thread) = self.thread.take() {
            // It ends only when it is told to, or by a panic, which has printed its message.
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("addr", &self.addr).finish_non_exhaustive()
    }
}

/// What a server is to be like.
///
/// ```
/// use std::time::Duration;
///
/// use bedrock_converse::serve::{Fault, Server};
///
/// let server = Server::builder()
///     .delay(Duration::from_millis(30)) // words arrive one by one
///     .faults(Fault::script("throttle times=2")?) // the first two requests are throttled
///     .start()?;
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "`start` starts it"]
pub struct ServerBuilder {
    port: u16,
    service: Service,
}

impl ServerBuilder {
    /// The port on 127.0.0.1; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Lets requests in that are signed with these credentials, until they expire. May be called more than once.
    /// Without it, and without [`bearer_key`](Self::bearer_key), AWS's example key is let in.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.service.access.credentials.push(credentials);
        self
    }

    /// Lets requests in that carry this bearer key. May be called more than once.
    pub fn bearer_key(mut self, key: impl Into<String>) -> Self {
        self.service.access.bearer_keys.push(key.into());
        self
    }

    /// Lets every request in, whatever its credentials, also without any.
    pub fn any_credentials(mut self) -> Self {
        self.service.access.anyone = true;
        self
    }

    /// The region that signatures must be for. Without it any region will do.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.service.access.region = Some(region.into());
        self
    }

    /// Answers from the recorded exchanges in `folder` and the folders in it, before those that are built in.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when a file cannot be read, [`ErrorKind::InvalidInput`] when one is not a recorded exchange.
    pub fn fixtures(mut self, folder: impl AsRef<Path>) -> Result<Self> {
        self.service.fixtures.extend(Fixture::load(folder.as_ref())?);
        Ok(self)
    }

    /// What goes wrong. A request with the header `x-converse-fault` goes by that instead.
    pub fn faults(self, script: impl IntoIterator<Item = Fault>) -> Self {
        lock(&self.service.faults).set(script.into_iter().collect());
        self
    }

    /// The pause before each delta of a stream; none by default.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.service.delay = delay;
        self
    }

    /// How many seconds the server's clock is ahead of the machine's; negative when it is behind. The `date` header of
    /// its answers says so too.
    pub fn clock_skew(mut self, seconds: i64) -> Self {
        self.service.clock_skew = seconds;
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when the port is taken, or there is no thread to run it on.
    pub fn start(mut self) -> Result<Server> {
        let access = &mut self.service.access;
        if access.credentials.is_empty() && access.bearer_keys.is_empty() {
            let (id, secret) = (EXAMPLE_ACCESS_KEY_ID, EXAMPLE_SECRET_ACCESS_KEY);
            access.credentials.push(Credentials::new(id, secret, None, None, "example"));
        }
        self.service.fixtures.extend(Fixture::embedded());
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).map_err(|error| io_error("listen", error))?;
        listener.set_nonblocking(true).map_err(|error| io_error("listen", error))?;
        let addr = listener.local_addr().map_err(|error| io_error("listen", error))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| io_error("start its runtime", error))?;
        let environment = environment(addr, &self.service);
        let service = Arc::new(self.service);
        let (stop, stopped) = oneshot::channel::<()>();
        let run = {
            let service = Arc::clone(&service);
            move || {
                runtime.block_on(async {
                    tokio::spawn(accept(listener, service));
                    // Dropping the other end is what stops it.
                    let _ = stopped.await;
                });
            }
        };
        let thread = std::thread::Builder::new().name("serve".into()).spawn(run);
        let thread = thread.map_err(|error| io_error("start its thread", error))?;
        Ok(Server { addr, service, environment, stop: Some(stop), thread: Some(thread) })
    }
}

fn io_error(what: &str, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("the server cannot {what}: {error}")).with_source(error)
}

fn environment(addr: SocketAddr, service: &Service) -> Environment {
    let access = &service.access;
    let region = access.region.as_deref().unwrap_or("us-east-1");
    let mut variables =
        vec![("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", format!("http://{addr}")), ("AWS_REGION", region.to_owned())];
    match (access.credentials.first(), access.bearer_keys.first()) {
        (Some(credentials), _) => {
            variables.push(("AWS_ACCESS_KEY_ID", credentials.access_key_id().to_owned()));
            variables.push(("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key().to_owned()));
            variables.extend(credentials.session_token().map(|token| ("AWS_SESSION_TOKEN", token.to_owned())));
        }
        (None, key) => variables.extend(key.map(|key| ("AWS_BEARER_TOKEN_BEDROCK", key.clone()))),
    }
    Environment::fixed(variables)
}

async fn accept(listener: TcpListener, service: Arc<Service>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a non-blocking socket in a runtime with I/O");
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Broken before it was accepted, or out of file handles: no reason to stop, but one to wait.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // Without it a word may wait for the next; where it can't be set, words come in larger portions.
        let _ = stream.set_nodelay(true);
        let link = Arc::new(Link::default());
        let socket = Socket::new(stream, Arc::clone(&link));
        let service = Arc::clone(&service);
        let handle = service_fn(move |request| {
            let (service, link) = (Arc::clone(&service), Arc::clone(&link));
            async move { service.serve(request, link).await }
        });
        // A connection that ends badly is the client's doing, or a fault's.
        tokio::spawn(async move { http1::Builder::new().serve_connection(socket, handle).await.is_ok() });
    }
}
