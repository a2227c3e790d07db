//! The instance metadata service of EC2, version 2.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html>

use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};

use super::context::{Answer, Context, Found, Miss, Patience, overloaded, request, snippet};
use super::document::Document;
use crate::error::{Error, ErrorKind, Result};

const WHOM: &str = "instance metadata";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// The credentials of the role that is attached to the instance.
pub(super) async fn credentials(context: &Context<'_>) -> Found {
    let mut imds = Imds::new(context)?;
    let role = match context.setting("AWS_EC2_INSTANCE_PROFILE_NAME", "ec2_instance_profile_name") {
        Some(role) => role,
        None => {
            let answer = imds.get(ROLES).await?;
            let Some(list) = answer else { return Err(Miss::Unset("no role is attached to this instance".to_owned())) };
            let list = String::from_utf8_lossy(&list).into_owned();
            list.lines().next().unwrap_or_default().trim().to_owned()
        }
    };
    // It becomes a part of the URL.
    if role.is_empty() || !role.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)) {
        return Err(Error::new(ErrorKind::Credentials, format!("{WHOM} gave something that is no role's name")).into());
    }
    let Some(body) = imds.get(&format!("{ROLES}{role}")).await? else {
        return Err(Miss::Unset(format!("the role {role:?} is not attached to this instance")));
    };
    let document = Document::parse(&body, WHOM)?;
    match document.text("Code") {
        Some("Success") | None => Ok(document.credentials("Token", WHOM)?),
        Some(code) => {
            let message = document.text("Message").unwrap_or("no credentials for the role");
            let error = Error::new(ErrorKind::Credentials, format!("{WHOM}: {}", snippet(message)));
            Err(error.with_code(snippet(code)).into())
        }
    }
}

/// The region that the instance is in.
pub(super) async fn region(context: &Context<'_>) -> Result<String, Miss> {
    let body = Imds::new(context)?.get("/latest/meta-data/placement/region").await?;
    let region = body.map(|body| String::from_utf8_lossy(&body).trim().to_owned()).filter(|region| !region.is_empty());
    region.ok_or_else(|| Miss::Unset("it names no region".to_owned()))
}

/// The whole number in the variable `variable`, else in the profile's property `name`.
fn number(context: &Context<'_>, variable: &str, name: &str) -> Result<Option<u32>> {
    let Some(text) = context.setting(variable, name) else { return Ok(None) };
    match text.trim().parse().ok().filter(|number| *number > 0) {
        Some(number) => Ok(Some(number)),
        None => {
            let name = if context.environment.var(variable).is_some() { variable } else { name };
            let message = format!("{name} is {text:?}; it must be a whole number from 1");
            Err(Error::new(ErrorKind::Configuration, message))
        }
    }
}

struct Imds<'a> {
    context: &'a Context<'a>,
    base: String,
    patience: Patience,
    token: Option<String>,
}

impl<'a> Imds<'a> {
    fn new(context: &'a Context<'_>) -> Result<Self, Miss> {
        let setting = |variable, name| context.setting(variable, name);
        if context.environment.flag("AWS_EC2_METADATA_DISABLED") {
            return Err(Miss::Unset("AWS_EC2_METADATA_DISABLED is true".to_owned()));
        }
        let custom = setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
        let mode = setting("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
        let base = match (custom, mode.map(|mode| mode.to_ascii_lowercase()).as_deref()) {
            (Some(url), _) => url.trim_end_matches('/').to_owned(),
            (None, None | Some("ipv4")) => "http://169.254.169.254".to_owned(),
            (None, Some("ipv6")) => "http://[fd00:ec2::254]".to_owned(),
            (None, Some(mode)) => {
                let message = format!("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: {mode:?} is neither IPv4 nor IPv6");
                return Err(Error::new(ErrorKind::Configuration, message).into());
            }
        };
        let seconds = number(context, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout")?.unwrap_or(2);
        let attempts = number(context, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts")?;
        let patience = Patience { limit: Duration::from_secs(seconds.into()), attempts: attempts.unwrap_or(4) };
        Ok(Self { context, base, patience, token: None })
    }

    /// What stands at `path`; `None` when nothing does.
    async fn get(&mut self, path: &str) -> Result<Option<Bytes>, Miss> {
        let mut renewed = false;
        loop {
            let token = match &self.token {
                Some(token) => token.clone(),
                None => self.token.insert(self.new_token().await?).clone(),
            };
            let answer = self.ask(Method::GET, path, ("x-aws-ec2-metadata-token", &token)).await?;
            match answer.status {
                StatusCode::OK => return Ok(Some(answer.body)),
                StatusCode::NOT_FOUND => return Ok(None),
                StatusCode::UNAUTHORIZED if !renewed => {
                    renewed = true;
                    self.token = None;
                }
                _ => return Err(answer.refusal(WHOM, None, None).into()),
            }
        }
    }

    async fn new_token(&self) -> Result<String, Miss> {
        let header = ("x-aws-ec2-metadata-token-ttl-seconds", "21600");
        let answer = match self.ask(Method::PUT, "/latest/api/token", header).await {
            Ok(answer) => answer,
            // Not on EC2, most likely.
            Err(error) if matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout) => {
                return Err(Miss::Unset(format!("it cannot be reached: {error}")));
            }
            Err(error) => return Err(error.into()),
        };
        match answer.status {
            StatusCode::OK => Ok(String::from_utf8_lossy(&answer.body).trim().to_owned()),
            StatusCode::FORBIDDEN => {
                let error = answer.refusal(WHOM, None, Some("it is disabled on this instance".to_owned()));
                Err(error.into())
            }
            _ => Err(answer.refusal(WHOM, None, None).into()),
        }
    }

    async fn ask(&self, method: Method, path: &str, header: (&str, &str)) -> Result<Answer> {
        let request = request(WHOM, method, &format!("{}{path}", self.base), &[header], Bytes::new())?;
        self.context.exchange(self.context.local, &request, self.patience, overloaded).await
    }
}
