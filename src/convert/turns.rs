//! A history as turns: system blocks, and messages whose roles alternate.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::media::{MediaMapper, unsupported};
use super::{Downloads, Target, cache_points, history, prompt, tool_results};
use crate::error::{Error, Result};
use crate::messages::{
    INVALID_JSON_KEY, InstructionPart, ModelMessage, ModelRequest, ModelRequestPart, ModelResponse, ModelResponsePart,
    NativeToolReturnPart, ThinkingPart, ToolArgs, ToolCallPart,
};
use crate::preflight::{EMPTY_TURN, is_alone};
use crate::profile::ModelProfile;
use crate::settings::BedrockModelSettings;
use crate::tools::ModelRequestParameters;
use crate::wire::{
    ContentBlock, ConversationRole, Message, ReasoningContentBlock, ReasoningTextBlock, SystemContentBlock,
    ToolResultBlock, ToolResultContentBlock, ToolResultStatus, ToolUseBlock, ToolUseType,
};

/// The id of the marker that thinking came encrypted, in the signature.
pub(super) const REDACTED: &str = "redacted_content";

/// The code interpreter's name on the wire, and the type of its results.
pub(super) const CODE_INTERPRETER: &str = "nova_code_interpreter";
pub(super) const CODE_INTERPRETER_RESULT: &str = "nova_code_interpreter_result";
/// Its name in histories.
pub(super) const CODE_EXECUTION: &str = "code_execution";

/// System blocks and messages of a request.
pub(super) struct Turns {
    pub(super) system: Vec<SystemContentBlock>,
    pub(super) messages: Vec<Message>,
}

/// # Errors
///
/// For what can't be sent; the place in `messages` is in the message.
pub(super) fn turns(
    target: Target<'_>,
    messages: &[ModelMessage],
    settings: &BedrockModelSettings,
    parameters: &ModelRequestParameters,
    downloads: &Downloads,
) -> Result<Turns> {
    let profile = target.profile;
    let history = history::answer_open_calls(messages);
    let mut mapper = Mapper {
        target,
        media: MediaMapper::new(target, downloads),
        system: Vec::new(),
        messages: Vec::with_capacity(history.len()),
        deferred: Vec::new(),
        calls: 0,
        answers: 0,
    };
    for (index, message) in history.iter().enumerate() {
        match message {
            ModelMessage::Request(request) => mapper.request(request),
            ModelMessage::Response(response) => mapper.response(response),
        }
        .map_err(|error| error.at(format_args!("messages[{index}]")))?;
    }
    mapper.flush_deferred();
    let Mapper { mut system, messages: raw, .. } = mapper;
    let mut messages = merge(raw, profile);

    let instructions = instruction_parts(&history, parameters);
    let before = system.len();
    system.extend(instructions.iter().map(|part| part.content.as_str().into()));
    let caching = profile.bedrock_supports_prompt_caching;
    if let Some(point) = cache_points::of_setting(settings.bedrock_cache_instructions).filter(|_| caching) {
        // What is dynamic stands last, so that the static prefix can be cached.
        let fixed = before + instructions.iter().filter(|part| !part.dynamic).count();
        if fixed > 0 {
            system.insert(fixed, SystemContentBlock::CachePoint(point));
        }
    }
    if let Some(point) = cache_points::of_setting(settings.bedrock_cache_messages).filter(|_| caching) {
        cache_points::cache_last_user_message(&mut messages, point);
    }
    let leads_with_user = messages.first().map(|message| message.role == ConversationRole::User);
    if leads_with_user.is_none_or(|user| !user && !profile.bedrock_supports_leading_assistant_message) {
        messages.insert(0, Message::user(EMPTY_TURN));
    }
    Ok(Turns { system, messages })
}

struct Mapper<'a> {
    target: Target<'a>,
    media: MediaMapper<'a>,
    system: Vec<SystemContentBlock>,
    messages: Vec<Message>,
    /// Files that tools returned and that must wait until all results of the turn are told.
    deferred: Vec<ContentBlock>,
    /// Calls and answers without an id are matched by their order.
    calls: u32,
    answers: u32,
}

