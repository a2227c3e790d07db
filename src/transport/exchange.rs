//! One request and its answer on disk: a folder of files that are readable in a diff.
//!
//! `fixtures/README.md` describes the format. What the recorder writes, the replayer and the server read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::Request;
use super::redact::{hide_accounts, without_accounts};
use super::secrets::SECRET_HEADERS;
use crate::error::{Error, ErrorKind, Result};

const META: &str = "meta.json";
const REQUEST: &str = "request.json";
/// The headers of a request that are always kept.
const KEPT: [&str; 2] = ["accept", "content-type"];

/// One request and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// Its folder.
    pub(crate) folder: PathBuf,
    pub(crate) request: RecordedRequest,
    pub(crate) response: RecordedResponse,
}

/// A request as it is compared: without host and authorisation, and with `123456789012` in place of account ids.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method.
    pub method: String,
    /// The path from `/model/` on, percent-encoded.
    pub path: String,
    /// The headers that are kept; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body. A member that is `null`, `[]` or `{}` is left out: some clients write `"system": []`, others don't.
    pub body: Value,
}

/// The answer.
#[derive(Clone, Debug)]
pub(crate) struct RecordedResponse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) form: Form,
    pub(crate) body: Bytes,
    /// The lengths of the pieces in which a stream came; empty when they are not known.
    pub(crate) chunks: Vec<usize>,
    /// The pause before each of them; empty when they are not known.
    pub(crate) pauses: Vec<Duration>,
    /// Whether the body goes no further because its reader left or the connection broke.
    pub(crate) incomplete: bool,
}

/// What a body is, which says which file it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Stream,
    Json,
    Other,
}

impl Form {
    const ALL: [Self; 3] = [Self::Stream, Self::Json, Self::Other];

    fn file(self) -> &'static str {
        match self {
            Self::Stream => "stream.bin",
            Self::Json => "response.json",
            Self::Other => "response.txt",
        }
    }
}

impl Exchange {
    /// Every exchange in `folder`, in the order of their names and however deep: a folder with a `meta.json` is one.
    pub(crate) fn load(folder: &Path) -> Result<Vec<Self>> {
        let mut exchanges = Vec::new();
        if folder.join(META).is_file() {
            exchanges.push(Self::read(folder)?);
        }
        for folder in folders(folder).map_err(|error| io_error(folder, "read", error))? {
            exchanges.extend(Self::load(&folder)?);
        }
        Ok(exchanges)
    }

    fn read(folder: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).map_err(|error| io_error(&path, "read", error))
        };
        let (meta, request) = (read(META)?, read(REQUEST)?);
        let form = Form::ALL.into_iter().find(|form| folder.join(form.file()).is_file()).unwrap_or(Form::Json);
        Self::parse(folder, &meta, &request, form.file(), read(form.file())?.into())
    }

    /// An exchange whose files have these contents; `body_file` is the name of the one with the answer's body.
    pub(crate) fn parse(folder: &Path, meta: &[u8], request: &[u8], body_file: &str, body: Bytes) -> Result<Self> {
        let at = |error: Error, file: &str| error.at(folder.join(file).display());
        let json = |file: &str, text: &[u8]| {
            serde_json::from_slice::<Value>(text).map_err(|error| at(invalid(error.to_string()), file))
        };
        let meta = json(META, meta)?;
        let form = Form::ALL.into_iter().find(|form| form.file() == body_file).unwrap_or(Form::Other);
        // What is indented for a reader was sent without the indentation.
        let body = if form == Form::Json { json(body_file, &body)?.to_string().into() } else { body };
        let wrong = |error| at(error, META);
        Ok(Self {
            request: RecordedRequest::read(&meta["request"], json(REQUEST, request)?).map_err(wrong)?,
            response: RecordedResponse::read(&meta["response"], form, body).map_err(wrong)?,
            folder: folder.to_owned(),
        })
    }

    /// Writes it into its folder, which begins to be an exchange with the last file.
    pub(super) fn write(&self) -> Result<()> {
        let create = |path: &Path| fs::create_dir_all(path).map_err(|error| io_error(path, "created", error));
        let write = |file: &str, bytes: &[u8]| {
            let path = self.folder.join(file);
            fs::write(&path, bytes).map_err(|error| io_error(&path, "written", error))
        };
        create(&self.folder)?;
        let RecordedResponse { form, body, .. } = &self.response;
        match (form, serde_json::from_slice::<Value>(body)) {
            (Form::Json, Ok(body)) => write(form.file(), pretty(&body).as_bytes())?,
            _ => write(form.file(), body)?,
        }
        write(REQUEST, pretty(&self.request.body).as_bytes())?;
        let meta = json!({ "request": self.request.meta(), "response": self.response.meta() });
        write(META, pretty(&meta).as_bytes())
    }

    /// Removes it from the disk. What else lies in its folder stays.
    pub(super) fn remove(&self) -> Result<()> {
        for file in [META, REQUEST].into_iter().chain(Form::ALL.map(Form::file)) {
            let path = self.folder.join(file);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(&path, "removed", error)),
                _ => {}
            }
        }
        // It fails when something else is in there.
        let _ = fs::remove_dir(&self.folder);
        Ok(())
    }

    /// The last part of its folder's name.
    pub(super) fn name(&self) -> String {
        self.folder.file_name().unwrap_or(self.folder.as_os_str()).to_string_lossy().into_owned()
    }
}

