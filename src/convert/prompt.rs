//! What the user says, as the blocks of one message.

use super::cache_points::{self, Inserted};
use super::media::{MediaMapper, unsupported};
use crate::error::{Error, ErrorKind, Result};
use crate::messages::{UserContent, UserPrompt, UserPromptPart};
use crate::preflight::{DOCUMENT_TEXT, lacks_text};
use crate::wire::{ContentBlock, Message};

/// The blocks of a prompt; none when there was only a cache point in it.
///
/// # Errors
///
/// For media that Converse doesn't take, and for a cache point where none can stand; the item's index is in the message.
pub(super) fn user_prompt(
    prompt: &UserPromptPart,
    media: &mut MediaMapper<'_>,
    before: &mut [Message],
) -> Result<Vec<ContentBlock>> {
    let items = match &prompt.content {
        UserPrompt::Text(text) => return Ok(vec![text.as_str().into()]),
        UserPrompt::Items(items) => items,
    };
    let mut content = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        push_item(&mut content, item, media, before).map_err(|error| error.at(format_args!(".content[{index}]")))?;
    }
    if lacks_text(&content) {
        content.insert(0, DOCUMENT_TEXT.into());
    }
    Ok(content)
}

fn push_item(
    content: &mut Vec<ContentBlock>,
    item: &UserContent,
    media: &mut MediaMapper<'_>,
    before: &mut [Message],
) -> Result<()> {
    match item {
        UserContent::Text(text) => content.push(text.as_str().into()),
        UserContent::TextContent(text) => content.push(text.content.as_str().into()),
        UserContent::Media(file) => content.push(media.block(file)?.into()),
        UserContent::CachePoint(_) if !media.target.profile.bedrock_supports_prompt_caching => {}
        UserContent::CachePoint(point) => {
            let point = cache_points::with_ttl(point.ttl);
            match content.last() {
                None => cache_points::attach_to_last_user_message(before, point, media.target.profile)?,
                Some(ContentBlock::CachePoint(_)) => {
                    return Err(invalid(
                        "a cache point must not follow another one: there must be content between them",
                    ));
                }
                Some(_) => {
                    if cache_points::insert(content, point, false) == Inserted::NoPlace {
                        let rule = "a cache point can't follow a document or video at the start: text must come first";
                        return Err(invalid(rule));
                    }
                }
            }
        }
        UserContent::Other(object) => {
            let kind = object.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default();
            return Err(unsupported(format!("user content of the kind {kind:?} can't be sent to Bedrock")));
        }
    }
    Ok(())
}

fn invalid(rule: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, rule)
}
