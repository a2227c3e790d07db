//! Integration tests, one binary.

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
