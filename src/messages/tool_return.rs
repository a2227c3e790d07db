//! What goes back to the model after its calls: returns of tools, and what was wrong.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::json::{FromJson, Mismatch, json_deserialize, json_from, json_names, json_struct};
use super::{JsonObject, MultiModalContent, Timestamp};

/// Under this name something that is not an object is wrapped into one.
pub const RETURN_VALUE_KEY: &str = "return_value";

/// What a tool returned: JSON, a file, or a list of both.
///
/// A file is what has the shape of [`MultiModalContent`]; files deeper inside JSON stay there.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these three")]
pub enum ToolReturnContent {
    /// Anything that is not a list or a file.
    Json(Value),
    /// One file.
    Media(MultiModalContent),
    /// Several things.
    List(Vec<ToolReturnContent>),
}

impl Default for ToolReturnContent {
    fn default() -> Self {
        Self::Json(Value::Null)
    }
}

impl From<Value> for ToolReturnContent {
    fn from(value: Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(object) => {
                let kind = object.get("kind").and_then(Value::as_str);
                let has_source = ["url", "media_type", "file_id"].iter().any(|name| object.contains_key(*name));
                if has_source && kind.is_some_and(MultiModalContent::is_kind) {
                    let value = Value::Object(object);
                    return MultiModalContent::from_json(value.clone()).map_or(Self::Json(value), Self::Media);
                }
                let members = object.into_iter().map(|(name, value)| (name, Self::from(value).into_json()));
                Self::Json(Value::Object(members.collect()))
            }
            value => Self::Json(value),
        }
    }
}

impl ToolReturnContent {
    fn into_json(self) -> Value {
        match self {
            Self::Json(value) => value,
            other => serde_json::to_value(other).expect("strings, bytes and JSON values serialise"),
        }
    }
}

impl From<&str> for ToolReturnContent {
    fn from(text: &str) -> Self {
        Self::Json(text.into())
    }
}

impl From<String> for ToolReturnContent {
    fn from(text: String) -> Self {
        Self::Json(text.into())
    }
}

json_from!(ToolReturnContent { Media(MultiModalContent), List(Vec<ToolReturnContent>) });

impl FromJson for ToolReturnContent {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        Ok(value.into())
    }
}

impl serde::Serialize for ToolReturnContent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Json(value) => value.serialize(serializer),
            Self::Media(media) => media.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
        }
    }
}

json_deserialize!(ToolReturnContent);

json_names! {
    /// How a tool's run ended.
    #[derive(Default)]
    pub enum ToolOutcome {
        /// It returned.
        #[default]
        Success = "success",
        /// It failed; the content says how.
        Failed = "failed",
        /// It was not allowed to run.
        Denied = "denied",
        /// It was stopped before it had a result.
        Interrupted = "interrupted",
        ..
    }
}

json_struct! {
    /// What one of the caller's tools returned.
    ///
    /// ```
    /// use bedrock_converse::messages::{
    ///     BinaryContent, MultiModalContent, ToolReturnContent, ToolReturnPart,
    /// };
    /// use serde_json::json;
    ///
    /// let weather = ToolReturnPart::new("get_weather", json!({"celsius": 21}), "call_1");
    /// assert_eq!(weather.model_response_str(true), r#"{"celsius":21}"#);
    ///
    /// let chart = MultiModalContent::Binary(BinaryContent::new(&b"PNG"[..], "image/png"));
    /// let drawing = ToolReturnContent::List(vec!["The last week:".into(), chart.into()]);
    /// assert_eq!(ToolReturnPart::new("draw", drawing, "call_2").files().count(), 1);
    /// ```
    pub struct ToolReturnPart ["part_kind" = "tool-return"] {
        /// The tool.
        required tool_name: String,
        /// What it returned.
        required content: ToolReturnContent,
        /// The call that it answers; empty when a history has none.
        default tool_call_id: String,
        /// What the framework uses the tool for, such as `tool-search`.
        default tool_kind: Option<String>,
        /// The application's own data; never sent.
        default metadata: Value,
        /// When it returned.
        optional timestamp: Option<Timestamp>,
        /// How it ended.
        default outcome: ToolOutcome,
    }
}

