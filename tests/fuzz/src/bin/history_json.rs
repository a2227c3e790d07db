//! JSON that reads as a history, as settings, parameters or events comes back whole, and equal once it has been written:
//! writing adds what follows from the rest, such as the identifiers of media.
#![no_main]

use std::fmt::Debug;

use bedrock_converse::messages::{ModelMessage, ModelResponseStreamEvent};
use bedrock_converse::settings::BedrockModelSettings;
use bedrock_converse::tools::ModelRequestParameters;
use bedrock_converse_fuzz::json::{is_same, mutate, round_trip};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for written in [check::<Vec<ModelMessage>>(data), check::<Vec<ModelResponseStreamEvent>>(data)].iter().flatten() {
        let before: Value = serde_json::from_slice(data).expect("it was read");
        let after = serde_json::from_str(written).expect("it was written");
        assert!(is_kept(&before, &after), "\n{before}\n{after}");
    }
    check::<BedrockModelSettings>(data);
    check::<ModelRequestParameters>(data);
});

fn check<T: DeserializeOwned + Serialize + PartialEq + Debug>(json: &[u8]) -> Option<String> {
    let value: T = serde_json::from_slice(json).ok()?;
    let first = serde_json::to_string(&value).expect("what was read can be written");
    let (_, second) = round_trip::<T>(first.as_bytes()).expect("what was written can be read");
    assert_eq!(first, second);
    Some(first)
}

/// Whether all that was read is there again. More may be there: what has a default, and what follows from the rest.
fn is_kept(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Array(before), Value::Array(after)) => {
            before.len() == after.len() && before.iter().zip(after).all(|(before, after)| is_kept(before, after))
        }
        (Value::Object(before), Value::Object(after)) => before.iter().all(|(name, before)| match &**name {
            "vendor_details" | "vendor_id" => true,              // older names
            "media_type" | "identifier" if before == "" => true, // counts as absent
            "data" if before.is_string() => after.get(name).is_some_and(|after| standard(before) == standard(after)),
            name => before.is_null() || after.get(name).is_some_and(|after| is_kept(before, after)),
        }),
        _ => before.is_null() || is_same(before, after),
    }
}

/// Base64 in either alphabet, padded or not, as the standard one without padding.
fn standard(base64: &Value) -> Option<String> {
    base64.as_str().map(|text| text.trim_end_matches('=').replace('-', "+").replace('_', "/"))
}
