//! Where credentials come from: the sources of the AWS SDKs, in their order, without the SDK.
//!
//! [`DefaultChain`] asks one source after the other; [`CredentialsCache`] keeps what any [`ProvideCredentials`] gives and
//! renews it in time. <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>
//!
//! A source of one's own implements [`ProvideCredentials`]. A [`BedrockProvider`](crate::BedrockProvider) that is given one puts
//! it behind a cache.
//!
//! ```
//! use aws_credential_types::provider::future;
//! use bedrock_converse::BedrockProvider;
//! use bedrock_converse::credentials::{Credentials, ProvideCredentials};
//!
//! #[derive(Debug)]
//! struct Vault;
//!
//! impl ProvideCredentials for Vault {
//!     fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
//!     where
//!         Self: 'a,
//!     {
//!         future::ProvideCredentials::new(async {
//!             // … ask the vault …
//!             let (id, secret) = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
//!             Ok(Credentials::new(id, secret, None, None, "vault"))
//!         })
//!     }
//! }
//!
//! let provider =
//!     BedrockProvider::builder().region_name("us-east-1").credentials_provider(Vault).build()?;
//! # let _ = provider;
//! # Ok::<(), bedrock_converse::Error>(())
//! ```

mod cache;
mod config_file;
mod container;
mod context;
mod document;
mod environment;
mod imds;
mod process;
mod profile;
mod shared_config;
mod sso;
mod sts;
mod web_identity;
mod xml;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

pub use aws_credential_types::Credentials;
pub use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future;

pub use self::cache::CredentialsCache;
use self::context::{Ambient, Context, Miss, retold};
pub use self::shared_config::SharedConfig;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::Transport;

/// A source of [`DefaultChain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
    Environment,
    /// The selected profile of the shared files: keys, `credential_process`, roles, web identity, SSO.
    Profile,
    /// `AWS_WEB_IDENTITY_TOKEN_FILE` with `AWS_ROLE_ARN`, as Kubernetes sets them.
    WebIdentity,
    /// The endpoint that ECS and EKS Pod Identity give a container.
    Container,
    /// The instance metadata service of EC2, version 2.
    InstanceMetadata,
}

impl Source {
    /// All of them, in the order in which they are asked.
    pub const ALL: &[Self] =
        &[Self::Environment, Self::Profile, Self::WebIdentity, Self::Container, Self::InstanceMetadata];
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "environment",
            Self::Profile => "profile",
            Self::WebIdentity => "web identity",
            Self::Container => "container",
            Self::InstanceMetadata => "instance metadata",
        })
    }
}

/// The sources of the AWS SDKs, asked in their order: [`Source::ALL`].
///
/// A source that is not set up is passed over; one that is set up and fails ends the search, so that a typing error
/// doesn't lead to somebody else's rights. Nothing is kept between two calls: put it in a [`CredentialsCache`].
///
/// ```
/// use std::sync::Arc;
/// use bedrock_converse::Environment;
/// use bedrock_converse::credentials::{DefaultChain, ProvideCredentials, Source};
/// # use bedrock_converse::transport::{BoxFuture, Request, Response, Transport};
/// # #[derive(Debug)]
/// # struct Offline;
/// # impl Transport for Offline {
/// #     fn send(&self, _: Request) -> BoxFuture<'_, bedrock_converse::Result<Response>> { unreachable!() }
/// # }
/// # let (transport, local) = (Arc::new(Offline), Arc::new(Offline));
///
/// let keys = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "SECRET")];
/// let environment = Environment::fixed(keys);
/// let chain = DefaultChain::new(environment, transport, local).without(Source::InstanceMetadata);
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let credentials = chain.provide_credentials().await?;
/// assert_eq!(credentials.access_key_id(), "AKID");
/// assert_eq!(chain.source().as_deref(), Some("environment"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct DefaultChain {
    environment: Environment,
    service: Arc<dyn Transport>,
    local: Arc<dyn Transport>,
    ambient: Ambient,
    profile: Option<String>,
    region: Option<String>,
    sources: Vec<Source>,
    allow_insecure_http: bool,
    source: Mutex<Option<Arc<str>>>,
}

impl DefaultChain {
    /// A chain that reads `environment`, reaches AWS by `service`, and the container's endpoint and the instance metadata
    /// by `local`: a transport that uses no proxy. The time limits are the chain's own.
    pub fn new(environment: Environment, service: Arc<dyn Transport>, local: Arc<dyn Transport>) -> Self {
        Self {
            environment,
            service,
            local,
            ambient: Ambient::default(),
            profile: None,
            region: None,
            sources: Source::ALL.to_vec(),
            allow_insecure_http: false,
            source: Mutex::new(None),
        }
    }

