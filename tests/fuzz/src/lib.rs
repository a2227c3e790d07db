//! What the targets in `src/bin` share. Each is one function of bytes; `run` builds and runs them.

pub mod frames;
pub mod json;
