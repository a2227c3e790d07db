//! From a request to what is done about it.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_types::date_time::{DateTime, Format};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::answer::Answer;
use super::auth::{Access, decode};
use super::builtin::Reply;
use super::connection::{Delivery, Link};
use super::fault::Faults;
use super::fixture::Fixture;
use super::log::Log;
use super::plan::{Plan, Step};
use super::{tokens, validate};
use crate::transport::RecordedRequest;

/// More than the service takes.
const MAX_BODY: usize = 64 << 20;

/// What all connections share.
#[derive(Debug, Default)]
pub(super) struct Service {
    pub(super) access: Access,
    pub(super) fixtures: Vec<Fixture>,
    pub(super) faults: Mutex<Faults>,
    pub(super) log: Arc<Log>,
    /// The pause before each delta.
    pub(super) delay: Duration,
    /// How far the server's clock is ahead, in seconds.
    pub(super) clock_skew: i64,
    /// The prompts behind cache points, by hash.
    cache: Mutex<HashSet<u64>>,
}

impl Service {
    /// Answers one request.
    pub(super) async fn serve(
        &self,
        request: http::Request<Incoming>,
        link: Arc<Link>,
    ) -> io::Result<Response<Delivery>> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await.map_err(io::Error::other)?.to_bytes();
        let entry = self.log.begin(&head, body.clone());
        let mut plan = self.plan(&head, &body);
        match plan.before.take() {
            Some(Step::Pause(time)) => tokio::time::sleep(time).await,
            Some(Step::Stall) => std::future::pending().await,
            Some(Step::Close { reset }) => {
                link.close(reset);
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            Some(Step::Send { .. }) | None => {}
        }
        entry.status(plan.status);
        let id = format!("00000000-0000-4000-8000-{:012x}", entry.index() + 1);
        let now = DateTime::from_secs(self.now()).fmt(Format::HttpDate).map_err(io::Error::other)?;
        let (status, headers) = (plan.status, std::mem::take(&mut plan.headers));
        let mut response = Response::builder()
            .status(status)
            .header("date", now)
            .header("x-amzn-requestid", id)
            .body(Delivery::new(plan, link, entry))
            .map_err(io::Error::other)?;
        for (name, value) in headers {
            let name = http::HeaderName::try_from(name).map_err(io::Error::other)?;
            response.headers_mut().insert(name, HeaderValue::try_from(value).map_err(io::Error::other)?);
        }
        Ok(response)
    }

    fn plan(&self, head: &Parts, body: &Bytes) -> Plan {
        let now = self.now();
        let (answer, fault) = match self.access.check(head, body, now) {
            Err(denied) => (denied.into(), None),
            Ok(()) => match Operation::of(head) {
                None => (Answer::unknown_operation(), None),
                Some(operation) => self.with_fault(head, &operation, body),
            },
        };
        let Some(fault) = fault else { return Plan::new(answer, self.delay) };
        Plan::with_fault(answer, &fault, self.delay)
            .unwrap_or_else(|message| Plan::new(refused(&format!("x-converse-fault: {message}")), self.delay))
    }

    fn with_fault(&self, head: &Parts, operation: &Operation<'_>, body: &[u8]) -> (Answer, Option<super::Fault>) {
        let header = head.headers.get("x-converse-fault").map(|header| header.to_str().unwrap_or("not text"));
        let fault = match lock(&self.faults).next(header) {
            Ok(fault) => fault,
            Err(error) => return (refused(&format!("x-converse-fault: {error}")), None),
        };
        if let Some(answer) = fault.as_ref().and_then(super::Fault::answer) {
            return (answer, fault);
        }
        let answer = self.answer(head, operation, body).unwrap_or_else(|message| refused(&message));
        let fault = fault.filter(|_| answer.status == 200);
        (answer, fault)
    }

