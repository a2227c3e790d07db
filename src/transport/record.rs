//! Writes exchanges down as they are on the wire.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::time::Instant;

use super::exchange::{Exchange, Form, RecordedRequest, RecordedResponse, io_error, is_operation};
use super::redact::{clean_stream, hide_accounts};
use super::secrets::Secrets;
use super::{Body, BoxFuture, Chunks, Request, Response, Rules, Transport};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// The headers of an answer that are kept.
const KEPT: [&str; 5] = ["content-type", "x-amzn-requestid", "x-amzn-errortype", "retry-after", "x-amz-retry-after"];

/// Writes each exchange that goes through it into a folder, for a [`Replay`](super::Replay).
///
/// Each becomes a folder of its own, `001-converse` and so on, as soon as its answer is read; `fixtures/README.md`
/// describes the files. An answer that was dropped half-read, or that broke off, is written as far as it came and
/// marked `incomplete`. Requests that go to no model, such as those of a source of credentials, pass unrecorded.
///
/// What gets to disk is what is known to be harmless: method, path and body, and of the headers `content-type`,
/// `accept`, the name of an error and what [`Rules`] compare. Account ids in ARNs become `123456789012`, request ids
/// are numbered, and the padding `p` is taken out of streams. A request or an answer that holds a secret (what authorises the
/// request, what the environment has in `AWS_SECRET_ACCESS_KEY` and its like, or what looks like a key) is not written.
///
/// ```no_run
/// use bedrock_converse::BedrockProvider;
/// use bedrock_converse::transport::{Recorder, ReqwestTransport};
///
/// let recorder = Recorder::new("recorded", ReqwestTransport::new());
/// let provider = BedrockProvider::builder().transport(recorder.clone()).build()?;
/// // ... requests ...
/// recorder.finish()?; // fails when something could not be written
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
///
/// Clones write into the same folder.
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<dyn Transport>,
    sink: Arc<Sink>,
    environment: Environment,
    rules: Rules,
}

/// Where exchanges go.
struct Sink {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The number of the last exchange, once there was a look at the folder.
    last: Option<u32>,
    /// Exchanges to remove when the first new one is written.
    old: Vec<Exchange>,
    /// The folders of the exchanges that are written.
    written: Vec<PathBuf>,
    /// What could not be written, and why.
    failure: Option<(ErrorKind, String)>,
}

impl Recorder {
    /// Records into `folder`, beside what is there. It is made when the first exchange is written.
    pub fn new(folder: impl Into<PathBuf>, transport: impl Transport + 'static) -> Self {
        Self {
            inner: Arc::new(transport),
            sink: Arc::new(Sink { folder: folder.into(), state: Mutex::default() }),
            environment: Environment::process(),
            rules: Rules::new(),
        }
    }

    /// Sets which headers are recorded for comparison, and whether pauses are.
    #[must_use]
    pub fn rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// Sets where secrets are known from, in place of the process's environment.
    #[must_use]
    pub fn environment(self, environment: Environment) -> Self {
        Self { environment, ..self }
    }

    /// Says whether everything could be written that has ended so far.
    ///
    /// The end of a stream is the wrong moment for that: its reader may have stopped at `messageStop`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when an exchange holds a secret, [`ErrorKind::Io`] when a file cannot be written.
    pub fn finish(&self) -> Result<()> {
        match &self.sink.lock().failure {
            None => Ok(()),
            Some((kind, message)) => Err(Error::new(*kind, message.clone())),
        }
    }

    /// The folders of the exchanges that are written so far, in the order in which their answers ended.
    pub fn written(&self) -> Vec<PathBuf> {
        self.sink.lock().written.clone()
    }

    /// Removes those of `old` that a recorder has written, when the first new one is written.
    pub(super) fn replacing(self, mut old: Vec<Exchange>) -> Self {
        old.retain(|exchange| {
            exchange.folder.parent() == Some(&*self.sink.folder) && number_of(&exchange.folder).is_some()
        });
        let mut state = self.sink.lock();
        state.last = Some(0);
        state.old = old;
        drop(state);
        self
    }

    async fn record(&self, request: Request) -> Result<Response> {
        if !is_operation(&request) {
            return self.inner.send(request).await;
        }
        self.finish()?;
        let secrets = Secrets::new(&request, &self.environment);
        let recorded = RecordedRequest::of(&request, &self.rules.headers)?;
        check(&secrets, &recorded).map_err(|error| error.at("the request was not sent"))?;
        let number = self.sink.next()?;
        let began = Instant::now();
        let (head, body) = self.inner.send(request).await?.into_parts();
        let headers = KEPT.iter().filter_map(|name| {
            match *name {
                "x-amzn-requestid" => Some(format!("00000000-0000-4000-8000-{number:012}")),
                name => Some(head.headers.get(name)?.to_str().ok()?.to_owned()),
            }
            .map(|value| ((*name).to_owned(), value))
        });
        let operation = recorded.path.rsplit('/').next().unwrap_or_default();
        let folder = self.sink.folder.join(format!("{number:03}-{operation}"));
        let response = RecordedResponse {
            status: head.status.as_u16(),
            headers: headers.collect(),
            form: Form::Other,
            body: Bytes::new(),
            chunks: Vec::new(),
            pauses: Vec::new(),
            incomplete: false,
        };
        let recording = Recording {
            body,
            sink: Arc::clone(&self.sink),
            secrets,
            exchange: Some(Exchange { folder, request: recorded, response }),
            bytes: Vec::new(),
            last: self.rules.pauses.then_some(began),
        };
        Ok(Response::from_parts(head, Body::new(recording)))
    }
}

