//! Integration tests, one binary.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says aloud what it skips")]

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod client_stream;
#[cfg(feature = "client")]
mod client_trace;
#[cfg(feature = "client")]
mod fake;
#[cfg(feature = "client")]
mod transport;
