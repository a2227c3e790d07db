//! Where requests go, and with whose rights.

use std::path::Path;
use std::time::Duration;

use bedrock_converse::serve::Server;
use bedrock_converse::transport::{Recorder, ReqwestTransport};
use bedrock_converse::{BedrockProvider, BedrockProviderBuilder, Error, ErrorKind, Result};

use crate::output;

/// How long the stand-in takes for a word when a person reads along.
const WORD: Duration = Duration::from_millis(40);

#[derive(clap::Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Ask the built-in stand-in instead of AWS: no account, no network
    #[arg(long)]
    offline: bool,
    /// The region, in place of AWS_REGION
    #[arg(long, value_name = "REGION", conflicts_with = "offline")]
    region: Option<String>,
    /// The profile of the shared files, in place of AWS_PROFILE
    #[arg(long, value_name = "NAME", conflicts_with = "offline")]
    profile: Option<String>,
    /// The URL to send requests to, in place of the region's
    #[arg(long, value_name = "URL", conflicts_with = "offline")]
    endpoint_url: Option<String>,
    /// Let requests leave this machine over plain http
    #[arg(long)]
    allow_insecure_http: bool,
}

/// A provider, and the server behind it when that is our own.
pub(crate) struct Link {
    pub(crate) provider: BedrockProvider,
    _server: Option<Server>,
}

impl Connection {
    /// What the options say, for requests that somebody may watch come in.
    pub(crate) async fn open(&self, watched: bool) -> Result<Link> {
        let builder = self.builder();
        self.link(if self.offline { builder.transport(self.network()) } else { builder }, watched).await
    }

    /// The same for exchanges that are written into `folder`.
    pub(crate) async fn record(&self, folder: &Path) -> Result<(Link, Recorder)> {
        let recorder = Recorder::new(folder, self.network());
        let link = self.link(self.builder().transport(recorder.clone()), false).await?;
        Ok((link, recorder))
    }

    async fn link(&self, builder: BedrockProviderBuilder, watched: bool) -> Result<Link> {
        if !self.offline {
            let provider = builder.load().await.map_err(|error| self.explain(error))?;
            return Ok(Link { provider, _server: None });
        }
        let server = Server::builder().delay(if watched { WORD } else { Duration::ZERO }).start()?;
        let provider = builder.environment(server.environment()).build()?;
        Ok(Link { provider, _server: Some(server) })
    }

    fn network(&self) -> ReqwestTransport {
        let network = ReqwestTransport::new();
        if self.offline { network.without_proxy() } else { network }
    }

    /// The same without the stand-in.
    pub(crate) fn builder(&self) -> BedrockProviderBuilder {
        let mut builder = BedrockProvider::builder();
        if let Some(region) = &self.region {
            builder = builder.region_name(region);
        }
        if let Some(name) = &self.profile {
            builder = builder.profile_name(name);
        }
        if let Some(url) = &self.endpoint_url {
            builder = builder.base_url(url);
        }
        if self.allow_insecure_http {
            builder = builder.allow_insecure_http();
        }
        builder
    }

    /// Adds both ways on to an error that says that there is no way to AWS.
    pub(crate) fn explain(&self, error: Error) -> Error {
        const KEYS: &str = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or AWS_BEARER_TOKEN_BEDROCK";
        const OFFLINE: &str = "add --offline to try it without AWS";
        let hint = match (error.kind(), error.hint()) {
            _ if self.offline => return error,
            (ErrorKind::Credentials, None) => format!("set {KEYS}; or {OFFLINE}"),
            (ErrorKind::Credentials, Some(hint)) => format!("{hint}; or {OFFLINE}"),
            // What is to be configured will hardly be the only thing that is missing.
            (ErrorKind::Configuration, Some(hint)) => format!("{hint}. AWS wants {KEYS} too; or {OFFLINE}"),
            _ => return error,
        };
        error.with_hint(hint)
    }
}

/// Reads a whole file; `-` is standard input.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let text = match path.to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin()),
        _ => std::fs::read_to_string(path),
    };
    text.map_err(|error| output::io_error(path.display(), error))
}
