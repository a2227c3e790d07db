//! The pure core alone: decodes the body of a streamed answer, from standard input, and prints its text.

use std::io::Read as _;

use bedrock_converse::eventstream::Decoder;
use bedrock_converse::wire::{ContentBlockDelta, ConverseStreamOutput};

fn main() {
    let mut body = Vec::new();
    std::io::stdin().read_to_end(&mut body).expect("a body");
    let mut decoder = Decoder::new();
    decoder.push(body.into());
    while let Some(frame) = decoder.next_frame().expect("a frame") {
        if let ConverseStreamOutput::ContentBlockDelta(event) =
            ConverseStreamOutput::from_frame(frame).expect("an event")
            && let ContentBlockDelta::Text(text) = event.delta
        {
            print!("{text}");
        }
    }
}
