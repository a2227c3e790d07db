//! Bytes that stand where headers stand, in a frame that is right otherwise. What is read as headers is written again and
//! must be the same bytes.
#![no_main]

use bedrock_converse::eventstream::{Decoder, HeaderValue};
use bedrock_converse_fuzz::frames::frame;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut decoder = Decoder::new();
    decoder.push(frame(data, b"{}").into());
    let Ok(frame) = decoder.next_frame() else { return };
    let frame = frame.expect("all of it is there");
    let mut written = Vec::new();
    for (name, value) in frame.headers() {
        assert_eq!(frame.header(name), Some(value));
        written.push(name.len() as u8);
        written.extend_from_slice(name.as_bytes());
        write(value, &mut written);
    }
    assert_eq!(written, data);
    for (name, known) in [
        (":message-type", frame.message_type()),
        (":event-type", frame.event_type()),
        (":exception-type", frame.exception_type()),
        (":error-code", frame.error_code()),
        (":error-message", frame.error_message()),
        (":content-type", frame.content_type()),
    ] {
        let text = match frame.header(name) {
            Some(HeaderValue::String(text)) => Some(text),
            _ => None,
        };
        assert_eq!(known, text, "{name}");
    }
});

fn write(value: HeaderValue<'_>, to: &mut Vec<u8>) {
    let mut typed = |kind: u8, bytes: &[u8]| {
        to.push(kind);
        to.extend_from_slice(bytes);
    };
    let long = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes(), bytes].concat();
    match value {
        HeaderValue::Bool(true) => typed(0, &[]),
        HeaderValue::Bool(false) => typed(1, &[]),
        HeaderValue::Byte(value) => typed(2, &value.to_be_bytes()),
        HeaderValue::Int16(value) => typed(3, &value.to_be_bytes()),
        HeaderValue::Int32(value) => typed(4, &value.to_be_bytes()),
        HeaderValue::Int64(value) => typed(5, &value.to_be_bytes()),
        HeaderValue::ByteArray(bytes) => typed(6, &long(bytes)),
        HeaderValue::String(text) => typed(7, &long(text.as_bytes())),
        HeaderValue::Timestamp(millis) => typed(8, &millis.to_be_bytes()),
        HeaderValue::Uuid(uuid) => typed(9, &uuid),
    }
}
