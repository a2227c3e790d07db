//! JSON that reads as a history, as settings, parameters or events comes back equal once it has been written: writing adds
//! what follows from the rest, such as the identifiers of media.
#![no_main]

use std::fmt::Debug;

use bedrock_converse::messages::{ModelMessage, ModelResponseStreamEvent};
use bedrock_converse::settings::BedrockModelSettings;
use bedrock_converse::tools::ModelRequestParameters;
use bedrock_converse_fuzz::json::{mutate, round_trip};
use serde::Serialize;
use serde::de::DeserializeOwned;

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    check::<Vec<ModelMessage>>(data);
    check::<Vec<ModelResponseStreamEvent>>(data);
    check::<BedrockModelSettings>(data);
    check::<ModelRequestParameters>(data);
});

fn check<T: DeserializeOwned + Serialize + PartialEq + Debug>(json: &[u8]) {
    let Ok(value) = serde_json::from_slice::<T>(json) else { return };
    let first = serde_json::to_string(&value).expect("what was read can be written");
    let (_, second) = round_trip::<T>(first.as_bytes()).expect("what was written can be read");
    assert_eq!(first, second);
}
