//! Credentials kept until shortly before they expire, and renewed once for all who wait.

use std::error::Error as StdError;
use std::fmt;
use std::iter::successors;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};

use super::DefaultChain;
use super::context::Ambient;
use crate::error::{Error, ErrorKind, Result};

/// Credentials are renewed this long before they expire, or up to a fifth longer, so that not all machines ask at once.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// Credentials that never expire are asked for again after this time: the file may have changed.
const UNDATED: Duration = Duration::from_secs(15 * 60);
/// After a renewal that failed or gave something already expired, the source has rest for up to this long.
const REST: Duration = Duration::from_secs(60);

/// Keeps what a provider gives, and asks it again five minutes before that expires.
///
/// However many ask at the same time, the provider is asked once. While the old credentials are valid nobody waits but
/// the one who renews them; when that fails, they are used on. Credentials that come expired already, as the
/// instance metadata give them out when their own source is down, are used for a minute: the service decides.
///
/// ```
/// use bedrock_converse::credentials::{Credentials, CredentialsCache};
///
/// let cache = CredentialsCache::new(Credentials::new("AKID", "SECRET", None, None, "example"));
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let credentials = cache.get().await?;
/// assert_eq!(credentials.access_key_id(), "AKID");
/// cache.invalidate(&credentials); // the service has refused them: the provider is asked again
/// # Ok::<_, bedrock_converse::Error>(())
/// # }).unwrap();
/// ```
pub struct CredentialsCache {
    provider: Provider,
    ambient: Ambient,
    state: Mutex<State>,
    /// Held by the one who asks the provider.
    renewal: tokio::sync::Mutex<()>,
}

/// Who is asked.
enum Provider {
    Chain(DefaultChain),
    Other(Box<dyn ProvideCredentials>),
}

#[derive(Default)]
struct State {
    /// How often the provider has answered.
    answers: u64,
    kept: Option<Kept>,
    /// The last answer, when it was an error.
    failure: Option<Arc<CredentialsError>>,
}

#[derive(Clone)]
struct Kept {
    credentials: Credentials,
    renew_at: SystemTime,
    /// `None` if they never expire.
    expires_at: Option<SystemTime>,
}

impl Kept {
    fn is_valid(&self, now: SystemTime) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

impl CredentialsCache {
    /// A cache in front of `provider`.
    pub fn new(provider: impl ProvideCredentials + 'static) -> Self {
        Self::with_ambient(provider, Ambient::default())
    }

    pub(super) fn with_ambient(provider: impl ProvideCredentials + 'static, ambient: Ambient) -> Self {
        Self::of(Provider::Other(Box::new(provider)), ambient)
    }

    fn of(provider: Provider, ambient: Ambient) -> Self {
        let (state, renewal) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { provider, ambient, state, renewal }
    }

    /// Valid credentials, from the cache or the provider.
    ///
    /// # Errors
    ///
    /// What the provider reports, when there are no valid credentials left; [`ErrorKind::Credentials`] if it is not of
    /// this crate. Those who waited for the same answer get the same error.
    pub async fn get(&self) -> Result<Credentials> {
        let now = self.ambient.now();
        let (seen, kept) = {
            let state = self.state();
            (state.answers, state.kept.clone())
        };
        let _renewal = match kept {
            Some(kept) if now < kept.renew_at => return Ok(kept.credentials),
            Some(kept) if kept.is_valid(now) => match self.renewal.try_lock() {
                Ok(renewal) => renewal,
                // Somebody is at it.
                Err(_) => return Ok(kept.credentials),
            },
            _ => self.renewal.lock().await,
        };
        if let Some(outcome) = self.answer_since(seen) {
            return outcome;
        }
        let answer = match &self.provider {
            Provider::Chain(chain) => chain.provide_credentials().await,
            Provider::Other(provider) => provider.provide_credentials().await,
        };
        self.store(answer)
    }

