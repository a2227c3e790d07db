//! What nobody can leave out.

use std::hint::black_box;

use sha2::{Digest as _, Sha256};

use crate::chunks::{Chunks, FRAME};
use crate::{Input, Sent};

/// The checksum of each frame's bytes, as it lies in memory.
pub(crate) fn checksums(chunks: Chunks, count: usize) {
    let frames = chunks.frames.chunks_exact(FRAME).cycle().take(count);
    black_box(frames.fold(0, |sum, frame| sum ^ crc32fast::hash(&frame[..FRAME - 4])));
}

/// The hash of the body, which a signature has.
pub(crate) fn hashes(input: &Input, count: usize, sent: &Sent) {
    let body = input.body();
    for _ in 0..count {
        black_box(Sha256::digest(black_box(&body)));
        sent.add(&body);
    }
}
