//! IAM Identity Center: a token that `aws sso login` left behind, exchanged for a role's credentials.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html>

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::config_file::Section;
use super::context::{Answer, Context, Patience, overloaded, request};
use super::document::{Document, format_time, parse_time};
use super::shared_config::{SharedConfig, home};
use crate::error::{Error, ErrorKind, Result};
use crate::sign::Encoded;

const PATIENCE: Patience = Patience { limit: Duration::from_secs(15), attempts: 3 };
/// A token is refreshed this long before it expires.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// A profile's role in IAM Identity Center.
pub(super) struct Sso<'a> {
    region: &'a str,
    start_url: &'a str,
    account_id: &'a str,
    role_name: &'a str,
    /// The `[sso-session]` it signs in with; older profiles have none, and their tokens cannot be refreshed.
    session: Option<&'a str>,
    profile: &'a str,
}

impl<'a> Sso<'a> {
    /// What the profile says about it; `None` when nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when a part is missing, or the profile and its session contradict each other.
    pub(super) fn from_profile(config: &'a SharedConfig, profile: &'a Section, name: &'a str) -> Result<Option<Self>> {
        const ALL: [&str; 5] = ["sso_session", "sso_region", "sso_start_url", "sso_account_id", "sso_role_name"];
        if ALL.iter().all(|property| profile.get(property).is_none()) {
            return Ok(None);
        }
        let bad = |why: String| Error::new(ErrorKind::Configuration, format!("profile `{name}`: {why}"));
        let session_name = profile.get("sso_session");
        let session = match session_name {
            None => None,
            Some(session) => {
                let found = config.sso_session(session);
                Some(found.ok_or_else(|| bad(format!("there is no [sso-session {session}]")))?)
            }
        };
        let need = |property: &str| match (profile.get(property), session.and_then(|session| session.get(property))) {
            (Some(own), Some(shared)) if own != shared => {
                Err(bad(format!("{property} differs from that of the [sso-session]")))
            }
            (own, shared) => own.or(shared).ok_or_else(|| bad(format!("{property} is missing"))),
        };
        if session.is_some() && profile.get("sso_account_id").is_none() && profile.get("sso_role_name").is_none() {
            let why = "it signs in for a token, not for credentials: sso_account_id and sso_role_name are missing";
            return Err(bad(why.to_owned()));
        }
        Ok(Some(Self {
            region: need("sso_region")?,
            start_url: need("sso_start_url")?,
            account_id: profile.get("sso_account_id").ok_or_else(|| bad("sso_account_id is missing".to_owned()))?,
            role_name: profile.get("sso_role_name").ok_or_else(|| bad("sso_role_name is missing".to_owned()))?,
            session: session_name,
            profile: name,
        }))
    }

    /// `GetRoleCredentials`.
    /// <https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html>
    pub(super) async fn credentials(&self, context: &Context<'_>) -> Result<Credentials> {
        let token = self.token(context).await?;
        let base = context.service_url("sso", self.region)?;
        let (account, role) = (Encoded(self.account_id, false), Encoded(self.role_name, false));
        let url = format!("{base}/federation/credentials?account_id={account}&role_name={role}");
        let request = request("sso", Method::GET, &url, &[("x-amz-sso_bearer_token", &token)], Bytes::new())?;
        let answer = context.exchange(context.service, &request, PATIENCE, overloaded).await?;
        if !answer.status.is_success() {
            return Err(self.refusal(&answer, "sso", answer.status == StatusCode::UNAUTHORIZED));
        }
        let document = Document::parse(&answer.body, "sso")?.object("roleCredentials");
        let missing = || Error::new(ErrorKind::Credentials, "sso gave no `roleCredentials`");
        document.ok_or_else(missing)?.credentials("SessionToken", "sso")
    }

    /// The cached token, refreshed if it has to be and can be.
    async fn token(&self, context: &Context<'_>) -> Result<String> {
        let path = self.cache_path(context)?;
        let failed = |why: String| {
            let message = format!("the sso token {}: {why}", path.display());
            Error::new(ErrorKind::Credentials, message).with_hint(self.login_hint())
        };
        let bytes = std::fs::read(&path).map_err(|error| failed(error.to_string()))?;
        let cached = Token::parse(&bytes).ok_or_else(|| failed("lacks accessToken or expiresAt".to_owned()))?;
        let now = context.now();
        if now + EARLY < cached.expires_at {
            return Ok(cached.access_token);
        }
        let refreshed = match self.session.and_then(|_| cached.refresh_body(now)) {
            Some(body) => self.refresh(context, &path, &cached, body).await,
            None => Err(failed("has expired".to_owned())),
        };
        match refreshed {
            Err(error) if now < cached.expires_at => {
                tracing::warn!(%error, "the sso token could not be refreshed; it is still valid");
                Ok(cached.access_token)
            }
            other => other,
        }
    }

