//! An external program that prints credentials.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use aws_credential_types::Credentials;
use tokio::sync::oneshot;

use super::context::snippet;
use super::document::Document;
use crate::error::{Error, ErrorKind, Result};

/// Long enough for a person to log in somewhere.
const LIMIT: Duration = Duration::from_secs(120);
const LONGEST: u64 = 64 << 10;
const WHOM: &str = "credential_process";

/// Runs `command` in the system's shell and reads the credentials it prints. Dropping the future ends it.
pub(super) async fn credentials(command: &str) -> Result<Credentials> {
    let run = tokio::time::timeout(LIMIT, output(command));
    let Ok(outcome) = run.await else {
        return Err(Error::new(ErrorKind::Timeout, format!("{WHOM} did not end within {LIMIT:?}")));
    };
    let (status, stdout, stderr) =
        outcome.map_err(|error| Error::new(ErrorKind::Credentials, format!("{WHOM} could not be run: {error}")))?;
    if !status.success() {
        let complaint = snippet(&String::from_utf8_lossy(&stderr));
        return Err(Error::new(ErrorKind::Credentials, format!("{WHOM} failed ({status}): {complaint}")));
    }
    let document = Document::parse(&stdout, WHOM)?;
    match document.get("Version").and_then(serde_json::Value::as_u64) {
        Some(1) => document.credentials("SessionToken", WHOM),
        _ => Err(Error::new(ErrorKind::Credentials, format!("{WHOM} gave a `Version` other than 1"))),
    }
}

async fn output(command: &str) -> io::Result<(ExitStatus, Vec<u8>, Vec<u8>)> {
    let (shell, flag) = if cfg!(windows) { ("cmd.exe", "/C") } else { ("sh", "-c") };
    let mut process = Command::new(shell);
    process.args([flag, command]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running(process.spawn()?);
    let (stdout, stderr) =
        (running.0.stdout.take().expect("it is piped"), running.0.stderr.take().expect("it is piped"));
    let (stdout, stderr) = (read(Box::new(stdout)), read(Box::new(stderr)));
    let (stdout, stderr) = (finished(stdout).await?, finished(stderr).await?);
    // Both its ends are closed, so it is about to end too.
    loop {
        if let Some(status) = running.0.try_wait()? {
            return Ok((status, stdout, stderr));
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A process that doesn't outlive its future.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless the future was dropped; there is nobody to tell about a failure.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads on a thread of its own: the library asks the runtime for no more than timers.
fn read(pipe: Box<dyn Read + Send>) -> oneshot::Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let outcome = pipe.take(LONGEST).read_to_end(&mut bytes).map(|_| bytes);
        // Nobody is there to receive it when the future was dropped.
        let _ = sender.send(outcome);
    });
    receiver
}

async fn finished(output: oneshot::Receiver<io::Result<Vec<u8>>>) -> io::Result<Vec<u8>> {
    output.await.unwrap_or_else(|_| Err(io::Error::other("the thread that reads its output died")))
}
