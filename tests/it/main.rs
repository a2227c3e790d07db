//! Integration tests, one binary.
mod wire_examples;
mod wire_model;
mod wire_open;
