//! Whether the service will take a request, found out before it is sent.
//!
//! [`check`] knows the limits of the service model, the rules that AWS documents or answers with, and what the model's
//! [`ModelProfile`] says that it refuses. [`repair`] mends what can be mended without guessing what was meant; what it
//! leaves is the caller's to decide. Both are pure and know nothing but the request: whether the model exists in the
//! region, or the input fits its context, only the service can say.
//!
//! ```
//! use bedrock_converse::ModelProfile;
//! use bedrock_converse::preflight::{self, Rule, Severity};
//! use bedrock_converse::wire::{ConverseRequest, Message};
//!
//! let profile = ModelProfile::for_model("us.amazon.nova-micro-v1:0");
//! let mut request = ConverseRequest::new("us.amazon.nova-micro-v1:0").user("Hello").user(" ");
//!
//! let findings = preflight::check(&request, &profile);
//! let rules: Vec<Rule> = findings.iter().map(|finding| finding.rule).collect();
//! assert_eq!(rules, [Rule::RoleAlternation, Rule::BlankText]);
//! let blank = &findings[1];
//! assert_eq!((blank.severity, &*blank.path), (Severity::Error, "messages[1].content[0].text"));
//! assert_eq!(
//!     blank.aws.as_deref(),
//!     Some(
//!         "The text field in the ContentBlock object at messages.1.content.0 is blank. \
//!          Add text to the text field, and try again."
//!     ),
//! );
//!
//! assert_eq!(preflight::repair(&mut request, &profile), findings);
//! assert_eq!(request.messages, Some(vec![Message::user("Hello")]));
//! assert_eq!(preflight::check(&request, &profile), []);
//! ```
//!
//! Members and values that this crate doesn't know are not judged.

mod finding;
mod limits;
mod rule;

mod cache_points;
mod media;
mod request;
mod tool_blocks;
mod tool_config;
mod tool_results;
mod turns;

use self::finding::Report;
pub use self::finding::{Finding, Severity};
pub use self::limits::{LIMITS, Limit};
pub use self::rule::Rule;
// What conversions share with the rules.
pub(crate) use self::{
    cache_points::MOST_CACHE_POINTS,
    media::lacks_text,
    tool_config::{has_tool_blocks, tools_of_history},
    tool_results::is_alone,
};
use crate::profile::ModelProfile;
use crate::wire::{
    ContentBlock, ConversationRole, ConverseRequest, Message, ToolResultBlock, ToolUseBlock, ToolUseType,
};

/// Stands for a turn that has to be there and has nothing to say. Several models refuse blank text.
pub(crate) const EMPTY_TURN: &str = ".";

/// What a model is told of a call that nobody answered.
pub(crate) const UNANSWERED: &str = "The tool call was not answered.";

/// Goes before documents that have no text beside them, as
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html> wants it.
pub(crate) const DOCUMENT_TEXT: &str = "See attached document(s).";

/// What in the request the service refuses, or takes otherwise than it is meant.
///
/// The findings stand in no particular order of severity, those of one rule in the order of the request.
///
/// The profile has to be that of the model behind `model_id`, which an ARN may not tell. With the profile of a model
/// that nothing is known of, what some models refuse is reported although the model may take it.
pub fn check(request: &ConverseRequest, profile: &ModelProfile) -> Vec<Finding> {
    let mut report = Report::default();
    request::check(request, profile, &mut report);
    turns::check(request, profile, &mut report);
    tool_config::check(request, profile, &mut report);
    tool_blocks::check(request, profile, &mut report);
    tool_results::check(request, profile, &mut report);
    media::check(request, profile, &mut report);
    cache_points::check(request, profile, &mut report);
    report.0
}

