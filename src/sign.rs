//! Signature Version 4 and bearer keys: what stands in `Authorization`.
//!
//! The day's key comes from `aws-sigv4`. The canonical request is put together here, because that crate's own HTTP
//! signer writes the query of a presigned request, session token included, and every header of the caller to its trace
//! log, and derives the day's key anew for each request. A test holds the two against each other.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::{Credentials, Token};
use aws_sigv4::sign::v4::generate_signing_key;
use aws_smithy_types::date_time::{DateTime, Format};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING, USER_AGENT};
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind, Result};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const X_AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const X_AMZ_SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// The path of `operation` on a model: the id percent-encoded once, everything but `A-Za-z0-9-._~`.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] when the id is empty, `.` or `..`: URL parsers take those away from a path.
pub(crate) fn model_path(model_id: &str, operation: &str) -> Result<String> {
    if matches!(model_id, "" | "." | "..") {
        let message = format!("model: {model_id:?} is not a model id, inference profile or ARN");
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    Ok(format!("/model/{}/{operation}", Encoded(model_id, false)))
}

/// Puts a bearer key into `Authorization`.
///
/// # Errors
///
/// [`ErrorKind::Credentials`] when the key has characters that a header cannot hold.
pub(crate) fn bearer<B>(request: &mut http::Request<B>, key: &str) -> Result<()> {
    let value = sensitive(format!("Bearer {key}"), "the bearer key")?;
    request.headers_mut().insert(AUTHORIZATION, value);
    Ok(())
}

/// Makes a short-term API key out of credentials, without asking the service.
///
/// The key is good for Converse, ConverseStream and CountTokens in `region`, for `lifetime` from `now`, and at most for
/// 12 hours and for as long as the credentials themselves.
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-generate.html>
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] when `region` or `lifetime` is empty, [`ErrorKind::Credentials`] when the credentials
/// have expired.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use aws_credential_types::Credentials;
///
/// let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None, None, "example");
/// let key = bedrock_converse::short_term_api_key(
///     &credentials, "us-east-1", Duration::from_secs(3600), SystemTime::UNIX_EPOCH,
/// )?;
/// assert!(key.token().starts_with("bedrock-api-key-"));
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
pub fn short_term_api_key(
    credentials: &Credentials,
    region: &str,
    lifetime: Duration,
    now: SystemTime,
) -> Result<Token> {
    const HOST: &str = "bedrock.amazonaws.com";
    const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

    if region.is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, "region: a key is made for one region, and none is given"));
    }
    let left = match credentials.expiry() {
        Some(expiry) => expiry.duration_since(now).unwrap_or_default(),
        None => LONGEST,
    };
    if left.as_secs() == 0 {
        return Err(Error::new(ErrorKind::Credentials, "the credentials have expired; a key cannot be made of them"));
    }
    let seconds = lifetime.min(left).min(LONGEST).as_secs();
    if seconds == 0 {
        return Err(Error::new(ErrorKind::InvalidInput, "lifetime: a key must live for a second or longer"));
    }

    let signer = Signer::new(region, "bedrock");
    let date = timestamp(now)?;
    let scope = signer.scope(&date);
    let credential = format!("{}/{scope}", credentials.access_key_id());
    let head = format!(
        "Action=CallWithBearerToken&X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={}&X-Amz-Date={date}&X-Amz-Expires={seconds}",
        Encoded(&credential, false),
    );
    let token = match credentials.session_token() {
        Some(token) => format!("&X-Amz-Security-Token={}", Encoded(token, false)),
        None => String::new(),
    };
    // In the canonical query the parameters are sorted; in the key the token follows the signed headers.
    let query = format!("{head}{token}&X-Amz-SignedHeaders=host");
    let canonical = format!("POST\n/\n{query}\nhost:{HOST}\n\nhost\n{}", hex(&Sha256::digest(b"")));
    let signature = signer.signature(canonical.as_bytes(), credentials, now, &date, &scope);
    let url = format!("{HOST}/?{head}&X-Amz-SignedHeaders=host{token}&X-Amz-Signature={signature}&Version=1");
    let key = format!("bedrock-api-key-{}", STANDARD.encode(url));
    Ok(Token::new(key, Some(now + Duration::from_secs(seconds))))
}

/// Signs requests for one region and service, and keeps the key it derived for the day.
pub(crate) struct Signer {
    region: String,
    service: &'static str,
    day: Mutex<Option<Box<DayKey>>>,
}

struct DayKey {
    date: String,
    credentials: Credentials,
    /// Has the key in it.
    mac: Hmac<Sha256>,
}

impl Signer {
    pub(crate) fn new(region: impl Into<String>, service: &'static str) -> Self {
        Self { region: region.into(), service, day: Mutex::new(None) }
    }