impl RecordedRequest {
    /// `request` as it is compared, with these headers besides the usual ones.
    ///
    /// Fails when it is none of the operations on a model: a source of credentials asks others.
    pub(super) fn of(request: &Request, headers: &[String]) -> Result<Self> {
        let path = request.uri().path();
        if !is_operation(request) {
            let place = format!("{} {}{path}", request.method(), request.uri().host().unwrap_or_default());
            let error = invalid(format!("{place}: only requests to models are recorded"));
            return Err(error.with_hint("take keys from `environment()`, so that no source of credentials is asked"));
        }
        let kept = |name: &str| {
            let wanted = KEPT.contains(&name) || headers.iter().any(|header| header == name);
            wanted && name != "authorization" && !SECRET_HEADERS.contains(&name)
        };
        let headers = request.headers().iter().filter(|(name, _)| kept(name.as_str()));
        let headers = headers.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        Self::parse(request.method().as_str(), path, headers.collect(), request.body())
    }

    /// A request as it was sent.
    pub(crate) fn parse(method: &str, path: &str, headers: Vec<(String, String)>, body: &[u8]) -> Result<Self> {
        let mut body = body.to_vec();
        hide_accounts(&mut body);
        let body = match body.as_slice() {
            [] => Value::Null,
            body => serde_json::from_slice(body)
                .map_err(|error| invalid(format!("the body of a request to a model must be JSON: {error}")))?,
        };
        Ok(Self::new(method, &without_accounts(path), headers, body))
    }

    fn new(method: &str, path: &str, headers: Vec<(String, String)>, mut body: Value) -> Self {
        if let Value::Object(members) = &mut body {
            members.retain(|_, value| !is_empty(value));
        }
        let path = path.find("/model/").map_or(path, |at| &path[at..]);
        Self { method: method.to_owned(), path: path.to_owned(), headers, body }
    }

    fn read(meta: &Value, body: Value) -> Result<Self> {
        let text = |name: &str| meta[name].as_str().ok_or_else(|| invalid(format!("request.{name}: must be a string")));
        Ok(Self::new(text("method")?, text("path")?, headers(&meta["headers"]), body))
    }

    fn meta(&self) -> Value {
        let mut meta = json!({ "method": self.method, "path": self.path });
        if !self.headers.is_empty() {
            meta["headers"] = headers_meta(&self.headers);
        }
        meta
    }
}

impl RecordedResponse {
    fn read(meta: &Value, form: Form, body: Bytes) -> Result<Self> {
        let status = match &meta["status"] {
            Value::Null => Some(200),
            status => status.as_u64().and_then(|status| u16::try_from(status).ok()),
        };
        let response = Self {
            status: status
                .filter(|status| (100..1000).contains(status))
                .ok_or_else(|| invalid("response.status: must be an HTTP status"))?,
            headers: headers(&meta["headers"]),
            form,
            chunks: numbers(meta, "chunks")?.into_iter().map(|length| length as usize).collect(),
            pauses: numbers(meta, "pauses_ms")?.into_iter().map(Duration::from_millis).collect(),
            incomplete: meta["incomplete"] == true,
            body,
        };
        let (total, chunks) = (response.body.len(), response.chunks.len());
        if chunks > 0 && response.chunks.iter().try_fold(0_usize, |sum, length| sum.checked_add(*length)) != Some(total)
        {
            return Err(invalid(format!("response.chunks: must add up to the {total} bytes of the body")));
        }
        if !response.pauses.is_empty() && response.pauses.len() != chunks {
            return Err(invalid(format!("response.pauses_ms: must be as many as response.chunks, which are {chunks}")));
        }
        Ok(response)
    }

    fn meta(&self) -> Value {
        let mut meta = json!({ "status": self.status, "headers": headers_meta(&self.headers) });
        if !self.chunks.is_empty() {
            meta["chunks"] = self.chunks.clone().into();
        }
        if !self.pauses.is_empty() {
            meta["pauses_ms"] = self.pauses.iter().map(|pause| pause.as_millis() as u64).collect();
        }
        if self.incomplete {
            meta["incomplete"] = true.into();
        }
        meta
    }
}

/// Whether `request` is an operation on a model, also below the path of a gateway.
pub(super) fn is_operation(request: &Request) -> bool {
    request.uri().path().contains("/model/")
}

/// The folders in `folder`, in order.
fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut folders: Vec<PathBuf> = entries.collect::<io::Result<_>>()?;
    folders.retain(|path| path.is_dir());
    folders.sort();
    Ok(folders)
}

fn headers(meta: &Value) -> Vec<(String, String)> {
    let headers = meta.as_object().into_iter().flatten();
    headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

fn headers_meta(headers: &[(String, String)]) -> Value {
    headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect::<Map<_, _>>().into()
}

fn numbers(meta: &Value, name: &str) -> Result<Vec<u64>> {
    let list = match &meta[name] {
        Value::Null => return Ok(Vec::new()),
        Value::Array(list) => list.iter().map(Value::as_u64).collect(),
        _ => None,
    };
    list.ok_or_else(|| invalid(format!("response.{name}: must be a list of whole numbers")))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(members) => members.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

pub(super) fn io_error(path: &Path, done: &str, error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{}: cannot be {done}: {error}", path.display())).with_source(error)
}
