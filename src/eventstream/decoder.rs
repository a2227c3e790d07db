//! From chunks of bytes to frames.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;

use super::FrameError;
use super::frame::{Checksum, Frame, Prelude};
use super::header::CheckedHeaders;

/// A buffer of this many bytes is made at once, and kept for the next frame. Most frames stay far below.
const SMALL: usize = 16 * 1024;

/// How long the parts of a frame may be, in bytes. A longer one is refused before anything is reserved for it.
///
/// The default is what AWS's own clients allow.
///
/// ```
/// use bedrock_converse::eventstream::{Decoder, FrameError, Limits};
///
/// let limits = Limits { payload: 1, ..Limits::default() };
/// let mut decoder = Decoder::with_limits(limits);
/// decoder.push(b"\0\0\0\x2c\0\0\0\x1a\x9c\x71\xe4\x16"[..].into()); // the prelude is enough
/// let error = decoder.next_frame().unwrap_err();
/// assert_eq!(error, FrameError::PayloadTooLong { offset: 0, length: 2, limit: 1 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a frame has no other parts")]
pub struct Limits {
    /// All headers together; 128 KiB by default.
    pub headers: u32,
    /// The payload; 24 MiB by default.
    pub payload: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { headers: 128 << 10, payload: 24 << 20 }
    }
}

/// Decodes chunks of a byte stream, cut anywhere, into frames. The [module](super) shows its states.
///
/// A frame that lies whole in one chunk is decoded where it is. Only the bytes of a frame that is split over chunks
/// are copied together, into one buffer that is used again and grows only as bytes come in. Besides that buffer and
/// the chunks that are waiting, it keeps one copy of the last frame's headers.
///
/// ```
/// use bedrock_converse::eventstream::Decoder;
///
/// let stream = std::fs::read("fixtures/converse/amazon/text-stream/stream.bin").unwrap();
/// let (mut decoder, mut types) = (Decoder::new(), Vec::new());
/// for chunk in stream.chunks(7) {
///     decoder.push(chunk.to_vec().into());
///     while let Some(frame) = decoder.next_frame()? {
///         types.push(frame.event_type().unwrap().to_owned());
///     }
/// }
/// decoder.finish()?; // nothing is left over
/// assert_eq!((&*types[0], &*types[types.len() - 2]), ("messageStart", "messageStop"));
/// # Ok::<(), bedrock_converse::eventstream::FrameError>(())
/// ```
#[derive(Default)]
pub struct Decoder {
    limits: Limits,
    /// The chunk being read, from `at` on.
    chunk: Bytes,
    at: usize,
    /// Chunks that were pushed before `chunk` was used up.
    waiting: VecDeque<Bytes>,
    /// A frame that is split over chunks, as far as it has come.
    joined: Vec<u8>,
    /// The prelude of `joined`, once it is there.
    prelude: Option<Prelude>,
    headers: CheckedHeaders,
    checksum: Checksum,
    /// Where the next frame starts in the stream.
    offset: u64,
    failed: Option<FrameError>,
}

impl Decoder {
    /// A decoder with the default [`Limits`].
    pub fn new() -> Self {
        Self::default()
    }

    /// A decoder with other limits.
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes the next bytes of the stream.
    ///
    /// Nothing is decoded or copied yet, so call [`next_frame`](Self::next_frame) until it returns `None` before the next
    /// `push`; what is pushed earlier waits in a queue. After an error the bytes are dropped.
    pub fn push(&mut self, chunk: Bytes) {
        if self.failed.is_some() || chunk.is_empty() {
            return;
        }
        if self.at == self.chunk.len() {
            self.chunk = chunk;
            self.at = 0;
        } else {
            self.waiting.push_back(chunk);
        }
    }

    /// Lets go of the chunk being read, when the last frame that was handed out has used it up. Whoever made the chunk
    /// can then use its memory again while the next one is awaited; [`next_frame`](Self::next_frame) would do it too.
    pub fn release(&mut self) {
        if self.at == self.chunk.len() {
            self.chunk = self.waiting.pop_front().unwrap_or_default();
            self.at = 0;
        }
    }

