//! That every call has its result, and where results stand: in the turn after their calls, all of them and first.

use std::collections::BTreeSet;

use super::finding::Report;
use super::{EMPTY_TURN, Rule, UNANSWERED, calls, is_user, messages, place, results};
use crate::profile::{ContentKind, ModelProfile};
use crate::wire::{ContentBlock, ConversationRole, ConverseRequest, Message, ToolResultBlock, ToolResultStatus};

pub(super) fn check(request: &ConverseRequest, profile: &ModelProfile, report: &mut Report) {
    let messages = messages(request);
    for m in 0..messages.len() {
        check_calls(messages, m, report);
        check_results(messages, m, report);
        check_order(&messages[m], m, profile, report);
    }
}

fn check_calls(messages: &[Message], m: usize, report: &mut Report) {
    let mut ids = BTreeSet::new();
    for (b, call) in calls(&messages[m]) {
        let id = &call.tool_use_id;
        let path = format!("{}.toolUse", place(m, b));
        if !ids.insert(id) {
            report.error(Rule::ToolUseDuplicate, path, format!("another call of this turn has the id {id:?} too"));
        } else if is_answered(messages, m, id) {
            continue;
        } else if let Some((late_m, late_b)) = late_result(messages, m, id) {
            let path = format!("{}.toolResult", place(late_m, late_b));
            let message = format!("the result of a call stands in the next turn, `messages[{}]`", m + 1);
            report.error(Rule::ToolResultMisplaced, path, message).says(expected(m, id)).repairable();
        } else {
            let message = format!("the call {id:?} has no result in the next turn");
            report.error(Rule::ToolResultMissing, path, message).says(expected(m, id)).repairable();
        }
    }
}

fn expected(m: usize, id: &str) -> String {
    format!("Expected toolResult blocks at messages.{}.content for the following Ids: {id}", m + 1)
}

fn check_results(messages: &[Message], m: usize, report: &mut Report) {
    let surplus = || {
        format!(
            "The number of toolResult blocks at messages.{m}.content exceeds the number of toolUse blocks of \
             previous turn."
        )
    };
    let mut answered = BTreeSet::new();
    for (b, result) in results(&messages[m]) {
        let id = &*result.tool_use_id;
        let path = format!("{}.toolResult", place(m, b));
        let call = messages[..m].iter().rposition(|message| calls(message).any(|(_, call)| call.tool_use_id == id));
        match call {
            None => {
                let message = format!("there is no call {id:?} before this result");
                report.error(Rule::ToolResultUnknown, path, message).says(surplus());
            }
            // What comes late is reported with its call.
            Some(call)
                if call + 1 < m
                    && !is_answered(messages, call, id)
                    && late_result(messages, call, id) == Some((m, b)) => {}
            Some(call) if call + 1 == m && answered.insert(id) => {}
            Some(_) => {
                let message = format!("the call {id:?} has a result already");
                report.error(Rule::ToolResultDuplicate, path, message).says(surplus()).repairable();
            }
        }
    }
}

fn check_order(message: &Message, m: usize, profile: &ModelProfile, report: &mut Report) {
    let count = results(message).count();
    if let Some((b, _)) = results(message).find(|(b, _)| !leads(message, *b)) {
        let text = format!(
            "messages.{m}: Did not find {count} `tool_result` block(s) at the beginning of this message. Messages \
             following `tool_use` blocks must begin with a matching number of `tool_result` blocks."
        );
        let path = format!("{}.toolResult", place(m, b));
        report
            .error(Rule::ToolResultsFirst, path, "results come before anything else in a turn")
            .says(text)
            .repairable();
    }
    if count == 0 {
        return;
    }
    for (b, block) in message.content.iter().enumerate().filter(|(_, block)| is_alone(block, profile)) {
        let path = format!("{}.{}", place(m, b), block.member().unwrap_or_default());
        let text = format!(
            "messages.{m}.content: Conversation blocks and tool result blocks cannot be provided in the same turn."
        );
        let message = "the model doesn't take this beside a tool's result";
        report.error(Rule::ColocatedContent, path, message).says(text).repairable();
    }
}

/// Whether nothing but results and cache points stands before this block.
fn leads(message: &Message, b: usize) -> bool {
    message.content[..b].iter().all(is_result_or_point)
}

fn is_result_or_point(block: &ContentBlock) -> bool {
    matches!(block.known(), ContentBlock::ToolResult(_) | ContentBlock::CachePoint(_))
}

