//! Tools, their calls and results, and cache points.

use serde_json::Value;

use super::{ContentBlock, DocumentBlock, ImageBlock, SearchResultBlock, VideoBlock};

open_enum! {
    /// Whether a tool did what it was asked to.
    pub enum ToolResultStatus {
        /// It did.
        Success = "success",
        /// It failed.
        Error = "error",
    }

    /// The kind of a tool use.
    pub enum ToolUseType {
        /// The service calls the tool itself.
        ServerToolUse = "server_tool_use",
    }

    /// The kind of a cache point.
    pub enum CachePointType {
        /// The only one.
        Default = "default",
    }

    /// How long a cached prefix lives.
    pub enum CacheTTL {
        /// Five minutes, which is what goes without saying.
        FiveMinutes = "5m",
        /// One hour, for the models that have it.
        OneHour = "1h",
    }
}

shape! {
    /// The tools of a request.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html>
    ///
    /// ```
    /// use bedrock_converse::wire::{SpecificToolChoice, Tool, ToolChoice, ToolConfiguration};
    /// use serde_json::json;
    ///
    /// let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    /// let tools = ToolConfiguration {
    ///     tool_choice: Some(ToolChoice::Tool(SpecificToolChoice::new("get_weather"))),
    ///     ..ToolConfiguration::new([Tool::new("get_weather", schema)])
    /// };
    /// assert_eq!(serde_json::to_value(&tools).unwrap()["toolChoice"], json!({"tool": {"name": "get_weather"}}));
    /// ```
    pub struct ToolConfiguration {
        /// The tools, and cache points among them.
        required tools: Vec<Tool> = "tools";
        /// Which of them the model has to use, where it isn't free.
        optional tool_choice: ToolChoice = "toolChoice";
    }

    /// A tool that the caller runs.
    pub struct ToolSpecification {
        /// Its name: at most 64 letters, digits, `_` and `-`.
        required name: String = "name";
        /// What it is for.
        optional description: String = "description";
        /// What its input looks like.
        required input_schema: ToolInputSchema = "inputSchema";
        /// Whether the model has to keep to the schema.
        optional strict: bool = "strict";
    }

    /// A tool that the service runs.
    pub struct SystemTool {
        /// Its name, such as `nova_code_interpreter`.
        required name: String = "name";
    }

    /// The end of a prefix to cache.
    pub struct CachePointBlock {
        /// Its kind.
        required r#type: CachePointType = "type";
        /// How long the prefix lives.
        optional ttl: CacheTTL = "ttl";
    }

    /// The model decides; what goes without saying.
    pub struct AutoToolChoice {}

    /// The model has to use a tool, any of them.
    pub struct AnyToolChoice {}

    /// The model has to use this tool.
    pub struct SpecificToolChoice {
        /// The tool's name.
        required name: String = "name";
    }

    /// The model's wish to have a tool called.
    pub struct ToolUseBlock {
        /// The id that its result has to bear: at most 64 letters, digits and `_.:-`.
        required tool_use_id: String = "toolUseId";
        /// The tool's name.
        required name: String = "name";
        /// What the tool is given; the service takes nothing but an object.
        required input: Value = "input";
        /// Who runs it.
        optional r#type: ToolUseType = "type";
    }

    /// What a tool gave.
    ///
    /// ```
    /// use bedrock_converse::wire::{ConverseRequest, ToolResultBlock, ToolResultStatus, ToolUseBlock};
    /// use serde_json::json;
    ///
    /// let call = ToolUseBlock::new("call_1", "get_weather", json!({"city": "Paris"}));
    /// let result = ToolResultBlock {
    ///     status: Some(ToolResultStatus::Success),
    ///     ..ToolResultBlock::json(call.tool_use_id.as_str(), json!({"celsius": 21}))
    /// };
    /// let request = ConverseRequest::new("us.amazon.nova-pro-v1:0");
    /// let request = request.user("And outside?").assistant(call).user(result);
    /// # let _ = request;
    /// ```
    pub struct ToolResultBlock {
        /// The id of the tool use.
        required tool_use_id: String = "toolUseId";
        /// What it gave.
        required content: Vec<ToolResultContentBlock> = "content";
        /// Whether it did what it was asked to.
        optional status: ToolResultStatus = "status";
        /// Which of the service's tools it was.
        optional r#type: String = "type";
    }

    /// A tool that is there from this block on.
    pub struct ToolAdditionBlock {
        /// The tool.
        required tool: ToolReference = "tool";
    }

    /// A tool that is gone from this block on.
    pub struct ToolRemovalBlock {
        /// The tool.
        required tool: ToolReference = "tool";
    }

    /// A tool by its name.
    pub struct ToolReference {
        /// Its kind.
        optional r#type: String = "type";
        /// Its name.
        optional name: String = "name";
        /// The server that has it.
        optional server_name: String = "serverName";
    }
}

