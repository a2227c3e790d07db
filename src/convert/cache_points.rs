//! Where cache points stand, and how many:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>.

use crate::error::{Error, ErrorKind, Result};
use crate::messages::CacheTtl;
use crate::preflight::MOST_CACHE_POINTS;
use crate::profile::ModelProfile;
use crate::settings::CacheSetting;
use crate::wire::{
    CachePointBlock, CachePointType, CacheTTL, ContentBlock, ConversationRole, Message, SystemContentBlock, Tool,
};

/// The cache point that a setting asks for. `true` leaves the time to live to the service.
pub(super) fn of_setting(setting: Option<CacheSetting>) -> Option<CachePointBlock> {
    match setting? {
        CacheSetting::Off => None,
        CacheSetting::On => Some(CachePointBlock::new(CachePointType::Default)),
        CacheSetting::Ttl(ttl) => Some(with_ttl(ttl)),
    }
}

pub(super) fn with_ttl(ttl: CacheTtl) -> CachePointBlock {
    let ttl = match ttl {
        CacheTtl::FiveMinutes => CacheTTL::FiveMinutes,
        CacheTtl::OneHour => CacheTTL::OneHour,
    };
    CachePointBlock { ttl: Some(ttl), ..CachePointBlock::new(CachePointType::Default) }
}

/// What became of a cache point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inserted {
    Yes,
    /// There is one at that place already.
    Kept,
    /// All of the content is documents and videos.
    NoPlace,
}

/// Puts a cache point at the end of `content`, but before documents and videos that stand there: the service refuses
/// one right behind them.
pub(super) fn insert(content: &mut Vec<ContentBlock>, point: CachePointBlock, replace: bool) -> Inserted {
    let is_heavy = |block: &ContentBlock| matches!(block, ContentBlock::Document(_) | ContentBlock::Video(_));
    let at = content.iter().rposition(|block| !is_heavy(block)).map_or(0, |last| last + 1);
    if at == content.len() {
        content.push(ContentBlock::CachePoint(point));
        return Inserted::Yes;
    }
    let Some(before) = at.checked_sub(1) else { return Inserted::NoPlace };
    match &mut content[before] {
        ContentBlock::CachePoint(existing) if replace => *existing = point,
        ContentBlock::CachePoint(_) => return Inserted::Kept,
        _ => content.insert(at, ContentBlock::CachePoint(point)),
    }
    Inserted::Yes
}

/// Whether a message of the user can end with a cache point. Otherwise it goes to the one before.
fn takes_point(message: &Message, profile: &ModelProfile) -> bool {
    profile.bedrock_supports_cache_point_after_tool_result
        || !matches!(message.content.last(), Some(ContentBlock::ToolResult(_)))
}

/// Sets a cache point that opens a prompt: what it is to cache stands in the messages before.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] when there is no user message before.
pub(super) fn attach_to_last_user_message(
    messages: &mut [Message],
    point: CachePointBlock,
    profile: &ModelProfile,
) -> Result<()> {
    let users = messages.iter_mut().rev().filter(|message| is_user(message) && !message.content.is_empty());
    let mut users = users.peekable();
    if users.peek().is_none() {
        let rule = "a cache point can't be the first content: there must be something before it to cache. For \
                    instructions and tools there are the settings `bedrock_cache_instructions` and \
                    `bedrock_cache_tool_definitions`";
        return Err(Error::new(ErrorKind::InvalidInput, rule));
    }
    let Some(Message { content, .. }) = users.find(|message| takes_point(message, profile)) else { return Ok(()) };
    match content.last_mut() {
        Some(ContentBlock::CachePoint(last)) => *last = point,
        _ => {
            insert(content, point, true);
        }
    }
    Ok(())
}

/// Sets the cache point of `bedrock_cache_messages`, unless the last user message ends with one.
pub(super) fn cache_last_user_message(messages: &mut [Message], point: CachePointBlock, profile: &ModelProfile) {
    let last = messages.iter_mut().rev().find(|message| is_user(message) && takes_point(message, profile));
    if let Some(Message { content, .. }) = last
        && !matches!(content.last(), None | Some(ContentBlock::CachePoint(_)))
    {
        insert(content, point, false);
    }
}

fn is_user(message: &Message) -> bool {
    message.role == ConversationRole::User
}

/// Takes out the oldest cache points of the messages until the service takes the request.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] when there are too many in the system prompt and the tools alone.
pub(super) fn limit(system: &[SystemContentBlock], tools: &[Tool], messages: &mut [Message]) -> Result<()> {
    let in_system = system.iter().filter(|block| matches!(block, SystemContentBlock::CachePoint(_))).count();
    let in_tools = tools.iter().filter(|tool| matches!(tool, Tool::CachePoint(_))).count();
    let Some(mut left) = MOST_CACHE_POINTS.checked_sub(in_system + in_tools) else {
        let rule = format!(
            "a request can have {MOST_CACHE_POINTS} cache points; system and tools have {}",
            in_system + in_tools
        );
        return Err(Error::new(ErrorKind::InvalidInput, rule));
    };
    for message in messages.iter_mut().rev() {
        for at in (0..message.content.len()).rev() {
            if matches!(message.content[at], ContentBlock::CachePoint(_)) {
                match left.checked_sub(1) {
                    Some(rest) => left = rest,
                    None => drop(message.content.remove(at)),
                }
            }
        }
    }
    Ok(())
}