json_struct! {
    /// What a tool that the provider ran gave.
    pub struct NativeToolReturnPart ["part_kind" = "builtin-tool-return"] {
        /// The tool.
        required tool_name: String,
        /// What it gave.
        required content: ToolReturnContent,
        /// The call that it answers; empty when a history has none.
        default tool_call_id: String,
        /// What the framework uses the tool for, such as `tool-search`.
        default tool_kind: Option<String>,
        /// The application's own data; never sent.
        default metadata: Value,
        /// When it returned.
        optional timestamp: Option<Timestamp>,
        /// How it ended.
        default outcome: ToolOutcome,
        /// The provider that ran it.
        default provider_name: Option<String>,
        /// What else the provider said about the part.
        default provider_details: Option<JsonObject>,
    }
}

/// How [`ToolReturnPart::content_items`] gives what is not a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the service takes these two")]
pub enum ContentMode {
    /// Texts as they are, everything else as JSON text.
    Text,
    /// As JSON values.
    Json,
}

/// One item of what a tool returned.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these two")]
pub enum ContentItem<'a> {
    /// Anything but a file.
    Json(Cow<'a, Value>),
    /// A file.
    Media(&'a MultiModalContent),
}

impl ToolReturnPart {
    /// What this tool returned to this call.
    pub fn new(
        tool_name: impl Into<String>,
        content: impl Into<ToolReturnContent>,
        tool_call_id: impl Into<String>,
    ) -> Self {
        let (tool_name, tool_call_id) = (tool_name.into(), tool_call_id.into());
        Self { tool_name, content: content.into(), tool_call_id, ..Self::default() }
    }

    fn items(&self) -> &[ToolReturnContent] {
        match &self.content {
            ToolReturnContent::List(items) => items,
            single => std::slice::from_ref(single),
        }
    }

    /// The files among the items.
    pub fn files(&self) -> impl Iterator<Item = &MultiModalContent> {
        self.items().iter().filter_map(|item| match item {
            ToolReturnContent::Media(media) => Some(media),
            _ => None,
        })
    }

    /// What was returned without the files: nothing, one thing or a list. A list of one counts as the thing itself
    /// when there were files beside it.
    fn data(&self) -> Option<Cow<'_, Value>> {
        let data: Vec<_> = self.items().iter().filter(|item| !matches!(item, ToolReturnContent::Media(_))).collect();
        let whole_list = matches!(self.content, ToolReturnContent::List(_)) && data.len() == self.items().len();
        match data[..] {
            [] => None,
            [single] if !whole_list => Some(json_of(single)),
            _ => Some(Cow::Owned(data.into_iter().map(|item| json_of(item).into_owned()).collect())),
        }
        .filter(|value| !value.is_null())
    }

    /// The items one by one, in the form that the model takes. With `wrap_if_error`, what a failed tool returned is one
    /// item as [`model_response_str`](Self::model_response_str) or
    /// [`model_response_object`](Self::model_response_object) give it, and the files follow.
    ///
    /// ```
    /// use bedrock_converse::messages::{ContentItem, ContentMode, ToolOutcome, ToolReturnPart};
    ///
    /// let failed = ToolReturnPart {
    ///     outcome: ToolOutcome::Failed,
    ///     ..ToolReturnPart::new("get_weather", serde_json::json!("no such city"), "call_1")
    /// };
    /// let items = failed.content_items(ContentMode::Json, true);
    /// assert!(matches!(&items[..], [ContentItem::Json(json)] if json["error"] == "no such city"));
    /// ```
    pub fn content_items(&self, mode: ContentMode, wrap_if_error: bool) -> Vec<ContentItem<'_>> {
        if wrap_if_error && self.outcome == ToolOutcome::Failed {
            let wrapped = match mode {
                ContentMode::Text => Value::String(self.model_response_str(true)),
                ContentMode::Json => Value::Object(self.model_response_object(true)),
            };
            let files = self.files().map(ContentItem::Media);
            return std::iter::once(ContentItem::Json(Cow::Owned(wrapped))).chain(files).collect();
        }
        self.items().iter().map(|item| content_item(item, mode)).collect()
    }

    /// What was returned as one text, without the files. With `wrap_if_error`, what a failed tool returned is put into
    /// `{"error": …}`.
    pub fn model_response_str(&self, wrap_if_error: bool) -> String {
        let text = match self.data().as_deref() {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        };
        if wrap_if_error && self.outcome == ToolOutcome::Failed { json!({ "error": text }).to_string() } else { text }
    }

    /// What was returned as one object, without the files: what is none is put into `{"return_value": …}`. With
    /// `wrap_if_error`, what a failed tool returned is put into `{"error": …}` as text.
    pub fn model_response_object(&self, wrap_if_error: bool) -> JsonObject {
        if wrap_if_error && self.outcome == ToolOutcome::Failed {
            return JsonObject::from_iter([("error".to_owned(), self.model_response_str(false).into())]);
        }
        match self.data().map(Cow::into_owned) {
            None => JsonObject::new(),
            Some(Value::Object(object)) => object,
            Some(value) => JsonObject::from_iter([(RETURN_VALUE_KEY.to_owned(), value)]),
        }
    }
}

