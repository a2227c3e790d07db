//! Integration tests, one binary.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says aloud what it skips")]

#[cfg(feature = "client")]
mod cassette;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod client_stream;
#[cfg(feature = "client")]
mod client_trace;
mod draw;
mod eventstream;
mod eventstream_conformance;
mod eventstream_differential;
mod eventstream_fixtures;
#[cfg(feature = "client")]
mod fake;
#[cfg(feature = "client")]
mod fixtures;
mod messages;
mod profile;
#[cfg(feature = "client")]
mod program;
#[cfg(feature = "client")]
mod record;
#[cfg(feature = "client")]
mod record_secrets;
mod reference;
#[cfg(feature = "client")]
mod replay;
mod schema;
#[cfg(feature = "serve")]
mod serve;
#[cfg(feature = "serve")]
mod serve_access;
#[cfg(feature = "serve")]
mod serve_faults;
#[cfg(feature = "serve")]
mod serve_fixtures;
#[cfg(feature = "serve")]
mod serve_model;
mod tools;
#[cfg(feature = "client")]
mod transport;
mod wire_examples;
mod wire_model;
mod wire_open;
