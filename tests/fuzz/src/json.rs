//! JSON that has gone through a type and back.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a value, writes it and reads it again: it must be equal, and written as the same bytes. `None` for what cannot be
/// read.
pub fn round_trip<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(json: &[u8]) -> Option<(T, String)> {
    let value: T = serde_json::from_slice(json).ok()?;
    let written = serde_json::to_string(&value).expect("what was read can be written");
    let again: T = serde_json::from_str(&written).unwrap_or_else(|error| panic!("{error}\n{written}"));
    assert_eq!(value, again, "\n{written}");
    assert_eq!(written, serde_json::to_string(&again).expect("as before"));
    Some((value, written))
}

/// Panics unless the JSON is the same but for how numbers are written: `1` and `1.0` are one. Names of a JSON object that
/// come twice are not looked at.
pub fn assert_nothing_lost(json: &[u8], written: &str) {
    let Ok(before) = serde_json::from_slice::<Value>(json) else { return };
    let after: Value = serde_json::from_str(written).expect("it is JSON");
    assert!(is_same(&before, &after), "\n{before}\n{after}");
}

/// Whether it is the same JSON but for how numbers are written.
pub fn is_same(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Number(before), Value::Number(after)) => before == after || before.as_f64() == after.as_f64(),
        (Value::Array(before), Value::Array(after)) => {
            before.len() == after.len() && before.iter().zip(after).all(|(before, after)| is_same(before, after))
        }
        (Value::Object(before), Value::Object(after)) => {
            before.len() == after.len()
                && before.iter().all(|(name, before)| after.get(name).is_some_and(|after| is_same(before, after)))
        }
        _ => before == after,
    }
}

/// Changes JSON so that most of it stays JSON: a piece goes, comes twice, or gives way to another piece or to a plain value.
/// What is not JSON, and every other input, is changed byte by byte.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut seed = u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut below = |n: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 33) as usize % n
    };
    let json = serde_json::from_slice::<Value>(&data[..size]).ok().filter(|_| below(3) > 0);
    let Some(mut json) = json else { return libfuzzer_sys::fuzzer_mutate(data, size, max_size) };
    let mut places = Vec::new();
    find_places(&json, String::new(), &mut places);
    for _ in 0..1 + below(3) {
        let (at, from) = (&places[below(places.len())], &places[below(places.len())]);
        let other = json.pointer(from).cloned().unwrap_or_else(|| PLAIN[below(PLAIN.len())]());
        let plain = PLAIN[below(PLAIN.len())]();
        let Some(piece) = json.pointer_mut(at) else { continue };
        match (below(5), piece) {
            (0, piece) => *piece = plain,
            (1, piece) => *piece = other,
            (2, Value::Array(items)) => items.push(other),
            (2 | 3, Value::Object(members)) if !members.is_empty() => {
                let name = members.keys().nth(below(members.len())).expect("there are that many").clone();
                members.shift_remove(&name);
            }
            (3, Value::Array(items)) if !items.is_empty() => drop(items.remove(below(items.len()))),
            (4, Value::Array(items)) if !items.is_empty() => items.insert(0, items[below(items.len())].clone()),
            (4, Value::Object(members)) => {
                // A member's name from elsewhere.
                let name = from.rsplit('/').next().unwrap_or_default();
                members.insert(name.to_owned(), other);
            }
            (_, Value::String(text)) => {
                let mut bytes = text.clone().into_bytes();
                let length = bytes.len();
                bytes.resize(length + 16, 0);
                let length = libfuzzer_sys::fuzzer_mutate(&mut bytes, length, length + 16);
                *text = String::from_utf8_lossy(&bytes[..length]).into_owned();
            }
            _ => {}
        }
    }
    let written = serde_json::to_vec(&json).expect("it is JSON");
    let length = written.len().min(max_size);
    data[..length].copy_from_slice(&written[..length]);
    length
}

const PLAIN: [fn() -> Value; 10] = [
    || Value::Null,
    || true.into(),
    || 0.into(),
    || (-1).into(),
    || u64::MAX.into(),
    || 0.5.into(),
    || "".into(),
    || " ".into(),
    || Value::Array(Vec::new()),
    || Value::Object(serde_json::Map::new()),
];

/// The JSON pointers of all pieces.
fn find_places(json: &Value, at: String, places: &mut Vec<String>) {
    match json {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| find_places(item, format!("{at}/{index}"), places));
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                find_places(member, format!("{at}/{name}"), places);
            }
        }
        _ => {}
    }
    places.push(at);
}