fn content_item(item: &ToolReturnContent, mode: ContentMode) -> ContentItem<'_> {
    match item {
        ToolReturnContent::Media(media) => ContentItem::Media(media),
        other => ContentItem::Json(match (mode, json_of(other)) {
            (ContentMode::Text, value) if !value.is_string() => Cow::Owned(Value::String(value.to_string())),
            (_, value) => value,
        }),
    }
}

fn json_of(content: &ToolReturnContent) -> Cow<'_, Value> {
    match content {
        ToolReturnContent::Json(value) => Cow::Borrowed(value),
        other => Cow::Owned(other.clone().into_json()),
    }
}

/// What was wrong with an answer or with a tool's arguments.
///
/// ```
/// use bedrock_converse::messages::{RetryContent, RetryPromptPart};
///
/// let retry = RetryPromptPart {
///     content: RetryContent::Text("There is no city `Pari`.".into()),
///     tool_name: Some("get_weather".into()),
///     tool_call_id: "call_1".into(),
///     ..Default::default()
/// };
/// assert!(retry.model_response().starts_with("There is no city `Pari`."));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these two")]
pub enum RetryContent {
    /// A text.
    Text(String),
    /// Pydantic's list of errors: objects with `type`, `loc`, `msg`, `input` and more.
    Errors(Vec<JsonObject>),
}

impl Default for RetryContent {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

json_from!(RetryContent { Text(String), Errors(Vec<JsonObject>) });

impl From<&str> for RetryContent {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl FromJson for RetryContent {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Array(_) => Vec::from_json(value).map(Self::Errors),
            other => Err(Mismatch::expected("a string or an array of errors", &other)),
        }
    }
}

impl serde::Serialize for RetryContent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Errors(errors) => errors.serialize(serializer),
        }
    }
}

json_deserialize!(RetryContent);

json_struct! {
    /// Asks the model to do better.
    pub struct RetryPromptPart ["part_kind" = "retry-prompt"] {
        /// What was wrong.
        required content: RetryContent,
        /// The tool whose arguments or result it is about; `None` when it is about the text.
        default tool_name: Option<String>,
        /// The call that it answers; empty when a history has none.
        default tool_call_id: String,
        /// When it was made.
        optional timestamp: Option<Timestamp>,
    }
}

impl RetryPromptPart {
    /// The text that the model gets.
    pub fn model_response(&self) -> String {
        let description = match &self.content {
            RetryContent::Text(text) if self.tool_name.is_none() => format!("Validation feedback:\n{text}"),
            RetryContent::Text(text) => text.clone(),
            RetryContent::Errors(errors) => {
                let shown: Vec<JsonObject> = errors.iter().map(|error| self.shown(error)).collect();
                let json = serde_json::to_string_pretty(&shown).expect("JSON values serialise");
                let plural = if errors.len() == 1 { "" } else { "s" };
                format!("{} validation error{plural}:\n```json\n{json}\n```", errors.len())
            }
        };
        format!("{description}\n\nFix the errors and try again.")
    }

    /// An error without its context, and without an input that is the whole text of the answer.
    fn shown(&self, error: &JsonObject) -> JsonObject {
        let depth = error.get("loc").and_then(Value::as_array).map_or(0, Vec::len);
        let whole_answer = self.tool_name.is_none() && depth <= 1;
        let members =
            ["type", "loc", "msg", "input", "url"].into_iter().filter(|name| !(whole_answer && *name == "input"));
        members.filter_map(|name| Some((name.to_owned(), error.get(name)?.clone()))).collect()
    }
}
