//! Providers: how models reach Bedrock, and with whose rights.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::token::ProvideToken;

use crate::client::{Auth, Client, RequestOptions, Timeouts};
use crate::credentials::{CredentialsCache, DefaultChain, SharedConfig};
use crate::endpoint::{EndpointParams, NO_REGION_HINT};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result, shown_url};
use crate::profile::ModelProfile;
use crate::retry::RetryConfig;
use crate::transport::{ReqwestTransport, Transport};

/// How models reach the service. [`BedrockProvider`] is one; a program may bring its own.
///
/// ```
/// use std::sync::Arc;
///
/// use bedrock_converse::client::Client;
/// use bedrock_converse::profile::ModelProfile;
/// use bedrock_converse::{BedrockConverseModel, BedrockProvider, Provider};
///
/// /// Models under names of one's own.
/// #[derive(Debug)]
/// struct InHouse(BedrockProvider);
///
/// impl Provider for InHouse {
///     fn name(&self) -> &str {
///         "bedrock"
///     }
///
///     fn client(&self) -> Client {
///         self.0.client()
///     }
///
///     fn model_profile(&self, model_name: &str) -> ModelProfile {
///         match model_name {
///             "house-model" => ModelProfile::for_model("us.amazon.nova-pro-v1:0"),
///             other => ModelProfile::for_model(other),
///         }
///     }
/// }
///
/// let inner = BedrockProvider::builder().region_name("us-east-1").api_key("key").build()?;
/// let provider: Arc<dyn Provider> = Arc::new(InHouse(inner));
/// let model = BedrockConverseModel::new("house-model", provider)?;
/// assert!(model.profile().bedrock_supports_prompt_caching);
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
pub trait Provider: fmt::Debug + Send + Sync {
    /// The name, which marks what the provider's models say; `bedrock`.
    fn name(&self) -> &str;

    /// The client for the next request.
    fn client(&self) -> Client;

    /// What a model can do.
    fn model_profile(&self, model_name: &str) -> ModelProfile {
        ModelProfile::for_model(model_name)
    }
}

/// Reaches Amazon Bedrock, or a gateway that speaks its language. Clones share the client, also a
/// [replaced](Self::set_client) one.
///
/// ```
/// use bedrock_converse::BedrockProvider;
///
/// let provider = BedrockProvider::builder()
///     .region_name("eu-central-1")
///     .aws_credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None)
///     .build()?;
/// assert_eq!(provider.base_url(), "https://bedrock-runtime.eu-central-1.amazonaws.com");
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
#[derive(Clone)]
pub struct BedrockProvider {
    client: Arc<RwLock<Client>>,
}

impl BedrockProvider {
    /// Takes everything from where AWS programs find it: environment, profile files, the machine's role.
    ///
    /// # Errors
    ///
    /// As [`BedrockProviderBuilder::build`]; there is no default region. Credentials are looked up by the first request.
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }

    /// Sets up a provider.
    pub fn builder() -> BedrockProviderBuilder {
        BedrockProviderBuilder::default()
    }

    /// A provider on a client of the caller's.
    pub fn from_client(client: Client) -> Self {
        Self { client: Arc::new(RwLock::new(client)) }
    }

    /// Goes through the [Pydantic AI Gateway](https://ai.pydantic.dev/gateway/).
    ///
    /// The key is `PYDANTIC_AI_GATEWAY_API_KEY`, the URL `PYDANTIC_AI_GATEWAY_BASE_URL` or else that of the region which
    /// the key names. [`BedrockProviderBuilder::gateway`] takes them, and a route, as arguments.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] without a key, or when the key doesn't tell where the gateway is.
    pub fn gateway() -> Result<Self> {
        Self::builder().gateway(Gateway::default()).build()
    }

    /// The URL that requests go to.
    pub fn base_url(&self) -> String {
        self.client().endpoint_url().to_owned()
    }

    /// The client that requests are made with.
    pub fn client(&self) -> Client {
        self.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the client, for instance to go on with other credentials. All models of this provider and its clones use
    /// it from their next request on; requests under way end with the old one.
    pub fn set_client(&self, client: Client) {
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = client;
    }
}

impl Provider for BedrockProvider {
    fn name(&self) -> &str {
        "bedrock"
    }

