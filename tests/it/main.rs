//! Integration tests, one binary.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands, in its helpers too")]

mod eventstream;
mod eventstream_conformance;
mod eventstream_differential;
mod eventstream_fixtures;
