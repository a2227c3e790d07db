//! By what a request is authorised.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::token::{ProvideToken, SharedTokenProvider};
use aws_credential_types::{Credentials, Token};
use bytes::Bytes;

use crate::credentials::CredentialsCache;
use crate::error::{Error, ErrorKind, Result};
use crate::sign::{self, Signer};
use crate::transport::Request;

/// By what a request is authorised.
#[derive(Clone)]
#[non_exhaustive]
pub enum Auth {
    /// A signature by AWS credentials.
    SigV4(Arc<CredentialsCache>),
    /// A bearer key. The provider is asked before every attempt and may wait.
    Bearer(SharedTokenProvider),
}

impl Auth {
    /// Signatures by what `provider` gives, which is kept until shortly before it expires. [`Credentials`] themselves are
    /// a provider.
    pub fn credentials(provider: impl ProvideCredentials + 'static) -> Self {
        Self::SigV4(Arc::new(CredentialsCache::new(provider)))
    }

    /// One bearer key, as made in the console or by [`short_term_api_key`](crate::short_term_api_key).
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html>
    pub fn api_key(key: impl Into<String>) -> Self {
        Self::bearer(Token::new(key, None))
    }

    /// Bearer keys from a provider, which is asked before every attempt. It has to keep what it gives.
    pub fn bearer(provider: impl ProvideToken + 'static) -> Self {
        Self::Bearer(SharedTokenProvider::new(provider))
    }
}

/// Neither keys nor providers are shown.
impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SigV4(_) => "SigV4(..)",
            Self::Bearer(_) => "Bearer(..)",
        })
    }
}

/// What authorises the requests of a client.
pub(super) enum Authority {
    SigV4(Arc<CredentialsCache>, Signer),
    Bearer(SharedTokenProvider),
}

impl Authority {
    /// `region` is only asked for where something is to be signed.
    pub(super) fn new<'a>(auth: Auth, region: impl FnOnce() -> Result<&'a str>) -> Result<Self> {
        Ok(match auth {
            Auth::SigV4(cache) => Self::SigV4(cache, Signer::new(region()?, "bedrock")),
            Auth::Bearer(provider) => Self::Bearer(provider),
        })
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::SigV4(..) => "SigV4",
            Self::Bearer(_) => "Bearer",
        }
    }

    /// What the next attempt is authorised by.
    pub(super) async fn identity(&self) -> Result<Identity<'_>> {
        match self {
            Self::SigV4(cache, signer) => Ok(Identity::Credentials { credentials: cache.get().await?, cache, signer }),
            Self::Bearer(provider) => match provider.as_ref().provide_token().await {
                Ok(token) => Ok(Identity::Token(token)),
                Err(error) => {
                    Err(Error::new(ErrorKind::Credentials, "the provider of bearer keys failed").with_source(error))
                }
            },
        }
    }
}

/// What one attempt is authorised by.
pub(super) enum Identity<'a> {
    Credentials { credentials: Credentials, cache: &'a CredentialsCache, signer: &'a Signer },
    Token(Token),
}

impl Identity<'_> {
    /// Puts it into `request`, which must not change any more.
    pub(super) fn authorise(&self, request: &mut Request, time: SystemTime) -> Result<()> {
        match self {
            Self::Credentials { credentials, signer, .. } => signer.sign(request, credentials, time),
            Self::Token(token) => sign::bearer(request, token.token()),
        }
    }

    /// Whether the time is a part of it.
    pub(super) fn is_dated(&self) -> bool {
        matches!(self, Self::Credentials { .. })
    }

    /// Forgets it, because the service has refused it.
    pub(super) fn refuse(&self) {
        if let Self::Credentials { credentials, cache, .. } = self {
            cache.invalidate(credentials);
        }
    }

    /// What it sends along.
    pub(super) fn secret(&self) -> Secret {
        match self {
            Self::Credentials { credentials, .. } => Secret::OfCredentials(credentials.clone()),
            Self::Token(token) => Secret::Token(token.clone()),
        }
    }

    /// What to look at when the service has refused it.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::Credentials { cache, .. } => match cache.source() {
                Some(source) => format!("the refused credentials came from: {source}"),
                None => "the refused credentials came from a provider that the program gave".to_owned(),
            },
            Self::Token(_) => "the service refused the bearer key: it may have expired".to_owned(),
        }
    }
}

/// What was sent with a request and must not be in its errors.
#[derive(Clone)]
pub(super) enum Secret {
    OfCredentials(Credentials),
    Token(Token),
}

impl Secret {
    /// An error's body without the secret that was sent. It may be there: when a signature does not match, AWS quotes the
    /// headers that it was made over.
    pub(super) fn redact(&self, body: Bytes) -> Bytes {
        /// What is shorter is no token, and may be a word of the message.
        const SHORTEST: usize = 16;
        let secret = match self {
            Self::OfCredentials(credentials) => credentials.session_token().unwrap_or_default(),
            Self::Token(token) => token.token(),
        };
        if secret.len() < SHORTEST {
            return body;
        }
        let escaped = secret.replace('/', r"\/");
        let text = String::from_utf8_lossy(&body);
        if !text.contains(secret) && !text.contains(&escaped) {
            return body;
        }
        text.replace(secret, "***").replace(&escaped, "***").into()
    }

    /// [`redact`](Self::redact) for an error that was made of a body already.
    pub(super) fn redact_error(&self, error: Error) -> Error {
        let message = self.redact(Bytes::copy_from_slice(error.message().as_bytes()));
        let error = match error.body().cloned() {
            Some(body) => error.with_body(self.redact(body)),
            None => error,
        };
        let original = error.original_message().map(|text| self.redact(Bytes::copy_from_slice(text.as_bytes())));
        let text = |bytes: Bytes| String::from_utf8_lossy(&bytes).into_owned();
        let status = error.original_status();
        error.with_message(text(message)).with_original(status, original.map(text))
    }
}

impl PartialEq for Identity<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Credentials { credentials: one, .. }, Self::Credentials { credentials: other, .. }) => one == other,
            (Self::Token(one), Self::Token(other)) => one == other,
            _ => false,
        }
    }
}
