//! A model's call of a tool.

use serde_json::Value;

use super::JsonObject;
use super::json::{FromJson, Mismatch, json_deserialize, json_from, json_struct};
use crate::error::{Error, ErrorKind, Result};

/// Under this name pydantic-ai sends arguments back to a model that are not a JSON object.
pub const INVALID_JSON_KEY: &str = "INVALID_JSON";

/// The arguments of a call: an object in a plain answer, JSON text in a streamed one.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these two")]
pub enum ToolArgs {
    /// An object.
    Json(JsonObject),
    /// Text that should be a JSON object, as the model wrote it.
    Text(String),
}

impl FromJson for ToolArgs {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Object(object) => Ok(Self::Json(object)),
            Value::String(text) => Ok(Self::Text(text)),
            other => Err(Mismatch::expected("an object or JSON text", &other)),
        }
    }
}

impl serde::Serialize for ToolArgs {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Json(object) => object.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

json_deserialize!(ToolArgs);

json_from!(ToolArgs { Json(JsonObject), Text(String) });

json_struct! {
    /// A call of a tool: of the caller's own, or of one that the provider runs.
    ///
    /// ```
    /// use bedrock_converse::messages::{ToolArgs, ToolCallPart};
    ///
    /// let mut call = ToolCallPart::new("get_weather", "call_1");
    /// assert!(call.args_as_dict().unwrap().is_empty());
    ///
    /// call.args = Some(ToolArgs::Text(r#"{"city":"Par"#.into()));
    /// assert!(call.args_as_dict().is_err()); // cut off: never taken for `{}`
    /// ```
    pub struct ToolCallPart {
        /// The tool.
        required tool_name: String,
        /// The arguments; `None` when there are none.
        default args: Option<ToolArgs>,
        /// What the tool's return is matched by. Empty when a history has none: such a call and its return can
        /// only be matched by their order.
        default tool_call_id: String,
        /// What the framework uses the tool for, such as `tool-search`.
        default tool_kind: Option<String>,
        /// The provider's id of the part.
        default id: Option<String>,
        /// The provider that made the part.
        default provider_name: Option<String>,
        /// What else the provider said about the part.
        default provider_details: Option<JsonObject>,
    }
}

impl ToolCallPart {
    /// A call without arguments.
    pub fn new(tool_name: impl Into<String>, tool_call_id: impl Into<String>) -> Self {
        Self { tool_name: tool_name.into(), tool_call_id: tool_call_id.into(), ..Self::default() }
    }

    /// The arguments as an object. None at all, or blank text, are an empty one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when they are text that is not a JSON object.
    pub fn args_as_dict(&self) -> Result<JsonObject> {
        let text = match &self.args {
            None => return Ok(JsonObject::new()),
            Some(ToolArgs::Json(object)) => return Ok(object.clone()),
            Some(ToolArgs::Text(text)) if text.trim().is_empty() => return Ok(JsonObject::new()),
            Some(ToolArgs::Text(text)) => text,
        };
        serde_json::from_str(text).map_err(|source| {
            let message = format!("arguments of tool call {:?} are not a JSON object: {text}", self.tool_name);
            Error::new(ErrorKind::InvalidInput, message).with_source(source)
        })
    }

    /// The arguments as JSON text; text is given as the model wrote it.
    ///
    /// # Errors
    ///
    /// As [`args_as_dict`](Self::args_as_dict).
    pub fn args_as_json_str(&self) -> Result<String> {
        let object = self.args_as_dict()?;
        match &self.args {
            Some(ToolArgs::Text(text)) if !text.trim().is_empty() => Ok(text.clone()),
            _ => Ok(Value::Object(object).to_string()),
        }
    }

    /// Whether the arguments are text that is not a JSON object. The tool must not be run with them.
    pub fn has_invalid_args(&self) -> bool {
        self.args_as_dict().is_err()
    }
}