    fn client(&self) -> Client {
        self.client()
    }
}

impl fmt::Debug for BedrockProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BedrockProvider").field("client", &self.client()).finish()
    }
}

/// Where and how the Pydantic AI Gateway is reached. What is `None` comes from the environment.
///
/// ```
/// use bedrock_converse::{BedrockProvider, Gateway};
///
/// let mut gateway = Gateway::default();
/// gateway.api_key = Some("pylf_v1_eu_0123456789".into());
/// gateway.route = Some("bedrock-backup".into());
/// let provider = BedrockProvider::builder().gateway(gateway).build()?;
/// assert_eq!(provider.base_url(), "https://gateway-eu.pydantic.dev/proxy/bedrock-backup");
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Gateway {
    /// The key.
    pub api_key: Option<String>,
    /// The URL without the route.
    pub base_url: Option<String>,
    /// The provider or routing group that handles the request; `bedrock` by default.
    pub route: Option<String>,
}

/// The key is not shown, nor what may be secret in the URL.
impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base_url, route, .. } = self;
        let base_url = base_url.as_deref().map(shown_url);
        f.debug_struct("Gateway").field("base_url", &base_url).field("route", route).finish_non_exhaustive()
    }
}

impl Gateway {
    fn api_key(&mut self, environment: &Environment) -> Result<String> {
        let key = self.api_key.take().or_else(|| environment.var("PYDANTIC_AI_GATEWAY_API_KEY"));
        key.ok_or_else(|| {
            let message = "the gateway needs a key: set PYDANTIC_AI_GATEWAY_API_KEY or `Gateway::api_key`";
            Error::new(ErrorKind::Configuration, message)
        })
    }

    fn url(self, api_key: &str, environment: &Environment) -> Result<String> {
        let base = match self.base_url.or_else(|| environment.var("PYDANTIC_AI_GATEWAY_BASE_URL")) {
            Some(url) => url,
            None => url_of_key(api_key).ok_or_else(|| {
                let message = "the gateway's key doesn't tell its region: set PYDANTIC_AI_GATEWAY_BASE_URL";
                Error::new(ErrorKind::Configuration, message)
            })?,
        };
        let route = self.route.as_deref().unwrap_or("bedrock");
        Ok(format!("{}/{}", base.trim_end_matches('/'), route.trim_start_matches('/')))
    }
}

/// Keys look like `pylf_v1_us_…`.
fn url_of_key(api_key: &str) -> Option<String> {
    let (version, rest) = api_key.strip_prefix("pylf_v")?.split_once('_')?;
    let (region, secret) = rest.split_once('_')?;
    let is_key = !version.is_empty()
        && version.bytes().all(|byte| byte.is_ascii_digit())
        && !region.is_empty()
        && region.bytes().all(|byte| byte.is_ascii_lowercase())
        && !secret.is_empty();
    is_key.then(|| match region.starts_with("staging") {
        true => "https://gateway.pydantic.info/proxy".to_owned(),
        false => format!("https://gateway-{region}.pydantic.dev/proxy"),
    })
}

/// Sets up a [`BedrockProvider`]. What is not set comes from the environment and the profile files.
///
/// Of several ways to authorise requests an explicit one wins over the environment: given keys, credentials or bearer
/// key, then `AWS_BEARER_TOKEN_BEDROCK`, then the chain of [`DefaultChain`]. With a bearer key or given keys the chain
/// is not touched.
///
/// ```
/// use std::time::Duration;
///
/// use bedrock_converse::BedrockProvider;
/// use bedrock_converse::retry::RetryConfig;
///
/// let provider = BedrockProvider::builder()
///     .region_name("us-east-1")
///     .api_key("bedrock-api-key-…")
///     .aws_read_timeout(Duration::from_secs(120))
///     .retry(RetryConfig { max_attempts: 5, ..Default::default() })
///     .build()?; // nothing is sent yet
/// assert_eq!(provider.client().region(), Some("us-east-1"));
///
/// let elsewhere = BedrockProvider::builder().base_url("http://192.0.2.1").api_key("key");
/// let error = elsewhere.build().unwrap_err();
/// assert!(error.message().contains("plain http to another machine"));
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct BedrockProviderBuilder {
    environment: Environment,
    endpoint: EndpointParams,
    profile_name: Option<String>,
    auth: Option<Auth>,
    read_timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    options: RequestOptions,
    retry: Option<RetryConfig>,
    transport: Option<Arc<dyn Transport>>,
    gateway: Option<Gateway>,
    client: Option<Client>,
}

