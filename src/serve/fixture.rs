//! Recorded exchanges: a request that equals a recorded one gets the recorded answer.
//!
//! The format is described in `fixtures/README.md`.

use std::path::Path;

use bytes::Bytes;

use super::answer::Answer;
use crate::error::Result;
use crate::transport::{Exchange, Form, RecordedRequest};

/// One exchange.
#[derive(Debug)]
pub(super) struct Fixture(Exchange);

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
        let parse = |(case, meta, request, name, body): (&str, &str, &str, _, _)| {
            Exchange::parse(Path::new(case), meta.as_bytes(), request.as_bytes(), name, Bytes::from_static(body))
        };
        fixtures.into_iter().map(|files| Self(parse(files).expect("the embedded fixtures are well-formed"))).collect()
    }

    /// Every exchange in `folder`.
    pub(super) fn load(folder: &Path) -> Result<Vec<Self>> {
        Ok(Exchange::load(folder)?.into_iter().map(Self).collect())
    }

    /// The recorded answer, if `sent` is the recorded request, whatever its headers.
    pub(super) fn answer(&self, sent: &RecordedRequest) -> Option<Answer> {
        let Exchange { request, response, .. } = &self.0;
        if (&request.method, &request.path, &request.body) != (&sent.method, &sent.path, &sent.body) {
            return None;
        }
        let body = response.body.clone();
        let mut answer = match response.form {
            Form::Stream => Answer::recorded_stream(body),
            Form::Json | Form::Other => Answer::plain(response.status, "application/json", body),
        };
        answer.status = response.status;
        answer.headers.clone_from(&response.headers);
        answer.incomplete = response.incomplete;
        Some(answer)
    }
}
