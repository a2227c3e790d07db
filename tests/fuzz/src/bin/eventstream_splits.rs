//! The same frames however the bytes are cut: in two at every place, and byte by byte.
#![no_main]

use bedrock_converse::eventstream::Limits;
use bedrock_converse_fuzz::frames::{decode, repaired};

/// Time goes with the square of the length.
const LONGEST: usize = 400;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&mended, bytes)) = data.split_last() else { return };
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    let bytes = if mended > 9 { repaired(bytes) } else { bytes.to_vec() };
    let limits = Limits { headers: 300, payload: 200 };
    let whole = decode([&*bytes], limits);
    for cut in 1..bytes.len() {
        let (left, right) = bytes.split_at(cut);
        assert_eq!(decode([left, right], limits), whole, "cut at {cut}");
    }
    assert_eq!(decode(bytes.chunks(1), limits), whole, "byte by byte");
});
