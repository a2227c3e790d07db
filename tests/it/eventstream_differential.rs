//! The frame decoder against `aws-smithy-eventstream`: what one side accepts, the other decodes to the same frames.

use std::collections::HashSet;

use aws_smithy_eventstream::frame::read_message_from;
use aws_smithy_types::DateTime;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bedrock_converse::eventstream::{FrameError, HeaderFault};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::eventstream::decode;
use crate::eventstream_fixtures::{encode, frame};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn encoded_frames_come_back_from_any_chunks(
        messages in vec(any_message(), 0..5),
        cuts in vec(any::<Index>(), 0..6),
    ) {
        let bytes = encode(&messages);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let chunks = cuts.windows(2).map(|cut| bytes[cut[0]..cut[1]].to_vec());
        prop_assert_eq!(decode(chunks), (messages, Ok(())));
    }

    /// Checksums notice a change long before a header is looked at, so these are computed anew.
    #[test]
    fn changed_headers_have_the_same_verdict(message in any_message(), edits in vec(any_edit(), 1..4)) {
        let bytes = encode(&[message]);
        let end = 12 + u32::from_be_bytes(bytes[4..8].try_into().unwrap()) as usize;
        let mut headers = bytes[12..end].to_vec();
        edits.iter().for_each(|edit| edit.apply(&mut headers));
        let bytes = frame(&headers, &bytes[end..bytes.len() - 4]);

        let (frames, outcome) = decode([bytes.clone()]);
        match read_message_from(&*bytes) {
            Ok(theirs) => match outcome {
                Ok(()) => prop_assert_eq!(frames, [theirs]),
                // They let duplicates pass.
                Err(FrameError::Header { fault: HeaderFault::Duplicate, .. }) => {
                    let names: HashSet<&str> = theirs.headers().iter().map(|header| header.name().as_str()).collect();
                    prop_assert!(names.len() < theirs.headers().len());
                }
                Err(error) => prop_assert!(false, "{error}, but they read {theirs:?}"),
            },
            Err(_) => prop_assert!(matches!(outcome, Err(FrameError::Header { .. })), "{outcome:?} {frames:?}"),
        }
    }

    #[test]
    fn a_changed_byte_never_passes(messages in vec(any_message(), 1..4), at in any::<Index>(), change in 1..=u8::MAX) {
        let mut bytes = encode(&messages);
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        let (frames, outcome) = decode([bytes]);
        prop_assert!(outcome.is_err());
        prop_assert_eq!(&frames, &messages[..frames.len()]);
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in vec(any::<u8>(), 0..200)) {
        let (_, outcome) = decode([bytes.clone()]);
        prop_assert_eq!(outcome.is_ok(), bytes.is_empty());
    }
}

fn any_message() -> impl Strategy<Value = Message> {
    let names = prop_oneof!["[a-d]", ":[a-z]{3,8}-type", "\\PC{0,12}"];
    (btree_map(names, any_value(), 0..12), vec(any::<u8>(), 0..300)).prop_map(|(headers, payload)| {
        headers
            .into_iter()
            .fold(Message::new(payload), |message, (name, value)| message.add_header(Header::new(name, value)))
    })
}

fn any_value() -> impl Strategy<Value = HeaderValue> {
    prop_oneof![
        any::<bool>().prop_map(HeaderValue::Bool),
        any::<i8>().prop_map(HeaderValue::Byte),
        any::<i16>().prop_map(HeaderValue::Int16),
        any::<i32>().prop_map(HeaderValue::Int32),
        any::<i64>().prop_map(HeaderValue::Int64),
        vec(any::<u8>(), 0..40).prop_map(|bytes| HeaderValue::ByteArray(bytes.into())),
        "\\PC{0,40}".prop_map(|text| HeaderValue::String(text.into())),
        any::<i64>().prop_map(|millis| HeaderValue::Timestamp(DateTime::from_millis(millis))),
        any::<u128>().prop_map(HeaderValue::Uuid),
    ]
}

/// A change to bytes that can be longer or shorter afterwards.
#[derive(Clone, Debug)]
enum Edit {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Repeat(Index, Index),
    RepeatAll,
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        match self {
            Self::Insert(at, byte) => bytes.insert(at.index(length + 1), *byte),
            _ if length == 0 => {}
            Self::Replace(at, byte) => bytes[at.index(length)] = *byte,
            Self::Remove(at) => drop(bytes.remove(at.index(length))),
            Self::Repeat(start, end) => {
                let (start, end) = (start.index(length + 1), end.index(length + 1));
                bytes.extend_from_within(start.min(end)..start.max(end));
            }
            Self::RepeatAll => bytes.extend_from_within(..),
        }
    }
}

fn any_edit() -> impl Strategy<Value = Edit> {
    // Most bytes of a header that mean something are small: lengths and types.
    let byte = || prop_oneof![0..12_u8, any::<u8>()];
    prop_oneof![
        (any::<Index>(), byte()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Edit::Insert(at, byte)),
        any::<Index>().prop_map(Edit::Remove),
        (any::<Index>(), any::<Index>()).prop_map(|(start, end)| Edit::Repeat(start, end)),
        Just(Edit::RepeatAll),
    ]
}
