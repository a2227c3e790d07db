//! Faults on request: what goes wrong, where, and how often.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::answer::{Answer, frame};
use crate::error::{Error, ErrorKind, Result};

/// Something that goes wrong with an answer.
///
/// A fault is written as its name and `key=value` pairs; a value with spaces or `;` is a JSON string. In a script,
/// faults are separated by `;`: each request takes the first fault that is not used up. The same keys make an object of
/// a JSON script: `[{"fault": "throttle", "times": 2}]`.
///
/// | fault | keys | what happens |
/// |---|---|---|
/// | `http` | `status` (500), `code`, `message`, `body`, `content-type`, `retry-after`, `x-amz-retry-after`, `header:NAME` | this answer in place of the model's |
/// | `throttle` | the same | `http status=429 code=ThrottlingException` |
/// | `html` | the same | `http status=503` with an HTML page |
/// | `unknown-operation` | the same | status 200 with `UnknownOperationException` |
/// | `empty` | the same | status 200 and no body |
/// | `exception` | `type` (`internalServerException`), `message`, `original-status`, `original-message`, `at` | an exception frame ends the stream |
/// | `error` | `code` (`InternalError`), `message`, `at` | an error frame ends the stream |
/// | `flip` | `field` (`payload`), `at` | a bit is wrong in `total-length`, `headers-length`, `prelude-crc`, `headers`, `payload` or `message-crc` of a frame |
/// | `length` | `field` (`total-length`), `at` | that length of a frame is 2 GiB, with the right checksum |
/// | `cut` | `at`, `byte`, `clean` | the connection is closed; with `clean=true` the HTTP body ends as if it were whole |
/// | `reset` | `at`, `byte` | the connection is reset |
/// | `stall` | `at`, `byte`, `for` | nothing more comes, or nothing for so many milliseconds |
/// | `none` | | nothing is wrong; for the keys of all faults |
///
/// `at` says before which event of a stream it happens: its number counted from 0 (the default), its name (the first of
/// that name), `end` (after the last), or `head` (before the status line, for `cut`, `reset` and `stall`). `byte` is how
/// much of that event is still sent. A plain body counts as one event.
///
/// Every fault takes `times` (how many requests it is for; all of them without), `delay` (milliseconds before each delta
/// of a stream and before a plain answer) and `chunk` (the body is sent in HTTP chunks of so many bytes).
///
/// ```
/// use bedrock_converse::serve::Fault;
///
/// let twice: Fault = "throttle times=2 retry-after=1".parse()?;
/// let script = r#"cut at=messageStop byte=5; exception type=throttlingException message="slow down" at=3"#;
/// let script = Fault::script(script)?;
/// assert_eq!(script.len(), 2);
/// assert!("cut when=later".parse::<Fault>().is_err());
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    pub(super) kind: Kind,
    pub(super) at: At,
    pub(super) byte: usize,
    pub(super) delay: Option<Duration>,
    pub(super) chunk: Option<usize>,
    times: Option<u64>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    None,
    Http {
        status: u16,
        code: Option<String>,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// This frame in place of the event, and nothing after it.
    Frame(Bytes),
    Flip(Field),
    Length(Field),
    Cut {
        clean: bool,
    },
    Reset,
    Stall {
        pause: Option<Duration>,
    },
}

/// Where in an answer.
#[derive(Clone, Debug)]
pub(super) enum At {
    Head,
    Event(usize),
    Named(String),
    End,
}

/// A field of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    TotalLength,
    HeadersLength,
    PreludeCrc,
    Headers,
    Payload,
    MessageCrc,
}

impl Fault {
    /// Reads a script: the text form with `;` between faults, or a JSON array of objects or of texts.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] names the fault and the key that is wrong.
    pub fn script(script: &str) -> Result<Vec<Self>> {
        if !script.trim_start().starts_with('[') {
            return words(script)?.into_iter().map(Self::from_fields).collect();
        }
        let script: Vec<Value> =
            serde_json::from_str(script).map_err(|error| invalid(format!("fault script: {error}")))?;
        let fault = |fault: Value| match fault {
            Value::String(text) => text.parse(),
            Value::Object(fields) => Self::from_fields(fields),
            other => Err(invalid(format!("fault script: {other} is neither a text nor an object"))),
        };
        script.into_iter().map(fault).collect()
    }

