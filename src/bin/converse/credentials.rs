//! `converse credentials`: by what requests would be authorised.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bedrock_converse::credentials::{Credentials, DefaultChain};
use bedrock_converse::messages::Timestamp;
use bedrock_converse::transport::ReqwestTransport;
use bedrock_converse::{Environment, Result};
use serde_json::json;

use crate::output::{self, Output};

/// Say which credentials requests are signed with, and where they come from
#[derive(clap::Args)]
pub(crate) struct ShowCredentials {
    /// Print the AWS credentials themselves, as one line of JSON. Mind who reads along
    #[arg(long)]
    pub(crate) show: bool,
    /// The profile of the shared files, in place of AWS_PROFILE
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

impl ShowCredentials {
    pub(crate) async fn run(&self, output: Output) -> Result<()> {
        let environment = Environment::process();
        if let Some(key) = environment.var("AWS_BEARER_TOKEN_BEDROCK")
            && !self.show
        {
            let (source, key) = ("AWS_BEARER_TOKEN_BEDROCK", masked(&key));
            return match output {
                Output::Json => output::print_json(&json!({ "source": source, "bearer_key": key })),
                Output::Text => output::print(format_args!("source      {source}\nbearer key  {key}\n")),
            };
        }
        let transport = ReqwestTransport::new();
        let local = Arc::new(transport.clone().without_proxy());
        let mut chain = DefaultChain::new(environment, Arc::new(transport), local);
        if let Some(name) = &self.profile {
            chain = chain.profile(name);
        }
        let credentials = chain.resolve().await?;
        let source = chain.source().unwrap_or_default();
        let hide = |text: &str| if self.show { text.to_owned() } else { masked(text) };
        let secret = hide(credentials.secret_access_key());
        let token = credentials.session_token().map(hide);
        let expiration = expiration(&credentials);
        if self.show || output == Output::Json {
            let mut line = json!({ "access_key_id": credentials.access_key_id(), "secret_access_key": secret });
            if let Some(token) = token {
                line["session_token"] = token.into();
            }
            if let Some(time) = expiration {
                line["expiration"] = time.as_str().into();
            }
            line["source"] = (*source).into();
            return output::print_json(&line);
        }
        let mut lines = format!("source             {source}\naccess key id      {}\n", credentials.access_key_id());
        lines += &format!("secret access key  {secret}\n");
        if let Some(token) = token {
            lines += &format!("session token      {token}\n");
        }
        if let Some(time) = expiration {
            lines += &format!("expires            {time}\n");
        }
        output::print(lines)
    }
}

fn expiration(credentials: &Credentials) -> Option<Timestamp> {
    let since = credentials.expiry()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_unix(i64::try_from(since.as_secs()).ok()?, since.subsec_nanos()))
}

/// The length is the one thing that helps to see that something is there and whole, and gives nothing away.
pub(crate) fn masked(secret: &str) -> String {
    format!("**** ({} characters)", secret.chars().count())
}
