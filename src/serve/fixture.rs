//! Recorded exchanges: a request that equals a recorded one gets the recorded answer.
//!
//! The format is described in `fixtures/README.md`.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use serde_json::Value;

use super::answer::{Answer, Piece};
use crate::error::{Error, ErrorKind, Result};

/// One exchange.
#[derive(Debug)]
pub(super) struct Fixture {
    method: String,
    path: String,
    request: Value,
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    streamed: bool,
}

macro_rules! embedded {
    ($($case:literal / $body:literal),* $(,)?) => {
        [$((
            $case,
            include_str!(concat!("../../fixtures/converse/", $case, "/meta.json")),
            include_str!(concat!("../../fixtures/converse/", $case, "/request.json")),
            $body,
            include_bytes!(concat!("../../fixtures/converse/", $case, "/", $body)).as_slice(),
        )),*]
    };
}

impl Fixture {
    /// The exchanges that are part of the program.
    pub(super) fn embedded() -> Vec<Self> {
        let fixtures = embedded![
            "amazon/text" / "response.json",
            "amazon/text-stream" / "stream.bin",
            "anthropic/text-stream" / "stream.bin",
            "anthropic/thinking-stream" / "stream.bin",
            "anthropic/tool-use" / "response.json",
            "anthropic/tool-use-stream" / "stream.bin",
        ];
        let parse =
            |(case, meta, request, name, body)| Self::parse(meta, request, name, Bytes::from_static(body), case);
        fixtures.into_iter().map(|fixture| parse(fixture).expect("the embedded fixtures are well-formed")).collect()
    }

    /// Every exchange in `folder`, however deep: a folder with a `meta.json` is one.
    pub(super) fn load(folder: &Path) -> Result<Vec<Self>> {
        let mut fixtures = Vec::new();
        if folder.join("meta.json").is_file() {
            fixtures.push(Self::load_one(folder)?);
        }
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut paths: Vec<_> =
            entries.map_err(|error| unreadable(folder, error))?.into_iter().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.is_dir()) {
            fixtures.extend(Self::load(path)?);
        }
        Ok(fixtures)
    }

    fn load_one(folder: &Path) -> Result<Self> {
        let read = |name: &str| fs::read(folder.join(name)).map_err(|error| unreadable(&folder.join(name), error));
        let text = |name: &str| read(name).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let names = ["stream.bin", "response.json", "response.txt"];
        let name = names.into_iter().find(|name| folder.join(name).is_file()).unwrap_or(names[1]);
        Self::parse(
            &text("meta.json")?,
            &text("request.json")?,
            name,
            read(name)?.into(),
            &folder.display().to_string(),
        )
    }

    fn parse(meta: &str, request: &str, body_name: &str, body: Bytes, place: &str) -> Result<Self> {
        let json = |name: &str, text: &[u8]| {
            let wrong = |error| Error::new(ErrorKind::InvalidInput, format!("{place}/{name}: {error}"));
            serde_json::from_slice::<Value>(text).map_err(wrong)
        };
        let meta = json("meta.json", meta.as_bytes())?;
        let text = |section: &str, name: &str| {
            let missing = || format!("{place}/meta.json: {section}.{name}: must be a string");
            meta[section][name]
                .as_str()
                .map(str::to_owned)
                .ok_or_else(|| Error::new(ErrorKind::InvalidInput, missing()))
        };
        let status = meta["response"]["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let headers = meta["response"]["headers"].as_object().into_iter().flatten();
        let headers = headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        Ok(Self {
            method: text("request", "method")?,
            path: text("request", "path")?,
            request: without_empty_members(json("request.json", request.as_bytes())?),
            status: status.unwrap_or(200),
            headers: headers.collect(),
            // What is indented for a reader goes out without the indentation.
            body: if body_name == "response.json" { json(body_name, &body)?.to_string().into() } else { body },
            streamed: body_name == "stream.bin",
        })
    }

    /// The recorded answer, if `request` is the recorded request.
    pub(super) fn answer(&self, method: &str, path: &str, request: &Value) -> Option<Answer> {
        if self.method != method || self.path != path || self.request != without_empty_members(request.clone()) {
            return None;
        }
        let body = self.body.clone();
        let mut answer = if self.streamed {
            Answer::recorded_stream(body)
        } else {
            let body = vec![Piece { name: String::new(), bytes: body }];
            Answer { status: 200, headers: vec![], body, streamed: false }
        };
        answer.status = self.status;
        answer.headers.clone_from(&self.headers);
        Some(answer)
    }
}

/// `"system": []` and `"inferenceConfig": {}` say nothing: some clients write them, others don't.
fn without_empty_members(mut request: Value) -> Value {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(members) => members.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    if let Value::Object(members) = &mut request {
        members.retain(|_, value| !empty(value));
    }
    request
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{}: cannot be read: {error}", path.display())).with_source(error)
}
