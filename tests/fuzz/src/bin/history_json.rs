//! JSON that reads as a history, as settings, parameters or events comes back equal.
#![no_main]

use bedrock_converse::messages::{ModelMessage, ModelResponseStreamEvent};
use bedrock_converse::settings::BedrockModelSettings;
use bedrock_converse::tools::ModelRequestParameters;
use bedrock_converse_fuzz::json::{mutate, round_trip};

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    round_trip::<Vec<ModelMessage>>(data);
    round_trip::<Vec<ModelResponseStreamEvent>>(data);
    round_trip::<BedrockModelSettings>(data);
    round_trip::<ModelRequestParameters>(data);
});