    /// `CreateToken`. <https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html>
    async fn refresh(&self, context: &Context<'_>, path: &Path, cached: &Token, body: Value) -> Result<String> {
        let url = format!("{}/token", context.service_url("sso_oidc", self.region)?);
        let headers = [("content-type", "application/json")];
        let request = request("sso-oidc", Method::POST, &url, &headers, Bytes::from(body.to_string()))?;
        let answer = context.exchange(context.service, &request, PATIENCE, overloaded).await?;
        if !answer.status.is_success() {
            return Err(self.refusal(&answer, "sso-oidc", answer.status.is_client_error()));
        }
        let document = Document::parse(&answer.body, "sso-oidc")?;
        let missing = |name| Error::new(ErrorKind::Credentials, format!("sso-oidc gave no `{name}`"));
        let access_token = document.text("accessToken").ok_or_else(|| missing("accessToken"))?;
        let seconds = document.get("expiresIn").and_then(Value::as_u64).ok_or_else(|| missing("expiresIn"))?;
        let expires_at = context.now().checked_add(Duration::from_secs(seconds)).and_then(format_time);

        let mut members = cached.members.clone();
        members.insert("accessToken".to_owned(), access_token.into());
        members.insert("expiresAt".to_owned(), expires_at.ok_or_else(|| missing("expiresIn"))?.into());
        if let Some(token) = document.text("refreshToken") {
            members.insert("refreshToken".to_owned(), token.into());
        }
        if let Err(error) = write_private(path, &Value::Object(members).to_string()) {
            tracing::warn!(path = %path.display(), %error, "the refreshed sso token could not be written back");
        }
        Ok(access_token.to_owned())
    }

    fn cache_path(&self, context: &Context<'_>) -> Result<PathBuf> {
        let Some(home) = home(context.environment) else {
            return Err(Error::new(ErrorKind::Configuration, "HOME is not set, so there is no cache of sso tokens"));
        };
        let key = sha1_smol::Sha1::from(self.session.unwrap_or(self.start_url)).digest();
        Ok(home.join(".aws/sso/cache").join(format!("{key}.json")))
    }

    /// What `whom` answered, and whether a new login helps.
    fn refusal(&self, answer: &Answer, whom: &'static str, login: bool) -> Error {
        let document = Document::parse(&answer.body, whom).ok();
        let text = |names: [&str; 2]| {
            let document = document.as_ref()?;
            names.iter().find_map(|name| document.text(name)).map(str::to_owned)
        };
        let error = answer.refusal(whom, text(["error", "__type"]), text(["message", "error_description"]));
        if login { error.with_hint(self.login_hint()) } else { error }
    }

    fn login_hint(&self) -> String {
        match self.session {
            Some(session) => format!("run `aws sso login --sso-session {session}`"),
            None => format!("run `aws sso login --profile {}`", self.profile),
        }
    }
}

/// A file of the token cache.
struct Token {
    access_token: String,
    expires_at: SystemTime,
    members: Map<String, Value>,
}

impl Token {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let members: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
        let access_token = members.get("accessToken")?.as_str()?.to_owned();
        let expires_at = parse_time(members.get("expiresAt")?.as_str()?)?;
        Some(Self { access_token, expires_at, members })
    }

    /// What `CreateToken` wants, unless a part is missing or the registration has expired.
    fn refresh_body(&self, now: SystemTime) -> Option<Value> {
        let text = |name| self.members.get(name).and_then(Value::as_str);
        if text("registrationExpiresAt").and_then(parse_time).is_some_and(|end| end <= now) {
            return None;
        }
        let (id, secret, token) = (text("clientId")?, text("clientSecret")?, text("refreshToken")?);
        Some(json!({"clientId": id, "clientSecret": secret, "grantType": "refresh_token", "refreshToken": token}))
    }
}

/// Replaces a file at once, readable by its owner alone.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    // Two chains of one process may be here at once.
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{number}.tmp", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&temporary).and_then(|mut file| file.write_all(text.as_bytes()));
    written.and_then(|()| std::fs::rename(&temporary, path)).inspect_err(|_| {
        // What went wrong before is what is told.
        let _ = std::fs::remove_file(&temporary);
    })
}
