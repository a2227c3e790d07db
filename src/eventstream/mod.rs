//! Decoder of `application/vnd.amazon.eventstream`, the frames in which ConverseStream answers.
//!
//! Bytes go in, frames come out; there is no I/O here. A frame is (lengths in bytes, numbers big-endian):
//!
//! ```text
//! ├─────────────── prelude ──────────────┤
//! │ total (4) │ headers' (4) │ CRC-32 (4) │ headers │ payload │ CRC-32 of all (4) │
//! ```
//!
//! and a header is `name length (1), name, type (1), value`; see [`HeaderValue`] for the types.
//! AWS describes the format under [event stream encoding][spec].
//!
//! The states of a [`Decoder`]:
//!
//! ```text
//!             a whole frame lies in one chunk: it is read where it is
//!      ┌─────────────────────────────────────────────────────────────┐
//!      │                                                             ▼
//!  ┌───┴───┐  a chunk ends   ┌─────────┐  12 bytes  ┌────────┐ all ┌───────┐
//!  │ empty ├────────────────►│ prelude ├───────────►│ joined ├────►│ frame │
//!  └─▲───┬─┘ inside a frame  └────┬────┘            └───┬────┘     └───┬───┘
//!    │   │                        │                     │              │
//!    │   └► finished              └──────────┬──────────┘              │
//!    │                                       ▼                         │
//!    │                             dead: a check failed                │
//!    └─────────────────────────────────────────────────────────────────┘
//!                           with the next call
//! ```
//!
//! | state | what has come | [`next_frame`](Decoder::next_frame) | [`finish`](Decoder::finish) |
//! |---|---|---|---|
//! | empty | nothing of the next frame | `None` | `Ok`: *finished* |
//! | prelude | fewer than 12 bytes of it | `None` | [`Truncated`](FrameError::Truncated) |
//! | joined | the prelude, whose lengths can be believed; the rest is joined to it | `None` | [`Truncated`](FrameError::Truncated) |
//! | frame | all of it | the frame, and with the next call *empty* | what follows decides |
//! | dead | a wrong checksum, an impossible length, one over a limit, a bad header | that error, from now on | that error |
//!
//! A prelude is checked as soon as it is there, before anything is reserved for its frame: its checksum, then its lengths
//! against each other and against the [`Limits`]. A whole frame is checked before it is handed out, also one that lies in
//! one chunk: its checksum, then the headers.
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
