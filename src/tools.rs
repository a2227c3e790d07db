//! Tools, tool choice and the parameters of a request.
//!
//! ```
//! use bedrock_converse::settings::ToolChoice;
//! use bedrock_converse::tools::*;
//! use serde_json::json;
//!
//! let object = |value: serde_json::Value| value.as_object().cloned().unwrap();
//! let weather = ToolDefinition::new("get_weather")
//!     .with_description("The weather in a city.")
//!     .with_parameters(object(json!({"properties": {"city": {"type": "string"}}})));
//! let code = CodeExecutionTool { optional: true, ..Default::default() };
//! let parameters = ModelRequestParameters {
//!     function_tools: vec![weather],
//!     native_tools: vec![NativeTool::CodeExecution(code)],
//!     // The answer is to be JSON of this shape.
//!     output_mode: OutputMode::Native,
//!     output_object: Some(OutputObjectDefinition {
//!         name: Some("forecast".into()),
//!         json_schema: object(json!({"properties": {"celsius": {"type": "number"}}})),
//!         ..Default::default()
//!     }),
//!     ..Default::default()
//! };
//! assert_eq!(parameters.visibility_of("get_weather"), ToolVisibility::Visible);
//!
//! let choice = resolve_tool_choice(Some(&ToolChoice::Required), &parameters)?;
//! assert_eq!(choice, ResolvedToolChoice::Required);
//! let misspelt = ToolChoice::Tools(vec!["get_wether".into()]);
//! let error = resolve_tool_choice(Some(&misspelt), &parameters).unwrap_err();
//! assert!(error.message().contains("names no tool that is there"));
//! # Ok::<(), bedrock_converse::Error>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::error::{Error, ErrorKind, Result};
use crate::messages::json::{FromJson, Mismatch, json_deserialize, json_enum, json_names, json_struct};
use crate::messages::{InstructionPart, JsonObject, UploadedFile};
use crate::settings::{ThinkingLevel, ToolChoice};

json_names! {
    /// Who runs a tool.
    ///
    /// ```
    /// use bedrock_converse::tools::{
    ///     ModelRequestParameters, PromptedOutputTemplate, ToolDefinition, ToolKind,
    /// };
    ///
    /// let answer = ToolDefinition { kind: ToolKind::Output, ..ToolDefinition::new("final_result") };
    /// let parameters = ModelRequestParameters {
    ///     output_tools: vec![answer],
    ///     allow_text_output: false, // the answer has to be a call of that tool
    ///     prompted_output_template: Some(PromptedOutputTemplate::Text("As JSON: {schema}".into())),
    ///     ..Default::default()
    /// };
    /// # let _ = parameters;
    /// ```
    #[derive(Default)]
    pub enum ToolKind {
        /// The application, at once.
        #[default]
        Function = "function",
        /// Nobody: its arguments are the final output.
        Output = "output",
        /// Somebody outside the run.
        External = "external",
        /// The application, after an approval.
        Unapproved = "unapproved",
        ..
    }
}

fn no_parameters() -> JsonObject {
    JsonObject::from_iter([("type".to_owned(), json!("object")), ("properties".to_owned(), json!({}))])
}

json_struct! {
    /// A tool that the model may call.
    ///
    /// ```
    /// use bedrock_converse::tools::ToolDefinition;
    ///
    /// let tool = ToolDefinition::new("get_time").with_description("The time now.");
    /// assert_eq!(tool.parameters_json_schema["type"], "object");
    /// ```
    pub struct ToolDefinition {
        /// The name; the model calls the tool by it.
        required name: String,
        /// The JSON schema of the arguments, an object's. By default there are none.
        default parameters_json_schema: JsonObject = no_parameters(),
        /// What the tool is for, in words for the model.
        default description: Option<String>,
        /// The key under which an output tool's value stands in its arguments.
        default outer_typed_dict_key: Option<String>,
        /// Whether the arguments must follow the schema to the letter; `None` leaves it to the model's profile.
        default strict: Option<bool>,
        /// Whether it must not run beside other calls.
        default sequential: bool,
        /// Who runs it.
        default kind: ToolKind,
        /// The application's own data; never sent.
        default metadata: Option<JsonObject>,
        /// Its time limit in seconds.
        default timeout: Option<f64>,
        /// Whether the model sees it only after it was revealed.
        default defer_loading: bool,
        /// The native tool that takes its place where the model supports that.
        default unless_native | "prefer_native" | "prefer_builtin": Option<String>,
        /// The native tool without which it is of no use.
        default with_native: Option<String>,
        /// What the framework uses it for, such as `tool-search`.
        default tool_kind: Option<String>,
        /// The JSON schema of what it returns.
        default return_schema: Option<JsonObject>,
        /// Whether the model is told that schema.
        default include_return_schema: Option<bool>,
        /// The toolset that it comes from.
        default toolset_id: Option<String>,
        /// The capability that it comes from.
        default capability_id: Option<String>,
    }
}