impl Transport for Recorder {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(self.record(request))
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("folder", &self.sink.folder)
            .field("transport", &self.inner)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

impl Sink {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the next exchange.
    fn next(&self) -> Result<u32> {
        let mut state = self.lock();
        let last = match state.last {
            Some(last) => last,
            None => highest_number(&self.folder)?,
        };
        state.last = Some(last + 1);
        Ok(last + 1)
    }

    fn write(&self, exchange: &Exchange) -> Result<()> {
        let mut state = self.lock();
        for old in std::mem::take(&mut state.old) {
            old.remove()?;
        }
        exchange.write()?;
        state.written.push(exchange.folder.clone());
        Ok(())
    }
}

fn check(secrets: &Secrets, request: &RecordedRequest) -> Result<()> {
    secrets.check_text("the path", request.path.as_bytes())?;
    secrets.check_headers(&request.headers)?;
    secrets.check_json(&request.body)
}

/// The highest number of a recorded exchange in `folder`; 0 when there is none.
fn highest_number(folder: &Path) -> Result<u32> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        entries => entries.map_err(|error| io_error(folder, "read", error))?,
    };
    Ok(entries.flatten().filter_map(|entry| number_of(&entry.path())).max().unwrap_or(0))
}

fn number_of(folder: &Path) -> Option<u32> {
    folder.file_name()?.to_str()?.split_once('-')?.0.parse().ok()
}

/// A body that is written down as it is read.
struct Recording {
    body: Body,
    sink: Arc<Sink>,
    secrets: Secrets,
    /// What is known so far; `None` when it is written, or cannot be.
    exchange: Option<Exchange>,
    bytes: Vec<u8>,
    /// When the last piece came, if pauses are recorded.
    last: Option<Instant>,
}

impl Recording {
    fn piece(&mut self, bytes: &[u8]) {
        let Some(Exchange { response, .. }) = &mut self.exchange else { return };
        self.bytes.extend_from_slice(bytes);
        response.chunks.push(bytes.len());
        if let Some(last) = &mut self.last {
            let now = Instant::now();
            response.pauses.push(Duration::from_millis((now - *last).as_millis() as u64));
            *last = now;
        }
    }

    /// Writes it, once.
    fn end(&mut self, incomplete: bool) -> Result<()> {
        let Some(mut exchange) = self.exchange.take() else { return Ok(()) };
        exchange.response.incomplete = incomplete;
        let written = complete(&mut exchange.response, std::mem::take(&mut self.bytes), &self.secrets)
            .map_err(|error| error.at(format_args!("{}: the answer", exchange.folder.display())))
            .and_then(|()| self.sink.write(&exchange));
        if let Err(error) = &written {
            tracing::error!(%error, "an exchange was not recorded");
            self.sink.lock().failure = Some((error.kind(), error.message().to_owned()));
        }
        written
    }
}

/// Makes `bytes` the body of `response`, after a look through it.
fn complete(response: &mut RecordedResponse, mut bytes: Vec<u8>, secrets: &Secrets) -> Result<()> {
    let content_type = response.headers.iter().find(|(name, _)| name == "content-type");
    let is_stream = content_type.is_some_and(|(_, value)| value.starts_with("application/vnd.amazon.eventstream"));
    if is_stream {
        response.form = Form::Stream;
        bytes = clean_stream(&bytes, &mut response.chunks);
        secrets.check_stream(&bytes)?;
    } else {
        // How a body that is read whole was cut says nothing.
        response.chunks.clear();
        response.pauses.clear();
        hide_accounts(&mut bytes);
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(body) => {
                response.form = Form::Json;
                secrets.check_json(&body)?;
            }
            Err(_) => secrets.check_text("the body", &bytes)?,
        }
    }
    response.body = bytes.into();
    secrets.check_headers(&response.headers)
}

impl Chunks for Recording {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let chunk = ready!(self.body.poll_chunk(cx));
        match &chunk {
            Some(Ok(bytes)) => self.piece(bytes),
            Some(Err(_)) => drop(self.end(true)),
            None => {
                if let Err(error) = self.end(false) {
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        Poll::Ready(chunk)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // What fails here is kept for `finish`.
        let _ = self.end(true);
    }
}
