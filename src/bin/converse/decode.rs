//! `converse decode`: what is in an event stream.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_converse::eventstream::{Decoder, Frame, HeaderValue};
use bedrock_converse::wire::{ContentBlockDelta, ConverseStreamOutput};
use bedrock_converse::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use crate::output;
use crate::text::AnswerText;

/// Show what is in an event stream, as it comes
#[derive(clap::Args)]
pub(crate) struct Decode {
    /// What to show: every frame, the events of ConverseStream, or the text alone
    #[arg(long, default_value = "frames")]
    format: Format,
    /// The stream; `-` is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Format {
    /// One JSON line per frame: headers with their types, payload in base64
    Frames,
    /// One JSON line per event
    Events,
    /// The text of the answer
    Text,
}

impl Decode {
    pub(crate) fn run(&self) -> Result<()> {
        let failed = |error| output::io_error(self.file.display(), error);
        let mut input: Box<dyn Read> = match self.file.to_str() {
            Some("-") => Box::new(std::io::stdin()),
            _ => Box::new(File::open(&self.file).map_err(failed)?),
        };
        let mut shown = Shown { format: self.format, complete: false, text: AnswerText::new() };
        let outcome = shown.all(&mut input, failed);
        shown.text.end()?;
        outcome
    }
}

/// How far it is.
struct Shown {
    format: Format,
    /// `messageStop` has come.
    complete: bool,
    text: AnswerText,
}

impl Shown {
    fn all(&mut self, input: &mut dyn Read, failed: impl Fn(std::io::Error) -> Error) -> Result<()> {
        let mut decoder = Decoder::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length = input.read(&mut buffer).map_err(&failed)?;
            if length == 0 {
                break;
            }
            decoder.push(buffer[..length].to_vec().into());
            while let Some(frame) = decoder.next_frame()? {
                self.frame(frame)?;
            }
        }
        decoder.finish()?;
        if self.format != Format::Frames && !self.complete {
            let message = "the stream ended before `messageStop`";
            return Err(Error::new(ErrorKind::Incomplete, message).with_in_stream());
        }
        Ok(())
    }

    fn frame(&mut self, frame: Frame<'_>) -> Result<()> {
        if self.format == Format::Frames {
            return output::print_json(&frame_json(frame));
        }
        let event = ConverseStreamOutput::from_frame(frame)?;
        self.complete |= matches!(event, ConverseStreamOutput::MessageStop(_));
        if self.format == Format::Events {
            return output::print_json(&event);
        }
        if let ConverseStreamOutput::ContentBlockDelta(event) = event
            && let ContentBlockDelta::Text(text) = event.delta
        {
            self.text.print(&text)?;
        }
        Ok(())
    }
}

fn frame_json(frame: Frame<'_>) -> Value {
    let headers: Map<String, Value> = frame
        .headers()
        .map(|(name, value)| {
            let (kind, value) = match value {
                HeaderValue::Bool(value) => ("boolean", json!(value)),
                HeaderValue::Byte(value) => ("byte", json!(value)),
                HeaderValue::Int16(value) => ("short", json!(value)),
                HeaderValue::Int32(value) => ("integer", json!(value)),
                HeaderValue::Int64(value) => ("long", json!(value)),
                HeaderValue::ByteArray(value) => ("binary", json!(STANDARD.encode(value))),
                HeaderValue::String(value) => ("string", json!(value)),
                HeaderValue::Timestamp(value) => ("timestamp", json!(value)),
                HeaderValue::Uuid(value) => ("uuid", json!(uuid(value))),
            };
            (name.to_owned(), json!({ "type": kind, "value": value }))
        })
        .collect();
    json!({ "headers": headers, "payload_b64": STANDARD.encode(frame.payload()) })
}

fn uuid(bytes: [u8; 16]) -> String {
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
