//! A profile of the shared files: where its credentials begin, and the roles that are assumed with them.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>

use std::fmt;

use aws_credential_types::Credentials;

use super::config_file::Section;
use super::context::{Context, Miss, within};
use super::shared_config::SharedConfig;
use super::sso::Sso;
use super::sts::Role;
use super::web_identity::WebIdentity;
use super::{container, environment, imds, process, sts};
use crate::error::{Error, ErrorKind, Result};

/// The way to the credentials of a profile.
struct Plan<'a> {
    base: Base<'a>,
    /// The profile that `base` stands in.
    profile: &'a str,
    /// To be assumed one after the other.
    roles: Vec<Role>,
}

/// Where the first credentials come from.
enum Base<'a> {
    Keys(Credentials),
    Process(&'a str),
    WebIdentity(WebIdentity),
    Sso(Sso<'a>),
    Environment,
    Container,
    InstanceMetadata,
}

/// The credentials of the selected profile, and in words how they came about.
pub(super) async fn credentials(context: &Context<'_>) -> Result<(Credentials, String), Miss> {
    let plan = Plan::new(&context.config)?;
    let mut description = format!("{} of profile `{}`", plan.base, plan.profile);
    let found = match &plan.base {
        Base::Keys(credentials) => Ok(credentials.clone()),
        Base::Process(command) => process::credentials(command).await.map_err(Miss::from),
        Base::WebIdentity(identity) => identity.credentials(context).await.map_err(Miss::from),
        Base::Sso(sso) => sso.credentials(context).await.map_err(Miss::from),
        Base::Environment => environment::credentials(context.environment),
        Base::Container => container::credentials(context).await,
        Base::InstanceMetadata => imds::credentials(context).await,
    };
    let failed = |place: &str, error: Error| Miss::Failed(within(place, error.kind(), &error));
    let mut credentials = match found {
        Ok(credentials) => credentials,
        Err(Miss::Failed(error)) => return Err(failed(&description, error)),
        // The profile names this source, so no other will do.
        Err(Miss::Unset(why)) => return Err(failed(&description, Error::new(ErrorKind::Credentials, why))),
    };
    for role in &plan.roles {
        description = format!("role {} with {description}", role.arn);
        let assumed = sts::assume_role(context, &credentials, role).await;
        credentials = assumed.map_err(|error| failed(&description, error))?;
    }
    Ok((credentials, description))
}

impl<'a> Plan<'a> {
    fn new(config: &'a SharedConfig) -> Result<Self, Miss> {
        let mut name = config.profile_name();
        if config.profile(name).is_none() && (!config.has_profiles() || !config.is_explicit()) {
            return Err(Miss::Unset(format!("there is no profile `{name}`")));
        }
        let mut visited: Vec<&str> = Vec::new();
        // Read from the last to the first.
        let mut roles = Vec::new();
        loop {
            let Some(profile) = config.profile(name) else {
                let by = visited.last().map_or(String::new(), |by| format!(", which `{by}` names as source_profile"));
                return Err(configuration(format!("there is no profile `{name}`{by}")).into());
            };
            let first = visited.is_empty();
            let looped = visited.contains(&name);
            visited.push(name);
            // A source profile's own keys end the chain, also where a profile names itself.
            let keys = if first { None } else { static_keys(profile, name)? };
            if let Some(keys) = keys {
                return Ok(Self { base: Base::Keys(keys), profile: name, roles });
            }
            if looped {
                return Err(configuration(format!("source_profile runs in a circle: {}", visited.join(" -> "))).into());
            }
            let source = (profile.get("role_arn"), profile.get("source_profile"), profile.get("credential_source"));
            let base = match source {
                (Some(_), Some(_), Some(_)) => {
                    let message = format!("profile `{name}` has both source_profile and credential_source");
                    return Err(configuration(message).into());
                }
                (Some(arn), Some(source), None) => {
                    roles.insert(0, role(profile, name, arn)?);
                    name = source;
                    continue;
                }
                (Some(arn), None, Some(source)) => {
                    roles.insert(0, role(profile, name, arn)?);
                    Some(named_source(source, name)?)
                }
                _ => base(config, profile, name)?,
            };
            return match base {
                Some(base) => Ok(Self { base, profile: name, roles }),
                None if first => Err(Miss::Unset(format!("profile `{name}` has no credentials"))),
                None => Err(configuration(format!("profile `{name}` has no credentials")).into()),
            };
        }
    }
}

fn role(profile: &Section, name: &str, arn: &str) -> Result<Role> {
    if profile.get("mfa_serial").is_some() {
        let message = format!("profile `{name}`: a role with mfa_serial needs a code that nobody is asked for here");
        let hint = "get credentials with the AWS CLI, or name a program in credential_process";
        return Err(configuration(message).with_hint(hint));
    }
    let owned = |name| profile.get(name).map(str::to_owned);
    Ok(Role {
        arn: arn.to_owned(),
        session_name: owned("role_session_name"),
        external_id: owned("external_id"),
        duration_seconds: owned("duration_seconds"),
    })
}

fn named_source(source: &str, name: &str) -> Result<Base<'static>> {
    Ok(match source.to_ascii_lowercase().as_str() {
        "environment" => Base::Environment,
        "ecscontainer" => Base::Container,
        "ec2instancemetadata" => Base::InstanceMetadata,
        _ => {
            return Err(configuration(format!(
                "profile `{name}`: credential_source is {source:?}; it must be Environment, Ec2InstanceMetadata or EcsContainer"
            )));
        }
    })
}

