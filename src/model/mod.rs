//! `BedrockConverseModel`: what most programs use.

mod builder;
mod hints;
mod stream;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

pub use self::builder::{BedrockConverseModelBuilder, IntoProvider};
pub use self::stream::BedrockStreamedResponse;
use crate::client::Client;
use crate::convert::{self, Downloads, Origin, Prepared, Target};
use crate::error::{Error, ErrorKind, Result};
use crate::messages::{CacheTtl, ForceDownload, ModelMessage, ModelResponse, RequestUsage, Timestamp};
use crate::profile::{BedrockModelName, ModelProfile};
use crate::provider::Provider;
use crate::settings::{BedrockModelSettings, CacheSetting};
use crate::stream::StreamParts;
use crate::tools::ModelRequestParameters;
use crate::transport::Downloader;

/// A model of Bedrock behind pydantic-ai's messages, settings and parameters. Clones share everything.
///
/// ```
/// # #[cfg(feature = "serve")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use bedrock_converse::messages::ModelRequest;
/// use bedrock_converse::{BedrockConverseModel, BedrockProvider, serve::Server};
///
/// let server = Server::start()?; // stands in for AWS
/// let provider = BedrockProvider::builder().environment(server.environment()).build()?;
/// let model = BedrockConverseModel::new("us.amazon.nova-micro-v1:0", provider)?;
///
/// let history = [ModelRequest::user_text_prompt("Hello!").into()];
/// let answer = model.request(&history, None, None).await?;
/// assert_eq!(answer.text().as_deref(), Some("You said: Hello!"));
/// # Ok::<(), bedrock_converse::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct BedrockConverseModel {
    model_name: BedrockModelName,
    provider: Arc<dyn Provider>,
    /// Set by the caller, in place of the provider's.
    client: Arc<RwLock<Option<Client>>>,
    profile: Arc<ModelProfile>,
    settings: Arc<BedrockModelSettings>,
    downloader: Downloader,
}

impl BedrockConverseModel {
    /// A model with the profile that is known for it.
    ///
    /// The provider is `"bedrock"`, `"gateway"` (both set up from the environment), a
    /// [`BedrockProvider`](crate::BedrockProvider) or any other [`Provider`] in an `Arc`.
    ///
    /// # Errors
    ///
    /// What setting up the provider reports, and [`ErrorKind::Unsupported`] for a model that Converse does not serve.
    pub fn new(model_name: impl Into<BedrockModelName>, provider: impl IntoProvider) -> Result<Self> {
        Self::builder(model_name).provider(provider)?.build()
    }

    /// Sets up a model.
    pub fn builder(model_name: impl Into<BedrockModelName>) -> BedrockConverseModelBuilder {
        BedrockConverseModelBuilder::new(model_name.into())
    }

    /// The client for the next request: the provider's, unless another was [set](Self::set_client).
    pub fn client(&self) -> Client {
        let own = self.client.read().unwrap_or_else(PoisonError::into_inner).clone();
        own.unwrap_or_else(|| self.provider.client())
    }

    /// Replaces the client of this model and its clones, for instance to go on with other credentials. From now on the
    /// provider's client is not looked at; to change it for all models, use
    /// [`BedrockProvider::set_client`](crate::BedrockProvider::set_client).
    pub fn set_client(&self, client: Client) {
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = Some(client);
    }

    /// The URL that requests go to.
    pub fn base_url(&self) -> String {
        self.client().endpoint_url().to_owned()
    }

    /// The model's name, as it was given.
    pub fn model_name(&self) -> &str {
        self.model_name.as_str()
    }

    /// The provider's name, `bedrock`.
    pub fn system(&self) -> &str {
        self.provider.name()
    }

    /// What the model can do.
    pub fn profile(&self) -> &ModelProfile {
        &self.profile
    }

    /// The settings that requests start from.
    pub fn settings(&self) -> &BedrockModelSettings {
        &self.settings
    }

