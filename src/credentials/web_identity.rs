//! A token of an identity provider, as Kubernetes mounts it, exchanged for a role's credentials.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/access-assume-role-web.html>

use aws_credential_types::Credentials;

use super::context::{Context, Found, Miss};
use super::sts;
use crate::error::{Error, ErrorKind, Result};

/// A role, and the file with the token that proves the right to it.
pub(super) struct WebIdentity {
    pub(super) token_file: String,
    pub(super) role_arn: String,
    pub(super) session_name: Option<String>,
}

impl WebIdentity {
    /// Reads the token anew, as it is replaced from time to time.
    pub(super) async fn credentials(&self, context: &Context<'_>) -> Result<Credentials> {
        let token = std::fs::read_to_string(&self.token_file).map_err(|error| {
            let message = format!("cannot read the web identity token {}: {error}", self.token_file);
            Error::new(ErrorKind::Credentials, message)
        })?;
        sts::assume_role_with_web_identity(context, &self.role_arn, self.session_name.as_deref(), token.trim()).await
    }
}

/// From `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_ARN` and `AWS_ROLE_SESSION_NAME`.
pub(super) async fn credentials(context: &Context<'_>) -> Found {
    let var = |name| context.environment.var(name);
    let Some(token_file) = var("AWS_WEB_IDENTITY_TOKEN_FILE") else {
        return Err(Miss::Unset("AWS_WEB_IDENTITY_TOKEN_FILE is not set".to_owned()));
    };
    let Some(role_arn) = var("AWS_ROLE_ARN") else {
        let message = "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not";
        return Err(Error::new(ErrorKind::Credentials, message).into());
    };
    let identity = WebIdentity { token_file, role_arn, session_name: var("AWS_ROLE_SESSION_NAME") };
    Ok(identity.credentials(context).await?)
}
