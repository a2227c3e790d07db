//! From an answer and a fault to what is done on the connection, step by step.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::answer::{Answer, Piece};
use super::fault::{At, Fault, Field, Kind};

/// What is done for one request.
#[derive(Debug)]
pub(super) struct Plan {
    /// Before the status line.
    pub(super) before: Option<Step>,
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<Step>,
    /// The `content-length`; without one the body is chunked.
    pub(super) length: Option<u64>,
}

/// One step on the connection.
#[derive(Debug)]
pub(super) enum Step {
    /// Send these bytes; `last` when an event is complete with them.
    Send { bytes: Bytes, last: bool },
    /// Do nothing for so long.
    Pause(Duration),
    /// Do nothing until the client leaves.
    Stall,
    /// Close the connection.
    Close { reset: bool },
}

impl Plan {
    /// Plans `answer`, with a pause of `delay` before each delta of a stream.
    pub(super) fn new(answer: Answer, delay: Duration) -> Self {
        let body = Pace { delay, chunk: usize::MAX }.steps(&answer.body);
        let length: usize = answer.body.iter().map(|piece| piece.bytes.len()).sum();
        let length = (!answer.streamed).then_some(length as u64);
        Self { before: None, status: answer.status, headers: answer.headers, body, length }
    }

    /// Plans `answer` with a fault. Fails with a message when the fault does not fit the answer.
    pub(super) fn with_fault(mut answer: Answer, fault: &Fault, delay: Duration) -> Result<Self, String> {
        let (streamed, pieces) = (answer.streamed, std::mem::take(&mut answer.body));
        let length: usize = pieces.iter().map(|piece| piece.bytes.len()).sum();
        let pace = Pace { delay: fault.delay.unwrap_or(delay), chunk: fault.chunk.unwrap_or(usize::MAX) };
        let mut plan = Self::new(answer, delay);
        plan.length = plan.length.map(|_| length as u64);
        plan.before = fault.delay.filter(|_| !streamed).map(Step::Pause);
        if matches!(fault.at, At::Head) {
            plan.before = ending(&fault.kind);
            plan.body = pace.steps(&pieces);
            return Ok(plan);
        }
        plan.body = apply(fault, pieces, streamed, &pace)?;
        if matches!(fault.kind, Kind::Cut { clean: true }) {
            plan.length = None;
        }
        Ok(plan)
    }
}

fn apply(fault: &Fault, mut pieces: Vec<Piece>, streamed: bool, pace: &Pace) -> Result<Vec<Step>, String> {
    let of_frames = matches!(fault.kind, Kind::Frame(_) | Kind::Flip(_) | Kind::Length(_));
    if of_frames && !streamed {
        return Err("this fault is for a stream".into());
    }
    if matches!(fault.kind, Kind::None | Kind::Http { .. }) {
        return Ok(pace.steps(&pieces));
    }
    let at = position(&fault.at, &pieces)?;
    match &fault.kind {
        Kind::Frame(frame) => {
            pieces.truncate(at);
            pieces.push(Piece { name: String::new(), bytes: frame.clone() });
            return Ok(pace.steps(&pieces));
        }
        Kind::Flip(field) | Kind::Length(field) => {
            let piece = pieces.get_mut(at).ok_or("there is no event at that place")?;
            let mut frame = BytesMut::from(piece.bytes.as_ref());
            if matches!(fault.kind, Kind::Flip(_)) { flip(&mut frame, *field) } else { enlarge(&mut frame, *field) }
                .ok_or("the event at that place is not a frame with that field")?;
            piece.bytes = frame.freeze();
            return Ok(pace.steps(&pieces));
        }
        _ => {}
    }
    let mut steps = pace.steps(&pieces[..at]);
    let (sent, unsent) = match pieces.get(at) {
        Some(piece) if fault.byte <= piece.bytes.len() => {
            (piece.bytes.slice(..fault.byte), piece.bytes.slice(fault.byte..))
        }
        None if fault.byte == 0 => (Bytes::new(), Bytes::new()),
        _ => return Err("byte: the event at that place is shorter".into()),
    };
    steps.extend(pace.sends(&sent, false));
    steps.extend(ending(&fault.kind));
    if matches!(fault.kind, Kind::Stall { pause: Some(_) }) {
        steps.extend(pace.sends(&unsent, true));
        steps.extend(pace.steps(pieces.get(at + 1..).unwrap_or_default()));
    }
    Ok(steps)
}

/// How an answer that is not finished ends.
fn ending(kind: &Kind) -> Option<Step> {
    match kind {
        Kind::Cut { clean: false } => Some(Step::Close { reset: false }),
        Kind::Reset => Some(Step::Close { reset: true }),
        Kind::Stall { pause } => Some(pause.map_or(Step::Stall, Step::Pause)),
        _ => None,
    }
}

fn position(at: &At, pieces: &[Piece]) -> Result<usize, String> {
    match at {
        At::Event(at) if *at > pieces.len() => Err(format!("at={at}, but the answer has {} events", pieces.len())),
        At::Event(at) => Ok(*at),
        At::Named(name) => pieces
            .iter()
            .position(|piece| piece.name == *name)
            .ok_or_else(|| format!("at={name}, but the answer has no such event")),
        At::Head => Ok(0),
        At::End => Ok(pieces.len()),
    }
}

/// How fast, and in what portions.
struct Pace {
    delay: Duration,
    chunk: usize,
}

impl Pace {
    fn steps(&self, pieces: &[Piece]) -> Vec<Step> {
        let mut steps = Vec::new();
        for piece in pieces {
            if !self.delay.is_zero() && piece.name == "contentBlockDelta" {
                steps.push(Step::Pause(self.delay));
            }
            steps.extend(self.sends(&piece.bytes, true));
        }
        steps
    }

    /// Sends `bytes`, which `end` an event or do not.
    fn sends(&self, bytes: &Bytes, end: bool) -> impl Iterator<Item = Step> {
        let (chunk, mut rest) = (self.chunk, bytes.clone());
        std::iter::from_fn(move || {
            let bytes = rest.split_to(chunk.min(rest.len()));
            (!bytes.is_empty()).then(|| Step::Send { bytes, last: end && rest.is_empty() })
        })
    }
}

/// Flips a bit in the middle of `field`; `None` when the frame has no such field.
fn flip(frame: &mut [u8], field: Field) -> Option<()> {
    let headers_end = 12 + u32::from_be_bytes(*frame.get(4..)?.first_chunk()?) as usize;
    let payload_end = frame.len().checked_sub(4)?;
    let place = match field {
        Field::TotalLength => 0..4,
        Field::HeadersLength => 4..8,
        Field::PreludeCrc => 8..12,
        Field::Headers => 12..headers_end,
        Field::Payload => headers_end..payload_end,
        Field::MessageCrc => payload_end..frame.len(),
    };
    let field = frame.get_mut(place).filter(|field| !field.is_empty())?;
    field[field.len() / 2] ^= 1;
    Some(())
}

/// Sets a length to 2 GiB - 1 and mends the checksum of the prelude.
fn enlarge(frame: &mut [u8], field: Field) -> Option<()> {
    let start = if field == Field::HeadersLength { 4 } else { 0 };
    frame.get_mut(start..start + 4)?.copy_from_slice(&i32::MAX.to_be_bytes());
    let checksum = crc32fast::hash(frame.get(..8)?);
    frame.get_mut(8..12)?.copy_from_slice(&checksum.to_be_bytes());
    Some(())
}
