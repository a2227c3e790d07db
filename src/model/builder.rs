//! Setting up a model.

use std::sync::Arc;

use super::BedrockConverseModel;
use crate::error::{Error, ErrorKind, Result};
use crate::messages::JsonObject;
use crate::profile::{BedrockModelName, ModelProfile};
use crate::provider::{BedrockProvider, Provider};
use crate::settings::BedrockModelSettings;
use crate::transport::Downloader;

/// What can be given as a model's provider.
///
/// ```
/// use bedrock_converse::IntoProvider;
///
/// let error = "azure".into_provider().unwrap_err(); // names are "bedrock" and "gateway"
/// assert_eq!(error.message(), r#"provider: "azure" is neither "bedrock" nor "gateway""#);
/// ```
pub trait IntoProvider {
    /// The provider.
    ///
    /// # Errors
    ///
    /// What setting it up reports.
    fn into_provider(self) -> Result<Arc<dyn Provider>>;
}

impl IntoProvider for BedrockProvider {
    fn into_provider(self) -> Result<Arc<dyn Provider>> {
        Ok(Arc::new(self))
    }
}

impl IntoProvider for Arc<dyn Provider> {
    fn into_provider(self) -> Result<Self> {
        Ok(self)
    }
}

/// `"bedrock"` and `"gateway"`, set up from the environment.
impl IntoProvider for &str {
    fn into_provider(self) -> Result<Arc<dyn Provider>> {
        match self {
            "bedrock" => BedrockProvider::from_env()?.into_provider(),
            "gateway" => BedrockProvider::gateway()?.into_provider(),
            other => {
                let message = format!("provider: {other:?} is neither \"bedrock\" nor \"gateway\"");
                Err(Error::new(ErrorKind::InvalidInput, message))
            }
        }
    }
}

/// Sets up a [`BedrockConverseModel`].
///
/// ```
/// use bedrock_converse::settings::BedrockModelSettings;
/// use bedrock_converse::{BedrockConverseModel, BedrockProvider};
///
/// let provider = BedrockProvider::builder().region_name("us-east-1").api_key("key").build()?;
/// let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123";
/// let model = BedrockConverseModel::builder(arn)
///     .provider(provider)?
///     .capabilities_from("anthropic.claude-sonnet-4-6")
///     .settings(BedrockModelSettings { max_tokens: Some(500), ..Default::default() })
///     .build()?;
/// assert!(model.profile().bedrock_supports_prompt_caching);
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct BedrockConverseModelBuilder {
    model_name: BedrockModelName,
    provider: Option<Arc<dyn Provider>>,
    capabilities_from: Option<String>,
    profile: Option<ModelProfile>,
    overrides: JsonObject,
    settings: BedrockModelSettings,
    downloader: Downloader,
}

impl BedrockConverseModelBuilder {
    pub(super) fn new(model_name: BedrockModelName) -> Self {
        Self {
            model_name,
            provider: None,
            capabilities_from: None,
            profile: None,
            overrides: JsonObject::new(),
            settings: BedrockModelSettings::default(),
            downloader: Downloader::new(),
        }
    }

    /// The provider; `"bedrock"` by default.
    ///
    /// # Errors
    ///
    /// What setting it up reports.
    pub fn provider(mut self, provider: impl IntoProvider) -> Result<Self> {
        self.provider = Some(provider.into_provider()?);
        Ok(self)
    }

    /// Takes the profile of this model. For ARNs that don't tell which model is behind them.
    pub fn capabilities_from(mut self, model_name: impl Into<String>) -> Self {
        self.capabilities_from = Some(model_name.into());
        self
    }

    /// What the model can do, in place of what is known of it.
    pub fn profile(mut self, profile: ModelProfile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Changes these fields of the profile, by their names; see [`ModelProfile::merge`].
    pub fn profile_overrides(mut self, overrides: JsonObject) -> Self {
        self.overrides = overrides;
        self
    }

    /// The settings that requests start from.
    pub fn settings(mut self, settings: BedrockModelSettings) -> Self {
        self.settings = settings;
        self
    }

    /// What fetches files that messages name by URL.
    pub fn downloader(mut self, downloader: Downloader) -> Self {
        self.downloader = downloader;
        self
    }

    /// Checks it all.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for a model that Converse does not serve, [`ErrorKind::InvalidInput`] for overrides
    /// that fields of a profile can't have, and what setting up the provider reports.
    pub fn build(self) -> Result<BedrockConverseModel> {
        let provider = match self.provider {
            Some(provider) => provider,
            None => "bedrock".into_provider()?,
        };
        let named = self.capabilities_from.as_deref().unwrap_or(self.model_name.as_str());
        let mut profile = self.profile.unwrap_or_else(|| provider.model_profile(named));
        profile.merge(&self.overrides)?;
        profile.check_served(self.model_name.as_str())?;
        Ok(BedrockConverseModel {
            model_name: self.model_name,
            provider,
            client: Arc::default(),
            profile: Arc::new(profile),
            settings: Arc::new(self.settings),
            downloader: self.downloader,
        })
    }
}
