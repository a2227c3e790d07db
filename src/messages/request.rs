//! What is sent to the model.

use super::json::{json_enum, json_from, json_names, json_struct};
use super::{BinaryContent, JsonObject, RetryPromptPart, Timestamp, ToolReturnPart, UserPrompt};

json_struct! {
    /// A system prompt.
    pub struct SystemPromptPart ["part_kind" = "system-prompt"] {
        /// The text.
        required content: String,
        /// When it was made.
        optional timestamp: Option<Timestamp>,
        /// The function that generates it anew for each run.
        default dynamic_ref: Option<String>,
    }
}

json_struct! {
    /// What the user says.
    ///
    /// ```
    /// use bedrock_converse::messages::{FileUrl, UserPromptPart};
    ///
    /// let text = UserPromptPart::new("What is the capital of France?");
    /// let media = UserPromptPart::new(vec![
    ///     "What is in this picture?".into(),
    ///     FileUrl::image("https://example.com/cat.png").into(),
    /// ]);
    /// ```
    pub struct UserPromptPart ["part_kind" = "user-prompt"] {
        /// One text, or a list of texts, media and cache points.
        required content: UserPrompt,
        /// When it was said.
        optional timestamp: Option<Timestamp>,
    }
}

impl UserPromptPart {
    /// A prompt of this content.
    pub fn new(content: impl Into<UserPrompt>) -> Self {
        Self { content: content.into(), ..Self::default() }
    }
}

json_struct! {
    /// Tools that the model may use from here on.
    pub struct ToolAvailabilityDeltaPart ["part_kind" = "tool-availability-delta"] {
        /// Their names.
        default tools_added | "added": Vec<String>,
        /// The call that brought them.
        default tool_call_id: Option<String>,
    }
}

json_struct! {
    /// Something that was spoken.
    pub struct SpeechPart ["part_kind" = "speech"] {
        /// Who spoke: `user` in a request, `assistant` in a response.
        required speaker: String,
        /// What was said.
        default transcript: Option<String>,
        /// How it sounded.
        default audio: Option<BinaryContent>,
        /// Where the listener cut in, in milliseconds.
        default interrupted_at_ms: Option<u64>,
        /// The provider's id of the part.
        default id: Option<String>,
        /// The provider that made the part.
        default provider_name: Option<String>,
        /// What else the provider said about the part.
        default provider_details: Option<JsonObject>,
    }
}

json_struct! {
    /// A piece of the instructions for one request.
    pub struct InstructionPart ["part_kind" = "instruction"] {
        /// The text.
        required content: String,
        /// Whether it may differ from request to request; such pieces stand behind the cached ones.
        default dynamic: bool,
    }
}

impl InstructionPart {
    /// The pieces as one text, with an empty line between; `None` when nothing is left of them.
    pub fn join<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Option<String> {
        let texts: Vec<&str> = parts.into_iter().map(|part| part.content.as_str()).collect();
        let text = texts.join("\n\n").trim().to_owned();
        if text.is_empty() { None } else { Some(text) }
    }
}

json_enum! {
    /// A part of a [`ModelRequest`].
    pub enum ModelRequestPart by "part_kind" {
        /// A system prompt.
        SystemPrompt(SystemPromptPart) = "system-prompt",
        /// What the user says.
        UserPrompt(UserPromptPart) = "user-prompt",
        /// What a tool returned.
        ToolReturn(ToolReturnPart) = "tool-return",
        /// What was wrong with the last answer.
        RetryPrompt(RetryPromptPart) = "retry-prompt",
        /// Tools that were added.
        ToolAvailabilityDelta(ToolAvailabilityDeltaPart) = "tool-availability-delta",
        /// Speech of the user.
        Speech(SpeechPart) = "speech",
    }
}

json_from!(ModelRequestPart {
    SystemPrompt(SystemPromptPart),
    UserPrompt(UserPromptPart),
    ToolReturn(ToolReturnPart),
    RetryPrompt(RetryPromptPart),
    ToolAvailabilityDelta(ToolAvailabilityDeltaPart),
    Speech(SpeechPart),
});

json_names! {
    /// Whether a message is whole.
    #[derive(Default)]
    pub enum State {
        /// It is.
        #[default]
        Complete = "complete",
        /// It is being streamed and more may come.
        Incomplete = "incomplete",
        /// The model paused in the middle of its turn.
        Suspended = "suspended",
        /// It was cut off on purpose.
        Interrupted = "interrupted",
        ..
    }
}

json_struct! {
    /// One turn of the application towards the model.
    ///
    /// ```
    /// use bedrock_converse::messages::{
    ///     InstructionPart, ModelRequest, ModelRequestPart, SystemPromptPart, UserPromptPart,
    /// };
    ///
    /// let mut request = ModelRequest::new(vec![
    ///     ModelRequestPart::SystemPrompt(SystemPromptPart { content: "Be brief.".into(), ..Default::default() }),
    ///     ModelRequestPart::UserPrompt(UserPromptPart::new("What is the capital of France?")),
    /// ]);
    /// request.instructions = Some("Answer in French.".into()); // for this request alone
    /// assert_eq!(request.parts.len(), 2);
    ///
    /// let pieces = ["Answer in French.", "Today is Monday."]
    ///     .map(|text| InstructionPart { content: text.into(), ..Default::default() });
    /// assert_eq!(InstructionPart::join(&pieces).as_deref(), Some("Answer in French.\n\nToday is Monday."));
    /// ```
    pub struct ModelRequest ["kind" = "request"] {
        /// What it consists of, in order.
        required parts: Vec<ModelRequestPart>,
        /// When it was made.
        default timestamp: Option<Timestamp>,
        /// Instructions for this request; those of earlier requests are not sent again.
        default instructions: Option<String>,
        /// The run that the message belongs to.
        default run_id: Option<String>,
        /// The conversation that the message belongs to.
        default conversation_id: Option<String>,
        /// The application's own data; never sent.
        default metadata: Option<JsonObject>,
        /// Whether the message is whole.
        default state: State,
    }
}

impl ModelRequest {
    /// A request of these parts and nothing else.
    ///
    /// ```
    /// use bedrock_converse::messages::{ModelRequest, ToolReturnPart, UserPromptPart};
    ///
    /// let request = ModelRequest::new(vec![
    ///     ToolReturnPart::new("get_weather", "21 degrees", "call_1").into(),
    ///     UserPromptPart::new("And tomorrow?").into(),
    /// ]);
    /// assert_eq!(request.parts[1].kind(), "user-prompt");
    /// ```
    pub fn new(parts: Vec<ModelRequestPart>) -> Self {
        Self { parts, ..Self::default() }
    }

    /// A request with one user prompt.
    pub fn user_text_prompt(prompt: impl Into<String>) -> Self {
        Self::new(vec![UserPromptPart::new(prompt.into()).into()])
    }
}
