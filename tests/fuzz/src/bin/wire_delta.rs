//! A delta that is read without a parser is the delta that the parser reads.
#![no_main]

use bedrock_converse::wire::{ContentBlockDeltaEvent, ConverseStreamOutput};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let quick = ConverseStreamOutput::parse("contentBlockDelta", data).ok();
    let general: Option<ContentBlockDeltaEvent<'_>> = serde_json::from_slice(data).ok();
    assert_eq!(quick, general.map(ConverseStreamOutput::ContentBlockDelta));
});
