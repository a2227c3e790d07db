//! The shared files, read, with the profile that was selected.

use std::io;
use std::path::{Path, PathBuf};

use super::config_file::{FileKind, Section, Sections};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// What `~/.aws/config` and `~/.aws/credentials` say, seen from one profile.
///
/// `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` name other files; a file that is missing or may not be read
/// counts as empty. <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>
///
/// ```
/// use bedrock_converse::Environment;
/// use bedrock_converse::credentials::SharedConfig;
///
/// let variables = [("AWS_CONFIG_FILE", "/nowhere"), ("AWS_PROFILE", "work")];
/// let environment = Environment::fixed(variables);
/// let config = SharedConfig::load(&environment, None)?;
/// assert_eq!(config.profile_name(), "work");
/// assert_eq!(config.property("region"), None);
/// # Ok::<_, bedrock_converse::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SharedConfig {
    sections: Sections,
    profile_name: String,
    explicit: bool,
}

impl SharedConfig {
    /// Reads the files. The profile is `profile`, else `AWS_PROFILE`, else `default`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when a file breaks the syntax, [`ErrorKind::Io`] when it cannot be read.
    pub fn load(environment: &Environment, profile: Option<&str>) -> Result<Self> {
        let mut config = Self::empty(environment, profile);
        for (variable, file, kind) in [
            ("AWS_CONFIG_FILE", ".aws/config", FileKind::Config),
            ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", FileKind::Credentials),
        ] {
            let named = environment.var(variable).map(|path| expand_home(environment, &path));
            let Some(path) = named.or_else(|| home(environment).map(|home| home.join(file))) else { continue };
            if let Some(text) = read(&path)? {
                config.sections.add(&text, kind, &path.display().to_string())?;
            }
        }
        Ok(config)
    }

    /// As if there were no files.
    pub(super) fn empty(environment: &Environment, profile: Option<&str>) -> Self {
        let profile_name = profile.map(str::to_owned).or_else(|| environment.var("AWS_PROFILE"));
        Self {
            sections: Sections::default(),
            explicit: profile_name.is_some(),
            profile_name: profile_name.unwrap_or_else(|| "default".to_owned()),
        }
    }

    /// The name of the selected profile.
    pub fn profile_name(&self) -> &str {
        &self.profile_name
    }

    /// A property of the selected profile by its name in lower case, such as `region`; empty counts as unset.
    ///
    /// `sts.endpoint_url` is what stands for `sts` in the `[services]` section that the profile names.
    pub fn property(&self, name: &str) -> Option<String> {
        let profile = self.profile(&self.profile_name)?;
        let value = match name.split_once('.') {
            Some((service, name)) => self.sections.services.get(profile.get("services")?)?.nested(service, name),
            None => profile.get(name),
        };
        value.map(str::to_owned)
    }

    /// Whether the profile was asked for by name.
    pub(super) fn is_explicit(&self) -> bool {
        self.explicit
    }

    pub(super) fn has_profiles(&self) -> bool {
        !self.sections.profiles.is_empty()
    }

    pub(super) fn profile(&self, name: &str) -> Option<&Section> {
        self.sections.profiles.get(name)
    }

    pub(super) fn sso_session(&self, name: &str) -> Option<&Section> {
        self.sections.sso_sessions.get(name)
    }
}

/// The user's home folder.
pub(super) fn home(environment: &Environment) -> Option<PathBuf> {
    environment.var("HOME").or_else(|| environment.var("USERPROFILE")).map(PathBuf::from)
}

/// `path` with a leading `~/` replaced.
fn expand_home(environment: &Environment, path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), home(environment)) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

fn read(path: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::NotADirectory => {
                tracing::debug!(path = %path.display(), %error, "shared file left out");
                Ok(None)
            }
            _ => Err(Error::new(ErrorKind::Io, format!("cannot read {}", path.display())).with_source(error)),
        },
    }
}