impl Mapper<'_> {
    fn request(&mut self, request: &ModelRequest) -> Result<()> {
        for (index, part) in request.parts.iter().enumerate() {
            self.request_part(part).map_err(|error| error.at(format_args!(".parts[{index}]")))?;
        }
        Ok(())
    }

    fn request_part(&mut self, part: &ModelRequestPart) -> Result<()> {
        match part {
            ModelRequestPart::SystemPrompt(part) => {
                if !part.content.is_empty() {
                    self.system.push(part.content.as_str().into());
                }
            }
            ModelRequestPart::UserPrompt(part) => {
                self.flush_deferred();
                let content = prompt::user_prompt(part, &mut self.media, &mut self.messages)?;
                self.push_user(content);
            }
            ModelRequestPart::ToolReturn(part) => {
                let id = positional_id(&part.tool_call_id, &mut self.answers);
                let result = tool_results::tool_return(part, &id, &mut self.media)?;
                self.deferred.extend(result.deferred);
                self.push_user(std::iter::once(result.block.into()).chain(result.beside).collect());
            }
            ModelRequestPart::RetryPrompt(part) if part.tool_name.is_none() => {
                self.flush_deferred();
                self.push_user(vec![part.model_response().into()]);
            }
            ModelRequestPart::RetryPrompt(part) => {
                let id = positional_id(&part.tool_call_id, &mut self.answers);
                let with_status = self.target.profile.bedrock_supports_tool_result_status;
                self.push_user(vec![tool_results::retry_prompt(part, &id, with_status).into()]);
            }
            other => return Err(not_sent(other.kind())),
        }
        Ok(())
    }

    fn response(&mut self, response: &ModelResponse) -> Result<()> {
        self.flush_deferred();
        let mut content = Vec::with_capacity(response.parts.len());
        for (index, part) in response.parts.iter().enumerate() {
            let block = self.response_part(part).map_err(|error| error.at(format_args!(".parts[{index}]")))?;
            content.extend(block);
        }
        if !content.is_empty() {
            self.messages.push(Message::new(ConversationRole::Assistant, content));
        }
        Ok(())
    }

    fn response_part(&mut self, part: &ModelResponsePart) -> Result<Option<ContentBlock>> {
        let ours = |provider: &Option<String>| provider.as_deref() == Some(self.target.provider_name);
        Ok(Some(match part {
            ModelResponsePart::Text(part) => part.content.as_str().into(),
            ModelResponsePart::Thinking(part) => self.thinking(part, ours(&part.provider_name))?,
            ModelResponsePart::ToolCall(part) => self.call(part, sanitized(&part.tool_name), None).into(),
            ModelResponsePart::NativeToolCall(part)
                if ours(&part.provider_name) && part.tool_name == CODE_EXECUTION =>
            {
                self.call(part, CODE_INTERPRETER.to_owned(), Some(ToolUseType::ServerToolUse)).into()
            }
            ModelResponsePart::NativeToolReturn(part)
                if ours(&part.provider_name) && part.tool_name == CODE_EXECUTION =>
            {
                code_result(part, &positional_id(&part.tool_call_id, &mut self.answers)).into()
            }
            // Of no use to this provider.
            ModelResponsePart::NativeToolCall(_)
            | ModelResponsePart::NativeToolReturn(_)
            | ModelResponsePart::Compaction(_)
            | ModelResponsePart::File(_) => return Ok(None),
            other => return Err(not_sent(other.kind())),
        }))
    }

    fn call(&mut self, part: &ToolCallPart, name: String, r#type: Option<ToolUseType>) -> ToolUseBlock {
        let id = positional_id(&part.tool_call_id, &mut self.calls).into_owned();
        ToolUseBlock { r#type, ..ToolUseBlock::new(id, name, arguments(part)) }
    }

    /// Thinking goes back as such only with its signature, and only to where it came from.
    fn thinking(&self, part: &ThinkingPart, ours: bool) -> Result<ContentBlock> {
        let profile = self.target.profile;
        let signature = part.signature.as_deref().filter(|signature| !signature.is_empty());
        let Some(signature) = signature.filter(|_| ours && profile.bedrock_send_back_thinking_parts) else {
            let (start, end) = &profile.thinking_tags;
            return Ok(format!("{start}\n{}\n{end}", part.content).into());
        };
        let reasoning = if part.id.as_deref() == Some(REDACTED) {
            ReasoningContentBlock::RedactedContent(redacted_bytes(part, signature)?)
        } else {
            let text = ReasoningTextBlock::new(part.content.as_str());
            ReasoningContentBlock::ReasoningText(ReasoningTextBlock { signature: Some(signature.to_owned()), ..text })
        };
        Ok(ContentBlock::ReasoningContent(reasoning))
    }

    fn push_user(&mut self, content: Vec<ContentBlock>) {
        if !content.is_empty() {
            self.messages.push(Message::new(ConversationRole::User, content));
        }
    }

    fn flush_deferred(&mut self) {
        let deferred = std::mem::take(&mut self.deferred);
        self.push_user(deferred);
    }
}