    /// The kinds of native tools that Bedrock's models can have. [`ModelProfile::supported_native_tools`] says which of
    /// them this one has.
    pub fn supported_native_tools() -> &'static [&'static str] {
        &["code_execution"]
    }

    /// How long the prompt cache is to keep something at most, of what the settings ask for and the model supports.
    pub fn resolve_prompt_cache_retention(&self, settings: Option<&BedrockModelSettings>) -> Option<Duration> {
        let settings = self.merged(settings);
        let (prompt, tools) =
            (self.profile.bedrock_supports_prompt_caching, self.profile.bedrock_supports_tool_caching);
        let asked = [
            settings.bedrock_cache_instructions.filter(|_| prompt),
            settings.bedrock_cache_messages.filter(|_| prompt),
            settings.bedrock_cache_tool_definitions.filter(|_| tools),
        ];
        let minutes = |ttl| if ttl == CacheTtl::OneHour { 60 } else { 5 };
        let longest = asked.into_iter().flatten().filter_map(CacheSetting::ttl).map(minutes).max()?;
        Some(Duration::from_secs(longest * 60))
    }

    /// [`convert::prepare_messages`] for this model. An agent loop calls it on the history before each request.
    pub fn prepare_messages(&self, messages: &[ModelMessage]) -> Vec<ModelMessage> {
        convert::prepare_messages(&self.profile, messages)
    }

    /// Asks the model and waits for its whole answer:
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>.
    ///
    /// URLs of files in `messages` are downloaded first, from public addresses only unless the part says otherwise.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] and [`ErrorKind::Unsupported`] for what can't be sent, before anything is; then what
    /// [`Client::converse`] reports.
    pub async fn request(
        &self,
        messages: &[ModelMessage],
        settings: Option<&BedrockModelSettings>,
        parameters: Option<&ModelRequestParameters>,
    ) -> Result<ModelResponse> {
        let call = self.call(messages, settings, parameters).await?;
        let request = self.target().converse_request(messages, &call.prepared, &call.downloads)?;
        let reply = call.client.converse(&request).await.map_err(|error| self.explain(error, &call.client))?;
        let origin = origin(&call.client, reply.request_id);
        Ok(self.target().model_response(reply.value, origin))
    }

    /// Asks the model and gives its answer as it comes:
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request), and what fails before the first event.
    pub async fn request_stream(
        &self,
        messages: &[ModelMessage],
        settings: Option<&BedrockModelSettings>,
        parameters: Option<&ModelRequestParameters>,
    ) -> Result<BedrockStreamedResponse> {
        let call = self.call(messages, settings, parameters).await?;
        let request = self.target().converse_request(messages, &call.prepared, &call.downloads)?;
        let stream = call.client.converse_stream(&request).await.map_err(|error| self.explain(error, &call.client))?;
        let origin = origin(&call.client, stream.request_id().map(str::to_owned));
        let parts = StreamParts::new(self.target(), origin.clone(), &call.prepared.parameters);
        Ok(BedrockStreamedResponse::new(self.clone(), call.client, stream, parts, origin))
    }

    /// Counts the input tokens of a request, which costs nothing.
    ///
    /// Few models can: <https://docs.aws.amazon.com/bedrock/latest/userguide/count-tokens.html>. The geography in front of
    /// the model's name is left out, since the service knows only foundation models here.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request), and [`ErrorKind::CountTokensUnsupported`].
    pub async fn count_tokens(
        &self,
        messages: &[ModelMessage],
        settings: Option<&BedrockModelSettings>,
        parameters: Option<&ModelRequestParameters>,
    ) -> Result<RequestUsage> {
        let call = self.call(messages, settings, parameters).await?;
        let request = self.target().count_tokens_request(messages, &call.prepared, &call.downloads)?;
        let reply = call.client.count_tokens(&request).await.map_err(|error| self.explain(error, &call.client))?;
        let input_tokens = u64::try_from(reply.value.input_tokens).unwrap_or(0);
        Ok(RequestUsage { input_tokens, ..RequestUsage::default() })
    }

    fn target(&self) -> Target<'_> {
        Target { model_name: self.model_name(), provider_name: self.system(), profile: &self.profile }
    }

    fn merged(&self, settings: Option<&BedrockModelSettings>) -> BedrockModelSettings {
        match settings {
            Some(settings) => BedrockModelSettings::merge((*self.settings).clone(), settings.clone()),
            None => (*self.settings).clone(),
        }
    }

    /// Brings together what the three operations need. One client serves the whole call, also if it is replaced meanwhile.
    async fn call(
        &self,
        messages: &[ModelMessage],
        settings: Option<&BedrockModelSettings>,
        parameters: Option<&ModelRequestParameters>,
    ) -> Result<Call> {
        let parameters = parameters.cloned().unwrap_or_default();
        let prepared = self.target().prepare_request(self.merged(settings), parameters)?;
        let client = with_settings(self.client(), &prepared.settings)?;
        let downloads = self.download(messages, &prepared).await?;
        Ok(Call { client, prepared, downloads })
    }

    /// Fetches what the conversion needs, once it is sure that nothing else is wrong.
    async fn download(&self, messages: &[ModelMessage], prepared: &Prepared) -> Result<Downloads> {
        let files = convert::downloads(messages);
        let mut downloads: Downloads = files.iter().map(|file| (file.url.clone(), Bytes::new())).collect();
        if !files.is_empty() {
            self.target().converse_request(messages, prepared, &downloads)?;
        }
        for file in files {
            let allow_local = file.force_download == ForceDownload::AllowLocal;
            let content = self.downloader.fetch(&file.url, allow_local).await?;
            downloads.insert(file.url.clone(), content);
        }
        Ok(downloads)
    }
}

/// What a request is made of.
struct Call {
    client: Client,
    prepared: Prepared,
    downloads: Downloads,
}

/// The client with the headers and the time limit of the settings.
fn with_settings(client: Client, settings: &BedrockModelSettings) -> Result<Client> {
    if settings.extra_headers.is_none() && settings.timeout.is_none() {
        return Ok(client);
    }
    let invalid = |rule: String| Error::new(ErrorKind::InvalidInput, rule);
    let mut options = client.options().clone();
    for (name, value) in settings.extra_headers.iter().flat_map(|headers| &headers.0) {
        let header =
            HeaderName::try_from(name).map_err(|_| invalid(format!("`extra_headers`: {name:?} is no name")))?;
        let value = HeaderValue::try_from(value)
            .map_err(|_| invalid(format!("`extra_headers`: the value of {name:?} can't stand in a header")))?;
        options.headers.insert(header, value);
    }
    if let Some(seconds) = settings.timeout {
        let limit = Duration::try_from_secs_f64(seconds)
            .map_err(|_| invalid(format!("`timeout` is {seconds}; it must be a number of seconds")))?;
        options.timeouts.total = Some(limit);
    }
    client.with_options(options)
}

fn origin(client: &Client, request_id: Option<String>) -> Origin {
    Origin { provider_url: client.endpoint_url().to_owned(), provider_response_id: request_id, timestamp: now() }
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "answers say when they came")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(i64::try_from(now.as_secs()).unwrap_or(i64::MAX), now.subsec_nanos())
}

impl fmt::Debug for BedrockConverseModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BedrockConverseModel")
            .field("model_name", &self.model_name)
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}