/// What a profile has that needs no other credentials.
fn base<'a>(config: &'a SharedConfig, profile: &'a Section, name: &'a str) -> Result<Option<Base<'a>>> {
    if let Some(role_arn) = profile.get("role_arn") {
        let Some(token_file) = profile.get("web_identity_token_file") else {
            return Err(configuration(format!(
                "profile `{name}` has role_arn, but no source_profile, credential_source or web_identity_token_file"
            )));
        };
        return Ok(Some(Base::WebIdentity(WebIdentity {
            token_file: token_file.to_owned(),
            role_arn: role_arn.to_owned(),
            session_name: profile.get("role_session_name").map(str::to_owned),
        })));
    }
    if let Some(sso) = Sso::from_profile(config, profile, name)? {
        return Ok(Some(Base::Sso(sso)));
    }
    if profile.get("login_session").is_some() {
        let message = format!("profile `{name}`: credentials of `aws login` cannot be read here");
        let hint = "set credential_process = aws configure export-credentials --format process";
        return Err(Error::new(ErrorKind::Unsupported, message).with_hint(hint));
    }
    if let Some(command) = profile.get("credential_process") {
        return Ok(Some(Base::Process(command)));
    }
    Ok(static_keys(profile, name)?.map(Base::Keys))
}

/// The profile's own keys.
fn static_keys(profile: &Section, name: &str) -> Result<Option<Credentials>> {
    let token = profile.get("aws_session_token").map(str::to_owned);
    match (profile.get("aws_access_key_id"), profile.get("aws_secret_access_key")) {
        (Some(key), Some(secret)) => Ok(Some(Credentials::new(key, secret, token, None, "profile"))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(configuration(format!("profile `{name}` has no aws_secret_access_key"))),
        (None, Some(_)) => Err(configuration(format!("profile `{name}` has no aws_access_key_id"))),
    }
}

fn configuration(message: String) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

impl fmt::Display for Base<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keys(_) => "keys",
            Self::Process(_) => "credential_process",
            Self::WebIdentity(_) => "web identity",
            Self::Sso(_) => "sso",
            Self::Environment => "the environment, by credential_source,",
            Self::Container => "the container, by credential_source,",
            Self::InstanceMetadata => "instance metadata, by credential_source,",
        })
    }
}