impl ToolDefinition {
    /// A tool of this name, without parameters.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Says what the tool is for.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the JSON schema of the arguments.
    #[must_use]
    pub fn with_parameters(mut self, schema: JsonObject) -> Self {
        self.parameters_json_schema = schema;
        self
    }
}

json_struct! {
    /// The model may run code of its own. On Bedrock the Nova 2 models can:
    /// <https://docs.aws.amazon.com/nova/latest/nova2-userguide/using-tools.html>.
    pub struct CodeExecutionTool ["kind" = "code_execution"] {
        /// Whether the request may go out without it when the model doesn't have it.
        default optional: bool,
        /// Files for the code.
        default files: Option<Vec<UploadedFile>>,
    }
}

json_enum! {
    /// A tool that the provider runs itself.
    pub enum NativeTool by "kind" {
        /// Code execution.
        CodeExecution(CodeExecutionTool) = "code_execution",
    }
}

impl NativeTool {
    /// Whether the request may go out without it when the model doesn't have it.
    pub fn is_optional(&self) -> bool {
        match self {
            Self::CodeExecution(tool) => tool.optional,
            Self::Other(object) => object.get("optional") == Some(&Value::Bool(true)),
        }
    }
}

json_names! {
    /// The form in which the final output is asked for.
    #[derive(Default)]
    #[expect(clippy::exhaustive_enums, reason = "the format has these seven")]
    pub enum OutputMode {
        /// Plain text.
        #[default]
        Text = "text",
        /// The arguments of an output tool.
        Tool = "tool",
        /// Text that the service holds to a JSON schema.
        Native = "native",
        /// Text that the instructions ask to follow a JSON schema.
        Prompted = "prompted",
        /// An output tool or text; no longer in use.
        ToolOrText = "tool_or_text",
        /// An image.
        Image = "image",
        /// What the model's profile prefers.
        Auto = "auto",
    }
}

json_struct! {
    /// The shape of a structured output.
    pub struct OutputObjectDefinition {
        /// Its JSON schema.
        required json_schema: JsonObject,
        /// Its name.
        default name: Option<String>,
        /// What it is for, in words for the model.
        default description: Option<String>,
        /// Whether it must follow the schema to the letter.
        default strict: Option<bool>,
    }
}

/// How the instructions ask for a prompted output.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these two")]
pub enum PromptedOutputTemplate {
    /// `false`: not at all.
    Off,
    /// By this text, in which `{schema}` stands for the schema.
    Text(String),
}

impl FromJson for PromptedOutputTemplate {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Bool(false) => Ok(Self::Off),
            Value::String(text) => Ok(Self::Text(text)),
            other => Err(Mismatch::expected("false or a string", &other)),
        }
    }
}

impl serde::Serialize for PromptedOutputTemplate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_bool(false),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

json_deserialize!(PromptedOutputTemplate);

json_names! {
    /// Whether the model gets to see a tool.
    #[expect(clippy::exhaustive_enums, reason = "the format has these four")]
    pub enum ToolVisibility {
        /// It is declared.
        Visible = "visible",
        /// It is declared, but to be loaded later.
        Deferred = "deferred",
        /// It is not declared.
        Withheld = "withheld",
        /// It is not declared; the history has it.
        ViaHistory = "via_history",
    }
}