union! {
    /// One entry of the tools.
    pub union Tool {
        /// A tool that the caller runs.
        ToolSpec(ToolSpecification) = "toolSpec";
        /// A tool that the service runs.
        SystemTool(SystemTool) = "systemTool";
        /// The end of a prefix to cache.
        CachePoint(CachePointBlock) = "cachePoint";
    }

    /// What a tool's input looks like.
    pub union ToolInputSchema {
        /// A JSON schema, in place.
        Json(Value) = "json";
    }

    /// Which tool the model has to use.
    pub union ToolChoice {
        /// As it likes.
        Auto(AutoToolChoice) = "auto";
        /// Any.
        Any(AnyToolChoice) = "any";
        /// This one.
        Tool(SpecificToolChoice) = "tool";
    }

    /// A piece of what a tool gave.
    pub union ToolResultContentBlock {
        /// JSON; most models want an object.
        Json(Value) = "json";
        /// Text.
        Text(String) = "text";
        /// An image.
        Image(ImageBlock) = "image";
        /// A document.
        Document(DocumentBlock) = "document";
        /// A video.
        Video(VideoBlock) = "video";
        /// What a search found.
        SearchResult(SearchResultBlock) = "searchResult";
    }
}

impl Tool {
    /// A tool that the caller runs, with the JSON schema of its input.
    pub fn new(name: impl Into<String>, schema: impl Into<Value>) -> Self {
        ToolSpecification::new(name, schema.into()).into()
    }

    /// A tool that the service runs.
    pub fn system(name: impl Into<String>) -> Self {
        Self::SystemTool(SystemTool::new(name))
    }
}

impl ToolSpecification {
    /// Says what the tool is for.
    ///
    /// ```
    /// use bedrock_converse::wire::ToolSpecification;
    /// use serde_json::json;
    ///
    /// let tool = ToolSpecification::new("now", json!({"type": "object"})).description("The time of day");
    /// assert_eq!(
    ///     serde_json::to_string(&tool).unwrap(),
    ///     r#"{"name":"now","description":"The time of day","inputSchema":{"json":{"type":"object"}}}"#,
    /// );
    /// ```
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

impl From<ToolSpecification> for Tool {
    fn from(tool: ToolSpecification) -> Self {
        Self::ToolSpec(tool)
    }
}

impl From<Value> for ToolInputSchema {
    fn from(schema: Value) -> Self {
        Self::Json(schema)
    }
}

impl ToolResultBlock {
    /// A result in words.
    pub fn text(tool_use_id: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(tool_use_id, [ToolResultContentBlock::Text(text.into())])
    }

    /// A result as a JSON object.
    pub fn json(tool_use_id: impl Into<String>, json: impl Into<Value>) -> Self {
        Self::new(tool_use_id, [ToolResultContentBlock::Json(json.into())])
    }
}

impl From<ToolUseBlock> for ContentBlock {
    fn from(block: ToolUseBlock) -> Self {
        Self::ToolUse(block)
    }
}

impl From<ToolResultBlock> for ContentBlock {
    fn from(block: ToolResultBlock) -> Self {
        Self::ToolResult(block)
    }
}
