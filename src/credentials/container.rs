//! The endpoint that ECS and EKS Pod Identity give a container.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;

use super::context::{Context, Found, Miss, Patience, overloaded, request};
use super::document::Document;
use crate::error::{Error, ErrorKind, Result};

const WHOM: &str = "container";
const PATIENCE: Patience = Patience { limit: Duration::from_secs(5), attempts: 3 };

/// From `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `AWS_CONTAINER_CREDENTIALS_FULL_URI`, with the token of
/// `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` or `AWS_CONTAINER_AUTHORIZATION_TOKEN`.
pub(super) async fn credentials(context: &Context<'_>) -> Found {
    let var = |name| context.environment.var(name);
    let url = match (var("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), var("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
        (Some(path), _) => format!("http://169.254.170.2{path}"),
        (None, Some(url)) => url,
        (None, None) => {
            return Err(Miss::Unset("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set".to_owned()));
        }
    };
    let token = authorization(context)?;
    let mut headers = vec![("accept", "application/json")];
    if let Some(token) = &token {
        headers.push(("authorization", token));
    }
    let request = request(WHOM, http::Method::GET, &url, &headers, Bytes::new())?;
    let transport = if is_https(request.uri())? { context.service } else { context.local };
    let answer = context.exchange(transport, &request, PATIENCE, overloaded).await?;
    if !answer.status.is_success() {
        let document = Document::parse(&answer.body, WHOM).ok();
        let text = |name| document.as_ref().and_then(|document| document.text(name)).map(str::to_owned);
        return Err(answer.refusal(WHOM, text("code"), text("message")).into());
    }
    Ok(Document::parse(&answer.body, WHOM)?.credentials("Token", WHOM)?)
}

fn authorization(context: &Context<'_>) -> Result<Option<String>> {
    let Some(path) = context.environment.var("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") else {
        return Ok(context.environment.var("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
    };
    match std::fs::read_to_string(&path) {
        Ok(token) => Ok(Some(token.trim().to_owned())),
        Err(error) => {
            let message = format!("cannot read the container's authorization token {path}: {error}");
            Err(Error::new(ErrorKind::Credentials, message))
        }
    }
}

/// Whether it is `https`. Without it, only hosts that cannot be elsewhere are allowed: the answer is a secret.
fn is_https(url: &http::Uri) -> Result<bool> {
    const AGENTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let local = || {
        let address = host.parse::<IpAddr>();
        host.eq_ignore_ascii_case("localhost")
            || address
                .is_ok_and(|address| address.is_loopback() || AGENTS.iter().any(|agent| agent.parse() == Ok(address)))
    };
    match url.scheme_str() {
        Some("https") => Ok(true),
        Some("http") if local() => Ok(false),
        _ => Err(Error::new(
            ErrorKind::Configuration,
            format!(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI: {host:?} must be loopback or the container's agent, or the URL https"
            ),
        )),
    }
}
