//! AWS's own small crates and serde. There is no client here, only the work: frames to text, structs to signed bytes.

use std::hint::black_box;

use crate::chunks::Chunks;
use crate::{Input, Sent, credentials, read, write};

pub(crate) fn decode(chunks: Chunks) -> usize {
    let mut length = 0;
    read::texts(chunks, |text| length += text.len());
    length
}

pub(crate) fn requests(input: &Input, count: usize, sent: &Sent) {
    let credentials = credentials();
    for _ in 0..count {
        let request = write::request(black_box(&input.turns), input.tools, &input.schema);
        sent.add(black_box(write::signed(&request, &credentials)).body());
    }
}
