//! How the built-in model counts tokens, and which of them it takes from its cache.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value, json};

/// What one image, document, audio or video counts.
const MEDIA: u64 = 256;

/// A word is a token.
pub(super) fn of_text(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

/// Four bytes of JSON are a token.
pub(super) fn of_json(value: &Value) -> u64 {
    value.to_string().len().div_ceil(4) as u64
}

fn of_block(block: &Value) -> u64 {
    let Some((kind, content)) = block.as_object().and_then(|members| members.iter().next()) else { return 0 };
    match (kind.as_str(), content) {
        ("cachePoint", _) => 0,
        ("text", Value::String(text)) => of_text(text),
        ("image" | "document" | "video" | "audio", _) => MEDIA,
        ("toolResult", _) => content["content"].as_array().into_iter().flatten().map(of_block).sum(),
        _ => of_json(content),
    }
}

/// Everything that a prompt consists of, in the order in which it is cached: tools, system, messages.
fn prompt(body: &Value) -> impl Iterator<Item = &Value> {
    let messages = body["messages"].as_array().into_iter().flatten();
    let lists = [&body["toolConfig"]["tools"], &body["system"]];
    let lists = lists.into_iter().chain(messages.map(|message| &message["content"]));
    lists.filter_map(Value::as_array).flatten()
}

/// How many tokens the prompt has; at least one.
pub(super) fn of_prompt(body: &Value) -> u64 {
    prompt(body).map(of_block).sum::<u64>().max(1)
}

/// The `usage` of an answer of `output` tokens. What stands before a cache point is written to the cache (`seen`) the
/// first time, and read from it afterwards, however short it is.
pub(super) fn usage(model_id: &str, body: &Value, output: u64, seen: &mut HashSet<u64>) -> Value {
    let mut hasher = DefaultHasher::new();
    model_id.hash(&mut hasher);
    let (mut total, mut read, mut cached) = (0, 0, 0);
    let mut details = Vec::new();
    for block in prompt(body) {
        let Some(point) = block.get("cachePoint") else {
            block.to_string().hash(&mut hasher);
            total += of_block(block);
            continue;
        };
        if !seen.insert(hasher.finish()) {
            read = total;
            details.clear();
        } else if total > cached {
            details.push(json!({ "ttl": point["ttl"].as_str().unwrap_or("5m"), "inputTokens": total - cached }));
        }
        cached = total;
    }
    let total = total.max(1);
    let mut usage = Map::new();
    let mut member = |name: &str, value: Value| usage.insert(name.to_owned(), value);
    member("inputTokens", (total - cached).into());
    member("outputTokens", output.into());
    member("totalTokens", (total + output).into());
    if prompt(body).any(|block| block.get("cachePoint").is_some()) {
        member("cacheReadInputTokens", read.into());
        member("cacheWriteInputTokens", (cached - read).into());
        member("cacheDetails", details.into());
    }
    usage.into()
}
