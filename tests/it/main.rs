//! Integration tests, one binary.
mod wire_cases;
mod wire_errors;
mod wire_examples;
mod wire_fault;
mod wire_model;
mod wire_open;
mod wire_stable;
mod wire_stream;

/// Runs one ignored test of this binary in a process of its own and returns what it prints.
fn again(test: &str) -> String {
    let exe = std::env::current_exe().unwrap();
    let output = std::process::Command::new(exe).args(["--exact", test, "--ignored", "--nocapture"]).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    stdout
}
