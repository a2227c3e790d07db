//! Requests that are shown instead of sent.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use bedrock_converse::transport::{BoxFuture, Request, ReqwestTransport, Response, Transport};
use bedrock_converse::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

/// Keeps the request to the model. What has to be asked before it, such as for a role's credentials, is sent.
#[derive(Debug, Default)]
pub(crate) struct DryRun {
    others: ReqwestTransport,
    request: Mutex<Option<Request>>,
}

impl DryRun {
    /// The request that would have been sent.
    pub(crate) fn take(&self) -> Option<Request> {
        self.request.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Transport for DryRun {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        if !request.uri().path().contains("/model/") {
            return self.others.send(request);
        }
        *self.request.lock().unwrap_or_else(PoisonError::into_inner) = Some(request);
        let kept = Error::new(ErrorKind::Connection, "this is a dry run").with_retryable(false);
        Box::pin(async { Err(kept) })
    }
}

/// The request as HTTP, without secrets.
pub(crate) fn http(request: &Request) -> String {
    let mut text = format!("{} {} HTTP/1.1\n", request.method(), request.uri());
    for (name, value) in headers(request) {
        let _ = writeln!(text, "{name}: {value}");
    }
    match serde_json::from_slice::<Value>(request.body()) {
        Ok(body) => text + &format!("\n{body:#}\n"),
        Err(_) => text + &format!("\n{}\n", request.body().escape_ascii()),
    }
}

/// The same for programs.
pub(crate) fn json(request: &Request) -> Value {
    let headers: Map<String, Value> = headers(request).map(|(name, value)| (name, value.into())).collect();
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    json!({ "method": request.method().as_str(), "url": request.uri().to_string(), "headers": headers, "body": body })
}

/// The request as a command for a shell, which takes the secrets from the environment. curl makes a signature of its
/// own.
pub(crate) fn curl(request: &Request, region: Option<&str>) -> String {
    let mut command = "curl --no-buffer".to_owned();
    for (name, value) in headers(request) {
        let _ = match (name.as_str(), region) {
            ("host" | "x-amz-date" | "user-agent", _) => Ok(()),
            ("authorization", Some(region)) if value.starts_with("AWS4") => write!(
                command,
                " \\\n  --aws-sigv4 {} --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\"",
                quoted(&format!("aws:amz:{region}:bedrock"))
            ),
            ("authorization", _) => {
                write!(command, " \\\n  --header \"authorization: Bearer $AWS_BEARER_TOKEN_BEDROCK\"")
            }
            ("x-amz-security-token", _) => {
                write!(command, " \\\n  --header \"x-amz-security-token: $AWS_SESSION_TOKEN\"")
            }
            (name, _) => write!(command, " \\\n  --header {}", quoted(&format!("{name}: {value}"))),
        };
    }
    let body = quoted(&String::from_utf8_lossy(request.body()));
    command + &format!(" \\\n  --data-binary {body} \\\n  {}\n", quoted(&request.uri().to_string()))
}

/// Headers without secrets. Only those are shown of which it is known that they hold none.
fn headers(request: &Request) -> impl Iterator<Item = (String, String)> {
    request.headers().iter().map(|(name, value)| {
        let value = value.to_str().unwrap_or("****");
        let shown = match name.as_str() {
            "content-type" | "host" | "user-agent" | "x-amz-date" => value.to_owned(),
            "authorization" => match (value.split_once("Signature="), value.split_once(' ')) {
                (Some((scope, _)), _) => format!("{scope}Signature=****"),
                (None, Some((scheme, _))) => format!("{scheme} ****"),
                (None, None) => "****".to_owned(),
            },
            _ => "****".to_owned(),
        };
        (name.to_string(), shown)
    })
}

/// A text as one word of a POSIX shell.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
