//! `BedrockStreamedResponse`: an answer as it comes.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::BedrockConverseModel;
use crate::client::{Client, ConverseStream};
use crate::convert::Origin;
use crate::error::{Error, Result};
use crate::messages::{ModelResponse, ModelResponseStreamEvent, RequestUsage, Timestamp};
use crate::stream::StreamParts;

/// The answer of [`BedrockConverseModel::request_stream`] as it comes. Dropping it closes the connection.
///
/// ```
/// # #[cfg(feature = "serve")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # use bedrock_converse::messages::ModelRequest;
/// # use bedrock_converse::{BedrockConverseModel, BedrockProvider, serve::Server};
/// # let server = Server::start()?;
/// # let provider = BedrockProvider::builder().environment(server.environment()).build()?;
/// # let model = BedrockConverseModel::new("us.amazon.nova-micro-v1:0", provider)?;
/// # let history = [ModelRequest::user_text_prompt("Hello!").into()];
/// let mut stream = model.request_stream(&history, None, None).await?;
/// while let Some(event) = stream.next().await {
///     println!("{}", serde_json::to_string(&event?).unwrap());
/// }
/// assert_eq!(stream.get().text().as_deref(), Some("You said: Hello!"));
/// # Ok::<(), bedrock_converse::Error>(())
/// # }).unwrap();
/// ```
#[must_use]
pub struct BedrockStreamedResponse {
    model: BedrockConverseModel,
    client: Client,
    /// `None` when nothing more will come.
    stream: Option<ConverseStream>,
    parts: StreamParts,
    told: VecDeque<ModelResponseStreamEvent>,
    /// Comes after what has been told.
    failure: Option<Error>,
    origin: Origin,
    cancelled: bool,
}

impl BedrockStreamedResponse {
    pub(super) fn new(
        model: BedrockConverseModel,
        client: Client,
        stream: ConverseStream,
        parts: StreamParts,
        origin: Origin,
    ) -> Self {
        let (told, failure) = (VecDeque::new(), None);
        Self { model, client, stream: Some(stream), parts, told, failure, origin, cancelled: false }
    }

    /// The next event, `None` at the end. It can be dropped and called again without loss.
    ///
    /// # Errors
    ///
    /// What the service reports inside the stream, [`Incomplete`](crate::ErrorKind::Incomplete) when it is cut,
    /// [`Protocol`](crate::ErrorKind::Protocol) and [`Timeout`](crate::ErrorKind::Timeout). Each has the answer so far as
    /// [`partial`](Error::partial), and nothing comes after it.
    pub async fn next(&mut self) -> Option<Result<ModelResponseStreamEvent>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// The answer so far. Its [`state`](ModelResponse::state) says whether it is whole.
    pub fn get(&self) -> ModelResponse {
        self.parts.response()
    }

    /// What the answer cost; zero until the service says it, which it does last.
    pub fn usage(&self) -> &RequestUsage {
        self.parts.usage()
    }

    /// The model's name.
    pub fn model_name(&self) -> &str {
        self.model.model_name()
    }

    /// The provider's name, `bedrock`.
    pub fn provider_name(&self) -> &str {
        self.model.system()
    }

    /// The URL that the request went to.
    pub fn provider_url(&self) -> &str {
        &self.origin.provider_url
    }

    /// The service's id of the request.
    pub fn provider_response_id(&self) -> Option<&str> {
        self.origin.provider_response_id.as_deref()
    }

    /// When the answer began.
    pub fn timestamp(&self) -> &Timestamp {
        &self.origin.timestamp
    }

    /// Closes the connection; nothing more comes. The answer so far is [interrupted](crate::messages::State), unless it
    /// was whole.
    pub fn cancel(&mut self) {
        self.cancelled = true;
        self.stream = None;
        self.told.clear();
        self.failure = None;
        self.parts.cancel();
    }

    /// Whether it was [cancelled](Self::cancel).
    pub fn cancelled(&self) -> bool {
        self.cancelled
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<ModelResponseStreamEvent>>> {
        loop {
            if let Some(event) = self.told.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            if let Some(error) = self.failure.take() {
                return Poll::Ready(Some(Err(error)));
            }
            let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
            let (parts, told) = (&mut self.parts, &mut self.told);
            let outcome = match ready!(stream.poll_event_with(cx, |event| parts.handle(&event, told))) {
                Some(Ok(handled)) => handled,
                Some(Err(error)) => Err(error.with_partial(parts.response())),
                None => {
                    self.stream = None;
                    parts.finish(told)
                }
            };
            if let Err(error) = outcome {
                self.stream = None;
                self.failure = Some(self.model.explain(error, &self.client));
            }
        }
    }
}

impl Stream for BedrockStreamedResponse {
    type Item = Result<ModelResponseStreamEvent>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_event(cx)
    }
}

impl fmt::Debug for BedrockStreamedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BedrockStreamedResponse")
            .field("model_name", &self.model_name())
            .field("provider_url", &self.provider_url())
            .field("stream", &self.stream)
            .field("cancelled", &self.cancelled)
            .finish_non_exhaustive()
    }
}
