//! What tools returned, as `toolResult` blocks.

use serde_json::{Value, json};

use super::media::{MediaMapper, unsupported};
use crate::error::Result;
use crate::messages::{
    ContentItem, ContentMode, MediaKind, MultiModalContent, RetryPromptPart, ToolOutcome, ToolReturnPart, UrlKind,
};
use crate::profile::ToolResultFormat;
use crate::wire::{ContentBlock, ToolResultBlock, ToolResultContentBlock, ToolResultStatus};

/// A tool's result, and the files that could not be put into it.
pub(super) struct ToolResult {
    pub(super) block: ToolResultBlock,
    /// May stand beside the result, in the same turn.
    pub(super) beside: Vec<ContentBlock>,
    /// Must wait for a turn of its own.
    pub(super) deferred: Vec<ContentBlock>,
}

/// # Errors
///
/// For media that Converse doesn't take; the item's index is in the message.
pub(super) fn tool_return(part: &ToolReturnPart, id: &str, media: &mut MediaMapper<'_>) -> Result<ToolResult> {
    let profile = media.target.profile;
    let mode = match profile.bedrock_tool_result_format {
        ToolResultFormat::Text => ContentMode::Text,
        _ => ContentMode::Json,
    };
    let failed = part.outcome == ToolOutcome::Failed;
    let mut result =
        ToolResult { block: ToolResultBlock::new(id, Vec::new()), beside: Vec::new(), deferred: Vec::new() };
    let mut items = part.content_items(mode, false);
    if failed && !profile.bedrock_supports_tool_result_status {
        // Without a status the text has to tell of the failure.
        result.block.content.push(ToolResultContentBlock::Text(part.model_response_str(true)));
        items.retain(|item| matches!(item, ContentItem::Media(_)));
    }
    for (index, item) in items.into_iter().enumerate() {
        match item {
            ContentItem::Json(value) => result.block.content.push(json_block(value.into_owned())),
            ContentItem::Media(file) => {
                push_file(&mut result, file, media).map_err(|error| error.at(format_args!(".content[{index}]")))?;
            }
        }
    }
    if result.block.content.is_empty() {
        let nothing = if mode == ContentMode::Text { "[]".into() } else { json!([]) };
        result.block.content.push(json_block(nothing));
    }
    if profile.bedrock_supports_tool_result_status {
        result.block.status = Some(if failed { ToolResultStatus::Error } else { ToolResultStatus::Success });
    }
    Ok(result)
}

/// What was wrong with a call, as its result.
pub(super) fn retry_prompt(part: &RetryPromptPart, id: &str, with_status: bool) -> ToolResultBlock {
    let block = ToolResultBlock::text(id, part.model_response());
    ToolResultBlock { status: with_status.then_some(ToolResultStatus::Error), ..block }
}

/// The service takes nothing but objects for `json`.
fn json_block(value: Value) -> ToolResultContentBlock {
    match value {
        Value::String(text) => ToolResultContentBlock::Text(text),
        Value::Object(object) => ToolResultContentBlock::Json(object.into()),
        other => ToolResultContentBlock::Json(json!({ "result": other })),
    }
}

/// Puts a file into the result where the model takes it there. Otherwise the result names it, and it follows.
fn push_file(result: &mut ToolResult, file: &MultiModalContent, media: &mut MediaMapper<'_>) -> Result<()> {
    let profile = media.target.profile;
    let is_audio = match file {
        MultiModalContent::Url(url) => url.kind == UrlKind::Audio,
        MultiModalContent::Binary(binary) => binary.media_kind() == MediaKind::Audio,
        MultiModalContent::Uploaded(_) => false,
    };
    if is_audio {
        return Err(unsupported("Converse takes no audio in tool results"));
    }
    let block = media.block(file)?;
    let kind = block.kind();
    let taken = profile.bedrock_supported_media_kinds_in_tool_returns.contains(&kind);
    if taken || matches!(file, MultiModalContent::Uploaded(_)) {
        result.block.content.push(block.into());
        return Ok(());
    }
    let name = file.identifier();
    result.block.content.push(ToolResultContentBlock::Text(format!("See file {name}.")));
    let colocatable = profile.bedrock_tool_result_colocatable_content.contains(&kind);
    let follow = if colocatable { &mut result.beside } else { &mut result.deferred };
    follow.push(format!("This is file {name}:").into());
    follow.push(block.into());
    Ok(())
}