/// Mends what can be mended, and returns what that was.
///
/// These are the findings of [`check`] that are `repairable`; after it, `check` finds none that is.
///
/// Blank text is dropped, and a turn that has nothing else says `.`; messages of one role become one; results go to
/// the turn after their calls, and a call without a result gets one that says so; values that have to be objects are
/// put into one; names and ids get the characters that they can have; members that the model refuses are left out
/// where they say nothing; cache points are moved or dropped. Without anything to mend, the request stays as it is.
///
/// ```
/// use bedrock_converse::ModelProfile;
/// use bedrock_converse::preflight::repair;
/// use bedrock_converse::wire::{ConverseRequest, ToolUseBlock};
/// use serde_json::json;
///
/// let profile = ModelProfile::for_model("us.amazon.nova-pro-v1:0");
/// let mut request = ConverseRequest::new("us.amazon.nova-pro-v1:0")
///     .user("How warm is it?")
///     .assistant(ToolUseBlock::new("call_1", "thermometer", json!({})))
///     .user("Never mind. What time is it?");
/// let repaired = repair(&mut request, &profile);
/// let rules: Vec<&str> = repaired.iter().map(|finding| finding.rule.id()).collect();
/// assert_eq!(rules, ["tool-config-missing", "tool-result-missing"]);
///
/// let unanswered = json!({
///     "toolUseId": "call_1",
///     "content": [{"text": "The tool call was not answered."}],
///     "status": "error",
/// });
/// assert_eq!(
///     serde_json::to_value(&request.messages.unwrap()[2].content).unwrap(),
///     json!([{"toolResult": unanswered}, {"text": "Never mind. What time is it?"}]),
/// );
/// ```
pub fn repair(request: &mut ConverseRequest, profile: &ModelProfile) -> Vec<Finding> {
    let mut findings = check(request, profile);
    findings.retain(|finding| finding.repairable);
    if findings.is_empty() {
        return findings;
    }
    tool_blocks::repair(request, profile);
    turns::repair_system_role(request, profile);
    // Before turns are merged, since a call and its result keep turns of the model apart.
    tool_results::repair_missing(request, profile);
    turns::repair_roles(request);
    tool_results::repair_order(request, profile);
    tool_config::repair(request, profile);
    media::repair(request);
    cache_points::repair(request, profile);
    // At the end, since any of the others can leave something empty.
    turns::repair_empty(request, profile);
    request::repair(request);
    findings
}

fn messages(request: &ConverseRequest) -> &[Message] {
    request.messages.as_deref().unwrap_or_default()
}

fn messages_mut(request: &mut ConverseRequest) -> impl Iterator<Item = &mut Message> {
    request.messages.iter_mut().flatten()
}

/// The blocks of all messages, each with the index of its message and its own.
fn blocks(request: &ConverseRequest) -> impl Iterator<Item = (usize, usize, &ContentBlock)> {
    messages(request)
        .iter()
        .enumerate()
        .flat_map(|(m, message)| message.content.iter().enumerate().map(move |(b, block)| (m, b, block.known())))
}

fn blocks_mut(request: &mut ConverseRequest) -> impl Iterator<Item = &mut ContentBlock> {
    messages_mut(request).flat_map(|message| &mut message.content).map(ContentBlock::known_mut)
}

/// The path of a block.
fn place(message: usize, block: usize) -> String {
    format!("messages[{message}].content[{block}]")
}

fn is_user(message: &Message) -> bool {
    message.role == ConversationRole::User
}

fn is_assistant(message: &Message) -> bool {
    message.role == ConversationRole::Assistant
}

/// The calls in a turn of the model that the caller has to answer; not those that the service answers itself. Each with
/// its index.
fn calls(message: &Message) -> impl Iterator<Item = (usize, &ToolUseBlock)> {
    let content = if is_assistant(message) { &message.content[..] } else { &[] };
    content.iter().enumerate().filter_map(|(b, block)| match block.known() {
        ContentBlock::ToolUse(call) if call.r#type != Some(ToolUseType::ServerToolUse) => Some((b, call)),
        _ => None,
    })
}

/// The results in a turn of the user, each with its index.
fn results(message: &Message) -> impl Iterator<Item = (usize, &ToolResultBlock)> {
    let content = if is_user(message) { &message.content[..] } else { &[] };
    content.iter().enumerate().filter_map(|(b, block)| match block.known() {
        ContentBlock::ToolResult(result) => Some((b, result)),
        _ => None,
    })
}
