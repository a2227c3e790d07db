//! Integration tests, one binary.

mod profile;
mod schema;