impl BedrockProviderBuilder {
    /// Takes a client as it is; everything else is ignored then.
    pub fn bedrock_client(mut self, client: Client) -> Self {
        self.client = Some(client);
        self
    }

    /// AWS keys. They are a set: without a token here, `AWS_SESSION_TOKEN` is not taken.
    pub fn aws_credentials(
        self,
        access_key_id: impl Into<String>,
        secret_access_key: impl Into<String>,
        session_token: Option<String>,
    ) -> Self {
        self.credentials_provider(Credentials::new(access_key_id, secret_access_key, session_token, None, "given keys"))
    }

    /// Any source of AWS credentials. They are kept until shortly before they expire.
    pub fn credentials_provider(mut self, provider: impl ProvideCredentials + 'static) -> Self {
        self.auth = Some(Auth::credentials(provider));
        self
    }

    /// A bearer key: <https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html>.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.auth = Some(Auth::api_key(key));
        self
    }

    /// A source of bearer keys, asked before each attempt.
    pub fn token_provider(mut self, provider: impl ProvideToken + 'static) -> Self {
        self.auth = Some(Auth::bearer(provider));
        self
    }

    /// Goes through the Pydantic AI Gateway.
    pub fn gateway(mut self, gateway: Gateway) -> Self {
        self.gateway = Some(gateway);
        self
    }

    /// The URL in place of the region's: of a VPC endpoint, a gateway, a local server.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.endpoint.endpoint = Some(url.into());
        self
    }

    /// Lets requests leave the machine over plain `http`.
    pub fn allow_insecure_http(mut self) -> Self {
        self.endpoint.allow_insecure_http = true;
        self
    }

    /// The region, such as `us-east-1`.
    pub fn region_name(mut self, region: impl Into<String>) -> Self {
        self.endpoint.region = Some(region.into());
        self
    }

    /// The profile of the shared files, in place of `AWS_PROFILE`.
    pub fn profile_name(mut self, name: impl Into<String>) -> Self {
        self.profile_name = Some(name.into());
        self
    }

    /// How long the service may be silent: before its answer begins, and within it. `AWS_READ_TIMEOUT` in seconds, or
    /// 5 minutes, by default.
    pub fn aws_read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = Some(timeout);
        self
    }

    /// How long connecting may take. `AWS_CONNECT_TIMEOUT` in seconds, or 10 seconds, by default. A
    /// [`transport`](Self::transport) that is given has a limit of its own instead.
    pub fn aws_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Headers and time limits of each request.
    pub fn options(mut self, options: RequestOptions) -> Self {
        self.options = options;
        self
    }

    /// How failed requests are tried again, in place of what `AWS_RETRY_MODE` and `AWS_MAX_ATTEMPTS` say.
    pub fn retry(mut self, config: RetryConfig) -> Self {
        self.retry = Some(config);
        self
    }

    /// What carries the requests, in place of reqwest.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Another environment than the process's, for tests.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Checks it all. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when there is no region or a setting can't be, [`ErrorKind::Io`] when a profile
    /// file can't be read.
    pub fn build(mut self) -> Result<BedrockProvider> {
        if let Some(client) = self.client.take() {
            return Ok(BedrockProvider::from_client(client));
        }
        self.resolve_auth()?;
        let profile = self.shared_config()?;
        let property = |name: &str| profile.as_ref().and_then(|config| config.property(name));
        let configured = EndpointParams::configured("bedrock_runtime", &self.environment, &property)?;
        let endpoint = EndpointParams {
            region: self.endpoint.region.or(configured.region),
            endpoint: self.endpoint.endpoint.or(configured.endpoint),
            allow_insecure_http: self.endpoint.allow_insecure_http,
            ..configured
        };
        let seconds = |name: &str| duration_of(&self.environment, name);
        let read_timeout = self.read_timeout.or(seconds("AWS_READ_TIMEOUT")?);
        let connect_timeout = self.connect_timeout.or(seconds("AWS_CONNECT_TIMEOUT")?);
        let mut options = self.options;
        if let Some(limit) = read_timeout {
            options.timeouts = Timeouts { first_byte: Some(limit), idle: Some(limit), ..options.timeouts };
        }
        let retry = match self.retry {
            Some(retry) => retry,
            None => RetryConfig::configured(&self.environment, &property)?,
        };
        let reqwest = match connect_timeout {
            Some(limit) => ReqwestTransport::new().with_connect_timeout(limit),
            None => ReqwestTransport::new(),
        };
        let transport = self.transport.unwrap_or_else(|| Arc::new(reqwest.clone()));
        let auth = self.auth.unwrap_or_else(|| {
            let chain = chain(self.environment, self.profile_name, transport.clone(), reqwest);
            let chain = if endpoint.allow_insecure_http { chain.allow_insecure_http() } else { chain };
            let chain = match &endpoint.region {
                Some(region) => chain.in_region(region),
                None => chain,
            };
            Auth::SigV4(Arc::new(CredentialsCache::from(chain)))
        });
        let client = Client::builder(endpoint, auth).transport(transport).options(options).retry(retry).build()?;
        Ok(BedrockProvider::from_client(client))
    }

    /// As [`build`](Self::build), and asks the instance metadata for the region when one is needed and nothing else names
    /// it.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub async fn load(mut self) -> Result<BedrockProvider> {
        match self.clone().build() {
            Err(error) if error.hint() == Some(NO_REGION_HINT) => {}
            outcome => return outcome,
        }
        let local = ReqwestTransport::new();
        let chain = chain(self.environment.clone(), self.profile_name.clone(), Arc::new(local.clone()), local);
        self.endpoint.region = Some(chain.region().await?);
        self.build()
    }

    /// Settles what authorises requests, as far as the chain is not needed for it.
    fn resolve_auth(&mut self) -> Result<()> {
        if let Some(mut gateway) = self.gateway.take() {
            let key = gateway.api_key(&self.environment)?;
            self.endpoint.endpoint = Some(gateway.url(&key, &self.environment)?);
            self.auth = Some(Auth::api_key(key));
        } else if self.auth.is_none() {
            self.auth = self.environment.var("AWS_BEARER_TOKEN_BEDROCK").map(Auth::api_key);
        }
        Ok(())
    }

    /// The profile files. A gateway, or another URL of the caller's that a bearer key opens, is none of their business.
    fn shared_config(&self) -> Result<Option<SharedConfig>> {
        let elsewhere = self.endpoint.endpoint.is_some() && matches!(self.auth, Some(Auth::Bearer(_)));
        if elsewhere && self.profile_name.is_none() {
            return Ok(None);
        }
        SharedConfig::load(&self.environment, self.profile_name.as_deref()).map(Some)
    }
}

