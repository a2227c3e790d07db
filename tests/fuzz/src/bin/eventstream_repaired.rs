//! Frames whose lengths and checksums are right, under limits that are easily met.
#![no_main]

use bedrock_converse::eventstream::{FrameError, Limits};
use bedrock_converse_fuzz::frames::{decode, repaired};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((bytes, &[headers, payload])) = data.split_last_chunk() else { return };
    let bytes = repaired(bytes);
    let limits = Limits { headers: headers.into(), payload: payload.into() };
    let (_, outcome) = decode([&*bytes], limits);
    match outcome {
        Err(FrameError::PreludeChecksum { .. } | FrameError::MessageChecksum { .. } | FrameError::Length { .. }) => {
            panic!("{outcome:?} of repaired frames");
        }
        Err(FrameError::Truncated { length, .. }) => assert!(length < 12, "{outcome:?}"),
        Err(FrameError::HeadersTooLong { length, limit, .. } | FrameError::PayloadTooLong { length, limit, .. }) => {
            assert!(length > limit);
        }
        _ => {}
    }
});
