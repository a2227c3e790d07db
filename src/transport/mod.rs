//! How a request reaches the service: one object-safe method behind which reqwest, a recorder, a replayer and a user's
//! own HTTP stack are peers.
//!
//! In tests a [`Cassette`] records the exchanges of a program with the service, and replays them from then on. It is made
//! of a [`Recorder`] around another transport and a [`Replay`], which also work alone.
//! The page [testing](https://docs.rs/bedrock-converse/latest/bedrock_converse/guide/testing/) shows them at work.
//!
//! Dropping a [`Response`] closes its connection, unless its body was read to the end.

mod address;
mod cassette;
mod difference;
mod download;
mod exchange;
mod record;
mod redact;
mod replay;
mod reqwest;
mod rules;
mod secrets;
#[cfg(all(feature = "rustls", not(feature = "native-tls")))]
mod tls;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};

use crate::error::{Error, ErrorKind, Result};

pub use self::cassette::{Cassette, Mode};
pub use self::download::Downloader;
pub use self::exchange::RecordedRequest;
#[cfg(feature = "serve")]
pub(crate) use self::exchange::{Exchange, Form};
pub use self::record::Recorder;
pub use self::replay::Replay;
pub use self::reqwest::ReqwestTransport;
pub use self::rules::{Pieces, Rules};

/// A boxed future that can be sent between threads. [`Transport`] has an example.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A request as it goes out: final URL, signed headers, whole body.
pub type Request = http::Request<Bytes>;

/// An answer whose head has arrived and whose body is still to be read.
pub type Response = http::Response<Body>;

/// Sends one request and gives back the head of the answer.
///
/// An implementation sends the path byte for byte as it stands in the URL (the signature covers it), follows no
/// redirect and does not retry. It reports a failure as [`ErrorKind::Connection`] or [`ErrorKind::Timeout`]; an answer
/// with any status is a success here.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use bedrock_converse::transport::{BoxFuture, Request, Response, Transport};
/// use bedrock_converse::{BedrockProvider, Result};
///
/// /// Counts the bytes of requests on their way to another transport.
/// #[derive(Debug)]
/// struct Counting<T>(T, Arc<AtomicU64>);
///
/// impl<T: Transport> Transport for Counting<T> {
///     fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
///         self.1.fetch_add(request.body().len() as u64, Ordering::Relaxed);
///         self.0.send(request)
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # use bedrock_converse::transport::Replay;
/// # use bedrock_converse::wire::ConverseRequest;
/// # let inner = Replay::from_dir("fixtures/converse/amazon/text")?;
/// let sent = Arc::new(AtomicU64::new(0));
/// let transport = Counting(inner, Arc::clone(&sent)); // `inner` is a `ReqwestTransport::new()`, for instance
/// let provider = BedrockProvider::builder().region_name("us-east-1").api_key("key").transport(transport).build()?;
/// # let request = ConverseRequest::new("us.amazon.nova-micro-v1:0").user("What is the capital of France?");
/// provider.client().converse(&request).await?;
/// assert!(sent.load(Ordering::Relaxed) > 0);
/// # Ok::<(), bedrock_converse::Error>(())
/// # }).unwrap();
/// ```
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends `request`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Connection`] when no answer came, [`ErrorKind::Timeout`] when a limit of the transport passed.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>>;
}

impl<T: Transport + ?Sized> Transport for std::sync::Arc<T> {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        (**self).send(request)
    }
}

/// Where the bytes of a [`Body`] come from.
///
/// ```
/// use std::collections::VecDeque;
/// use std::task::{Context, Poll};
///
/// use bedrock_converse::Result;
/// use bedrock_converse::transport::{Body, Chunks};
/// use bytes::Bytes;
///
/// struct Pieces(VecDeque<Bytes>);
///
/// impl Chunks for Pieces {
///     fn poll_chunk(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
///         Poll::Ready(self.0.pop_front().map(Ok))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let body = Body::new(Pieces(["Hel", "lo!"].map(Bytes::from).into()));
/// assert_eq!(body.collect(1000).await?, "Hello!");
/// # Ok::<(), bedrock_converse::Error>(())
/// # }).unwrap();
/// ```
pub trait Chunks: Send {
    /// The next bytes, `None` after the last.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>>;
}

/// The body of an answer, read chunk by chunk. [`Chunks`] has an example.
pub struct Body(Source);

enum Source {
    Whole(Option<Bytes>),
    Chunks(Box<dyn Chunks>),
}

impl Body {
    /// A body whose bytes come from `chunks`.
    pub fn new(chunks: impl Chunks + 'static) -> Self {
        Self(Source::Chunks(Box::new(chunks)))
    }

    /// The next bytes, `None` after the last. After an error there is nothing more.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Connection`] when the connection broke.
    pub async fn chunk(&mut self) -> Option<Result<Bytes>> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// [`chunk`](Self::chunk) for those who write a `Stream`.
    #[inline]
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        match &mut self.0 {
            Source::Whole(bytes) => Poll::Ready(bytes.take().map(Ok)),
            Source::Chunks(chunks) => {
                let chunk = chunks.poll_chunk(cx);
                if matches!(chunk, Poll::Ready(None | Some(Err(_)))) {
                    self.0 = Source::Whole(None);
                }
                chunk
            }
        }
    }

    /// Reads the whole body, at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Protocol`] when the body is longer than `limit`, and what [`chunk`](Self::chunk) reports.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes> {
        let Some(first) = self.chunk().await.transpose()? else { return Ok(Bytes::new()) };
        check_limit(first.len(), limit)?;
        let Some(second) = self.chunk().await.transpose()? else { return Ok(first) };
        let mut whole = BytesMut::from(first);
        let mut next = Some(second);
        while let Some(chunk) = next {
            check_limit(whole.len() + chunk.len(), limit)?;
            whole.extend_from_slice(&chunk);
            next = self.chunk().await.transpose()?;
        }
        Ok(whole.freeze())
    }
}

fn check_limit(length: usize, limit: usize) -> Result<()> {
    if length <= limit {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Protocol, format!("the answer's body is longer than the limit of {limit} bytes")))
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Source::Whole((!bytes.is_empty()).then_some(bytes)))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}
