//! Integration tests, one binary.
mod wire_model;