    /// The next frame, or `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// When the bytes are not a valid frame. No later frame can be found then: the decoder lets go of its bytes and
    /// returns the same error from now on.
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, FrameError> {
        // As before and after most chunks.
        if self.chunk.is_empty() && self.joined.is_empty() && self.failed.is_none() {
            return Ok(None);
        }
        self.decode()
    }

    fn decode(&mut self) -> Result<Option<Frame<'_>>, FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match self.locate() {
            Ok(None) => Ok(None),
            Ok(Some(prelude)) if self.joined.is_empty() => {
                let bytes = &self.chunk[self.at - prelude.total..self.at];
                Ok(Some(Frame::new(&self.headers, prelude.payload(bytes))))
            }
            Ok(Some(prelude)) => Ok(Some(Frame::new(&self.headers, prelude.payload(&self.joined)))),
            Err(error) => {
                *self = Self { limits: self.limits, failed: Some(error), ..Self::default() };
                Err(error)
            }
        }
    }

    /// Says that the input is at its end. Call it after [`next_frame`](Self::next_frame) has returned `None`.
    ///
    /// # Errors
    ///
    /// [`FrameError::Truncated`] when bytes are left over, and the error that the decoder died of.
    pub fn finish(&self) -> Result<(), FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match self.buffered() {
            0 => Ok(()),
            length => Err(FrameError::Truncated { offset: self.offset, length: length as u64 }),
        }
    }

    /// Finds and checks the next frame. It ends at `at` in `chunk`, or is all of `joined` when that is not empty.
    fn locate(&mut self) -> Result<Option<Prelude>, FrameError> {
        if self.is_joined() {
            self.prelude = None;
            self.joined.clear();
            self.joined.shrink_to(SMALL);
        }
        loop {
            self.release();
            let fresh = &self.chunk[self.at..];
            if fresh.is_empty() {
                return Ok(None);
            }
            if self.joined.is_empty()
                && let Some(prelude) = Prelude::read(fresh, self.offset, self.limits, &self.checksum)?
                && let Some(frame) = fresh.get(..prelude.total)
            {
                prelude.check(frame, self.offset, &self.checksum, &mut self.headers)?;
                self.at += prelude.total;
                self.offset += prelude.total as u64;
                return Ok(Some(prelude));
            }

            // The frame ends in a later chunk: join its prelude first, and then the rest of it.
            let length = self.prelude.map_or(Prelude::LENGTH, |prelude| prelude.total);
            let missing = length - self.joined.len();
            let taken = &fresh[..fresh.len().min(missing)];
            if self.joined.capacity() - self.joined.len() < taken.len() {
                // Doubling keeps the time linear, and `missing` the size within the limits.
                self.joined.reserve_exact(missing.min(taken.len().max(self.joined.len()).max(SMALL)));
            }
            self.joined.extend_from_slice(taken);
            self.at += taken.len();
            match self.prelude {
                None => self.prelude = Prelude::read(&self.joined, self.offset, self.limits, &self.checksum)?,
                Some(prelude) if self.is_joined() => {
                    prelude.check(&self.joined, self.offset, &self.checksum, &mut self.headers)?;
                    self.offset += prelude.total as u64;
                    return Ok(Some(prelude));
                }
                Some(_) => {}
            }
        }
    }

    /// Whether `joined` is a whole frame.
    fn is_joined(&self) -> bool {
        self.prelude.is_some_and(|prelude| prelude.total == self.joined.len())
    }

    /// How many bytes belong to frames that were not handed out yet.
    fn buffered(&self) -> usize {
        let joined = if self.is_joined() { 0 } else { self.joined.len() };
        joined + (self.chunk.len() - self.at) + self.waiting.iter().map(Bytes::len).sum::<usize>()
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("limits", &self.limits)
            .field("offset", &self.offset)
            .field("buffered", &self.buffered())
            .field("failed", &self.failed)
            .finish()
    }
}
