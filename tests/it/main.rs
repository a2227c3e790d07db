//! Integration tests, one binary.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says aloud what it skips")]

mod allocations;
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
mod linear;
mod messages;
mod profile;
mod reference;
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
mod wire_cases;
mod wire_errors;
mod wire_examples;
mod wire_fault;
mod wire_model;
mod wire_open;
mod wire_stable;
mod wire_stream;
