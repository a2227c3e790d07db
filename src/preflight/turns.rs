//! Who speaks when, and that each has something to say.

use super::finding::{Report, dotted};
use super::{EMPTY_TURN, Rule, blocks, calls, is_assistant, messages, place};
use crate::profile::ModelProfile;
use crate::wire::{ContentBlock, ConversationRole, ConverseRequest, Message, SystemContentBlock};

pub(super) fn check(request: &ConverseRequest, profile: &ModelProfile, report: &mut Report) {
    roles(request, profile, report);
    for (m, message) in messages(request).iter().enumerate() {
        if message.content.is_empty() {
            let path = format!("messages[{m}].content");
            let text = format!(
                "The content field in the Message object at messages.{m} is empty. Add a ContentBlock object to the \
                 content field and try again."
            );
            report.error(Rule::EmptyMessage, path, "a message needs content").says(text).repairable();
        }
    }
    blank_text(request, report);
    if let Some((m, message)) = messages(request).iter().enumerate().next_back().filter(|(_, last)| is_assistant(last))
        && let Some(text) = message.content.last().and_then(text_of)
        && !is_blank(text)
        && text.ends_with(char::is_whitespace)
    {
        let path = format!("{}.text", place(m, message.content.len() - 1));
        let message = "the text that the model shall go on from can't end with white space";
        report
            .error(Rule::TrailingWhitespace, path, message)
            .says(
                "The model returned the following errors: messages: final assistant content cannot end with \
                 trailing whitespace",
            )
            .repairable();
    }
}

fn roles(request: &ConverseRequest, profile: &ModelProfile, report: &mut Report) {
    let messages = messages(request);
    let role = |m: usize| format!("messages[{m}].role");
    if !profile.supports_inline_system_prompts {
        for (m, instructions) in messages.iter().enumerate().filter(|(_, message)| is_system(message)) {
            let message = "by its profile the model takes no system message; instructions go into `system`";
            let finding = report.warning(Rule::SystemRole, role(m), message);
            finding.repairable = can_move(instructions);
        }
    }
    let first = messages.iter().position(|message| !is_system(message));
    if let Some(m) = first.filter(|m| is_assistant(&messages[*m]))
        && !profile.bedrock_supports_leading_assistant_message
    {
        report
            .error(Rule::FirstRole, role(m), "the conversation has to begin with the user")
            .says(
                "A conversation must start with a user message. Try again with a conversation that starts with a \
                 user message.",
            )
            .repairable();
    }
    for (m, pair) in messages.windows(2).enumerate() {
        if pair[0].role == pair[1].role && !is_system(&pair[0]) {
            report
                .error(Rule::RoleAlternation, role(m + 1), format!("two messages of the {} in a row", pair[0].role))
                .says(
                    "A conversation must alternate between user and assistant roles. Make sure the conversation \
                     alternates between user and assistant roles and try again.",
                )
                .repairable();
        }
    }
    // An empty turn is not the last word, and open calls have a rule of their own.
    let last = messages.iter().rposition(|message| !message.content.is_empty());
    if let Some(m) = last.filter(|m| is_assistant(&messages[*m]) && calls(&messages[*m]).next().is_none()) {
        report.warning(Rule::LastRole, role(m), "many models want the user to have the last word").says(
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        );
    }
}