    /// The answer of a service where nothing goes wrong, or the message of its `ValidationException`.
    fn answer(&self, head: &Parts, operation: &Operation<'_>, body: &[u8]) -> Result<Answer, String> {
        let sent = RecordedRequest::parse(head.method.as_str(), head.uri.path(), vec![], body);
        let body: Value =
            serde_json::from_slice(body).map_err(|error| format!("The request body is not valid JSON: {error}"))?;
        let model_id = operation.model_id()?;
        let sent = sent.map_err(|error| error.to_string())?;
        if let Some(answer) = self.fixtures.iter().find_map(|fixture| fixture.answer(&sent)) {
            return Ok(answer);
        }
        match operation.kind {
            Kind::CountTokens => count_tokens(&model_id, &body).map(|count| Answer::json(200, &count)),
            Kind::Converse | Kind::ConverseStream => {
                validate::converse(&body, model_id.contains(":prompt/"))?;
                let reply = Reply::new(&model_id, &body, &mut lock(&self.cache));
                Ok(match operation.kind {
                    Kind::ConverseStream => Answer::stream(reply.events()),
                    _ => Answer::json(200, &reply.response()),
                })
            }
        }
    }

    fn now(&self) -> i64 {
        #[expect(clippy::disallowed_methods, reason = "the server's clock")]
        let now = std::time::SystemTime::now();
        DateTime::from(now).secs() + self.clock_skew
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refused(message: &str) -> Answer {
    Answer::error(400, "ValidationException", message)
}

fn count_tokens(model_id: &str, body: &Value) -> Result<Value, String> {
    let geographies = ["us.", "us-gov.", "eu.", "apac.", "au.", "ca.", "jp.", "global."];
    let is_profile = model_id.starts_with("arn:") && !model_id.contains(":foundation-model/");
    if is_profile || geographies.iter().any(|geography| model_id.starts_with(geography)) {
        return Err("The provided model doesn't support counting tokens.".into());
    }
    let input = &body["input"];
    let count = match (&input["converse"], &input["invokeModel"]["body"]) {
        (converse @ Value::Object(members), Value::Null) => {
            let counted = ["messages", "system", "toolConfig", "additionalModelRequestFields"];
            if let Some(name) = members.keys().find(|name| !counted.contains(&name.as_str())) {
                return Err(format!("input.converse: '{name}' is not counted."));
            }
            validate::conversation(converse)?;
            tokens::of_prompt(converse)
        }
        (Value::Null, Value::String(text)) => {
            let bytes = STANDARD.decode(text).map_err(|error| format!("input.invokeModel.body: {error}"))?;
            bytes.len().div_ceil(4).max(1) as u64
        }
        _ => return Err("input: must have exactly one of converse, invokeModel.".into()),
    };
    Ok(json!({ "inputTokens": count }))
}

/// `POST /model/{modelId}/{operation}`.
struct Operation<'a> {
    kind: Kind,
    label: &'a str,
}

enum Kind {
    Converse,
    ConverseStream,
    CountTokens,
}

impl<'a> Operation<'a> {
    /// The operation, unless the path is none; an unencoded `/` in the model's id makes it one segment too long.
    fn of(head: &'a Parts) -> Option<Self> {
        let segments: Vec<&str> = head.uri.path().split('/').collect();
        let ["", "model", label, operation] = segments[..] else { return None };
        let kind = match operation {
            "converse" => Kind::Converse,
            "converse-stream" => Kind::ConverseStream,
            "count-tokens" => Kind::CountTokens,
            _ => return None,
        };
        (head.method == Method::POST && !label.is_empty()).then_some(Self { kind, label })
    }

    /// The model's id, decoded once; what is still encoded then was encoded twice.
    fn model_id(&self) -> Result<String, String> {
        let allowed = |id: &String| id.chars().all(|c| c.is_ascii_alphanumeric() || "-._:/".contains(c));
        let id = decode(self.label).and_then(|bytes| String::from_utf8(bytes).ok()).filter(allowed);
        id.ok_or_else(|| format!("The provided model identifier is invalid: '{}'.", self.label))
    }
}
