//! Whether a request may come in: its signature (Signature Version 4) or its bearer key, checked as AWS does.
//!
//! It is written apart from the client's signer and from the crate that the signer uses, so that the two prove each other.

use std::fmt;

use aws_credential_types::Credentials;
use aws_smithy_types::date_time::{DateTime, Format};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::request::Parts;
use sha2::{Digest, Sha256};

use super::answer::Answer;

/// How far a request's date may be from the server's, in seconds.
const MAX_SKEW: i64 = 5 * 60;

/// Who may come in.
#[derive(Default)]
pub(super) struct Access {
    /// Everybody, with or without credentials.
    pub(super) anyone: bool,
    pub(super) credentials: Vec<Credentials>,
    pub(super) bearer_keys: Vec<String>,
    /// The region that a signature must be for; any when `None`.
    pub(super) region: Option<String>,
}

/// Nothing is shown of the secrets.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.credentials.iter().map(Credentials::access_key_id).collect();
        f.debug_struct("Access").field("anyone", &self.anyone).field("access_key_ids", &ids).finish_non_exhaustive()
    }
}

/// Why not: AWS's name of the error, and a message. The status is always 403.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Denied(&'static str, String);

impl From<Denied> for Answer {
    fn from(Denied(code, message): Denied) -> Self {
        Self::error(403, code, &message)
    }
}

fn denied<T>(code: &'static str, message: impl Into<String>) -> Result<T, Denied> {
    Err(Denied(code, message.into()))
}

const INCOMPLETE: &str = "IncompleteSignatureException";
const INVALID: &str = "InvalidSignatureException";
const UNRECOGNIZED: &str = "UnrecognizedClientException";

impl Access {
    /// Checks one request; `now` is the server's clock in seconds since 1970.
    pub(super) fn check(&self, head: &Parts, body: &[u8], now: i64) -> Result<(), Denied> {
        if self.anyone {
            return Ok(());
        }
        let Some(authorization) = text(&head.headers, "authorization") else {
            return denied("MissingAuthenticationTokenException", "The request has no authorization header.");
        };
        if let Some(key) = authorization.strip_prefix("Bearer ") {
            if self.bearer_keys.iter().any(|known| known == key) {
                return Ok(());
            }
            return denied("AccessDeniedException", "The bearer key is not one that this server knows.");
        }
        let Some(signature) = Authorization::parse(authorization) else {
            return denied(INCOMPLETE, "The authorization header is neither a bearer key nor AWS4-HMAC-SHA256.");
        };
        self.check_signature(&signature, head, body, now)
    }

    fn check_signature(&self, given: &Authorization<'_>, head: &Parts, body: &[u8], now: i64) -> Result<(), Denied> {
        let [access_key_id, day, region, service, "aws4_request"] = given.credential[..] else {
            return denied(INCOMPLETE, "Credential is not KEY/DATE/REGION/bedrock/aws4_request.");
        };
        let must_be_signed = |name: &str| name == "host" || name.starts_with("x-amz-");
        let unsigned = |name: &&str| must_be_signed(name) && !given.signed_headers.contains(name);
        if let Some(name) = head.headers.keys().map(http::HeaderName::as_str).find(unsigned) {
            return denied(INVALID, format!("The header '{name}' must be among the SignedHeaders."));
        }
        if service != "bedrock" {
            return denied(INVALID, format!("The credential is scoped to the service '{service}', not to 'bedrock'."));
        }
        if let Some(own) = self.region.as_deref().filter(|own| *own != region) {
            return denied(INVALID, format!("The credential is scoped to the region '{region}', not to '{own}'."));
        }
        let date = text(&head.headers, "x-amz-date").unwrap_or_default();
        check_date(date, day, now)?;

        let Some(known) = self.credentials.iter().find(|known| known.access_key_id() == access_key_id) else {
            return denied(UNRECOGNIZED, "The access key id is not one that this server knows.");
        };
        if known.session_token() != text(&head.headers, "x-amz-security-token") {
            return denied(UNRECOGNIZED, "The session token does not belong to the access key.");
        }
        let expiry = known.expiry().map_or(i64::MAX, |expiry| DateTime::from(expiry).secs());
        if expiry <= now {
            return denied("ExpiredTokenException", "The session token has expired.");
        }
        let request = canonical_request(given, head, body);
        let scope = given.credential[1..].join("/");
        let signed = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(&request)));
        let secret = format!("AWS4{}", known.secret_access_key());
        let key = given.credential[1..].iter().fold(secret.into_bytes(), |key, part| hmac(&key, part));
        if hex(&hmac(&key, &signed)) != given.signature {
            return denied(INVALID, mismatch(&request));
        }
        Ok(())
    }
}

