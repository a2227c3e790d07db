//! The security token service: a role's credentials for other credentials or for a token.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use bytes::Bytes;

use super::context::{Answer, Context, Patience, overloaded, request};
use super::document::parse_time;
use super::xml;
use crate::error::{Error, ErrorKind, Result};
use crate::sign::{Encoded, Signer};

const PATIENCE: Patience = Patience { limit: Duration::from_secs(15), attempts: 3 };

/// A role to assume with other credentials.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session_name: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) duration_seconds: Option<String>,
}

/// `AssumeRole`, signed with `credentials`.
pub(super) async fn assume_role(context: &Context<'_>, credentials: &Credentials, role: &Role) -> Result<Credentials> {
    let session_name = session_name(context, role.session_name.as_deref());
    let mut form = vec![("Action", "AssumeRole"), ("RoleArn", &role.arn), ("RoleSessionName", &session_name)];
    form.extend(role.duration_seconds.as_deref().map(|seconds| ("DurationSeconds", seconds)));
    form.extend(role.external_id.as_deref().map(|id| ("ExternalId", id)));
    call(context, &form, Some(credentials)).await
}

/// `AssumeRoleWithWebIdentity`, which the token itself vouches for.
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>
pub(super) async fn assume_role_with_web_identity(
    context: &Context<'_>,
    role_arn: &str,
    name: Option<&str>,
    token: &str,
) -> Result<Credentials> {
    let name = session_name(context, name);
    let action = ("Action", "AssumeRoleWithWebIdentity");
    let form = [action, ("RoleArn", role_arn), ("RoleSessionName", &name), ("WebIdentityToken", token)];
    call(context, &form, None).await
}

/// The configured name of the session, else one that tells when it began.
fn session_name(context: &Context<'_>, configured: Option<&str>) -> String {
    configured.map(str::to_owned).unwrap_or_else(|| {
        let since = context.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        format!("bedrock-converse-{}", since.as_millis())
    })
}

async fn call(context: &Context<'_>, form: &[(&str, &str)], signer: Option<&Credentials>) -> Result<Credentials> {
    let region = context.region().await?;
    let url = context.service_url("sts", &region)?;
    let mut body = "Version=2011-06-15".to_owned();
    for (name, value) in form {
        body.push_str(&format!("&{name}={}", Encoded(value, false)));
    }
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let mut request = request("sts", http::Method::POST, &url, &headers, Bytes::from(body))?;
    if let Some(credentials) = signer {
        Signer::new(region, "sts").sign(&mut request, credentials, context.now())?;
    }
    let answer = context.exchange(context.service, &request, PATIENCE, transient).await?;
    let text = String::from_utf8_lossy(&answer.body);
    if !answer.status.is_success() {
        let owned = |name| xml::text(&text, name).map(|value| value.into_owned());
        return Err(answer.refusal("sts", owned("Code"), owned("Message")));
    }
    parse(&text)
}

/// Besides an overload: the identity provider could not be reached.
fn transient(answer: &Answer) -> bool {
    let says = |code: &str| answer.body.windows(code.len()).any(|window| window == code.as_bytes());
    overloaded(answer) || says("<Code>IDPCommunicationError</Code>") || says("<Code>Throttling</Code>")
}

fn parse(answer: &str) -> Result<Credentials> {
    let credentials = xml::element(answer, "Credentials").unwrap_or_default();
    let need = |name: &str| {
        let missing = || Error::new(ErrorKind::Credentials, format!("sts gave no `{name}`"));
        xml::text(credentials, name).filter(|text| !text.is_empty()).ok_or_else(missing)
    };
    let expiration = parse_time(&need("Expiration")?)
        .ok_or_else(|| Error::new(ErrorKind::Credentials, "sts gave an `Expiration` that is not a time"))?;
    Ok(Credentials::builder()
        .access_key_id(need("AccessKeyId")?)
        .secret_access_key(need("SecretAccessKey")?)
        .session_token(need("SessionToken")?)
        .expiry(expiration)
        .provider_name("sts")
        .build())
}
