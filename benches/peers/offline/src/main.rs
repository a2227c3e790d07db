//! The parts of a call that need no network, each program by its public API up to an HTTP stack of our own.
//!
//! `peer-offline PROGRAM MODE COUNT`:
//!
//! - `decode`: one streamed answer of COUNT text deltas, 200 bytes a frame, in chunks of 16 KiB as a socket gives them,
//!   to the length of its text.
//! - `short`, `long`: COUNT requests from the caller's strings to the signed bytes, with which the HTTP stack is called
//!   and never answers. `short` asks one question, `long` has 100 turns of 4 KB and 20 tools.
//!
//! All programs are one binary, so they run with the same versions and features of the crates they share.

mod chunks;
mod floor;
mod handroll;
mod ours;
mod sdk;
#[path = "../../../by_hand/read.rs"]
mod read;
#[path = "../../../by_hand/write.rs"]
mod write;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use aws_credential_types::Credentials;
use serde_json::{Value, json};

use crate::chunks::{Chunks, TEXT};

/// What goes into a request.
struct Input {
    turns: Vec<String>,
    tools: usize,
    schema: Value,
}

impl Input {
    fn short() -> Self {
        Self { turns: vec!["Why is the sky blue?".to_owned()], tools: 0, schema: Value::Null }
    }

    fn long() -> Self {
        let sentence = "The sky is blue because air scatters short waves more than long ones, \"Rayleigh\" says.\n";
        let turns = vec![sentence.repeat(4096 / sentence.len() + 1); 100];
        let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
        Self { turns, tools: 20, schema }
    }

    /// The body as it has to be.
    fn body(&self) -> Vec<u8> {
        serde_json::to_vec(&write::request(&self.turns, self.tools, &self.schema)).expect("plain data")
    }
}

/// Counts the bytes of the bodies that reach the HTTP stack.
#[derive(Clone, Debug, Default)]
struct Sent(Arc<AtomicUsize>);

impl Sent {
    fn add(&self, body: &[u8]) {
        self.0.fetch_add(body.len(), Ordering::Relaxed);
    }
}

/// Runs a call up to where it waits for the answer that never comes.
fn begin(call: impl Future) {
    assert!(pin!(call).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None, None, "bench")
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let _guard = runtime.enter();
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("PROGRAM MODE COUNT");
    let (program, mode, count) = (next(), next(), next().parse::<usize>().expect("a number"));
    let (input, sent) = (if mode == "short" { Input::short() } else { Input::long() }, Sent::default());
    if mode == "decode" {
        let chunks = Chunks::new(count);
        let length = match program.as_str() {
            "floor" => return floor::checksums(chunks, count),
            "handroll" => handroll::decode(chunks),
            "sdk" => runtime.block_on(sdk::decode(chunks, count)),
            "ours" => runtime.block_on(ours::decode(chunks, count)),
            "model" => runtime.block_on(ours::decode_model(chunks, count)),
            program => panic!("no program {program}"),
        };
        assert_eq!(length, count * TEXT.len());
        return;
    }
    match program.as_str() {
        "floor" => floor::hashes(&input, count, &sent),
        "handroll" => handroll::requests(&input, count, &sent),
        "sdk" => sdk::requests(&input, count, &sent),
        "ours" => ours::requests(&input, count, &sent),
        "model" => ours::requests_model(&input, count, &sent),
        program => panic!("no program {program}"),
    }
    let (written, needed) = (sent.0.load(Ordering::Relaxed), count * input.body().len());
    // The model also writes `system`, `inferenceConfig` and `toolChoice` where they say nothing, as pydantic-ai does.
    assert!(written == needed || program == "model" && written > needed, "every program writes the whole request");
}
