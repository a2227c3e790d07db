//! Tests of the chain, with a transport that answers from a script.

mod cache;
mod chain;
mod config_file;
mod container;
mod imds;
mod process;
mod profile;
mod scenarios;
mod secrets;
mod sso;
mod sts;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::context::Ambient;
use super::{Credentials, DefaultChain};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{Body, BoxFuture, Request, Response, Transport};

/// 2026-01-02T03:04:05Z.
pub(super) const NOW: u64 = 1_767_323_045;

/// Answers from a script and keeps what it was asked.
#[derive(Clone, Default)]
pub(super) struct Script(Arc<Mutex<(VecDeque<Reply>, Vec<Request>)>>);

#[derive(Debug)]
pub(super) enum Reply {
    Answer(u16, String),
    Broken,
    Silence,
}

pub(super) fn answer(status: u16, body: impl Into<String>) -> Reply {
    Reply::Answer(status, body.into())
}

impl Script {
    pub(super) fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self(Arc::new(Mutex::new((replies.into_iter().collect(), Vec::new()))))
    }

    /// The requests so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.0.lock().unwrap().1.clone()
    }

    /// `METHOD URL` of the requests so far.
    pub(super) fn asked(&self) -> Vec<String> {
        self.requests().iter().map(|request| format!("{} {}", request.method(), request.uri())).collect()
    }

    /// Fails if a reply was not asked for.
    pub(super) fn assert_done(&self) {
        assert_eq!(self.0.lock().unwrap().0.len(), 0, "replies left; asked: {:?}", self.asked());
    }
}

/// Without the replies: there are secrets in them.
impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

impl Transport for Script {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        let reply = {
            let mut inner = self.0.lock().unwrap();
            inner.1.push(request);
            inner.0.pop_front()
        };
        Box::pin(async move {
            match reply {
                Some(Reply::Answer(status, body)) => {
                    Ok(http::Response::builder().status(status).body(Body::from(Bytes::from(body))).unwrap())
                }
                Some(Reply::Silence) => std::future::pending().await,
                Some(Reply::Broken) | None => Err(Error::new(ErrorKind::Connection, "connection refused")),
            }
        })
    }
}

/// A folder of its own, gone after the test.
#[derive(Debug)]
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("bedrock-converse-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A home folder with these two files.
    pub(super) fn home(config: &str, credentials: &str) -> Self {
        let scratch = Self::new();
        scratch.write(".aws/config", config);
        scratch.write(".aws/credentials", credentials);
        scratch
    }

    pub(super) fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    pub(super) fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(super) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A clock that stands at [`NOW`], and a random number that is always 0.5.
pub(super) fn ambient() -> Ambient {
    Ambient { now: Arc::new(|| at(NOW)), random: Arc::new(|| 0.5) }
}

/// The same without a wait between two attempts, for tests in which time really passes.
pub(super) fn impatient() -> Ambient {
    Ambient { random: Arc::new(|| 0.0), ..ambient() }
}

/// A chain on these variables, with one script for both transports.
pub(super) fn chain(variables: &[(&str, &str)], script: &Script) -> DefaultChain {
    let environment = Environment::fixed(variables.iter().copied());
    let mut chain = DefaultChain::new(environment, Arc::new(script.clone()), Arc::new(script.clone()));
    chain.ambient = ambient();
    chain
}

/// Key, secret and token.
pub(super) fn keys(credentials: &Credentials) -> (&str, &str, Option<&str>) {
    (credentials.access_key_id(), credentials.secret_access_key(), credentials.session_token())
}

/// An answer of STS.
pub(super) fn sts_answer(action: &str, key: &str) -> Reply {
    answer(
        200,
        format!(
            "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <{action}Result>\n    \
             <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/x/y</Arn></AssumedRoleUser>\n    <Credentials>\n      \
             <AccessKeyId>{key}</AccessKeyId>\n      <SecretAccessKey>{key}-secret</SecretAccessKey>\n      \
             <SessionToken>{key}-token&amp;=</SessionToken>\n      <Expiration>2026-01-02T04:04:05Z</Expiration>\n    \
             </Credentials>\n  </{action}Result>\n</{action}Response>"
        ),
    )
}