    /// Signs `request` as it stands, in its headers: whatever is changed afterwards makes the signature wrong.
    ///
    /// Every header is signed, apart from those that proxies change or that are no part of the request
    /// (`user-agent`, `x-amzn-trace-id`, `transfer-encoding`, `amz-sdk-*`). The query must be in canonical form.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`] when a part of the credentials cannot stand in a header.
    pub(crate) fn sign(
        &self,
        request: &mut http::Request<Bytes>,
        credentials: &Credentials,
        time: SystemTime,
    ) -> Result<()> {
        let date = timestamp(time)?;
        let host = host(request.uri())?;
        let headers = request.headers_mut();
        headers.remove(AUTHORIZATION);
        headers.entry(HOST).or_insert(host);
        headers.insert(X_AMZ_DATE, HeaderValue::from_str(&date).expect("a date is digits and letters"));
        match credentials.session_token() {
            Some(token) => {
                headers.insert(X_AMZ_SECURITY_TOKEN, sensitive(token.to_owned(), "the session token")?);
            }
            None => {
                headers.remove(X_AMZ_SECURITY_TOKEN);
            }
        }
        let mut names: Vec<&str> =
            request.headers().keys().filter(|name| is_signed(name)).map(|n| n.as_str()).collect();
        names.sort_unstable();
        let names_joined = names.join(";");

        let uri = request.uri();
        let mut canonical = Vec::with_capacity(1024);
        write!(canonical, "{}\n{}\n{}\n", request.method(), Encoded(uri.path(), true), uri.query().unwrap_or(""))
            .expect("a Vec takes all that is written");
        for name in names {
            canonical.extend_from_slice(name.as_bytes());
            for (i, value) in request.headers().get_all(name).iter().enumerate() {
                canonical.push(if i == 0 { b':' } else { b',' });
                push_trimmed(&mut canonical, value.as_bytes());
            }
            canonical.push(b'\n');
        }
        for text in ["\n", &names_joined, "\n", &hex(&Sha256::digest(request.body()))] {
            canonical.extend_from_slice(text.as_bytes());
        }

        let scope = self.scope(&date);
        let signature = self.signature(&canonical, credentials, time, &date, &scope);
        let key_id = credentials.access_key_id();
        let value = [
            ALGORITHM,
            " Credential=",
            key_id,
            "/",
            &scope,
            ", SignedHeaders=",
            &names_joined,
            ", Signature=",
            &signature,
        ];
        request.headers_mut().insert(AUTHORIZATION, sensitive(value.concat(), "the access key id")?);
        Ok(())
    }

    fn scope(&self, date: &str) -> String {
        [&date[..8], "/", &self.region, "/", self.service, "/aws4_request"].concat()
    }

    fn signature(
        &self,
        canonical: &[u8],
        credentials: &Credentials,
        time: SystemTime,
        date: &str,
        scope: &str,
    ) -> String {
        let to_sign = [ALGORITHM, "\n", date, "\n", scope, "\n", &hex(&Sha256::digest(canonical))].concat();
        let mut day = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |day: &DayKey| {
            day.date == date[..8] && day.credentials.secret_access_key() == credentials.secret_access_key()
        };
        if !day.as_deref().is_some_and(fits) {
            let key = generate_signing_key(credentials.secret_access_key(), time, &self.region, self.service);
            let mac = Hmac::new_from_slice(key.as_ref()).expect("a key may have any length");
            *day = Some(Box::new(DayKey { date: date[..8].to_owned(), credentials: credentials.clone(), mac }));
        }
        let mut mac = day.as_ref().expect("it was just made sure that there is one").mac.clone();
        drop(day);
        mac.update(to_sign.as_bytes());
        hex(&mac.finalize().into_bytes())
    }
}

/// The key is not shown.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { region, service, .. } = self;
        f.debug_struct("Signer").field("region", region).field("service", service).finish_non_exhaustive()
    }
}

/// `host` as HTTP clients send it: without user information, with the port when it is not the scheme's own.
fn host(uri: &http::Uri) -> Result<HeaderValue> {
    let host = uri.host().filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| Error::new(ErrorKind::InvalidInput, format!("{uri} names no host")))?;
    let value = match (uri.scheme_str(), uri.port_u16()) {
        (_, None) | (Some("https"), Some(443)) | (Some("http"), Some(80)) => HeaderValue::from_str(host),
        (_, Some(port)) => HeaderValue::from_str(&format!("{host}:{port}")),
    };
    value.map_err(|_| Error::new(ErrorKind::InvalidInput, format!("{uri} has a host that is not ASCII")))
}

fn is_signed(name: &HeaderName) -> bool {
    *name != AUTHORIZATION
        && *name != USER_AGENT
        && *name != TRANSFER_ENCODING
        && name.as_str() != "x-amzn-trace-id"
        && !name.as_str().starts_with("amz-sdk-")
}

/// `20260102T030405Z`.
fn timestamp(time: SystemTime) -> Result<String> {
    let since_1970 = time.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_secs()).ok());
    let formatted = since_1970.and_then(|seconds| DateTime::from_secs(seconds).fmt(Format::DateTime).ok());
    match formatted {
        Some(mut text) if text.len() == "2026-01-02T03:04:05Z".len() => {
            text.retain(|c| !matches!(c, '-' | ':'));
            Ok(text)
        }
        _ => Err(Error::new(ErrorKind::Configuration, "the clock is before 1970 or after 9999")),
    }
}

fn sensitive(value: String, what: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| Error::new(ErrorKind::Credentials, format!("{what} has characters that a header cannot hold")))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Outer blanks go, inner ones become one.
fn push_trimmed(out: &mut Vec<u8>, value: &[u8]) {
    for (i, word) in value.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = Vec::with_capacity(2 * bytes.len());
    for byte in bytes {
        hex.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    String::from_utf8(hex).expect("digits are ASCII")
}

/// Text percent-encoded, all but `A-Za-z0-9-._~` and, when the flag says so, `/`.
pub(crate) struct Encoded<'a>(pub(crate) &'a str, pub(crate) bool);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |byte: &u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => true,
            b'/' => self.1,
            _ => false,
        };
        let mut rest = self.0.as_bytes();
        while let Some(at) = rest.iter().position(|byte| !is_plain(byte)) {
            f.write_str(&String::from_utf8_lossy(&rest[..at]))?;
            write!(f, "%{:02X}", rest[at])?;
            rest = &rest[at + 1..];
        }
        f.write_str(&String::from_utf8_lossy(rest))
    }
}

#[cfg(test)]
mod tests;