fn blank_text(request: &ConverseRequest, report: &mut Report) {
    for (b, block) in request.system.iter().flatten().enumerate() {
        if is_blank_system(block) {
            let message = "text must have something other than white space in it";
            report.error(Rule::BlankText, format!("system[{b}].text"), message).repairable();
        }
    }
    for (m, b, block) in blocks(request) {
        if is_blank_block(block) {
            let place = place(m, b);
            let text = format!(
                "The text field in the ContentBlock object at {} is blank. Add text to the text field, and try again.",
                dotted(&place)
            );
            let message = "text must have something other than white space in it";
            report.error(Rule::BlankText, format!("{place}.text"), message).says(text).repairable();
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn text_of(block: &ContentBlock) -> Option<&str> {
    match block.known() {
        ContentBlock::Text(text) => Some(text),
        _ => None,
    }
}

fn is_blank_block(block: &ContentBlock) -> bool {
    text_of(block).is_some_and(is_blank)
}

fn is_blank_system(block: &SystemContentBlock) -> bool {
    matches!(block.known(), SystemContentBlock::Text(text) if is_blank(text))
}

fn is_system(message: &Message) -> bool {
    message.role == ConversationRole::System
}

/// Makes the roles alternate, and drops blank text.
pub(super) fn repair_roles(request: &mut ConverseRequest) {
    if let Some(system) = &mut request.system {
        system.retain(|block| !is_blank_system(block));
    }
    let Some(messages) = &mut request.messages else { return };
    let mut merged: Vec<Message> = Vec::with_capacity(messages.len());
    for mut message in messages.drain(..) {
        message.content.retain(|block| !is_blank_block(block));
        match merged.last_mut() {
            Some(last) if last.role == message.role && !is_system(last) => {
                last.content.append(&mut message.content);
                for (name, value) in message.extra.iter() {
                    last.extra.insert(name, value.clone());
                }
            }
            _ => merged.push(message),
        }
    }
    *messages = merged;
}

/// Instructions that lead the conversation go into `system`; the others are said by the user.
pub(super) fn repair_system_role(request: &mut ConverseRequest, profile: &ModelProfile) {
    let Some(messages) = request.messages.as_mut().filter(|_| !profile.supports_inline_system_prompts) else { return };
    let leading = messages.iter().take_while(|message| can_move(message)).count();
    let instructions = messages.drain(..leading).flat_map(|message| message.content).filter_map(instruction);
    let instructions: Vec<SystemContentBlock> = instructions.collect();
    if !instructions.is_empty() {
        request.system.get_or_insert_default().extend(instructions);
    }
    if leading > 0 && messages.is_empty() {
        messages.push(Message::user(EMPTY_TURN));
    }
    for message in messages.iter_mut().filter(|message| can_move(message)) {
        message.role = ConversationRole::User;
    }
}

/// Whether a message is instructions and nothing else.
fn can_move(message: &Message) -> bool {
    let is_instruction = |block: &ContentBlock| {
        matches!(block, ContentBlock::Text(_) | ContentBlock::GuardContent(_) | ContentBlock::CachePoint(_))
    };
    is_system(message) && message.content.iter().all(is_instruction)
}

fn instruction(block: ContentBlock) -> Option<SystemContentBlock> {
    match block {
        ContentBlock::Text(text) => Some(SystemContentBlock::Text(text)),
        ContentBlock::GuardContent(content) => Some(SystemContentBlock::GuardContent(content)),
        ContentBlock::CachePoint(point) => Some(SystemContentBlock::CachePoint(point)),
        _ => None,
    }
}

/// Sees to it that every turn has content, and that the first and the last one are right.
pub(super) fn repair_empty(request: &mut ConverseRequest, profile: &ModelProfile) {
    let Some(messages) = &mut request.messages else { return };
    if messages.last().is_some_and(|last| is_assistant(last) && last.content.is_empty()) {
        // A word in it would make the model go on from what it never said.
        messages.pop();
        if messages.is_empty() {
            messages.push(Message::user(EMPTY_TURN));
        }
    }
    for message in messages.iter_mut().filter(|message| message.content.is_empty()) {
        message.content.push(EMPTY_TURN.into());
    }
    let first = messages.iter().position(|message| !is_system(message));
    if let Some(m) = first.filter(|m| is_assistant(&messages[*m]))
        && !profile.bedrock_supports_leading_assistant_message
    {
        messages.insert(m, Message::user(EMPTY_TURN));
    }
    if let Some(last) = messages.last_mut().filter(|last| is_assistant(last))
        && let Some(ContentBlock::Text(text)) = last.content.last_mut().map(ContentBlock::known_mut)
    {
        text.truncate(text.trim_end().len());
    }
}
