//! What the server was asked, for assertions.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use tokio::sync::watch;

/// One request that reached the server, and how its answer went.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use bedrock_converse::serve::Server;
/// # use bedrock_converse::{BedrockProvider, wire::ConverseRequest};
///
/// let server = Server::start()?;
/// # let client = BedrockProvider::builder().environment(server.environment()).build()?.client();
/// # client.converse(&ConverseRequest::new("us.amazon.nova-micro-v1:0").user("Hello!")).await?;
/// // … a program asks …
/// let requests = server.requests();
/// assert_eq!((requests[0].number, requests[0].status), (0, Some(200)));
/// assert_eq!(requests[0].json()["messages"][0]["role"], "user");
/// assert_eq!(requests[0].header("authorization"), Some("AWS4-HMAC-SHA256 ***"));
/// # Ok::<(), bedrock_converse::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServedRequest {
    /// How many requests came before it.
    pub number: usize,
    /// The HTTP method.
    pub method: String,
    /// The path as it was sent, still percent-encoded.
    pub path: String,
    /// The headers. Of `authorization` only the scheme is kept, of a session token nothing.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// The status of the answer; `None` as long as there is none.
    pub status: Option<u16>,
    /// How many events of a stream, or plain bodies (0 or 1), were handed over.
    pub events_sent: usize,
    /// Whether the client left before the answer was whole. That includes an answer which a fault keeps from ending.
    pub closed_early: bool,
    /// Whether the server is done with this request.
    pub done: bool,
}

impl ServedRequest {
    /// The body as JSON; null when it isn't JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header's value, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// How many requests are kept.
const MOST: usize = 1000;

/// The latest requests.
#[derive(Debug, Default)]
pub(super) struct Log {
    requests: Mutex<Requests>,
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Requests {
    kept: VecDeque<ServedRequest>,
    /// How many came before those that are kept.
    forgotten: usize,
}

impl Log {
    /// Looks at the requests.
    pub(super) fn with<T>(&self, look: impl FnOnce(&[ServedRequest]) -> T) -> T {
        look(self.lock().kept.make_contiguous())
    }

    /// Wakes whenever something in the log has changed.
    pub(super) fn subscribe(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Begins an entry, which the returned value keeps up to date.
    pub(super) fn begin(self: &Arc<Self>, head: &Parts, body: Bytes) -> Entry {
        let mut requests = self.lock();
        if requests.kept.len() == MOST {
            requests.kept.pop_front();
            requests.forgotten += 1;
        }
        let number = requests.forgotten + requests.kept.len();
        requests.kept.push_back(ServedRequest {
            number,
            method: head.method.to_string(),
            path: head.uri.path_and_query().map_or_else(|| head.uri.path().to_owned(), ToString::to_string),
            headers: redacted(head.headers.clone()),
            body,
            status: None,
            events_sent: 0,
            closed_early: false,
            done: false,
        });
        self.changes.send_replace(());
        Entry { log: Arc::clone(self), index: number, whole: false }
    }

    fn lock(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn redacted(mut headers: HeaderMap) -> HeaderMap {
    for (name, value) in &mut headers {
        let hidden = HeaderValue::from_static("***");
        match name.as_str() {
            "authorization" => {
                let scheme = value.to_str().ok().and_then(|value| value.split_once(' '));
                let shown = scheme.and_then(|(scheme, _)| HeaderValue::try_from(format!("{scheme} ***")).ok());
                *value = shown.unwrap_or(hidden);
            }
            "x-amz-security-token" | "proxy-authorization" | "cookie" => *value = hidden,
            "accept" | "connection" | "content-length" | "content-type" | "host" | "user-agent" | "x-amz-date"
            | "x-converse-fault" => {}
            // Kept for assertions, but not for `Debug`: it may be a key.
            _ => value.set_sensitive(true),
        }
    }
    headers
}

/// The entry of a request that is being answered. Dropping it ends the entry.
#[derive(Debug)]
pub(super) struct Entry {
    log: Arc<Log>,
    index: usize,
    /// Whether the server has said all that it had to say.
    whole: bool,
}

impl Entry {
    /// Its number, counted from 0.
    pub(super) fn index(&self) -> usize {
        self.index
    }

    pub(super) fn status(&self, status: u16) {
        self.update(|request| request.status = Some(status));
    }

    pub(super) fn event_sent(&self) {
        self.update(|request| request.events_sent += 1);
    }

    pub(super) fn whole(&mut self) {
        self.whole = true;
    }

    fn update(&self, change: impl FnOnce(&mut ServedRequest)) {
        let mut requests = self.log.lock();
        let place = self.index.checked_sub(requests.forgotten);
        place.and_then(|place| requests.kept.get_mut(place)).map(change);
        drop(requests);
        self.log.changes.send_replace(());
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let whole = self.whole;
        self.update(|request| {
            request.closed_early = !whole;
            request.done = true;
        });
    }
}
