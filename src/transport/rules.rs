//! What counts as the same request, and how an answer is played.

use std::fmt;
use std::sync::Arc;

use super::difference::{Difference, differences, headers};
use super::exchange::RecordedRequest;

/// How requests are compared, and how answers are played.
///
/// Method, path and body are compared, from `/model/` on and without authorisation; the order of a JSON object's
/// members doesn't matter, nor do account ids in ARNs and top-level members that are `null` or empty.
///
/// ```
/// use bedrock_converse::transport::{Pieces, Replay, Rules};
///
/// let rules = Rules::new()
///     .ignore("$.messages[*].content[*].toolUse.toolUseId")
///     .ignore("$.requestMetadata")
///     .repeat()
///     .pieces(Pieces::Bytes);
/// let replay = Replay::from_dir("fixtures/converse/amazon")?.rules(rules);
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Rules {
    ignored: Vec<String>,
    pub(super) headers: Vec<String>,
    matcher: Option<Arc<Matcher>>,
    pub(super) repeat: bool,
    pub(super) pieces: Pieces,
    pub(super) pauses: bool,
}

type Matcher = dyn Fn(&RecordedRequest, &RecordedRequest) -> bool + Send + Sync;

/// The pieces in which the body of an answer comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "as recorded, and the two extremes")]
pub enum Pieces {
    /// Those in which it came when it was recorded.
    #[default]
    Recorded,
    /// All at once.
    Whole,
    /// Byte by byte.
    Bytes,
}

impl Rules {
    /// The rules that hold unless others are given: all of the body must be equal, an exchange answers once, pieces
    /// come as recorded and without pauses.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ignores what is at and below a path of the body: `$.system`, `$.messages[0].content`, or with `[*]` for every
    /// place in a list `$.messages[*].content[*].toolUse.toolUseId`.
    pub fn ignore(mut self, path: impl Into<String>) -> Self {
        self.ignored.push(path.into());
        self
    }

    /// Compares a header too, and records it. Headers that authorise are never recorded.
    pub fn compare_header(mut self, name: &str) -> Self {
        self.headers.push(name.to_lowercase());
        self
    }

    /// Decides in place of the comparison whether a recorded request (the first) equals one that is sent (the second).
    ///
    /// ```
    /// use bedrock_converse::transport::{RecordedRequest, Rules};
    ///
    /// let last = |request: &RecordedRequest| {
    ///     request.body["messages"].as_array().and_then(|list| list.last().cloned())
    /// };
    /// let rules = Rules::new()
    ///     .matcher(move |recorded, sent| recorded.path == sent.path && last(recorded) == last(sent));
    /// # let _ = rules;
    /// ```
    pub fn matcher(
        mut self,
        equal: impl Fn(&RecordedRequest, &RecordedRequest) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.matcher = Some(Arc::new(equal));
        self
    }

    /// Lets an exchange answer again, the last one when several are equal.
    pub fn repeat(mut self) -> Self {
        self.repeat = true;
        self
    }

    /// The pieces in which answers come.
    pub fn pieces(mut self, pieces: Pieces) -> Self {
        self.pieces = pieces;
        self
    }

    /// Records the pauses before the pieces of streams, and plays those that were recorded.
    pub fn pauses(mut self) -> Self {
        self.pauses = true;
        self
    }

    /// Where two requests differ.
    pub(super) fn differences(&self, recorded: &RecordedRequest, sent: &RecordedRequest) -> Vec<Difference> {
        let line = |request: &RecordedRequest| format!("{} {}", request.method, request.path).into();
        let mut found = differences("request", &line(recorded), &line(sent), &[]);
        let headers = |request: &RecordedRequest| headers(&request.headers, &self.headers);
        found.extend(differences("headers", &headers(recorded), &headers(sent), &[]));
        found.extend(differences("$", &recorded.body, &sent.body, &self.ignored));
        found
    }

    pub(super) fn equal(&self, recorded: &RecordedRequest, sent: &RecordedRequest) -> bool {
        match &self.matcher {
            Some(equal) => equal(recorded, sent),
            None => self.differences(recorded, sent).is_empty(),
        }
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ignored, headers, matcher, repeat, pieces, pauses } = self;
        f.debug_struct("Rules")
            .field("ignored", ignored)
            .field("headers", headers)
            .field("matcher", &matcher.is_some())
            .field("repeat", repeat)
            .field("pieces", pieces)
            .field("pauses", pauses)
            .finish()
    }
}
