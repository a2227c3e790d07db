//! Integration tests, one binary.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says aloud what it skips")]

mod draw;
mod eventstream;
mod eventstream_conformance;
mod eventstream_differential;
mod eventstream_fixtures;
mod messages;
mod profile;
mod reference;
mod schema;
mod tools;
mod wire_examples;
mod wire_model;
mod wire_open;
