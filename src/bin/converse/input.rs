//! Requests in files, as pydantic-ai has them.

use std::path::Path;

use bedrock_converse::Result;
use bedrock_converse::messages::{JsonObject, ModelMessage};
use bedrock_converse::settings::BedrockModelSettings;
use bedrock_converse::tools::ModelRequestParameters;
use serde::de::DeserializeOwned;

use crate::connect::read_text;
use crate::output::invalid;

/// What `--input` holds.
pub(crate) struct Input {
    pub(crate) model: String,
    pub(crate) messages: Vec<ModelMessage>,
    pub(crate) settings: Option<BedrockModelSettings>,
    pub(crate) parameters: Option<ModelRequestParameters>,
    pub(crate) profile: JsonObject,
}

impl Input {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let mut members: JsonObject =
            serde_json::from_str(&read_text(path)?).map_err(|error| invalid(format_args!("the input: {error}")))?;
        let missing = |name: &str| invalid(format_args!("the input has no `{name}`"));
        let input = Self {
            model: take(&mut members, "model")?.ok_or_else(|| missing("model"))?,
            messages: take(&mut members, "messages")?.ok_or_else(|| missing("messages"))?,
            settings: take(&mut members, "settings")?,
            parameters: take(&mut members, "parameters")?,
            profile: take(&mut members, "profile")?.unwrap_or_default(),
        };
        match members.keys().next() {
            None => Ok(input),
            Some(unknown) => Err(invalid(format_args!("the input has a member `{unknown}`, which means nothing"))),
        }
    }
}

fn take<T: DeserializeOwned>(members: &mut JsonObject, name: &str) -> Result<Option<T>> {
    let value = members.shift_remove(name).unwrap_or_default();
    serde_json::from_value(value).map_err(|error| invalid(format_args!("`{name}`: {error}")))
}
