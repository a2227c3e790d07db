//! Answers from recorded exchanges.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::mem;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Sleep;

use super::difference::{Difference, shown};
use super::exchange::{Exchange, RecordedRequest, RecordedResponse, is_operation};
use super::{Body, BoxFuture, Chunks, Pieces, Request, Response, Rules, Transport};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// Answers requests from a folder of recorded exchanges, and touches no network.
///
/// A request must equal a recorded one; [`Rules`] say how exactly. The first one that has not answered yet answers, so
/// that equal requests get their answers in the recorded order. When there is none, the request fails with
/// [`ErrorKind::InvalidInput`] and a message that shows where it differs from the closest one:
///
/// ```
/// use bedrock_converse::client::{Auth, Client};
/// use bedrock_converse::endpoint::EndpointParams;
/// use bedrock_converse::transport::Replay;
/// use bedrock_converse::wire::ConverseRequest;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let replay = Replay::from_dir("fixtures/converse/amazon/text")?;
/// let endpoint = EndpointParams { region: Some("us-east-1".into()), ..Default::default() };
/// let builder = Client::builder(endpoint, Auth::api_key("any"));
/// let client = builder.transport(replay.clone()).build()?;
///
/// let ask = |question| ConverseRequest::new("us.amazon.nova-micro-v1:0").user(question);
/// let request = ask("What is the capital of Spain?");
/// let error = client.converse(&request).await.unwrap_err();
/// assert_eq!(
///     error.message(),
///     r#"fixtures/converse/amazon/text: no recorded exchange equals POST /model/us.amazon.nova-micro-v1%3A0/converse.
/// The closest is `text`, recorded (-) and sent (+):
///   $.messages[0].content[0].text
///     - "What is the capital of France?"
///     + "What is the capital of Spain?""#
/// );
/// assert_eq!(replay.unused(), ["text"]);
///
/// let request = ask("What is the capital of France?");
/// assert_eq!(client.converse(&request).await?.value.usage.unwrap().output_tokens, 8);
/// replay.finish()?; // fails when an exchange is unused
/// # Ok::<(), bedrock_converse::Error>(())
/// # }).unwrap();
/// ```
///
/// A failure that a client tries again is recorded and replayed like any other answer, and the client waits again in
/// between. Clones share which exchanges have answered.
#[derive(Clone)]
pub struct Replay {
    tape: Arc<Tape>,
    rules: Rules,
}

struct Tape {
    folder: PathBuf,
    exchanges: Vec<Exchange>,
    /// Which of them have answered.
    used: Mutex<Vec<bool>>,
}