fn not_sent(kind: &str) -> Error {
    unsupported(format!("a part of the kind {kind:?} can't be sent to Bedrock"))
}

/// Encrypted thinking as it was received. What is not text is kept in base64, and marked so.
fn redacted_bytes(part: &ThinkingPart, signature: &str) -> Result<Bytes> {
    let encoding = part.provider_details.as_ref().and_then(|details| details.get("encoding")).and_then(Value::as_str);
    match encoding {
        Some("base64") => STANDARD.decode(signature).map(Bytes::from).map_err(|source| {
            unsupported("the redacted thinking is not base64, as its details say").with_source(source)
        }),
        _ => Ok(Bytes::copy_from_slice(signature.as_bytes())),
    }
}

/// What the code interpreter gave. The service takes nothing but an object.
fn code_result(part: &NativeToolReturnPart, id: &str) -> ToolResultBlock {
    let content = match serde_json::to_value(&part.content).unwrap_or_default() {
        Value::Object(object) => Value::Object(object),
        other => json!({ "result": other }),
    };
    let status = part.provider_details.as_ref().and_then(|details| details.get("status")).and_then(Value::as_str);
    ToolResultBlock {
        status: status.map(ToolResultStatus::from),
        r#type: Some(CODE_INTERPRETER_RESULT.to_owned()),
        ..ToolResultBlock::new(id, [ToolResultContentBlock::Json(content)])
    }
}

/// The arguments as the object that the service wants. What the model wrote and is none goes back under a key that says so.
fn arguments(part: &ToolCallPart) -> Value {
    match (part.args_as_dict(), &part.args) {
        (Err(_), Some(ToolArgs::Text(text))) => Value::from_iter([(INVALID_JSON_KEY, text.as_str())]),
        (object, _) => object.unwrap_or_default().into(),
    }
}

fn positional_id<'a>(id: &'a str, count: &mut u32) -> Cow<'a, str> {
    if !id.is_empty() {
        return Cow::Borrowed(id);
    }
    *count += 1;
    Cow::Owned(format!("pyd_ai_{count}"))
}

/// A tool's name with nothing but letters, digits, `_` and `-`.
fn sanitized(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' }).collect()
}

/// Merges user messages that follow each other, unless a tool's result would come to stand beside what the model
/// doesn't take there. Then a turn of the assistant keeps them apart, since the service itself merges such messages.
fn merge(raw: Vec<Message>, profile: &ModelProfile) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::with_capacity(raw.len());
    for message in raw {
        if let Some(last) = messages.last_mut()
            && last.role == ConversationRole::User
            && message.role == ConversationRole::User
        {
            let mut blocks = last.content.iter().chain(&message.content);
            let has_result = blocks.clone().any(|block| matches!(block, ContentBlock::ToolResult(_)));
            if has_result && blocks.any(|block| is_alone(block, profile)) {
                messages.push(Message::assistant(EMPTY_TURN));
            } else {
                last.content.extend(message.content);
                continue;
            }
        }
        messages.push(message);
    }
    messages
}

/// The instructions: those of the parameters, or else those of the last request. A last request that only answers calls
/// leaves it to the one before.
fn instruction_parts<'a>(
    messages: &'a [ModelMessage],
    parameters: &'a ModelRequestParameters,
) -> Cow<'a, [InstructionPart]> {
    if let Some(parts) = &parameters.instruction_parts {
        return Cow::Borrowed(parts);
    }
    let mut requests = messages.iter().rev().filter_map(|message| match message {
        ModelMessage::Request(request) => Some(request),
        ModelMessage::Response(_) => None,
    });
    let (last, second) = (requests.next(), requests.next());
    let answers_only = |request: &ModelRequest| {
        let is_answer = |part| matches!(part, &ModelRequestPart::ToolReturn(_) | &ModelRequestPart::RetryPrompt(_));
        request.parts.iter().all(is_answer)
    };
    let own = last.and_then(|request| request.instructions.as_ref());
    let inherited = || second.filter(|_| last.is_some_and(answers_only))?.instructions.as_ref();
    let instructions = own.or_else(inherited);
    instructions
        .map(|content| InstructionPart { content: content.clone(), ..Default::default() })
        .into_iter()
        .collect::<Vec<_>>()
        .into()
}
