//! Integration tests, one binary.

mod profile;
