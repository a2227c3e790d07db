//! Signature Version 4 and bearer keys: what stands in `Authorization`.
//!
//! The day's key comes from `aws-sigv4`. The canonical request is put together here, because that crate's own HTTP
//! signer writes the query of a presigned request, session token included, and every header of the caller to its trace
//! log, and derives the day's key anew for each request. A test holds the two against each other.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
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
const SECONDS_A_DAY: u64 = 24 * 60 * 60;

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
    let mut path = Vec::with_capacity(2 * model_id.len());
    push(&mut path, &["/model/"]);
    Encoded(model_id, false).push(&mut path);
    push(&mut path, &["/", operation]);
    Ok(String::from_utf8(path).expect("what is percent-encoded is ASCII"))
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

    let day = Signer::new(region, "bedrock").day(credentials, now)?;
    let date = day.date_time(now);
    let date = ascii(&date);
    let credential = format!("{}/{}", credentials.access_key_id(), day.scope);
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
    let canonical = format!("POST\n/\n{query}\nhost:{HOST}\n\nhost\n{}", ascii(&hash(b"")));
    let signature = day.signature(date, canonical.as_bytes());
    let signature = ascii(&signature);
    let url = format!("{HOST}/?{head}&X-Amz-SignedHeaders=host{token}&X-Amz-Signature={signature}&Version=1");
    let key = format!("bedrock-api-key-{}", STANDARD.encode(url));
    Ok(Token::new(key, Some(now + Duration::from_secs(seconds))))
}

/// Signs requests for one region and service, and keeps the key it derived for the day.
pub(crate) struct Signer {
    region: String,
    service: &'static str,
    day: Mutex<Option<Arc<Day>>>,
}

/// What all signatures of a day with the same credentials share.
struct Day {
    /// Days since 1970.
    number: u64,
    credentials: Credentials,
    /// `20260102/us-east-1/bedrock/aws4_request`.
    scope: String,
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
        let day = self.day(credentials, time)?;
        let date = day.date_time(time);
        let date = ascii(&date);
        let host = host(request.uri())?;
        let headers = request.headers_mut();
        headers.remove(AUTHORIZATION);
        headers.entry(HOST).or_insert(host);
        headers.insert(X_AMZ_DATE, HeaderValue::from_str(date).expect("a date is digits and letters"));
        match credentials.session_token() {
            Some(token) => {
                headers.insert(X_AMZ_SECURITY_TOKEN, sensitive(token.to_owned(), "the session token")?);
            }
            None => {
                headers.remove(X_AMZ_SECURITY_TOKEN);
            }
        }
        let mut signed: Vec<(&str, &HeaderValue)> = Vec::with_capacity(request.headers().len());
        for (name, value) in request.headers().iter().filter(|(name, _)| is_signed(name)) {
            let name = name.as_str();
            // They are few: what a sort would save in time, it would cost in code.
            signed.insert(signed.partition_point(|(other, _)| *other <= name), (name, value));
        }
        // The values of one name follow each other, in their order.
        let groups = || signed.chunk_by(|(one, _), (other, _)| one == other);

        let uri = request.uri();
        let mut canonical = Vec::with_capacity(1024);
        push(&mut canonical, &[request.method().as_str(), "\n"]);
        Encoded(uri.path(), true).push(&mut canonical);
        push(&mut canonical, &["\n", uri.query().unwrap_or(""), "\n"]);
        for group in groups() {
            push(&mut canonical, &[group[0].0]);
            for (i, (_, value)) in group.iter().enumerate() {
                canonical.push(if i == 0 { b':' } else { b',' });
                push_trimmed(&mut canonical, value.as_bytes());
            }
            canonical.push(b'\n');
        }
        let end = canonical.len();
        for (i, group) in groups().enumerate() {
            push(&mut canonical, &[if i == 0 { "\n" } else { ";" }, group[0].0]);
        }
        let names = end + 1..canonical.len();
        push(&mut canonical, &["\n", ascii(&hash(request.body()))]);

