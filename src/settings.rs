//! Settings of a model and of a single request.
//!
//! ```
//! use bedrock_converse::messages::CacheTtl;
//! use bedrock_converse::settings::*;
//! use serde_json::json;
//!
//! let settings = BedrockModelSettings {
//!     max_tokens: Some(2000),
//!     temperature: Some(0.2),
//!     timeout: Some(120.0),
//!     tool_choice: Some(ToolChoice::Tools(vec!["get_weather".into()])),
//!     thinking: Some(ThinkingLevel::Effort(ThinkingEffort::Low)),
//!     service_tier: Some(ServiceTier::Flex),
//!     bedrock_cache_messages: Some(CacheSetting::Ttl(CacheTtl::OneHour)),
//!     bedrock_request_metadata: json!({"team": "search"}).as_object().cloned(),
//!     ..Default::default()
//! };
//!
//! // The JSON is pydantic-ai's, both ways.
//! let json = json!({
//!     "max_tokens": 2000,
//!     "temperature": 0.2,
//!     "timeout": 120.0,
//!     "tool_choice": ["get_weather"],
//!     "thinking": "low",
//!     "service_tier": "flex",
//!     "bedrock_cache_messages": "1h",
//!     "bedrock_request_metadata": {"team": "search"},
//! });
//! assert_eq!(serde_json::to_value(&settings).unwrap(), json);
//! assert_eq!(serde_json::from_value::<BedrockModelSettings>(json).unwrap(), settings);
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::messages::json::{FromJson, Mismatch, json_deserialize, json_names, json_struct};
use crate::messages::{CacheTtl, JsonObject};

json_names! {
    /// How hard a model thinks.
    #[expect(clippy::exhaustive_enums, reason = "the format has these five")]
    pub enum ThinkingEffort {
        /// Hardly.
        Minimal = "minimal",
        /// A little.
        Low = "low",
        /// Moderately.
        Medium = "medium",
        /// Hard.
        High = "high",
        /// Harder still.
        Xhigh = "xhigh",
    }
}

/// Whether and how hard a model thinks before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these three")]
pub enum ThinkingLevel {
    /// `false`: it doesn't, where the model can be told so.
    Off,
    /// `true`: as hard as the model does by default.
    On,
    /// This hard.
    Effort(ThinkingEffort),
}

impl FromJson for ThinkingLevel {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Bool(false) => Ok(Self::Off),
            Value::Bool(true) => Ok(Self::On),
            effort => ThinkingEffort::from_json(effort).map(Self::Effort),
        }
    }
}

impl serde::Serialize for ThinkingLevel {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_bool(false),
            Self::On => serializer.serialize_bool(true),
            Self::Effort(effort) => effort.serialize(serializer),
        }
    }
}

/// Whether a cache point is set, and for how long the entry lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these three")]
pub enum CacheSetting {
    /// `false`: none.
    Off,
    /// `true`: for the service's default time, five minutes.
    On,
    /// For this long.
    Ttl(CacheTtl),
}

impl CacheSetting {
    /// The time to live to ask for; `None` when no cache point is wanted.
    pub fn ttl(self) -> Option<CacheTtl> {
        match self {
            Self::Off => None,
            Self::On => Some(CacheTtl::FiveMinutes),
            Self::Ttl(ttl) => Some(ttl),
        }
    }
}

impl FromJson for CacheSetting {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Bool(false) => Ok(Self::Off),
            Value::Bool(true) => Ok(Self::On),
            ttl => CacheTtl::from_json(ttl).map(Self::Ttl),
        }
    }
}

impl serde::Serialize for CacheSetting {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_bool(false),
            Self::On => serializer.serialize_bool(true),
            Self::Ttl(ttl) => ttl.serialize(serializer),
        }
    }
}

json_names! {
    /// How urgent a request is, in terms that several providers share.
    #[expect(clippy::exhaustive_enums, reason = "the format has these four")]
    pub enum ServiceTier {
        /// The provider decides.
        Auto = "auto",
        /// The standard tier.
        Default = "default",
        /// Cheaper, slower.
        Flex = "flex",
        /// Dearer, faster.
        Priority = "priority",
    }
}

/// Which tools the model may or must call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these five")]
pub enum ToolChoice {
    /// The model decides; where no text is allowed, it must call one.
    Auto,
    /// No function tool; output tools remain.
    None,
    /// Any function tool or output tool, but one.
    Required,
    /// One of these, no text.
    Tools(Vec<String>),
    /// These function tools, and what gives the final output: output tools or text.
    ToolOrOutput(Vec<String>),
}

impl FromJson for ToolChoice {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Array(_) => Vec::from_json(value).map(Self::Tools),
            Value::Object(mut object) => match crate::messages::json::take(&mut object, &["function_tools"])? {
                Some(names) => Ok(Self::ToolOrOutput(names)),
                None => Err(Mismatch::missing(&["function_tools"])),
            },
            Value::String(name) if name == "auto" => Ok(Self::Auto),
            Value::String(name) if name == "none" => Ok(Self::None),
            Value::String(name) if name == "required" => Ok(Self::Required),
            other => Err(Mismatch::new(format!(
                "expected auto, none, required, a list of tools or an object with function_tools, found {other}"
            ))),
        }
    }
}

impl serde::Serialize for ToolChoice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::None => serializer.serialize_str("none"),
            Self::Required => serializer.serialize_str("required"),
            Self::Tools(names) => names.serialize(serializer),
            Self::ToolOrOutput(names) => BTreeMap::from([("function_tools", names)]).serialize(serializer),
        }
    }
}

