//! JSON that reads as a request, an answer, a count or an event comes back as it was.
#![no_main]

use bedrock_converse::wire::{
    ConverseRequest, ConverseResponse, ConverseStreamOutput, CountTokensRequest, CountTokensResponse,
};
use bedrock_converse_fuzz::json::{assert_nothing_lost, mutate, round_trip};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let written = [
        round_trip::<ConverseRequest>(data).map(|(_, written)| written),
        round_trip::<ConverseResponse>(data).map(|(_, written)| written),
        round_trip::<CountTokensRequest>(data).map(|(_, written)| written),
        round_trip::<CountTokensResponse>(data).map(|(_, written)| written),
    ];
    for written in written.iter().flatten() {
        assert_nothing_lost(data, written);
    }
    if let Some((_, written)) = round_trip::<Event>(data) {
        assert_nothing_lost(&without_padding(data), &String::from_utf8_lossy(&without_padding(written.as_bytes())));
    }
});

/// An event that outlives its JSON.
#[derive(Debug, PartialEq, Serialize)]
struct Event(ConverseStreamOutput<'static>);

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = ConverseStreamOutput::deserialize(deserializer)?;
        let owned = event.clone().into_owned();
        assert_eq!(owned, event);
        Ok(Self(owned))
    }
}

/// An event without the member `p`, which is padding.
fn without_padding(json: &[u8]) -> Vec<u8> {
    let Ok(Value::Object(mut union)) = serde_json::from_slice(json) else { return json.to_vec() };
    for event in union.values_mut().filter_map(Value::as_object_mut) {
        event.shift_remove("p");
    }
    serde_json::to_vec(&union).expect("it is JSON")
}