json_struct! {
    /// What a request offers and wants, beside the messages.
    ///
    /// ```
    /// use bedrock_converse::tools::{ModelRequestParameters, ToolDefinition};
    ///
    /// let parameters = ModelRequestParameters {
    ///     function_tools: vec![ToolDefinition::new("get_time")],
    ///     ..Default::default()
    /// };
    /// assert!(parameters.allow_text_output);
    /// ```
    pub struct ModelRequestParameters {
        /// Tools of the application.
        default function_tools: Vec<ToolDefinition>,
        /// Tools of the provider.
        default native_tools: Vec<NativeTool>,
        /// What the model gets to see of single tools, by name; see [`visibility_of`](Self::visibility_of).
        default tool_visibility: Option<BTreeMap<String, ToolVisibility>>,
        /// Tools that were revealed to the model.
        default revealed_tool_names: Vec<String>,
        /// Capabilities that are not loaded yet.
        default deferred_capability_ids: Vec<String>,
        /// The form of the final output.
        default output_mode: OutputMode,
        /// The shape of the final output, in the modes `native` and `prompted`.
        default output_object: Option<OutputObjectDefinition>,
        /// Tools whose arguments are the final output.
        default output_tools: Vec<ToolDefinition>,
        /// How the instructions ask for a prompted output; `None` leaves it to the model's profile.
        default prompted_output_template: Option<PromptedOutputTemplate>,
        /// Whether text may be the final output. By default it may.
        default allow_text_output: bool = true,
        /// Whether an image may be the final output.
        default allow_image_output: bool,
        /// The instructions, piece by piece. `None`: as the last request has them.
        default instruction_parts: Option<Vec<InstructionPart>>,
        /// Whether and how hard the model thinks.
        default thinking: Option<ThinkingLevel>,
    }
}

impl ModelRequestParameters {
    /// What the model gets to see of a tool.
    pub fn visibility_of(&self, tool_name: &str) -> ToolVisibility {
        if let Some(visibility) = self.tool_visibility.as_ref().and_then(|by_name| by_name.get(tool_name)) {
            return *visibility;
        }
        // Of tools with the same name the last one counts.
        match self.function_tools.iter().chain(&self.output_tools).rfind(|tool| tool.name == tool_name) {
            Some(tool) if tool.defer_loading => ToolVisibility::Withheld,
            _ => ToolVisibility::Visible,
        }
    }

    /// All function and output tools. Of tools with the same name the last one counts, in the place of the first.
    pub fn tool_defs(&self) -> Vec<&ToolDefinition> {
        by_name(self.function_tools.iter().chain(&self.output_tools))
    }

    /// The function tools that the model gets to see.
    pub fn declared_function_tools(&self) -> impl Iterator<Item = &ToolDefinition> {
        self.function_tools.iter().filter(|tool| {
            !matches!(self.visibility_of(&tool.name), ToolVisibility::Withheld | ToolVisibility::ViaHistory)
        })
    }

    /// The tools that the model gets to see, as [`tool_defs`](Self::tool_defs).
    pub fn declared_tool_defs(&self) -> Vec<&ToolDefinition> {
        by_name(self.declared_function_tools().chain(&self.output_tools))
    }
}

fn by_name<'a>(tools: impl Iterator<Item = &'a ToolDefinition>) -> Vec<&'a ToolDefinition> {
    let mut defs: Vec<&ToolDefinition> = Vec::new();
    for tool in tools {
        match defs.iter_mut().find(|def| def.name == tool.name) {
            Some(def) => *def = tool,
            None => defs.push(tool),
        }
    }
    defs
}

/// What a [`ToolChoice`] comes down to for the tools at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "these are all there are")]
pub enum ResolvedToolChoice {
    /// No tool.
    None,
    /// Any tool, or none.
    Auto,
    /// Any tool, but one.
    Required,
    /// One of these tools, or none.
    AutoOf(BTreeSet<String>),
    /// One of these tools.
    RequiredOf(BTreeSet<String>),
}