    /// Takes this profile, whatever `AWS_PROFILE` says; keys in the environment are passed over then.
    #[must_use]
    pub fn profile(self, name: impl Into<String>) -> Self {
        Self { profile: Some(name.into()), ..self.without(Source::Environment) }
    }

    /// The region for calls to the security token service, in place of the configured one.
    #[must_use]
    pub fn in_region(self, region: impl Into<String>) -> Self {
        Self { region: Some(region.into()), ..self }
    }

    /// Leaves a source out. Without [`Source::Profile`] the shared files are not read at all.
    #[must_use]
    pub fn without(mut self, source: Source) -> Self {
        self.sources.retain(|other| *other != source);
        self
    }

    /// Lets configured endpoints of `sts` and `sso` be plain `http` on other machines.
    #[must_use]
    pub fn allow_insecure_http(self) -> Self {
        Self { allow_insecure_http: true, ..self }
    }

    /// Where the last credentials came from, such as ``keys of profile `default` ``. `None` before the first.
    pub fn source(&self) -> Option<Arc<str>> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The region: the one given, else `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's, the instance's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when none of them is there, or a shared file breaks the syntax.
    pub async fn region(&self) -> Result<String> {
        self.context()?.region().await
    }

    /// Asks the sources.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`] or [`ErrorKind::Configuration`]; the message says which sources were tried and what each
    /// of them said.
    pub async fn resolve(&self) -> Result<Credentials> {
        let mut tried = String::new();
        let mut context = None;
        for source in &self.sources {
            let why = match self.ask(*source, &mut context).await {
                Ok((credentials, description)) => {
                    tracing::debug!(source = description, "credentials loaded");
                    *self.source.lock().unwrap_or_else(PoisonError::into_inner) = Some(description.into());
                    return Ok(credentials);
                }
                Err(Miss::Unset(why)) => why,
                Err(Miss::Failed(error)) => {
                    let kind = match error.kind() {
                        ErrorKind::Configuration => ErrorKind::Configuration,
                        _ => ErrorKind::Credentials,
                    };
                    let (name, mut told) = (source.to_string(), error.to_string());
                    // Much of what fails begins with whom it happened to.
                    if !told.starts_with(&name) {
                        told = format!("{name}: {told}");
                    }
                    return Err(retold(format!("no credentials: {tried}{told}"), kind, &error));
                }
            };
            tracing::debug!(%source, why, "no credentials here");
            tried.push_str(&format!("{source}: {why}; "));
        }
        let tried = tried.trim_end_matches("; ");
        let hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK, or AWS_PROFILE";
        Err(Error::new(ErrorKind::Credentials, format!("no credentials: {tried}")).with_hint(hint))
    }

    /// Asks one source; the files are read when the first one needs them.
    async fn ask<'a>(
        &'a self,
        source: Source,
        context: &mut Option<Context<'a>>,
    ) -> Result<(Credentials, String), Miss> {
        if source == Source::Environment {
            return Ok((environment::credentials(&self.environment)?, source.to_string()));
        }
        let context = match context {
            Some(context) => context,
            None => context.insert(self.context()?),
        };
        let credentials = match source {
            Source::Environment | Source::Profile => return profile::credentials(context).await,
            Source::WebIdentity => web_identity::credentials(context).await?,
            Source::Container => container::credentials(context).await?,
            Source::InstanceMetadata => imds::credentials(context).await?,
        };
        Ok((credentials, source.to_string()))
    }

    fn context(&self) -> Result<Context<'_>> {
        let profile = self.profile.as_deref();
        let config = if self.sources.contains(&Source::Profile) {
            SharedConfig::load(&self.environment, profile)?
        } else {
            SharedConfig::empty(&self.environment, profile)
        };
        Ok(Context {
            environment: &self.environment,
            config,
            region: self.region.as_deref(),
            service: &*self.service,
            local: &*self.local,
            ask_instance: self.sources.contains(&Source::InstanceMetadata),
            allow_insecure_http: self.allow_insecure_http,
            ambient: &self.ambient,
        })
    }
}

impl ProvideCredentials for DefaultChain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { self.resolve().await.map_err(CredentialsError::provider_error) })
    }
}
