//! Blank text: the service refuses it everywhere, and models write it all the same.

use crate::preflight::{DOCUMENT_TEXT, EMPTY_TURN, lacks_text};
use crate::wire::{ContentBlock, ConversationRole, Message, SystemContentBlock};

/// Drops blank texts, and cache points that then have nothing before them. A turn that would be empty says
/// [`EMPTY_TURN`], since it has to be there.
pub(super) fn drop_blank_text(system: &mut Vec<SystemContentBlock>, messages: &mut [Message]) {
    let is_blank =
        |block: &SystemContentBlock| matches!(block, SystemContentBlock::Text(text) if text.trim().is_empty());
    if system.iter().any(is_blank) {
        system.retain(|block| !is_blank(block));
        drop_idle_points(system, |block| matches!(block, SystemContentBlock::CachePoint(_)));
    }
    for Message { role, content, .. } in messages {
        let is_blank = |block: &ContentBlock| matches!(block, ContentBlock::Text(text) if text.trim().is_empty());
        if !content.iter().any(is_blank) {
            continue;
        }
        content.retain(|block| !is_blank(block));
        drop_idle_points(content, |block| matches!(block, ContentBlock::CachePoint(_)));
        let has_result = content.iter().any(|block| matches!(block, ContentBlock::ToolResult(_)));
        if *role == ConversationRole::User && lacks_text(content) && !has_result {
            content.insert(0, DOCUMENT_TEXT.into());
        } else if content.is_empty() {
            content.push(EMPTY_TURN.into());
        }
    }
}

/// Drops cache points at the start and behind another one.
fn drop_idle_points<T>(blocks: &mut Vec<T>, is_point: impl Fn(&T) -> bool) {
    let mut idle = true;
    blocks.retain(|block| {
        let drop = idle && is_point(block);
        idle = is_point(block);
        !drop
    });
}
