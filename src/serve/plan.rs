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
    /// The most bytes that are sent at once.
    pub(super) portion: usize,
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
        let length: usize = answer.body.iter().map(|piece| piece.bytes.len()).sum();
        let mut body = steps(&answer.body, delay);
        body.extend(answer.incomplete.then_some(Step::Close { reset: false }));
        Self {
            before: None,
            status: answer.status,
            headers: answer.headers,
            body,
            length: (!answer.streamed && !answer.incomplete).then_some(length as u64),
            portion: usize::MAX,
        }
    }

    /// Plans `answer` with a fault. Fails with a message when the fault does not fit the answer.
    pub(super) fn with_fault(mut answer: Answer, fault: &Fault, delay: Duration) -> Result<Self, String> {
        let delay = fault.delay.unwrap_or(delay);
        let changed = change_frames(fault, &mut answer)?;
        let ended = if changed { None } else { end_early(fault, &answer.body, delay)? };
        let before = fault.delay.filter(|_| !answer.streamed).map(Step::Pause);
        let mut plan = Self::new(answer, delay);
        plan.portion = fault.chunk.unwrap_or(usize::MAX);
        match fault.at {
            At::Head => plan.before = ending(&fault.kind),
            _ => {
                plan.before = before;
                plan.body = ended.unwrap_or(plan.body);
            }
        }
        if matches!(fault.kind, Kind::Cut { clean: true }) {
            plan.length = None;
        }
        Ok(plan)
    }
}

/// Puts the fault into the frames of a stream; `false` when it is none of that kind.
fn change_frames(fault: &Fault, answer: &mut Answer) -> Result<bool, String> {
    if !matches!(fault.kind, Kind::Frame(_) | Kind::Flip(_) | Kind::Length(_)) {
        return Ok(false);
    }
    if !answer.streamed {
        return Err("this fault is for a stream".into());
    }
    let at = position(&fault.at, &answer.body)?;
    if let Kind::Frame(frame) = &fault.kind {
        answer.body.truncate(at);
        answer.body.push(Piece { name: String::new(), bytes: frame.clone() });
        return Ok(true);
    }
    let piece = answer.body.get_mut(at).ok_or("there is no event at that place")?;
    let mut frame = BytesMut::from(piece.bytes.as_ref());
    match fault.kind {
        Kind::Flip(field) => flip(&mut frame, field),
        Kind::Length(field) => enlarge(&mut frame, field),
        _ => None,
    }
    .ok_or("the event at that place is not a frame with that field")?;
    piece.bytes = frame.freeze();
    Ok(true)
}

/// The steps of an answer that is not finished, or pauses in the middle; `None` when the fault is none of that kind.
fn end_early(fault: &Fault, pieces: &[Piece], delay: Duration) -> Result<Option<Vec<Step>>, String> {
    if matches!(fault.kind, Kind::None | Kind::Http { .. }) {
        return Ok(None);
    }
    let at = position(&fault.at, pieces)?;
    let (sent, unsent) = match pieces.get(at) {
        Some(piece) if fault.byte <= piece.bytes.len() => {
            (piece.bytes.slice(..fault.byte), piece.bytes.slice(fault.byte..))
        }
        None if fault.byte == 0 => (Bytes::new(), Bytes::new()),
        _ => return Err("byte: the event at that place is shorter".into()),
    };
    let mut body = steps(&pieces[..at], delay);
    if !sent.is_empty() {
        body.push(Step::Send { bytes: sent, last: false });
    }
    body.extend(ending(&fault.kind));
    if matches!(fault.kind, Kind::Stall { pause: Some(_) }) {
        if !unsent.is_empty() {
            body.push(Step::Send { bytes: unsent, last: true });
        }
        body.extend(steps(pieces.get(at + 1..).unwrap_or_default(), delay));
    }
    Ok(Some(body))
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

/// Sends `pieces` one by one.
fn steps(pieces: &[Piece], delay: Duration) -> Vec<Step> {
    let mut steps = Vec::with_capacity(pieces.len());
    for piece in pieces {
        if !delay.is_zero() && piece.name == "contentBlockDelta" {
            steps.push(Step::Pause(delay));
        }
        steps.push(Step::Send { bytes: piece.bytes.clone(), last: true });
    }
    steps
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
