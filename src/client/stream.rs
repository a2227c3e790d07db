//! The events of an answer, as they come.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tracing::Span;

use super::answer::{self, Answer};
use super::auth::Secret;
use super::clock::TimedBody;
use super::span;
use crate::error::{Error, ErrorKind, Result};
use crate::eventstream::{Decoder, Limits};
use crate::transport::Chunks as _;
use crate::wire::ConverseStreamOutput;

/// The events of a streamed answer.
///
/// The answer is complete when `messageStop` has come; `metadata` may follow. A stream that ends without it, or inside a
/// frame, ends with [`ErrorKind::Incomplete`]. After an error there is nothing more. Dropping it closes the connection.
///
/// ```no_run
/// # async fn example(client: bedrock_converse::client::Client) -> bedrock_converse::Result<()> {
/// use bedrock_converse::wire::{ContentBlockDelta, ConverseRequest, ConverseStreamOutput};
///
/// let request = ConverseRequest::new("us.amazon.nova-micro-v1:0").user("Tell me a story.");
/// let mut stream = client.converse_stream(&request).await?;
/// while let Some(event) = stream.next_event().await {
///     if let ConverseStreamOutput::ContentBlockDelta(event) = event? {
///         if let ContentBlockDelta::Text(text) = event.delta {
///             print!("{text}");
///         }
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct ConverseStream {
    body: TimedBody,
    decoder: Decoder,
    /// Waits to be handed out. In a box, for it is soon gone and the stream stays.
    first: Option<Box<ConverseStreamOutput<'static>>>,
    /// Whether `messageStop` has come.
    complete: bool,
    over: bool,
    request_id: Option<String>,
    attempts: u32,
    secret: Secret,
    span: Span,
}

impl ConverseStream {
    pub(super) fn new(answer: Answer, limits: Limits, span: Span) -> Self {
        Self {
            request_id: answer::request_id(&answer.head),
            body: TimedBody::new(answer.body, answer.clock, false),
            decoder: Decoder::with_limits(limits),
            first: None,
            complete: false,
            over: false,
            attempts: answer.attempts,
            secret: answer.secret,
            span,
        }
    }

    /// Waits for the first event, which shows whether the request was taken up at all.
    pub(super) async fn read_first(&mut self) -> Result<()> {
        match self.next_event().await {
            Some(Ok(event)) => {
                self.first = Some(Box::new(event));
                self.body.limited = true;
                Ok(())
            }
            // Nothing has come, so nothing is lost by another attempt.
            Some(Err(error)) if error.kind() == ErrorKind::Incomplete => Err(error.with_retryable(true)),
            Some(Err(error)) => Err(error),
            None => unreachable!("a stream does not end well without an event"),
        }
    }

    /// The service's id of the request, which AWS support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// How many times the request was sent.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The next event, `None` at the end. It can be dropped and called again without loss.
    ///
    /// # Errors
    ///
    /// What the service reports inside the stream, with the status that it stands for; [`ErrorKind::Incomplete`],
    /// [`ErrorKind::Protocol`] and [`ErrorKind::Timeout`]. All are marked [`in_stream`](Error::in_stream).
    pub async fn next_event(&mut self) -> Option<Result<ConverseStreamOutput<'static>>> {
        poll_fn(|cx| self.poll_event_with(cx, |event| event.into_owned())).await
    }

    /// [`next_event`](Self::next_event) without a copy: `read` gets the event while it lies in the buffer.
    ///
    /// ```
    /// # use bedrock_converse::client::ConverseStream;
    /// # use bedrock_converse::wire::{ContentBlockDelta, ConverseStreamOutput};
    /// # async fn example(mut stream: ConverseStream) -> bedrock_converse::Result<()> {
    /// let mut length = 0;
    /// let mut count = |event: ConverseStreamOutput<'_>| {
    ///     if let ConverseStreamOutput::ContentBlockDelta(event) = event {
    ///         if let ContentBlockDelta::Text(text) = event.delta {
    ///             length += text.len();
    ///         }
    ///     }
    /// };
    /// while let Some(outcome) = std::future::poll_fn(|cx| stream.poll_event_with(cx, &mut count)).await {
    ///     outcome?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_event_with<R>(
        &mut self,
        cx: &mut Context<'_>,
        read: impl FnOnce(ConverseStreamOutput<'_>) -> R,
    ) -> Poll<Option<Result<R>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(read(*first))));
        }
        let error = loop {
            if self.over {
                return Poll::Ready(None);
            }
            match self.decoder.next_frame() {
                Ok(Some(frame)) => match ConverseStreamOutput::from_frame(frame) {
                    Ok(event) => {
                        self.complete |= matches!(event, ConverseStreamOutput::MessageStop(_));
                        span::event(&self.span, &event);
                        let read = read(event);
                        self.decoder.release();
                        return Poll::Ready(Some(Ok(read)));
                    }
                    Err(error) => break error,
                },
                Ok(None) => {}
                Err(error) => break error.into(),
            }
            let cause = match ready!(self.body.poll_chunk(cx)) {
                Some(Ok(chunk)) => {
                    self.decoder.push(chunk);
                    continue;
                }
                Some(Err(error)) => Some(error),
                None => None,
            };
            match self.ended(cause) {
                Some(error) => break error,
                None => self.end(),
            }
        };
        self.end();
        let error = self.secret.redact_error(error.with_in_stream()).with_attempts(self.attempts);
        let error = answer::with_request_id(error, self.request_id());
        if self.body.limited {
            // Before that, the caller of `read_first` decides what becomes of it.
            span::failed(&self.span, &error);
        }
        Poll::Ready(Some(Err(error)))
    }

    /// What the end of the input means, which came with `cause` or as ends come. `None` when the answer is complete: a
    /// connection that breaks after `messageStop` takes nothing but the usage with it.
    fn ended(&self, cause: Option<Error>) -> Option<Error> {
        let left_over = self.decoder.finish().err();
        match (left_over, cause) {
            (None, _) if self.complete => None,
            (_, Some(error)) if error.kind() != ErrorKind::Connection => Some(error),
            (left_over, cause) => {
                let message = match left_over {
                    Some(error) => error.to_string(),
                    None => "the stream ended before `messageStop`".to_owned(),
                };
                let error = Error::new(ErrorKind::Incomplete, message);
                Some(match cause {
                    Some(cause) => error.with_source(cause),
                    None => error,
                })
            }
        }
    }

    fn end(&mut self) {
        self.over = true;
        self.body.close();
        if self.complete {
            span::ended(&self.span, self.request_id.as_deref());
        }
    }
}

impl Stream for ConverseStream {
    type Item = Result<ConverseStreamOutput<'static>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_event_with(cx, |event| event.into_owned())
    }
}

impl fmt::Debug for ConverseStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConverseStream")
            .field("request_id", &self.request_id)
            .field("attempts", &self.attempts)
            .field("complete", &self.complete)
            .field("over", &self.over)
            .field("decoder", &self.decoder)
            .finish_non_exhaustive()
    }
}