fn chain(
    environment: Environment,
    profile_name: Option<String>,
    service: Arc<dyn Transport>,
    reqwest: ReqwestTransport,
) -> DefaultChain {
    let chain = DefaultChain::new(environment, service, Arc::new(reqwest.without_proxy()));
    match profile_name {
        Some(name) => chain.profile(name),
        None => chain,
    }
}

fn duration_of(environment: &Environment, name: &str) -> Result<Option<Duration>> {
    let Some(text) = environment.var(name) else { return Ok(None) };
    match seconds(&text).filter(|duration| !duration.is_zero()) {
        Some(duration) => Ok(Some(duration)),
        None => {
            let message = format!("{name} is {text:?}; it must be a number of seconds above 0");
            Err(Error::new(ErrorKind::Configuration, message))
        }
    }
}

/// Seconds as Python's `float` reads them, `1e3` and `+.5` too. Not by way of `f64`: the tables of its parser alone weigh
/// 10 KB.
fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let digits = [whole, decimals].concat();
    // How many of the digits, and zeros behind them, make nanoseconds. 20 fill a `u64`.
    let length = exponent.parse::<i8>().ok()? as isize + whole.len() as isize + 9;
    let length = usize::try_from(length).unwrap_or(0);
    let nanos = format!("0{digits:0<length$}");
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    nanos.get(..=length).filter(|_| is_number)?.parse().ok().map(Duration::from_nanos)
}