impl Tape {
    fn used(&self) -> MutexGuard<'_, Vec<bool>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Replay {
    /// Reads the exchanges in `folder`, one or many, at any depth, in the order of their names.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when there is no such folder or a file cannot be read, [`ErrorKind::InvalidInput`] when the folder
    /// holds no exchange or one that is not well-formed.
    pub fn from_dir(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let exchanges = Exchange::load(folder)?;
        if exchanges.is_empty() {
            let message = format!("{}: no recorded exchange is there", folder.display());
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        Ok(Self::new(folder.to_owned(), exchanges))
    }

    pub(super) fn new(folder: PathBuf, exchanges: Vec<Exchange>) -> Self {
        let used = Mutex::new(vec![false; exchanges.len()]);
        Self { tape: Arc::new(Tape { folder, exchanges, used }), rules: Rules::new() }
    }

    /// Sets how requests are compared and answers are played.
    #[must_use]
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// A region and keys, so that a client can be set up where there are none.
    pub fn environment(&self) -> Environment {
        Environment::fixed([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        ])
    }

    /// The exchanges that have not answered yet.
    pub fn unused(&self) -> Vec<String> {
        let used = self.tape.used();
        let exchanges = self.tape.exchanges.iter().zip(used.iter());
        exchanges.filter(|(_, used)| !**used).map(|(exchange, _)| exchange.name()).collect()
    }

    /// Says at the end of a test whether all exchanges have answered.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when one has not.
    pub fn finish(&self) -> Result<()> {
        let unused = self.unused();
        if unused.is_empty() {
            return Ok(());
        }
        let message = format!("{}: nobody asked for {}", self.tape.folder.display(), unused.join(", "));
        Err(Error::new(ErrorKind::InvalidInput, message))
    }

    /// The answer to `request`, if it is recorded.
    pub(super) fn answer(&self, request: &Request) -> Result<Option<Response>> {
        if !is_operation(request) {
            return Ok(None);
        }
        self.find(&RecordedRequest::of(request, &self.rules.headers)?)
    }

    fn find(&self, sent: &RecordedRequest) -> Result<Option<Response>> {
        let exchanges = &self.tape.exchanges;
        loop {
            // A matcher is the user's, and may ask what is unused: it runs unlocked.
            let used = self.tape.used().clone();
            let mut equal = (0..exchanges.len()).filter(|k| self.rules.equal(&exchanges[*k].request, sent));
            let mut last = None;
            let fresh = equal.find(|k| !used[*last.insert(*k)]);
            let Some(k) = fresh.or(last.filter(|_| self.rules.repeat)) else { return Ok(None) };
            let taken = mem::replace(&mut self.tape.used()[k], true);
            if !taken || fresh.is_none() {
                let answer = self.play(&exchanges[k].response);
                return answer.map(Some).map_err(|error| error.at(exchanges[k].folder.display()));
            }
            // Another request was quicker.
        }
    }

    fn play(&self, recorded: &RecordedResponse) -> Result<Response> {
        let mut response = http::Response::builder().status(recorded.status);
        for (name, value) in &recorded.headers {
            response = response.header(name, value);
        }
        let body = Playing::new(recorded, self.rules.pieces, self.rules.pauses);
        response.body(Body::new(body)).map_err(|error| {
            let message = format!("response.headers: {error}");
            Error::new(ErrorKind::InvalidInput, message).with_source(error)
        })
    }

    /// Why there is no answer to `sent`.
    fn mismatch(&self, sent: &RecordedRequest) -> Error {
        let Tape { folder, exchanges, .. } = &*self.tape;
        let folder = folder.display();
        let request = format!("{} {}", sent.method, sent.path);
        if let Some(equal) = exchanges.iter().find(|exchange| self.rules.equal(&exchange.request, sent)) {
            let message = format!("{folder}: `{}` equals {request}, but has answered already", equal.name());
            return Error::new(ErrorKind::InvalidInput, message).with_hint("`Rules::repeat` lets it answer again");
        }
        let difference = |exchange: &Exchange| self.rules.differences(&exchange.request, sent);
        let compared = exchanges.iter().map(|exchange| (exchange, difference(exchange)));
        // The same operation of the same model comes first, however much of the body differs.
        let distance =
            |(exchange, found): &(&Exchange, Vec<Difference>)| (exchange.request.path != sent.path, found.len());
        let mut message = format!("{folder}: no recorded exchange equals {request}");
        if let Some((closest, found)) = compared.min_by_key(distance) {
            let name = closest.name();
            message += &format!(".\nThe closest is `{name}`, recorded (-) and sent (+):{}", shown(&found));
        }
        Error::new(ErrorKind::InvalidInput, message)
    }
}

impl Transport for Replay {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        let sent = RecordedRequest::of(&request, &self.rules.headers);
        let answer = sent.and_then(|sent| self.find(&sent)?.ok_or_else(|| self.mismatch(&sent)));
        Box::pin(std::future::ready(answer))
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tape { folder, exchanges, .. } = &*self.tape;
        f.debug_struct("Replay")
            .field("folder", folder)
            .field("exchanges", &exchanges.len())
            .field("unused", &self.unused())
            .field("rules", &self.rules)
            .finish()
    }
}

/// A body, piece by piece, each after its pause.
struct Playing {
    pieces: VecDeque<(Duration, Bytes)>,
    pause: Option<Pin<Box<Sleep>>>,
    incomplete: bool,
}

impl Playing {
    fn new(recorded: &RecordedResponse, pieces: Pieces, pauses: bool) -> Self {
        let mut rest = recorded.body.clone();
        let lengths = if recorded.chunks.is_empty() { vec![rest.len()] } else { recorded.chunks.clone() };
        let pause = |k: usize| recorded.pauses.get(k).copied().filter(|_| pauses).unwrap_or_default();
        let chunks = lengths.into_iter().enumerate().map(|(k, length)| (pause(k), rest.split_to(length)));
        let pieces = match pieces {
            Pieces::Recorded => chunks.collect(),
            Pieces::Whole => [(chunks.map(|(pause, _)| pause).sum(), recorded.body.clone())].into(),
            Pieces::Bytes => chunks.flat_map(|(pause, chunk)| bytes_of(pause, chunk)).collect(),
        };
        Self { pieces, pause: None, incomplete: recorded.incomplete }
    }
}

fn bytes_of(pause: Duration, chunk: Bytes) -> impl Iterator<Item = (Duration, Bytes)> {
    (0..chunk.len()).map(move |k| (if k == 0 { pause } else { Duration::ZERO }, chunk.slice(k..=k)))
}

impl Chunks for Playing {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match self.pieces.front_mut() {
                Some((pause, _)) if !pause.is_zero() => {
                    self.pause = Some(Box::pin(tokio::time::sleep(mem::take(pause))));
                }
                Some(_) => {
                    let (_, bytes) = self.pieces.pop_front().expect("there is a front");
                    if !bytes.is_empty() {
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
                None if self.incomplete => {
                    let message = "the recorded answer goes no further";
                    return Poll::Ready(Some(Err(Error::new(ErrorKind::Connection, message))));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}