    fn from_fields(fields: Map<String, Value>) -> Result<Self> {
        let mut fields = Fields(fields);
        let name = fields.text("fault")?.unwrap_or_default();
        let kind = fields.kind(&name).map_err(|error| invalid(format!("fault {name}: {}", error.message())))?;
        // Keys that mean nothing to this fault stay unread, and are refused below.
        let ends = matches!(kind, Kind::Cut { .. } | Kind::Reset | Kind::Stall { .. });
        let placed = !matches!(kind, Kind::None | Kind::Http { .. });
        let fault = Self {
            kind,
            at: match if placed { fields.text("at")? } else { None }.as_deref() {
                None => At::Event(0),
                Some("head") => At::Head,
                Some("end") => At::End,
                Some(at) => at.parse().map_or_else(|_| At::Named(at.to_owned()), At::Event),
            },
            byte: if ends { fields.number("byte")?.unwrap_or(0) as usize } else { 0 },
            delay: fields.milliseconds("delay")?,
            chunk: fields.number("chunk")?.map(|chunk| (chunk as usize).max(1)),
            times: fields.number("times")?,
        };
        if let Some(unknown) = fields.0.keys().next() {
            return Err(invalid(format!("fault {name}: there is no key '{unknown}'")));
        }
        if matches!(fault.at, At::Head) && (!ends || matches!(fault.kind, Kind::Cut { clean: true })) {
            return Err(invalid(format!("fault {name}: at=head is for cut (not clean), reset and stall")));
        }
        Ok(fault)
    }

    /// The answer that stands in place of the model's, if this is such a fault.
    pub(super) fn answer(&self) -> Option<Answer> {
        let Kind::Http { status, code, headers, body } = &self.kind else { return None };
        let mut answer = Answer::plain(*status, "application/json", body.clone());
        for (name, value) in headers {
            answer.headers.retain(|(known, _)| known != name);
            answer.headers.push((name.clone(), value.clone()));
        }
        if let Some(code) = code {
            answer.set_code(code);
        }
        Some(answer)
    }
}

impl FromStr for Fault {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut faults = words(text)?;
        match (faults.pop(), faults.is_empty()) {
            (Some(fault), true) => Self::from_fields(fault),
            _ => Err(invalid(format!("'{text}' is not exactly one fault"))),
        }
    }
}

/// The faults still to come.
#[derive(Debug, Default)]
pub(super) struct Faults {
    script: Vec<Fault>,
    by_header: HashMap<String, Vec<Fault>>,
}

impl Faults {
    pub(super) fn set(&mut self, script: Vec<Fault>) {
        self.script = script;
    }

    /// The fault of the next request, given its header `x-converse-fault`. Requests with the same header share its count.
    pub(super) fn next(&mut self, header: Option<&str>) -> Result<Option<Fault>> {
        let script = match header {
            None => &mut self.script,
            Some(text) if self.by_header.contains_key(text) => self.by_header.entry(text.to_owned()).or_default(),
            Some(text) => self.by_header.entry(text.to_owned()).or_insert(Fault::script(text)?),
        };
        let Some(fault) = script.iter_mut().find(|fault| fault.times != Some(0)) else { return Ok(None) };
        fault.times = fault.times.map(|times| times - 1);
        Ok(Some(fault.clone()))
    }
}

/// The keys that are not read yet.
struct Fields(Map<String, Value>);

