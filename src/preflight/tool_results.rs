//! That every call has its result, and where results stand: in the turn after their calls, all of them and first.

use std::collections::{BTreeMap, BTreeSet};
use std::{iter, mem};

use super::finding::Report;
use super::{EMPTY_TURN, Rule, UNANSWERED, calls, is_user, messages, place, results};
use crate::profile::{ContentKind, ModelProfile};
use crate::wire::{ContentBlock, ConversationRole, ConverseRequest, Message, ToolResultBlock, ToolResultStatus};

pub(super) fn check(request: &ConverseRequest, profile: &ModelProfile, report: &mut Report) {
    let messages = messages(request);
    let places = Places::of(messages);
    for (m, message) in messages.iter().enumerate() {
        check_calls(message, m, &places, report);
        check_results(message, m, &places, report);
        check_order(message, m, profile, report);
    }
}

/// Where the calls and the results of each id stand, in their order.
struct Places<'a>(BTreeMap<&'a str, Place>);

#[derive(Default)]
struct Place {
    calls: Vec<usize>,
    results: Vec<(usize, usize)>,
}

impl<'a> Places<'a> {
    fn of(messages: &'a [Message]) -> Self {
        let mut places: BTreeMap<&str, Place> = BTreeMap::new();
        for (m, message) in messages.iter().enumerate() {
            for (_, call) in calls(message) {
                places.entry(&call.tool_use_id).or_default().calls.push(m);
            }
            for (b, result) in results(message) {
                places.entry(&result.tool_use_id).or_default().results.push((m, b));
            }
        }
        Self(places)
    }

    /// The last message before `messages[m]` with this call.
    fn call_before(&self, m: usize, id: &str) -> Option<usize> {
        let calls = &self.0.get(id)?.calls;
        calls[..calls.partition_point(|call| *call < m)].last().copied()
    }

    /// Where the result of a call of `messages[m]` stands, in the turn after it or later. A later call of the same id has
    /// the results after it for itself.
    fn result_of(&self, m: usize, id: &str) -> Option<(usize, usize)> {
        let Place { calls, results } = self.0.get(id)?;
        let result = results.get(results.partition_point(|(result, _)| *result <= m))?;
        let next_call = calls.get(calls.partition_point(|call| *call <= m));
        next_call.is_none_or(|call| result.0 < *call).then_some(*result)
    }
}

fn check_calls(message: &Message, m: usize, places: &Places<'_>, report: &mut Report) {
    let mut ids = BTreeSet::new();
    for (b, call) in calls(message) {
        let id = &call.tool_use_id;
        let path = format!("{}.toolUse", place(m, b));
        if !ids.insert(id) {
            report.error(Rule::ToolUseDuplicate, path, format!("another call of this turn has the id {id:?} too"));
            continue;
        }
        match places.result_of(m, id) {
            Some((next, _)) if next == m + 1 => {}
            Some((late_m, late_b)) => {
                let path = format!("{}.toolResult", place(late_m, late_b));
                let message = format!("the result of a call stands in the next turn, `messages[{}]`", m + 1);
                report.error(Rule::ToolResultMisplaced, path, message).says(expected(m, id)).repairable();
            }
            None => {
                let message = format!("the call {id:?} has no result in the next turn");
                report.error(Rule::ToolResultMissing, path, message).says(expected(m, id)).repairable();
            }
        }
    }
}

fn expected(m: usize, id: &str) -> String {
    format!("Expected toolResult blocks at messages.{}.content for the following Ids: {id}", m + 1)
}

fn check_results(message: &Message, m: usize, places: &Places<'_>, report: &mut Report) {
    let surplus = || {
        format!(
            "The number of toolResult blocks at messages.{m}.content exceeds the number of toolUse blocks of \
             previous turn."
        )
    };
    let mut answered = BTreeSet::new();
    for (b, result) in results(message) {
        let id = &*result.tool_use_id;
        let path = format!("{}.toolResult", place(m, b));
        match places.call_before(m, id) {
            None => {
                let message = format!("there is no call {id:?} before this result");
                report.error(Rule::ToolResultUnknown, path, message).says(surplus());
            }
            // What comes late is reported with its call.
            Some(call) if call + 1 < m && places.result_of(call, id) == Some((m, b)) => {}
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
    if let Some(b) = first_behind(message) {
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

/// The first result behind anything but results and cache points.
fn first_behind(message: &Message) -> Option<usize> {
    let leading = message.content.iter().take_while(|block| is_result_or_point(block)).count();
    results(message).map(|(b, _)| b).find(|b| *b > leading)
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

/// Brings every result into the turn after its call. A call without a result gets one.
pub(super) fn repair_missing(request: &mut ConverseRequest, profile: &ModelProfile) {
    let Some(messages) = &mut request.messages else { return };
    let open_calls = open_calls(messages);
    if open_calls.is_empty() {
        return;
    }
    let mut taken = BTreeSet::new();
    let answer = |call: OpenCall| match call.result {
        Some((m, b)) => {
            taken.insert((m, b));
            (call.message, mem::replace(&mut messages[m].content[b], EMPTY_TURN.into()))
        }
        None => {
            let status = profile.bedrock_supports_tool_result_status.then_some(ToolResultStatus::Error);
            (call.message, ToolResultBlock { status, ..ToolResultBlock::text(call.id, UNANSWERED) }.into())
        }
    };
    let answers: Vec<(usize, ContentBlock)> = open_calls.into_iter().map(answer).collect();
    let mut answers = answers.into_iter().peekable();

    let mut open: Vec<ContentBlock> = Vec::new();
    for (m, mut message) in mem::take(messages).into_iter().enumerate() {
        let mut places = (0..).map(|b| (m, b));
        message.content.retain(|_| places.next().is_none_or(|place| !taken.contains(&place)));
        if is_user(&message) {
            let is_result = |block: &&ContentBlock| matches!(block.known(), ContentBlock::ToolResult(_));
            let after_results = message.content.iter().take_while(is_result).count();
            message.content.splice(after_results..after_results, open.drain(..));
        } else if !open.is_empty() {
            messages.push(Message::new(ConversationRole::User, mem::take(&mut open)));
        }
        messages.push(message);
        open.extend(iter::from_fn(|| answers.next_if(|(call, _)| *call == m)).map(|(_, answer)| answer));
    }
    if !open.is_empty() {
        messages.push(Message::new(ConversationRole::User, open));
    }
}

/// A call without a result in the turn after it.
struct OpenCall {
    message: usize,
    id: String,
    /// Where the result stands instead.
    result: Option<(usize, usize)>,
}

fn open_calls(messages: &[Message]) -> Vec<OpenCall> {
    let places = Places::of(messages);
    let mut open = Vec::new();
    for (m, message) in messages.iter().enumerate() {
        let mut ids = BTreeSet::new();
        for id in calls(message).map(|(_, call)| &call.tool_use_id).filter(|id| ids.insert(*id)) {
            let result = places.result_of(m, id);
            if result.is_none_or(|(next, _)| next > m + 1) {
                open.push(OpenCall { message: m, id: id.clone(), result });
            }
        }
    }
    open
}

/// Puts results first, once each, and apart from what the model doesn't take beside them.
pub(super) fn repair_order(request: &mut ConverseRequest, profile: &ModelProfile) {
    let Some(messages) = &mut request.messages else { return };
    drop_duplicates(messages);
    for message in messages.iter_mut() {
        if first_behind(message).is_some() {
            // Stable: results keep their order, and so does the rest.
            message.content.sort_by_key(|block| !matches!(block.known(), ContentBlock::ToolResult(_)));
        }
    }
    separate(messages, profile);
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
