//! Any bytes, as they are, into the decoder.
#![no_main]

use bedrock_converse::eventstream::Limits;
use bedrock_converse_fuzz::frames::decode;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (frames, outcome) = decode([data], Limits::default());
    // A frame has sixteen bytes at least, and what is not a frame is told.
    assert!(frames.len() * 16 <= data.len());
    assert!(outcome.is_err() || frames.is_empty() == data.is_empty());
});
