//! Keys in environment variables.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html>

use aws_credential_types::Credentials;

use super::context::{Found, Miss};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind};

/// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, with `AWS_SESSION_TOKEN` if it is set; blank ones count as unset.
pub(super) fn credentials(environment: &Environment) -> Found {
    let var = |name| environment.var(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let Some(key) = var("AWS_ACCESS_KEY_ID") else {
        return Err(Miss::Unset("AWS_ACCESS_KEY_ID is not set".to_owned()));
    };
    let Some(secret) = var("AWS_SECRET_ACCESS_KEY") else {
        let message = "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not";
        return Err(Error::new(ErrorKind::Credentials, message).into());
    };
    Ok(Credentials::new(key, secret, var("AWS_SESSION_TOKEN"), None, "environment"))
}