/// Whether the model wants this in another turn than tool results.
pub(crate) fn is_alone(block: &ContentBlock, profile: &ModelProfile) -> bool {
    let kind = match block.known() {
        ContentBlock::Text(_) => ContentKind::Text,
        ContentBlock::Image(_) => ContentKind::Image,
        ContentBlock::Document(_) => ContentKind::Document,
        ContentBlock::Video(_) => ContentKind::Video,
        _ => return false,
    };
    !profile.bedrock_tool_result_colocatable_content.contains(&kind)
}

/// Whether the turn after `messages[m]` has a result for this call.
fn is_answered(messages: &[Message], m: usize, id: &str) -> bool {
    messages.get(m + 1).is_some_and(|next| results(next).any(|(_, result)| result.tool_use_id == id))
}

/// Where the result of a call of `messages[m]` stands that the turn after it doesn't have. A later call of the same id
/// has the results after it for itself.
fn late_result(messages: &[Message], m: usize, id: &str) -> Option<(usize, usize)> {
    let later = messages.iter().enumerate().skip(m + 1);
    let mut own = later.take_while(|(_, message)| !calls(message).any(|(_, call)| call.tool_use_id == id));
    own.find_map(|(m, message)| results(message).find(|(_, result)| result.tool_use_id == id).map(|(b, _)| (m, b)))
}

/// Brings every result into the turn after its call.
pub(super) fn repair_missing(request: &mut ConverseRequest, profile: &ModelProfile) {
    let Some(messages) = &mut request.messages else { return };
    let mut m = 0;
    while m < messages.len() {
        answer_calls(messages, m, profile);
        m += 1;
    }
}

/// Puts results first, once each, and apart from what the model doesn't take beside them.
pub(super) fn repair_order(request: &mut ConverseRequest, profile: &ModelProfile) {
    let Some(messages) = &mut request.messages else { return };
    drop_duplicates(messages);
    for message in messages.iter_mut() {
        if results(message).any(|(b, _)| !leads(message, b)) {
            // Stable: results keep their order, and so does the rest.
            message.content.sort_by_key(|block| !matches!(block.known(), ContentBlock::ToolResult(_)));
        }
    }
    separate(messages, profile);
}

/// Brings the results of the calls of `messages[m]` into the turn after it. A call without a result gets one.
fn answer_calls(messages: &mut Vec<Message>, m: usize, profile: &ModelProfile) {
    let mut open: Vec<String> = Vec::new();
    for (_, call) in calls(&messages[m]) {
        if !is_answered(messages, m, &call.tool_use_id) && !open.contains(&call.tool_use_id) {
            open.push(call.tool_use_id.clone());
        }
    }
    let answers: Vec<ContentBlock> = open
        .into_iter()
        .map(|id| match late_result(messages, m, &id) {
            Some((m, b)) => messages[m].content.remove(b),
            None => {
                let status = profile.bedrock_supports_tool_result_status.then_some(ToolResultStatus::Error);
                ToolResultBlock { status, ..ToolResultBlock::text(id, UNANSWERED) }.into()
            }
        })
        .collect();
    if answers.is_empty() {
        return;
    }
    if !messages.get(m + 1).is_some_and(is_user) {
        messages.insert(m + 1, Message::new(ConversationRole::User, []));
    }
    let next = &mut messages[m + 1].content;
    let after_results = next.iter().take_while(|block| matches!(block.known(), ContentBlock::ToolResult(_))).count();
    next.splice(after_results..after_results, answers);
}

/// Drops results whose call has one already.
fn drop_duplicates(messages: &mut [Message]) {
    let mut called: BTreeSet<String> = BTreeSet::new();
    let mut open: BTreeSet<String> = BTreeSet::new();
    for message in messages {
        if is_user(message) {
            message.content.retain(|block| match block.known() {
                ContentBlock::ToolResult(result) => {
                    open.remove(&result.tool_use_id) || !called.contains(&result.tool_use_id)
                }
                _ => true,
            });
        }
        open = calls(message).map(|(_, call)| call.tool_use_id.clone()).collect();
        called.extend(open.iter().cloned());
    }
}

/// Puts what a model doesn't take beside results into a turn of its own, with one of the model between them.
fn separate(messages: &mut Vec<Message>, profile: &ModelProfile) {
    let mut separated = Vec::with_capacity(messages.len());
    for mut message in messages.drain(..) {
        let rest =
            match results(&message).next().is_some() && message.content.iter().any(|block| is_alone(block, profile)) {
                true => {
                    let results = message.content.iter().take_while(|block| is_result_or_point(block)).count();
                    message.content.split_off(results)
                }
                false => Vec::new(),
            };
        separated.push(message);
        if !rest.is_empty() {
            separated.push(Message::assistant(EMPTY_TURN));
            separated.push(Message::new(ConversationRole::User, rest));
        }
    }
    *messages = separated;
}