/// Finds out which tools the model may or must call.
///
/// A name that no tool has does no harm while another one is there.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] when the choice names no tool that is there and not hidden, or requires a tool where
/// there is none.
pub fn resolve_tool_choice(
    choice: Option<&ToolChoice>,
    parameters: &ModelRequestParameters,
) -> Result<ResolvedToolChoice> {
    let direct_output = parameters.allow_text_output || parameters.allow_image_output;
    let names = |tools: &[ToolDefinition]| -> BTreeSet<String> { tools.iter().map(|tool| tool.name.clone()).collect() };
    let functions = names(&parameters.function_tools);
    let outputs = names(&parameters.output_tools);
    let available: BTreeSet<String> = functions.union(&outputs).cloned().collect();
    let is_hidden = |name: &str| functions.contains(name) && parameters.visibility_of(name) == ToolVisibility::Withheld;
    let of =
        |names| if direct_output { ResolvedToolChoice::AutoOf(names) } else { ResolvedToolChoice::RequiredOf(names) };

    Ok(match choice {
        None | Some(ToolChoice::Auto) if direct_output => ResolvedToolChoice::Auto,
        None | Some(ToolChoice::Auto) => ResolvedToolChoice::Required,
        Some(ToolChoice::None) => none_but(outputs, &functions, direct_output)?,
        Some(ToolChoice::Tools(chosen)) if chosen.is_empty() => none_but(outputs, &functions, direct_output)?,
        Some(ToolChoice::Required) if functions.is_empty() => {
            return Err(refusal("is \"required\", but there are no function tools"));
        }
        Some(ToolChoice::Required) if functions.iter().all(|name| is_hidden(name)) => {
            return Err(refusal("is \"required\", but every function tool is hidden until it is revealed"));
        }
        Some(ToolChoice::Required) => ResolvedToolChoice::Required,
        Some(ToolChoice::Tools(chosen)) => {
            let chosen = visible(chosen, &available, is_hidden, false)?;
            if chosen == available { ResolvedToolChoice::Required } else { ResolvedToolChoice::RequiredOf(chosen) }
        }
        Some(ToolChoice::ToolOrOutput(chosen)) if chosen.is_empty() && outputs.is_empty() => ResolvedToolChoice::None,
        Some(ToolChoice::ToolOrOutput(chosen)) if chosen.is_empty() => of(outputs),
        Some(ToolChoice::ToolOrOutput(chosen)) => {
            let mut allowed = visible(chosen, &functions, is_hidden, !outputs.is_empty())?;
            allowed.extend(outputs);
            match (allowed == available, direct_output) {
                (true, true) => ResolvedToolChoice::Auto,
                (true, false) => ResolvedToolChoice::Required,
                (false, _) => of(allowed),
            }
        }
    })
}

/// The choice "no function tools": output tools, where there are any, are left.
fn none_but(
    outputs: BTreeSet<String>,
    functions: &BTreeSet<String>,
    direct_output: bool,
) -> Result<ResolvedToolChoice> {
    match (outputs.is_empty(), direct_output) {
        (false, true) => Ok(ResolvedToolChoice::AutoOf(outputs)),
        (false, false) if functions.is_empty() => Ok(ResolvedToolChoice::Required),
        (false, false) => Ok(ResolvedToolChoice::RequiredOf(outputs)),
        (true, true) => Ok(ResolvedToolChoice::None),
        (true, false) => Err(refusal("is \"none\", but neither text nor images nor output tools are allowed")),
    }
}

/// The chosen tools that are not hidden. One of them must be there, unless output tools can stand in for hidden ones.
fn visible(
    chosen: &[String],
    known: &BTreeSet<String>,
    is_hidden: impl Fn(&str) -> bool,
    has_stand_in: bool,
) -> Result<BTreeSet<String>> {
    if !chosen.iter().any(|name| known.contains(name)) {
        return Err(refusal(format!("names no tool that is there: {chosen:?}; there are {known:?}")));
    }
    let visible: BTreeSet<String> = chosen.iter().filter(|name| !is_hidden(name)).cloned().collect();
    if !has_stand_in && visible.is_disjoint(known) {
        return Err(refusal(format!("names only tools that are hidden until they are revealed: {chosen:?}")));
    }
    Ok(visible)
}

fn refusal(rule: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("`tool_choice` {rule}"))
}
