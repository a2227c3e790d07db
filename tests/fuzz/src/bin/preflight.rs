//! After `repair` there is nothing left for it to do, and nothing was done to a request without findings.
#![no_main]

use bedrock_converse::ModelProfile;
use bedrock_converse::preflight::{check, repair};
use bedrock_converse::wire::ConverseRequest;
use bedrock_converse_fuzz::json::mutate;

const MODELS: [&str; 4] = [
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.amazon.nova-2-lite-v1:0",
    "mistral.mistral-large-2402-v1:0",
    "us.meta.llama4-maverick-17b-instruct-v1:0",
];

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(mut request) = ConverseRequest::from_json(data) else { return };
    for model in MODELS {
        request.model_id = model.to_owned();
        let profile = ModelProfile::for_model(model);
        let mut repaired = request.clone();
        let mended = repair(&mut repaired, &profile);
        assert!(!mended.is_empty() || repaired == request, "{repaired:?}");
        let left: Vec<_> = check(&repaired, &profile).into_iter().filter(|finding| finding.repairable).collect();
        assert!(left.is_empty(), "{left:?}\n{repaired:?}");
    }
});
