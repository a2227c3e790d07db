//! Integration tests, one binary.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says aloud what it skips")]

mod allocations;
mod answers_conformance;
mod answers_reference;
mod cassette;
#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
mod cli_chat;
#[cfg(feature = "cli")]
mod cli_record;
#[cfg(feature = "cli")]
mod cli_request;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod client_stream;
#[cfg(feature = "client")]
mod client_trace;
mod convert;
mod draw;
mod eventstream;
mod eventstream_conformance;
mod eventstream_differential;
mod eventstream_fixtures;
#[cfg(feature = "client")]
mod fake;
#[cfg(feature = "serve")]
mod faults;
mod fixtures;
#[cfg(feature = "serve")]
mod hints;
mod messages;
mod preflight;
mod profile;
mod program;
#[cfg(feature = "client")]
mod provider;
#[cfg(feature = "client")]
mod record;
#[cfg(feature = "client")]
mod record_secrets;
mod reference;
#[cfg(feature = "client")]
mod replay;
mod responses;
#[cfg(feature = "serve")]
mod retries;
#[cfg(feature = "serve")]
mod rotation;
mod schema;
#[cfg(feature = "serve")]
mod secrets;
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
mod stream;
mod stream_odd;
#[cfg(feature = "client")]
mod time_limits;
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
