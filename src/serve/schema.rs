//! The smallest value that fits a JSON schema, the same one every time.

use std::cell::Cell;

use serde_json::{Map, Value};

/// Deeper than this, a schema that refers to itself is given up.
const MAX_DEPTH: usize = 32;
/// A schema can ask for more than any memory holds. After so many values, and in a string characters, it is given up.
const MOST: usize = 10_000;

/// A minimal instance of `schema`.
///
/// `const`, `enum`, `default` and `examples` are taken as they are, an object gets its required members, a list its
/// `minItems`, a number its bound, a string the name of its member. `pattern` and `not` are not looked at.
pub(super) fn instance(schema: &Value) -> Value {
    build(schema, schema, "value", 0, &Cell::new(MOST))
}

/// `left` is how many values may still be made.
fn build(root: &Value, schema: &Value, name: &str, depth: usize, left: &Cell<usize>) -> Value {
    left.set(left.get().saturating_sub(1));
    if depth > MAX_DEPTH || left.get() == 0 {
        return Value::Null;
    }
    let build = |schema: &Value, name: &str| build(root, schema, name, depth + 1, left);
    if let Some(target) = schema["$ref"].as_str().and_then(|reference| root.pointer(reference.strip_prefix('#')?)) {
        return build(target, name);
    }
    let given = [&schema["const"], &schema["enum"][0], &schema["default"], &schema["examples"][0]];
    if let Some(value) = given.into_iter().find(|value| !value.is_null()) {
        return value.clone();
    }
    if let Some(all) = schema["allOf"].as_array() {
        let parts = all.iter().map(|part| build(part, name));
        return parts.reduce(merge).unwrap_or_default();
    }
    let any = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
    if let Some(chosen) = any.and_then(|any| any.iter().find(|one| one["type"] != "null").or(any.first())) {
        return build(chosen, name);
    }
    match kind(schema) {
        "object" => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let members = required.map(|name| (name.to_owned(), build(&schema["properties"][name], name)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        "array" => {
            let least = schema["minItems"].as_u64().unwrap_or(0) as usize;
            let item = |k: usize| schema["prefixItems"].get(k).unwrap_or(&schema["items"]);
            (0..least).map_while(|k| (left.get() > 0).then(|| build(item(k), name))).collect()
        }
        "integer" => integer(schema).into(),
        "number" => number(schema).into(),
        "boolean" => true.into(),
        "null" => Value::Null,
        _ => string(schema, name).into(),
    }
}

fn kind(schema: &Value) -> &str {
    let listed = schema["type"].as_array().into_iter().flatten().filter_map(Value::as_str);
    match schema["type"].as_str().or(listed.clone().find(|kind| *kind != "null")).or(listed.clone().next()) {
        Some(kind) => kind,
        None if schema["properties"].is_object() => "object",
        None => "string",
    }
}

fn merge(mut left: Value, right: Value) -> Value {
    match (&mut left, right) {
        (Value::Object(left), Value::Object(right)) => left.extend(right),
        (left, right) => *left = right,
    }
    left
}

fn integer(schema: &Value) -> i64 {
    let bound = |name: &str| schema[name].as_f64();
    let least = bound("minimum").map(f64::ceil).or(bound("exclusiveMinimum").map(|bound| bound.floor() + 1.0));
    let most = bound("maximum").map(f64::floor).or(bound("exclusiveMaximum").map(|bound| bound.ceil() - 1.0));
    least.unwrap_or(0_f64.min(most.unwrap_or(0.0))) as i64
}

fn number(schema: &Value) -> f64 {
    let bound = |name: &str| schema[name].as_f64();
    let least = bound("minimum").or(bound("exclusiveMinimum").map(|bound| bound + 1.0));
    let most = bound("maximum").or(bound("exclusiveMaximum").map(|bound| bound - 1.0));
    least.unwrap_or(0_f64.min(most.unwrap_or(0.0)))
}

fn string(schema: &Value, name: &str) -> String {
    let text = match schema["format"].as_str() {
        Some("date") => "2026-01-02",
        Some("time") => "03:04:05Z",
        Some("date-time") => "2026-01-02T03:04:05Z",
        Some("duration") => "PT1S",
        Some("email") => "someone@example.com",
        Some("uri" | "url") => "https://example.com/",
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        Some("ipv4") => "192.0.2.1",
        _ => name,
    };
    let length = |name: &str| schema[name].as_u64().map(|length| length as usize);
    let least = length("minLength").unwrap_or(0);
    let most = length("maxLength").unwrap_or(usize::MAX);
    text.chars().cycle().take(text.chars().count().max(least).min(most).min(MOST)).collect()
}
