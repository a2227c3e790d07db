//! Frames of an event stream: made from bytes, mended, decoded.

use bedrock_converse::eventstream::{Decoder, FrameError, Limits};
use bytes::Bytes;

const PRELUDE: usize = 12;
/// A prelude and the checksum at the end.
const EMPTY: usize = 16;

/// A frame with these bytes for its headers.
pub fn frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; EMPTY + headers.len() + payload.len()];
    let total = frame.len() as u32;
    frame[..4].copy_from_slice(&total.to_be_bytes());
    frame[4..8].copy_from_slice(&(headers.len() as u32).to_be_bytes());
    frame[12..12 + headers.len()].copy_from_slice(headers);
    frame[12 + headers.len()..][..payload.len()].copy_from_slice(payload);
    seal(&mut frame);
    frame
}

/// The same bytes with the lengths and checksums of one frame after the other made right, so that what is behind them is
/// reached. The last frame may lack all but a piece of its prelude.
pub fn repaired(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut rest = &mut *bytes;
    while rest.len() >= EMPTY {
        let total = match number(rest, 0) as usize {
            total if (EMPTY..=rest.len()).contains(&total) => total,
            _ => rest.len(),
        };
        let (frame, behind) = rest.split_at_mut(total);
        let headers = number(frame, 4) as usize % (total - EMPTY + 1);
        frame[..4].copy_from_slice(&(total as u32).to_be_bytes());
        frame[4..8].copy_from_slice(&(headers as u32).to_be_bytes());
        seal(frame);
        rest = behind;
    }
    let left = rest.len();
    bytes.truncate(bytes.len() - left.saturating_sub(PRELUDE - 1));
    bytes
}

/// Makes the two checksums right, whatever the lengths say.
fn seal(frame: &mut [u8]) {
    let prelude = crc32fast::hash(&frame[..8]);
    frame[8..12].copy_from_slice(&prelude.to_be_bytes());
    let (all, checksum) = frame.split_at_mut(frame.len() - 4);
    checksum.copy_from_slice(&crc32fast::hash(all).to_be_bytes());
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// What is decoded of the chunks: each frame as it prints, and how it ends.
pub fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, limits: Limits) -> (Vec<String>, Result<(), FrameError>) {
    let mut decoder = Decoder::with_limits(limits);
    let mut frames = Vec::new();
    for chunk in chunks {
        decoder.push(Bytes::copy_from_slice(chunk));
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push(format!("{frame:?}")),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.next_frame().err(), Some(error), "it comes back to life");
                    return (frames, Err(error));
                }
            }
        }
    }
    let outcome = decoder.finish();
    (frames, outcome)
}
