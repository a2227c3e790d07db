//! Recording the first time, replaying from then on.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::exchange::{Exchange, io_error};
use super::{BoxFuture, Recorder, Replay, Request, ReqwestTransport, Response, Rules, Transport};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// What a [`Cassette`] does with its recordings. The names are those of [VCR](https://github.com/vcr/vcr).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "recording and replaying, each or both")]
pub enum Mode {
    /// Records when there is no recording yet; otherwise replays, and a request that is not recorded fails.
    #[default]
    Once,
    /// Replays what is recorded and records what is not.
    NewEpisodes,
    /// Replays; never sends anything. For continuous integration.
    None,
    /// Records everything anew. The old recording is removed when the first new answer has come.
    All,
}

impl Mode {
    const NAMES: [(&str, Self); 4] =
        [("once", Self::Once), ("new_episodes", Self::NewEpisodes), ("none", Self::None), ("all", Self::All)];

    /// The mode that the variable `CONVERSE_RECORD` names: `once`, `new_episodes`, `none` or `all`; [`Once`](Self::Once)
    /// when it is unset.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when it names another.
    pub fn from_environment(environment: &Environment) -> Result<Self> {
        let Some(name) = environment.var(VARIABLE) else { return Ok(Self::default()) };
        name.parse().map_err(|error: Error| error.at(VARIABLE).with_kind(ErrorKind::Configuration))
    }
}

const VARIABLE: &str = "CONVERSE_RECORD";

impl FromStr for Mode {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = Self::NAMES.into_iter().find(|(known, _)| *known == name);
        known.map(|(_, mode)| mode).ok_or_else(|| {
            let message = format!("{name:?} is none of once, new_episodes, none and all");
            Error::new(ErrorKind::InvalidInput, message)
        })
    }
}

/// A transport for tests: it talks to the service the first time and records that, and replays it from then on.
///
/// ```
/// use bedrock_converse::messages::ModelRequest;
/// use bedrock_converse::transport::Cassette;
/// use bedrock_converse::{BedrockConverseModel, BedrockProvider, Environment, Result};
///
/// /// The program.
/// async fn capital(country: &str, provider: BedrockProvider) -> Result<String> {
///     let model = BedrockConverseModel::new("us.amazon.nova-micro-v1:0", provider)?;
///     let prompt = format!("What is the capital of {country}?");
///     let answer = model.request(&[ModelRequest::user_text_prompt(prompt).into()], None, None).await?;
///     Ok(answer.text().unwrap_or_default())
/// }
///
/// /// Its test.
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let cassette = Cassette::open("fixtures/recorded/capital")?;
/// let provider = BedrockProvider::builder()
///     .environment(cassette.environment())
///     .transport(cassette.clone())
///     .build()?;
/// assert_eq!(capital("France", provider).await?, "The capital of France is Paris.");
/// cassette.finish()
/// # }
/// ```
///
/// What a test sees in each [`Mode`]:
///
/// | | `Once` | `NewEpisodes` | `None` | `All` |
/// |---|---|---|---|---|
/// | no recording | it is recorded | it is recorded | [`new`](Self::new) fails | it is recorded |
/// | a request equals a recorded one | replayed | replayed | replayed | sent and recorded anew |
/// | a request was changed, or is new | fails with the difference | sent and recorded beside the others | fails with the difference | sent and recorded anew |
/// | a recorded request is not made any more | [`finish`](Self::finish) fails | [`finish`](Self::finish) fails | [`finish`](Self::finish) fails | its recording is removed |
///
/// Clones share everything.
#[derive(Clone)]
pub struct Cassette {
    mode: Mode,
    replay: Replay,
    /// There while requests may be sent.
    recorder: Option<Recorder>,
    environment: Environment,
}

impl Cassette {
    /// A cassette in `folder`, in the mode that `CONVERSE_RECORD` names, over a [`ReqwestTransport`].
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and [`ErrorKind::Configuration`] when there is no such mode.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self> {
        let environment = Environment::process();
        let mode = Mode::from_environment(&environment)?;
        Self::new(folder, mode, ReqwestTransport::new(), environment)
    }

