//! Repaired frames, decoded here and by `aws-smithy-eventstream`: the same frames and the same verdict.
#![no_main]

use std::collections::HashSet;

use aws_smithy_eventstream::frame::read_message_from;
use aws_smithy_types::event_stream::{HeaderValue as TheirValue, Message};
use bedrock_converse::eventstream::{Decoder, Frame, FrameError, HeaderFault, HeaderValue};
use bedrock_converse_fuzz::frames::repaired;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let bytes = repaired(data);
    let mut theirs = &*bytes;
    let mut ours = Decoder::new();
    ours.push(bytes.clone().into());
    loop {
        let frame = match ours.next_frame() {
            Ok(frame) => frame,
            // They let duplicates pass.
            Err(FrameError::Header { fault: HeaderFault::Duplicate, .. }) => {
                if let Ok(message) = read_message_from(&mut theirs) {
                    let names: HashSet<&str> = message.headers().iter().map(|header| header.name().as_str()).collect();
                    assert!(names.len() < message.headers().len());
                }
                return;
            }
            Err(error) => {
                let verdict = read_message_from(&mut theirs);
                assert!(verdict.is_err(), "{error}, but they read {verdict:?}");
                return;
            }
        };
        let Some(frame) = frame else { break };
        let message = read_message_from(&mut theirs).unwrap_or_else(|error| panic!("{error}, but we read {frame:?}"));
        assert!(is_same(frame, &message), "{frame:?}\n{message:?}");
    }
    assert_eq!(ours.finish().is_ok(), theirs.is_empty());
});

fn is_same(frame: Frame<'_>, message: &Message) -> bool {
    frame.payload() == message.payload()
        && frame.headers().count() == message.headers().len()
        && frame
            .headers()
            .zip(message.headers())
            .all(|((name, value), header)| name == header.name().as_str() && is_same_value(value, header.value()))
}

fn is_same_value(ours: HeaderValue<'_>, theirs: &TheirValue) -> bool {
    match (ours, theirs) {
        (HeaderValue::Bool(ours), TheirValue::Bool(theirs)) => ours == *theirs,
        (HeaderValue::Byte(ours), TheirValue::Byte(theirs)) => ours == *theirs,
        (HeaderValue::Int16(ours), TheirValue::Int16(theirs)) => ours == *theirs,
        (HeaderValue::Int32(ours), TheirValue::Int32(theirs)) => ours == *theirs,
        (HeaderValue::Int64(ours), TheirValue::Int64(theirs)) => ours == *theirs,
        (HeaderValue::ByteArray(ours), TheirValue::ByteArray(theirs)) => ours == &theirs[..],
        (HeaderValue::String(ours), TheirValue::String(theirs)) => ours == theirs.as_str(),
        (HeaderValue::Timestamp(ours), TheirValue::Timestamp(theirs)) => theirs.to_millis().is_ok_and(|at| at == ours),
        (HeaderValue::Uuid(ours), TheirValue::Uuid(theirs)) => u128::from_be_bytes(ours) == *theirs,
        _ => false,
    }
}