/// What was signed here, for comparison, without the values of headers: one of them may be a session token.
fn mismatch(canonical_request: &str) -> String {
    let lines: Vec<&str> = canonical_request.lines().collect();
    let (uri, payload) = (lines[1], lines[lines.len() - 1]);
    format!(
        "The signature does not match the request. Check the secret key and what was signed: \
         here the canonical URI is '{uri}' and the SHA-256 of the body {payload}."
    )
}

/// The parts of an `AWS4-HMAC-SHA256` header.
struct Authorization<'a> {
    credential: Vec<&'a str>,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in header.strip_prefix("AWS4-HMAC-SHA256 ")?.split(',') {
            match part.trim().split_once('=')? {
                ("Credential", value) => credential = Some(value.split('/').collect()),
                ("SignedHeaders", value) => signed_headers = Some(value.split(';').collect()),
                ("Signature", value) => signature = Some(value),
                _ => return None,
            }
        }
        Some(Self { credential: credential?, signed_headers: signed_headers?, signature: signature? })
    }
}

fn check_date(date: &str, day: &str, now: i64) -> Result<(), Denied> {
    let Some(then) = parse_date(date).filter(|_| date.starts_with(day)) else {
        return denied(INCOMPLETE, format!("x-amz-date '{date}' is not a time on the credential's day '{day}'."));
    };
    if then + MAX_SKEW < now {
        return denied(INVALID, format!("Signature expired: {date} is more than 5 minutes ago."));
    }
    if then > now + MAX_SKEW {
        return denied(INVALID, format!("Signature not yet current: {date} is more than 5 minutes ahead."));
    }
    Ok(())
}

