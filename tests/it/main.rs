//! Integration tests, one binary.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says aloud what it skips")]

mod answers_conformance;
mod draw;
mod messages;
mod profile;
mod reference;
mod schema;
mod tools;
