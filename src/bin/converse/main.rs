//! The program `converse`.
fn main() {}
