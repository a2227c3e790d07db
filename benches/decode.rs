//! Frame decoding.
fn main() {}