    /// Where the last credentials came from, such as ``keys of profile `default` ``. Only known of a [`DefaultChain`] that
    /// the cache was made [from](Self#impl-From<DefaultChain>-for-CredentialsCache), and not before the first.
    pub fn source(&self) -> Option<Arc<str>> {
        match &self.provider {
            Provider::Chain(chain) => chain.source(),
            Provider::Other(_) => None,
        }
    }

    /// Forgets `refused`, which the service has called expired or unknown, unless they have been replaced already.
    pub fn invalidate(&self, refused: &Credentials) {
        let mut state = self.state();
        if state.kept.as_ref().is_some_and(|kept| kept.credentials == *refused) {
            state.kept = None;
        }
    }

    /// What others got while this caller waited.
    fn answer_since(&self, seen: u64) -> Option<Result<Credentials>> {
        let state = self.state();
        if state.answers == seen {
            return None;
        }
        let kept = state.kept.as_ref().map(|kept| Ok(kept.credentials.clone()));
        kept.or_else(|| state.failure.as_ref().map(|failure| Err(error(failure))))
    }

    fn store(&self, answer: Result<Credentials, CredentialsError>) -> Result<Credentials> {
        let now = self.ambient.now();
        let random = self.ambient.random();
        let rest = now + REST.mul_f64(0.5 + random / 2.0);
        let mut state = self.state();
        state.answers += 1;
        match answer {
            Ok(credentials) => {
                let expiry = credentials.expiry();
                let left = expiry.map(|expiry| expiry.duration_since(now).unwrap_or_default());
                let (renew_at, expires_at) = match left {
                    None => (now + UNDATED, None),
                    Some(Duration::ZERO) => {
                        tracing::warn!("the credentials have expired already; they are used all the same");
                        (rest, Some(rest))
                    }
                    Some(left) => {
                        let early = EARLY.mul_f64(1.0 + random / 5.0).min(left / 2);
                        (now + left - early, Some(now + left))
                    }
                };
                state.kept = Some(Kept { credentials: credentials.clone(), renew_at, expires_at });
                state.failure = None;
                Ok(credentials)
            }
            Err(failure) => {
                let failure = Arc::new(failure);
                state.failure = Some(Arc::clone(&failure));
                match &mut state.kept {
                    Some(kept) if kept.is_valid(now) => {
                        tracing::warn!(error = %error(&failure), "credentials not renewed; the old ones are valid still");
                        kept.renew_at = rest;
                        Ok(kept.credentials.clone())
                    }
                    _ => {
                        state.kept = None;
                        Err(error(&failure))
                    }
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A cache that knows [where](CredentialsCache::source) its credentials come from.
impl From<DefaultChain> for CredentialsCache {
    fn from(chain: DefaultChain) -> Self {
        Self::of(Provider::Chain(chain), Ambient::default())
    }
}

impl ProvideCredentials for CredentialsCache {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { self.get().await.map_err(CredentialsError::provider_error) })
    }
}

impl fmt::Debug for CredentialsCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let provider: &dyn fmt::Debug = match &self.provider {
            Provider::Chain(chain) => chain,
            Provider::Other(provider) => provider,
        };
        f.debug_struct("CredentialsCache").field("provider", provider).finish_non_exhaustive()
    }
}

/// An error of this crate as it was; a provider's own as the source of one.
fn error(failure: &Arc<CredentialsError>) -> Error {
    let first: &(dyn StdError + 'static) = &**failure;
    match successors(Some(first), |&error| error.source()).find_map(|error| error.downcast_ref::<Error>()) {
        Some(own) => {
            let error = Error::new(own.kind(), own.message());
            match own.hint() {
                Some(hint) => error.with_hint(hint),
                None => error,
            }
        }
        None => {
            Error::new(ErrorKind::Credentials, "the credentials provider failed").with_source(Shared(failure.clone()))
        }
    }
}

/// One failure, for all who waited.
struct Shared(Arc<CredentialsError>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Shared {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
