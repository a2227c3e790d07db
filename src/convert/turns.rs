//! A history as turns: system blocks, and messages whose roles alternate.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::media::{MediaMapper, unsupported};
use super::{Downloads, Target, cache_points, prompt, tool_results};
use crate::error::{Error, Result};
use crate::messages::{
    INVALID_JSON_KEY, InstructionPart, ModelMessage, ModelRequest, ModelRequestPart, ModelResponse, ModelResponsePart,
    NativeToolReturnPart, ThinkingPart, ToolArgs, ToolCallPart, ToolOutcome, ToolReturnPart,
};
use crate::preflight::{EMPTY_TURN, UNANSWERED, is_alone};
use crate::profile::{ModelProfile, is_same_family};
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
    history: &[ModelMessage],
    settings: &BedrockModelSettings,
    parameters: &ModelRequestParameters,
    downloads: &Downloads,
) -> Result<Turns> {
    let profile = target.profile;
    let mut mapper = Mapper {
        target,
        media: MediaMapper::new(target, downloads),
        system: Vec::new(),
        messages: Vec::with_capacity(history.len()),
        beside: Vec::new(),
        deferred: Vec::new(),
        calls: 0,
        answers: 0,
    };
    let last_answers = last_answers(history);
    let mut said = Vec::new();
    for (m, message) in history.iter().enumerate() {
        match message {
            ModelMessage::Request(request) => {
                said.extend(request.parts.iter().enumerate().map(|(p, part)| (m, p, part)));
            }
            ModelMessage::Response(response) if response.parts.is_empty() => {}
            ModelMessage::Response(response) => {
                mapper.user_turn(&mut said)?;
                mapper.response(response).map_err(|error| error.at(format_args!("messages[{m}]")))?;
                let is_answered = |id: &str| last_answers.get(id).is_some_and(|last| *last > m);
                mapper.answer_open_calls(response.tool_calls().filter(|call| !is_answered(&call.tool_call_id)))?;
            }
        }
    }
    mapper.user_turn(&mut said)?;
    mapper.flush_files();
    let Mapper { mut system, messages: raw, .. } = mapper;
    let mut messages = merge(raw, profile);

    let instructions = instruction_parts(history, parameters);
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
        cache_points::cache_last_user_message(&mut messages, point, profile);
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
    /// Files that tools returned and that wait until all results of the turn are told: those that may stand in the same
    /// turn, and those that may not.
    beside: Vec<ContentBlock>,
    deferred: Vec<ContentBlock>,
    /// Calls and answers without an id are matched by their order.
    calls: u32,
    answers: u32,
}

impl Mapper<'_> {
    /// What is said between two responses, each part with its place. The service wants what answers calls first.
    fn user_turn(&mut self, said: &mut Vec<(usize, usize, &ModelRequestPart)>) -> Result<()> {
        said.sort_by_key(|(.., part)| answered_id(part).is_none());
        for (m, p, part) in said.drain(..) {
            self.request_part(part).map_err(|error| error.at(format_args!("messages[{m}].parts[{p}]")))?;
        }
        Ok(())
    }

    /// The service refuses a history with a call that nobody answered, so the model learns that it failed. One that is
    /// answered later than in the next turn is left as it is.
    fn answer_open_calls<'a>(&mut self, calls: impl Iterator<Item = &'a ToolCallPart>) -> Result<()> {
        for call in calls {
            let answer = ToolReturnPart::new(call.tool_name.as_str(), UNANSWERED, call.tool_call_id.as_str());
            let failed = ToolReturnPart { outcome: ToolOutcome::Failed, ..answer };
            self.request_part(&ModelRequestPart::ToolReturn(failed))?;
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
                self.flush_files();
                let content = prompt::user_prompt(part, &mut self.media, &mut self.messages)?;
                self.push_user(content);
            }
            ModelRequestPart::ToolReturn(part) => {
                let id = positional_id(&part.tool_call_id, &mut self.answers);
                let result = tool_results::tool_return(part, &id, &mut self.media)?;
                self.beside.extend(result.beside);
                self.deferred.extend(result.deferred);
                self.push_user(vec![result.block.into()]);
            }
            ModelRequestPart::RetryPrompt(part) if part.tool_name.is_none() => {
                self.flush_files();
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
        self.flush_files();
        let is_kin = response.model_name.as_deref().is_none_or(|name| is_same_family(name, self.target.model_name));
        let mut content = Vec::with_capacity(response.parts.len());
        for (index, part) in response.parts.iter().enumerate() {
            let block = self.response_part(part, is_kin).map_err(|error| error.at(format_args!(".parts[{index}]")))?;
            content.extend(block);
        }
        if !content.is_empty() {
            self.messages.push(Message::new(ConversationRole::Assistant, content));
        }
        Ok(())
    }

    fn response_part(&mut self, part: &ModelResponsePart, is_kin: bool) -> Result<Option<ContentBlock>> {
        let ours = |provider: &Option<String>| provider.as_deref() == Some(self.target.provider_name);
        Ok(Some(match part {
            ModelResponsePart::Text(part) => part.content.as_str().into(),
            ModelResponsePart::Thinking(part) => self.thinking(part, is_kin && ours(&part.provider_name))?,
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

    /// Thinking goes back as such only with its signature, and only to where it came from: no other family can read it.
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

    fn flush_files(&mut self) {
        if let Some(results) = self.messages.last_mut() {
            results.content.append(&mut self.beside);
        }
        let deferred = std::mem::take(&mut self.deferred);
        self.push_user(deferred);
    }
}

/// The id of the call that a part answers.
fn answered_id(part: &ModelRequestPart) -> Option<&str> {
    match part {
        ModelRequestPart::ToolReturn(answer) => Some(&answer.tool_call_id),
        ModelRequestPart::RetryPrompt(answer) if answer.tool_name.is_some() => Some(&answer.tool_call_id),
        _ => None,
    }
}

/// The message with the last answer to each call.
fn last_answers(messages: &[ModelMessage]) -> BTreeMap<&str, usize> {
    let answers = messages.iter().enumerate().flat_map(|(m, message)| {
        let parts = match message {
            ModelMessage::Request(request) => &request.parts[..],
            ModelMessage::Response(_) => &[],
        };
        parts.iter().filter_map(move |part| Some((answered_id(part)?, m)))
    });
    answers.collect()
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

/// Merges messages of one role that follow each other, unless a tool's result would come to stand beside what the model
/// doesn't take there. Then a turn of the assistant keeps them apart, since the service itself merges such messages.
fn merge(raw: Vec<Message>, profile: &ModelProfile) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::with_capacity(raw.len());
    // Of the last message.
    let (mut has_result, mut is_apart) = (false, false);
    for message in raw {
        let with_result = message.content.iter().any(|block| matches!(block, ContentBlock::ToolResult(_)));
        let apart = message.content.iter().any(|block| is_alone(block, profile));
        if let Some(last) = messages.last_mut()
            && last.role == message.role
        {
            let is_user = message.role == ConversationRole::User;
            if is_user && (has_result || with_result) && (is_apart || apart) {
                messages.push(Message::assistant(EMPTY_TURN));
            } else {
                last.content.extend(message.content);
                has_result |= with_result;
                is_apart |= apart;
                continue;
            }
        }
        (has_result, is_apart) = (with_result, apart);
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