    /// A cassette in `folder`, which records what goes through `transport`. In a recording there will be no secret that
    /// is in `environment`.
    ///
    /// ```
    /// use bedrock_converse::Environment;
    /// use bedrock_converse::transport::{Cassette, Mode, ReqwestTransport};
    ///
    /// let (mode, transport, environment) = (Mode::None, ReqwestTransport::new(), Environment::process());
    /// let cassette = Cassette::new("fixtures/recorded/capital", mode, transport, environment)?;
    /// assert!(!cassette.is_recording());
    /// assert_eq!(cassette.unused(), ["001-converse"]);
    /// # Ok::<(), bedrock_converse::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when what is in the folder is not well-formed, or in [`Mode::None`] nothing is;
    /// [`ErrorKind::Io`] when it cannot be read.
    pub fn new(
        folder: impl Into<PathBuf>,
        mode: Mode,
        transport: impl Transport + 'static,
        environment: Environment,
    ) -> Result<Self> {
        let folder = folder.into();
        let recorded = match folder.try_exists().map_err(|error| io_error(&folder, "read", error))? {
            true => Exchange::load(&folder)?,
            false => Vec::new(),
        };
        if recorded.is_empty() && mode == Mode::None {
            let message = format!("{}: no recorded exchange is there", folder.display());
            return Err(Error::new(ErrorKind::InvalidInput, message).with_hint(format!("{VARIABLE}=once records it")));
        }
        let recorder = Recorder::new(folder.clone(), transport).environment(environment.clone());
        let (replayed, recorder) = match mode {
            Mode::Once if recorded.is_empty() => (recorded, Some(recorder)),
            Mode::Once | Mode::None => (recorded, None),
            Mode::NewEpisodes => (recorded, Some(recorder)),
            Mode::All => (Vec::new(), Some(recorder.replacing(recorded))),
        };
        Ok(Self { mode, replay: Replay::new(folder, replayed), recorder, environment })
    }

    /// Sets how requests are compared, what is recorded beside the usual, and how answers are played.
    #[must_use]
    pub fn rules(self, rules: Rules) -> Self {
        let recorder = self.recorder.map(|recorder| recorder.rules(rules.clone()));
        Self { replay: self.replay.rules(rules), recorder, ..self }
    }

    /// Whether requests may be sent to the service.
    pub fn is_recording(&self) -> bool {
        self.recorder.is_some()
    }

    /// What a client is to be set up with: the environment while requests may be sent, otherwise a region and keys that
    /// stand for it, so that a replay needs none.
    pub fn environment(&self) -> Environment {
        if self.is_recording() { self.environment.clone() } else { self.replay.environment() }
    }

    /// The recorded exchanges that have not answered yet.
    pub fn unused(&self) -> Vec<String> {
        self.replay.unused()
    }

    /// Says at the end of a test whether all recorded exchanges have answered and all others are recorded.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when one has not answered, or holds a secret; [`ErrorKind::Io`] when a file cannot be
    /// written.
    pub fn finish(&self) -> Result<()> {
        self.recorder.as_ref().map_or(Ok(()), Recorder::finish)?;
        self.replay.finish().map_err(with_hint)
    }

    async fn exchange(&self, request: Request) -> Result<Response> {
        let Some(recorder) = &self.recorder else { return self.replay.send(request).await.map_err(with_hint) };
        match self.replay.answer(&request)? {
            Some(answer) => Ok(answer),
            None => recorder.send(request).await,
        }
    }
}

impl Transport for Cassette {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(self.exchange(request))
    }
}

impl fmt::Debug for Cassette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cassette")
            .field("mode", &self.mode)
            .field("replay", &self.replay)
            .field("recorder", &self.recorder)
            .finish_non_exhaustive()
    }
}

fn with_hint(error: Error) -> Error {
    match error.hint() {
        Some(_) => error,
        None => error.with_hint(format!("if that is as it should be, {VARIABLE}=all records everything anew")),
    }
}