        let signature = day.signature(date, &canonical);
        let value = [
            ALGORITHM,
            " Credential=",
            credentials.access_key_id(),
            "/",
            &day.scope,
            ", SignedHeaders=",
            ascii(&canonical[names]),
            ", Signature=",
            ascii(&signature),
        ];
        request.headers_mut().insert(AUTHORIZATION, sensitive(value.concat(), "the access key id")?);
        Ok(())
    }

    fn day(&self, credentials: &Credentials, time: SystemTime) -> Result<Arc<Day>> {
        let bad_clock = || Error::new(ErrorKind::Configuration, "the clock is before 1970 or after 9999");
        let seconds = time.duration_since(UNIX_EPOCH).map_err(|_| bad_clock())?.as_secs();
        let number = seconds / SECONDS_A_DAY;
        let mut day = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |day: &&Arc<Day>| {
            day.number == number && day.credentials.secret_access_key() == credentials.secret_access_key()
        };
        if let Some(day) = day.as_ref().filter(fits) {
            return Ok(Arc::clone(day));
        }
        let date = i64::try_from(seconds).ok().and_then(|secs| DateTime::from_secs(secs).fmt(Format::DateTime).ok());
        let date = date.filter(|date| date.len() == "2026-01-02T03:04:05Z".len()).ok_or_else(bad_clock)?;
        let scope =
            [&date[..4], &date[5..7], &date[8..10], "/", &self.region, "/", self.service, "/aws4_request"].concat();
        let key = generate_signing_key(credentials.secret_access_key(), time, &self.region, self.service);
        let mac = Hmac::new_from_slice(key.as_ref()).expect("a key may have any length");
        let new = Day { number, credentials: credentials.clone(), scope, mac };
        Ok(Arc::clone(day.insert(Arc::new(new))))
    }
}

impl Day {
    /// `20260102T030405Z`.
    fn date_time(&self, time: SystemTime) -> [u8; 16] {
        let second = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() % SECONDS_A_DAY;
        let mut text = *b"........T......Z";
        text[..8].copy_from_slice(&self.scope.as_bytes()[..8]);
        for (at, number) in [(9, second / 3600), (11, second / 60 % 60), (13, second % 60)] {
            text[at] = b'0' + (number / 10) as u8;
            text[at + 1] = b'0' + (number % 10) as u8;
        }
        text
    }

    /// The signature in hexadecimal digits.
    fn signature(&self, date: &str, canonical: &[u8]) -> [u8; 64] {
        let mut mac = self.mac.clone();
        for text in [ALGORITHM, "\n", date, "\n", &self.scope, "\n", ascii(&hash(canonical))] {
            mac.update(text.as_bytes());
        }
        hex(&mac.finalize().into_bytes().into())
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

fn sensitive(value: String, what: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| Error::new(ErrorKind::Credentials, format!("{what} has characters that a header cannot hold")))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Outer blanks go, inner ones become one.
fn push_trimmed(out: &mut Vec<u8>, value: &[u8]) {
    if !value.contains(&b' ') {
        return out.extend_from_slice(value);
    }
    for (i, word) in value.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// The SHA-256 of `bytes` in hexadecimal digits.
fn hash(bytes: &[u8]) -> [u8; 64] {
    hex(&Sha256::digest(bytes).into())
}

fn hex(bytes: &[u8; 32]) -> [u8; 64] {
    // Without a table this is done for many bytes at a time.
    let digit = |number| number + if number < 10 { b'0' } else { b'a' - 10 };
    let mut hex = [0; 64];
    for (i, byte) in bytes.iter().enumerate() {
        hex[2 * i] = digit(byte >> 4);
        hex[2 * i + 1] = digit(byte & 15);
    }
    hex
}

fn ascii(text: &[u8]) -> &str {
    str::from_utf8(text).expect("digits and names of headers are ASCII")
}

fn push(out: &mut Vec<u8>, texts: &[&str]) {
    texts.iter().for_each(|text| out.extend_from_slice(text.as_bytes()));
}

/// Text percent-encoded, all but `A-Za-z0-9-._~` and, when the flag says so, `/`.
pub(crate) struct Encoded<'a>(pub(crate) &'a str, pub(crate) bool);

impl Encoded<'_> {
    fn push(&self, out: &mut Vec<u8>) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let is_plain = |byte: &u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') || (self.1 && *byte == b'/')
        };
        let mut rest = self.0.as_bytes();
        while let Some(at) = rest.iter().position(|byte| !is_plain(byte)) {
            out.extend_from_slice(&rest[..at]);
            out.extend_from_slice(&[b'%', DIGITS[usize::from(rest[at] >> 4)], DIGITS[usize::from(rest[at] & 15)]]);
            rest = &rest[at + 1..];
        }
        out.extend_from_slice(rest);
    }
}

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.push(&mut text);
        f.write_str(ascii(&text))
    }
}

#[cfg(test)]
mod tests;
