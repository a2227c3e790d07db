//! History to wire request, and wire response to history.
//!
//! This is what is known about how to ask a model of Bedrock: which messages must be merged or kept apart, where media
//! and cache points may stand, what becomes of thinking. In what the families differ is data of the
//! [`ModelProfile`]; no family is named here.
//!
//! Nothing is fetched: [`downloads`] says which URLs the caller has to bring.
//!
//! ```
//! use bedrock_converse::convert::{Downloads, Target};
//! use bedrock_converse::messages::{ModelMessage, ModelRequest};
//! use bedrock_converse::profile::ModelProfile;
//! use bedrock_converse::{settings::BedrockModelSettings, tools::ModelRequestParameters};
//!
//! let profile = ModelProfile::for_model("us.amazon.nova-pro-v1:0");
//! let target = Target { model_name: "us.amazon.nova-pro-v1:0", provider_name: "bedrock", profile: &profile };
//! let settings = BedrockModelSettings { top_k: Some(20), ..Default::default() };
//! let prepared = target.prepare_request(settings, ModelRequestParameters::default())?;
//! let history: [ModelMessage; 1] = [ModelRequest::user_text_prompt("Hello").into()];
//! let request = target.converse_request(&history, &prepared, &Downloads::new())?;
//! assert_eq!(
//!     String::from_utf8_lossy(&request.to_json()?),
//!     concat!(
//!         r#"{"messages":[{"role":"user","content":[{"text":"Hello"}]}],"system":[],"#,
//!         r#""inferenceConfig":{},"#,
//!         r#""additionalModelRequestFields":{"inferenceConfig":{"topK":20}}}"#,
//!     ),
//! );
//! # Ok::<(), bedrock_converse::Error>(())
//! ```

mod blank;
mod cache_points;
mod history;
mod media;
mod prepare;
mod prompt;
mod python;
mod request;
pub(crate) mod response;
mod tool_results;
mod tools;
mod turns;
pub(crate) mod usage;

use std::collections::BTreeMap;

use bytes::Bytes;

pub use self::history::prepare_messages;
pub use self::media::downloads;
pub use self::prepare::Prepared;
pub use self::response::Origin;
use crate::profile::ModelProfile;

/// The content of URLs that were fetched, by URL.
pub type Downloads = BTreeMap<String, Bytes>;

/// Whom a request is made for.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the arguments that all conversions share")]
pub struct Target<'a> {
    /// The model, as the caller names it.
    pub model_name: &'a str,
    /// The provider, such as `bedrock`: thinking and native tools go back only to the provider that they came from.
    pub provider_name: &'a str,
    /// What the model can do.
    pub profile: &'a ModelProfile,
}
