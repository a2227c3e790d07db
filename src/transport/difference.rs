//! What tells two requests apart, by JSON path.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// More are counted, not shown.
const MOST: usize = 12;
/// A text or value is shown in about so many characters.
const WIDTH: usize = 120;

/// One place at which two values differ. `None` is a member that isn't there.
pub(super) struct Difference {
    path: String,
    recorded: Option<Value>,
    sent: Option<Value>,
}

/// Where `sent` differs from `recorded`, apart from what is at or below the paths in `ignored`.
pub(super) fn differences(path: &str, recorded: &Value, sent: &Value, ignored: &[String]) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(path.to_owned(), Some(recorded), Some(sent), ignored, &mut found);
    found
}

fn compare(
    path: String,
    recorded: Option<&Value>,
    sent: Option<&Value>,
    ignored: &[String],
    found: &mut Vec<Difference>,
) {
    if recorded == sent || ignored.iter().any(|pattern| matches(pattern, &path)) {
        return;
    }
    match (recorded, sent) {
        (Some(Value::Object(recorded)), Some(Value::Object(sent))) => {
            let absent = |name: &String| !recorded.contains_key(name);
            for name in recorded.keys().chain(sent.keys().filter(|name| absent(name))) {
                compare(format!("{path}.{name}"), recorded.get(name), sent.get(name), ignored, found);
            }
        }
        (Some(Value::Array(recorded)), Some(Value::Array(sent))) => {
            for k in 0..recorded.len().max(sent.len()) {
                compare(format!("{path}[{k}]"), recorded.get(k), sent.get(k), ignored, found);
            }
        }
        _ => found.push(Difference { path, recorded: recorded.cloned(), sent: sent.cloned() }),
    }
}

/// Whether `path` is at or below `pattern`, in which `[*]` stands for any place in a list.
fn matches(pattern: &str, path: &str) -> bool {
    let pattern = pattern.strip_prefix("$.").or(pattern.strip_prefix('$')).unwrap_or(pattern);
    let mut rest = path.trim_start_matches('$').trim_start_matches('.');
    for (k, part) in pattern.split("[*]").enumerate() {
        if k > 0 {
            let Some((_, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else { return false };
            rest = after;
        }
        let Some(after) = rest.strip_prefix(part) else { return false };
        rest = after;
    }
    rest.is_empty() || rest.starts_with(['.', '['])
}

/// One difference below the other: `-` is what was recorded, `+` what was sent.
pub(super) fn shown(differences: &[Difference]) -> String {
    let mut text = String::new();
    for Difference { path, recorded, sent } in differences.iter().take(MOST) {
        let (recorded, sent) = excerpts(recorded.as_ref(), sent.as_ref());
        write!(text, "\n  {path}\n    - {recorded}\n    + {sent}").expect("a String takes any text");
    }
    if let Some(more) = differences.len().checked_sub(MOST).filter(|more| *more > 0) {
        write!(text, "\n  and {more} more").expect("a String takes any text");
    }
    text
}

/// Both values, long ones from shortly before they differ.
fn excerpts(recorded: Option<&Value>, sent: Option<&Value>) -> (String, String) {
    let json = |value: Option<&Value>| value.map_or_else(|| "(nothing)".to_owned(), Value::to_string);
    let (recorded, sent) = (json(recorded), json(sent));
    let same = recorded.chars().zip(sent.chars()).take_while(|(a, b)| a == b).count();
    let skipped = if recorded.len().max(sent.len()) > WIDTH { same.saturating_sub(WIDTH / 3) } else { 0 };
    let excerpt = |text: &str| {
        let before = if skipped > 0 { "…" } else { "" };
        let shown: String = text.chars().skip(skipped).take(WIDTH).collect();
        let after = if text.chars().nth(skipped + WIDTH).is_some() { "…" } else { "" };
        format!("{before}{shown}{after}")
    };
    (excerpt(&recorded), excerpt(&sent))
}

/// Headers as a JSON object, for comparison.
pub(super) fn headers(headers: &[(String, String)], names: &[String]) -> Value {
    let wanted = headers.iter().filter(|(name, _)| names.contains(name));
    Value::Object(wanted.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect::<Map<_, _>>())
}
