//! Decoder of `application/vnd.amazon.eventstream`, the frames in which ConverseStream answers.
//!
//! Bytes go in, frames come out; there is no I/O here. A frame is (lengths in bytes, numbers big-endian):
//!
//! ```text
//! ├───────────────────── prelude ──────────────────────┤
//! │ total (4) │ headers' (4) │ CRC-32 of these two (4) │ headers │ payload │ CRC-32 of all before (4) │
//! ```
//!
//! and a header is `name length (1), name, type (1), value`; see [`HeaderValue`] for the types.
//! AWS describes the format under [event stream encoding][spec].
//!
//! What [`Decoder::next_frame`] does, in this order:
//!
//! ```text
//!      ┌───────────────┐  fewer than 12 bytes ──► None
//!  ┌──►│    prelude    │  wrong checksum, impossible length, over a limit ─┐
//!  │   └───────┬───────┘                                                   │
//!  │           ▼ its lengths can be believed                               │
//!  │   ┌───────────────┐                                                   │
//!  │   │   the rest    │  fewer than `total` bytes ──► None                │
//!  │   └───────┬───────┘                                                   │
//!  │           ▼                                                           │
//!  │   ┌───────────────┐                                                   ▼
//!  │   │     checks    │  wrong checksum, bad header ──► dead: the same error from now on
//!  │   └───────┬───────┘
//!  └───────────┴──────────► Some(frame)
//! ```
//!
//! The frames do not depend on where the input is cut into chunks, and neither does an error:
//!
//! ```
//! use bedrock_converse::eventstream::{Decoder, FrameError, HeaderValue};
//!
//! let mut decoder = Decoder::new();
//! assert!(decoder.next_frame()?.is_none()); // nothing has come yet
//!
//! decoder.push(b"\0\0\0\x2c\0\0\0\x1a\x9c\x71"[..].into()); // 44 bytes, 26 of them headers; half a checksum
//! assert!(decoder.next_frame()?.is_none());
//! decoder.push(b"\xe4\x16\x0b:event-type\x07\0\x0bmessageStop{}"[..].into());
//! assert!(decoder.next_frame()?.is_none()); // the checksum of the whole is missing
//! assert_eq!(decoder.finish(), Err(FrameError::Truncated { offset: 0, length: 40 }));
//! decoder.push(b"\xb9\x24\x00\xbb\0\0\0"[..].into()); // it, and three bytes of the next frame
//!
//! let frame = decoder.next_frame()?.expect("it is whole now");
//! assert_eq!(frame.event_type(), Some("messageStop"));
//! assert_eq!(frame.headers().next(), Some((":event-type", HeaderValue::String("messageStop"))));
//! assert_eq!(frame.payload(), b"{}");
//!
//! assert!(decoder.next_frame()?.is_none());
//! decoder.push(b"\x10\0\0\0\0\x05\xc2\x48\xec"[..].into()); // a wrong checksum: 0x05c248eb is right
//! let error = decoder.next_frame().unwrap_err();
//! assert_eq!(error, FrameError::PreludeChecksum { offset: 44, stated: 0x05c248ec, computed: 0x05c248eb });
//! decoder.push(b"\0\0\0\x10\0\0\0\0\x05\xc2\x48\xeb\x7d\x98\xc8\xff"[..].into()); // too late
//! assert_eq!(decoder.next_frame().unwrap_err(), error);
//! # Ok::<(), FrameError>(())
//! ```
//!
//! [spec]: https://docs.aws.amazon.com/lexv2/latest/dg/event-stream-encoding.html

mod decoder;
mod error;
mod frame;
mod header;

pub use decoder::{Decoder, Limits};
pub use error::{FrameError, HeaderFault};
pub use frame::Frame;
pub use header::{HeaderValue, Headers};
