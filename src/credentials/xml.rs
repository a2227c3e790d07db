//! As much XML as the answers of STS need: the text of an element, by its name.

use std::borrow::Cow;

/// What stands between the first `<name …>` and the `</name>` that follows it, as written. STS nests no element in one
/// of the same name.
pub(super) fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text;
    loop {
        rest = &rest[rest.find('<')? + 1..];
        let Some(tag) = rest.strip_prefix(name) else { continue };
        // Not the beginning of a longer name.
        if !tag.starts_with(['>', ' ', '\t', '\r', '\n']) {
            continue;
        }
        let content = &tag[tag.find('>')? + 1..];
        let end = content.match_indices("</").find(|(at, _)| {
            let closing = content[at + 2..].strip_prefix(name);
            closing.is_some_and(|after| after.trim_start().starts_with('>'))
        });
        return end.map(|(at, _)| &content[..at]);
    }
}

/// The text of an element without children, its entities resolved.
pub(super) fn text<'a>(text: &'a str, name: &str) -> Option<Cow<'a, str>> {
    unescaped(element(text, name)?.trim())
}

fn unescaped(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('<') {
        return None;
    }
    let Some(first) = text.find('&') else { return Some(Cow::Borrowed(text)) };
    let mut out = text[..first].to_owned();
    let mut rest = &text[first..];
    while let Some(after) = rest.strip_prefix('&') {
        let (entity, tail) = after.split_once(';')?;
        out.push(character(entity)?);
        let next = tail.find('&').unwrap_or(tail.len());
        out.push_str(&tail[..next]);
        rest = &tail[next..];
    }
    Some(Cow::Owned(out))
}

fn character(entity: &str) -> Option<char> {
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    })
}