impl Fields {
    fn text(&mut self, name: &str) -> Result<Option<String>> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(value.to_string())),
            Some(other) => Err(invalid(format!("{name}: {other} is not a text"))),
        }
    }

    fn number(&mut self, name: &str) -> Result<Option<u64>> {
        let parse = |text: String| text.parse().map_err(|_| invalid(format!("{name}: '{text}' is not a whole number")));
        self.text(name)?.map(parse).transpose()
    }

    fn milliseconds(&mut self, name: &str) -> Result<Option<Duration>> {
        Ok(self.number(name)?.map(Duration::from_millis))
    }

    /// A text that becomes a header of a frame.
    fn short(&mut self, name: &str, default: &str) -> Result<String> {
        let text = self.text(name)?.unwrap_or_else(|| default.to_owned());
        if text.len() > 10_000 {
            return Err(invalid(format!("{name}: {} bytes are more than 10000", text.len())));
        }
        Ok(text)
    }

    fn field(&mut self, default: Field) -> Result<Field> {
        let Some(name) = self.text("field")? else { return Ok(default) };
        Ok(match name.as_str() {
            "total-length" => Field::TotalLength,
            "headers-length" => Field::HeadersLength,
            "prelude-crc" => Field::PreludeCrc,
            "headers" => Field::Headers,
            "payload" => Field::Payload,
            "message-crc" => Field::MessageCrc,
            _ => return Err(invalid(format!("field: a frame has no '{name}'"))),
        })
    }

    fn kind(&mut self, name: &str) -> Result<Kind> {
        Ok(match name {
            "none" => Kind::None,
            "http" => self.http(500, None, None)?,
            "throttle" => self.http(429, Some("ThrottlingException"), None)?,
            "html" => {
                self.0.entry("content-type").or_insert("text/html".into());
                self.http(503, None, Some("<html><body><h1>503 Service Unavailable</h1></body></html>"))?
            }
            "unknown-operation" => {
                let kind = "com.amazon.coral.service#UnknownOperationException";
                let body = json!({ "Output": { "__type": kind }, "Version": "1.0" }).to_string();
                self.http(200, None, Some(&body))?
            }
            "empty" => self.http(200, None, Some(""))?,
            "exception" => {
                let kind = self.short("type", "internalServerException")?;
                let mut payload = json!({ "message": self.text("message")?.unwrap_or("scripted fault".into()) });
                if let Some(status) = self.number("original-status")? {
                    payload["originalStatusCode"] = status.into();
                }
                if let Some(message) = self.text("original-message")? {
                    payload["originalMessage"] = message.into();
                }
                let types = [(":exception-type", kind.as_str()), (":content-type", "application/json")];
                let headers = [types[0], types[1], (":message-type", "exception")];
                Kind::Frame(frame(&headers, payload.to_string()))
            }
            "error" => {
                let (code, message) = (self.short("code", "InternalError")?, self.short("message", "scripted fault")?);
                let headers = [(":error-code", &*code), (":error-message", &*message), (":message-type", "error")];
                Kind::Frame(frame(&headers, Bytes::new()))
            }
            "flip" => Kind::Flip(self.field(Field::Payload)?),
            "length" => match self.field(Field::TotalLength)? {
                field @ (Field::TotalLength | Field::HeadersLength) => Kind::Length(field),
                _ => return Err(invalid("field: total-length or headers-length")),
            },
            "cut" => Kind::Cut {
                clean: match self.text("clean")?.as_deref() {
                    Some("true") => true,
                    None | Some("false") => false,
                    Some(other) => return Err(invalid(format!("clean: '{other}' is neither true nor false"))),
                },
            },
            "reset" => Kind::Reset,
            "stall" => Kind::Stall { pause: self.milliseconds("for")? },
            _ => return Err(invalid("there is no such fault")),
        })
    }

    fn http(&mut self, status: u16, code: Option<&str>, body: Option<&str>) -> Result<Kind> {
        let status = self.number("status")?.unwrap_or(status.into());
        let status = u16::try_from(status).ok().filter(|status| (200..=599).contains(status));
        let code = self.text("code")?.or(code.map(str::to_owned));
        let message = self.text("message")?.unwrap_or_else(|| "scripted fault".to_owned());
        let body = self.text("body")?.or(body.map(str::to_owned));
        let mut headers = Vec::new();
        let is_header = |key: &str| {
            ["content-type", "retry-after", "x-amz-retry-after"].contains(&key) || key.starts_with("header:")
        };
        let keys: Vec<String> = self.0.keys().filter(|key| is_header(key)).cloned().collect();
        for key in keys {
            let value = self.text(&key)?.unwrap_or_default();
            let name = key.trim_start_matches("header:").to_lowercase();
            if http::HeaderName::try_from(&name).is_err() || http::HeaderValue::try_from(&value).is_err() {
                return Err(invalid(format!("{key}: not a header")));
            }
            headers.push((name, value));
        }
        Ok(Kind::Http {
            status: status.ok_or_else(|| invalid("status: must be from 200 to 599"))?,
            code,
            headers,
            body: body.unwrap_or_else(|| json!({ "message": message }).to_string()),
        })
    }
}

/// Takes the text form apart: one map per fault.
fn words(text: &str) -> Result<Vec<Map<String, Value>>> {
    let (mut faults, mut fault) = (Vec::new(), Map::new());
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(';') {
            faults.push(std::mem::take(&mut fault));
            rest = after.trim_start();
            continue;
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == ';' || c == '=').unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let (key, value) = match after.strip_prefix('=') {
            None => {
                rest = after;
                ("fault", word.to_owned())
            }
            Some(after) => {
                let value;
                (value, rest) = split_value(after)?;
                (word, value)
            }
        };
        if fault.insert(key.to_owned(), value.into()).is_some() {
            return Err(invalid(format!("'{text}': {key} is there twice")));
        }
        rest = rest.trim_start();
    }
    faults.push(fault);
    faults.retain(|fault| !fault.is_empty());
    Ok(faults)
}

fn split_value(text: &str) -> Result<(String, &str)> {
    if !text.starts_with('"') {
        let end = text.find(|c: char| c.is_whitespace() || c == ';').unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    }
    let mut strings = serde_json::Deserializer::from_str(text).into_iter::<String>();
    match strings.next() {
        Some(Ok(value)) => Ok((value, &text[strings.byte_offset()..])),
        _ => Err(invalid(format!("{text}: not a JSON string"))),
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}
