//! Integration tests, one binary.

#[cfg(feature = "client")]
mod transport;