/// Seconds since 1970 of a time such as `20260102T030405Z`.
fn parse_date(date: &str) -> Option<i64> {
    let part = |range| date.get(range);
    let [year, month, day] = [part(0..4)?, part(4..6)?, part(6..8)?];
    let [hour, minute, rest] = [part(8..11)?, part(11..13)?, part(13..16)?];
    let time = format!("{year}-{month}-{day}{hour}:{minute}:{rest}");
    DateTime::from_str(&time, Format::DateTime).ok().filter(|_| date.len() == 16).map(|time| time.secs())
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
fn canonical_request(given: &Authorization<'_>, head: &Parts, body: &[u8]) -> String {
    let path: Vec<String> = head.uri.path().split('/').map(|segment| encode(segment.as_bytes())).collect();
    let headers: String =
        given.signed_headers.iter().map(|name| format!("{name}:{}\n", header_value(&head.headers, name))).collect();
    [
        head.method.as_str(),
        &path.join("/"),
        &canonical_query(head.uri.query().unwrap_or_default()),
        &headers,
        &given.signed_headers.join(";"),
        &hex(&Sha256::digest(body)),
    ]
    .join("\n")
}

/// All values of a header, each without white space around it and with single spaces inside.
fn header_value(headers: &HeaderMap, name: &str) -> String {
    let values = headers.get_all(name).into_iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.map(|value| value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(",")
}

fn canonical_query(query: &str) -> String {
    let again = |text: &str| encode(&decode(text).unwrap_or_else(|| text.into()));
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (again(name), again(value)))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Percent-encodes everything but unreserved characters.
fn encode(bytes: &[u8]) -> String {
    let encode = |&byte: &u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    bytes.iter().map(encode).collect()
}

/// Undoes one layer of percent-encoding; `None` when a `%` has no two hexadecimal digits after it.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"#;
    const RUNTIME: &str = "bedrock-runtime.us-east-1.amazonaws.com";
    /// 2026-01-02 03:04:05 UTC.
    const NOW: i64 = 1_767_323_045;

    /// Checks a request as botocore signs it; the signatures were computed with botocore.
    fn check(path: &str, host: &str, token: Option<&str>, signature: &str, now: i64) -> Result<(), Denied> {
        let mut names = "content-type;host;x-amz-date".to_owned();
        let mut request = http::Request::post(path)
            .header("host", host)
            .header("content-type", "application/json")
            .header("x-amz-date", "20260102T030405Z");
        if let Some(token) = token {
            request = request.header("x-amz-security-token", token);
            names += ";x-amz-security-token";
        }
        let scope = "AKIDEXAMPLE/20260102/us-east-1/bedrock/aws4_request";
        let value = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}");
        let (head, ()) = request.header("authorization", value).body(()).unwrap().into_parts();
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let credentials = Credentials::new("AKIDEXAMPLE", secret, token.map(str::to_owned), None, "test");
        Access { credentials: vec![credentials], ..Access::default() }.check(&head, BODY.as_bytes(), now)
    }

    #[test]
    fn signatures_of_botocore_are_right() {
        for (path, host, token, signature) in [
            (
                "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
                RUNTIME,
                None,
                "6b18186d5132c71249f705372d764ddfd8a9890b662230fb355af564c05e1c35",
            ),
            (
                "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc/converse-stream",
                RUNTIME,
                Some("SESSIONTOKEN"),
                "1d96d44d17c740002f2e6d378510e84f38484c7741338ef9cdb2d9693458cf71",
            ),
            (
                "/model/anthropic.claude-sonnet-4-20250514-v1%3A0/count-tokens",
                "localhost:8080",
                None,
                "e5f7045a51efe62ebb18cacf71a61d4a7ae4c6763a483a8869e5c03e0eeecea0",
            ),
        ] {
            assert_eq!(check(path, host, token, signature, NOW), Ok(()));
            assert_eq!(check(path, host, token, signature, NOW + MAX_SKEW), Ok(()));
            assert_eq!(check(path, host, token, signature, NOW - MAX_SKEW), Ok(()));
            for now in [NOW + MAX_SKEW + 1, NOW - MAX_SKEW - 1] {
                assert_eq!(check(path, host, token, signature, now).unwrap_err().0, INVALID);
            }
            let unencoded = path.replace("%3A", ":");
            assert_eq!(check(&unencoded, host, token, signature, NOW).unwrap_err().0, INVALID);
            assert_eq!(check(path, "localhost:8081", token, signature, NOW).unwrap_err().0, INVALID);
        }
    }

    #[test]
    fn odd_input_is_refused_not_believed() {
        for (text, decoded) in
            [("a%3Ab", Some("a:b")), ("%25", Some("%")), ("%", None), ("%+1", None), ("%4", None), ("%zz", None)]
        {
            assert_eq!(decode(text).as_deref(), decoded.map(str::as_bytes), "{text}");
        }
        assert_eq!(parse_date("20260102T030405Z"), Some(NOW));
        for date in
            ["", "20260102T030405", "20260102T030405ZZ", "20261302T030405Z", "2026-01-02T03:04Z", "20260102T03040é"]
        {
            assert_eq!(parse_date(date), None, "{date}");
        }
        for header in [
            "AWS4-HMAC-SHA256 ",
            "AWS4-HMAC-SHA256 Credential=a",
            "AWS4-HMAC-SHA256 a=b, c",
            "AWS4-ECDSA-P256-SHA256 Credential=a",
        ] {
            assert!(Authorization::parse(header).is_none());
        }
    }
}