/// HTTP headers. Their values are not shown: there may be keys among them.
///
/// ```
/// use bedrock_converse::settings::Headers;
///
/// let headers = Headers::from([("x-api-key", "SECRET")]);
/// assert_eq!(format!("{headers:?}"), r#"{"x-api-key"}"#);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(pub BTreeMap<String, String>);

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for Headers {
    fn from(headers: [(K, V); N]) -> Self {
        Self(headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl FromJson for Headers {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        BTreeMap::from_json(value).map(Self)
    }
}

impl serde::Serialize for Headers {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

json_deserialize!(ThinkingLevel, CacheSetting, ToolChoice, Headers);

/// A struct of settings, each of which may be absent, and their merge.
macro_rules! settings {
    ($(#[$meta:meta])* pub struct $name:ident { $( $(#[$member_meta:meta])* $member:ident: $type:ty, )* }) => {
        json_struct! {
            $(#[$meta])*
            pub struct $name { $( $(#[$member_meta])* optional $member: Option<$type>, )* }
        }

        impl $name {
            /// `overrides` over `base`: what is set there wins, member by member.
            ///
            /// ```
            /// use bedrock_converse::settings::BedrockModelSettings;
            ///
            /// type Settings = BedrockModelSettings;
            /// let model = Settings { max_tokens: Some(500), top_k: Some(9), ..Default::default() };
            /// let request = Settings { max_tokens: Some(50), ..Default::default() };
            /// let merged = Settings::merge(model, request);
            /// assert_eq!((merged.max_tokens, merged.top_k), (Some(50), Some(9)));
            /// ```
            #[must_use]
            pub fn merge(base: Self, overrides: Self) -> Self {
                let mut extra = base.extra;
                extra.extend(overrides.extra);
                Self { $( $member: overrides.$member.or(base.$member), )* extra }
            }
        }
    };
}

settings! {
    /// Settings of a request to Bedrock; the JSON is pydantic-ai's `BedrockModelSettings`.
    ///
    /// A setting that is `None` is left to the model or the service. Members that are not known here
    /// ([`extra`](Self::extra)), such as settings of other providers, are ignored.
    ///
    /// ```
    /// use bedrock_converse::settings::{BedrockModelSettings, CacheSetting};
    ///
    /// let settings = BedrockModelSettings {
    ///     max_tokens: Some(500),
    ///     bedrock_cache_instructions: Some(CacheSetting::On),
    ///     ..Default::default()
    /// };
    /// let json = r#"{"max_tokens":500,"bedrock_cache_instructions":true}"#;
    /// assert_eq!(serde_json::from_str::<BedrockModelSettings>(json).unwrap(), settings);
    /// ```
    pub struct BedrockModelSettings {
        /// At most this many output tokens.
        max_tokens: u64,
        /// How random the answer is, usually 0 to 1.
        temperature: f64,
        /// Only the likeliest tokens up to this probability are considered, 0 to 1.
        top_p: f64,
        /// Only this many of the likeliest tokens are considered. Sent in the form that the model's family takes.
        top_k: u64,
        /// The time limit of the request with its retries, and of a stream to its end, in seconds.
        timeout: f64,
        /// Which tools the model may or must call.
        tool_choice: ToolChoice,
        /// Texts at which the model stops; at most 2,500.
        stop_sequences: Vec<String>,
        /// Further HTTP headers; they are signed.
        extra_headers: Headers,
        /// Whether and how hard the model thinks. Sent in the form that the model's family takes.
        thinking: ThinkingLevel,
        /// How urgent the request is. [`bedrock_service_tier`](Self::bedrock_service_tier) wins over it.
        service_tier: ServiceTier,
        /// The guardrail to apply (`guardrailConfig`):
        /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailConfiguration.html>.
        bedrock_guardrail_config: JsonObject,
        /// Whether latency is optimised (`performanceConfig`):
        /// <https://docs.aws.amazon.com/bedrock/latest/userguide/latency-optimized-inference.html>.
        bedrock_performance_configuration: JsonObject,
        /// Names and texts by which invocation logs can be filtered (`requestMetadata`): 1 to 16 entries of at most 256
        /// characters. All values are texts.
        bedrock_request_metadata: JsonObject,
        /// JSON pointers to what is to be returned of the model's own answer (`additionalModelResponseFieldPaths`); at most
        /// 10.
        bedrock_additional_model_response_fields_paths: Vec<String>,
        /// Variables of a prompt of prompt management (`promptVariables`):
        /// <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-management.html>.
        bedrock_prompt_variables: JsonObject,
        /// Parameters that only this model knows (`additionalModelRequestFields`). They win over what is made of other
        /// settings.
        bedrock_additional_model_requests_fields: JsonObject,
        /// A cache point after the tool definitions:
        /// <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>.
        bedrock_cache_tool_definitions: CacheSetting,
        /// A cache point after the system prompts and static instructions.
        bedrock_cache_instructions: CacheSetting,
        /// A cache point after the last message.
        bedrock_cache_messages: CacheSetting,
        /// The service tier (`serviceTier`):
        /// <https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html>.
        bedrock_service_tier: JsonObject,
        /// The inference profile, id or ARN, to send the request to, while the model's name still says what the
        /// model can: <https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles.html>.
        bedrock_inference_profile: String,
    }
}
