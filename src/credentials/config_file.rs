//! The syntax of the shared `config` and `credentials` files.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>

use std::fmt;

use crate::error::{Error, ErrorKind, Result};

/// Which of the two files a text comes from: they name their sections differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    /// `~/.aws/config`: `[default]`, `[profile x]`, `[sso-session x]`, `[services x]`.
    Config,
    /// `~/.aws/credentials`: `[x]`, always a profile.
    Credentials,
}

/// The properties of one section: names in lower case, values as written.
///
/// A nested property (`sts =` followed by indented lines) keeps its lines in the value, each after a line feed.
#[derive(Clone, Default)]
pub(super) struct Section(Named<String>);

impl Section {
    /// The value of `name` (in lower case), unless it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of `inner` nested in `name`; both in lower case.
    pub(super) fn nested(&self, name: &str, inner: &str) -> Option<&str> {
        let lines = self.get(name)?.strip_prefix('\n')?.lines();
        let found = lines.filter_map(property).rfind(|(name, value)| name == inner && !value.is_empty());
        found.map(|(_, value)| value)
    }
}

/// What a file has under names, few enough to be searched one by one; a map of the library's weighs 6 KB more.
#[derive(Clone, Debug, Default)]
pub(super) struct Named<T>(Vec<(String, T)>);

impl<T: Default> Named<T> {
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The value of this name, which may be new.
    fn entry(&mut self, name: String) -> &mut T {
        let index = self.names().position(|other| other == name).unwrap_or(self.0.len());
        if index == self.0.len() {
            self.0.push((name, T::default()));
        }
        &mut self.0[index].1
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| other != name);
    }
}

/// Names only: among the values are secrets.
impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.names()).finish()
    }
}

/// What the two files say together.
#[derive(Clone, Debug, Default)]
pub(super) struct Sections {
    pub(super) profiles: Named<Section>,
    pub(super) sso_sessions: Named<Section>,
    pub(super) services: Named<Section>,
}

impl Sections {
    /// Adds a file; a property that is there already is replaced, so the credentials file goes in last.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] with `path` and the line's number when a line is neither section, property,
    /// continuation nor comment.
    pub(super) fn add(&mut self, text: &str, kind: FileKind, path: &str) -> Result<()> {
        let mut prefixed_default = false;
        // The section that the line stands in (`None` inside: one that means nothing here), and the last property.
        let mut section: Option<Option<&mut Section>> = None;
        let mut last: Option<String> = None;
        for (index, line) in text.lines().enumerate() {
            let refuse = |why: &str| {
                // The line itself may hold a secret.
                Err(Error::new(ErrorKind::Configuration, format!("{path}, line {}: {why}", index + 1)))
            };
            let content = line.trim();
            if content.is_empty() || content.starts_with(['#', ';']) {
                continue;
            }
            if let Some(header) = line.strip_prefix('[') {
                let Some((name, rest)) = header.split_once(']') else { return refuse("a section must end with `]`") };
                if !rest.trim().is_empty() && !rest.trim_start().starts_with(['#', ';']) {
                    return refuse("only a comment may follow a section's name");
                }
                let (target, name) = self.target(name.trim(), kind, &mut prefixed_default);
                section = Some(target.map(|target| target.entry(name)));
                last = None;
                continue;
            }
            let Some(section) = &mut section else { return refuse("a property must stand in a section") };
            let Some(Section(properties)) = section else { continue };
            if line.starts_with([' ', '\t']) {
                let Some(name) = &last else { return refuse("an indented line must continue a property") };
                let value = properties.entry(name.clone());
                value.push('\n');
                value.push_str(content);
            } else {
                let Some((name, value)) = property(line) else { return refuse("a property must be `name = value`") };
                *properties.entry(name.clone()) = value.to_owned();
                last = Some(name);
            }
        }
        Ok(())
    }

    /// Where the section `[name]` belongs, and under which name. `None` for a section that means nothing here.
    fn target(
        &mut self,
        name: &str,
        kind: FileKind,
        prefixed_default: &mut bool,
    ) -> (Option<&mut Named<Section>>, String) {
        if kind == FileKind::Credentials {
            return (Some(&mut self.profiles), unquoted(name));
        }
        let (prefix, name) = name.split_once([' ', '\t']).unwrap_or(("", name));
        let name = unquoted(name);
        let target = match prefix {
            // `[profile default]` wins over `[default]`, wherever it stands.
            "" if name == "default" => (!*prefixed_default).then_some(&mut self.profiles),
            "profile" => {
                if name == "default" && !std::mem::replace(prefixed_default, true) {
                    self.profiles.remove("default");
                }
                Some(&mut self.profiles)
            }
            "sso-session" => Some(&mut self.sso_sessions),
            "services" => Some(&mut self.services),
            _ => None,
        };
        (target, name)
    }
}

/// `name = value`, without the comment that may follow after a blank.
fn property(line: &str) -> Option<(String, &str)> {
    let comment = line.match_indices(['#', ';']).find(|(at, _)| line[..*at].ends_with([' ', '\t']));
    let line = comment.map_or(line, |(at, _)| &line[..at]);
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    (!name.is_empty()).then(|| (name.to_ascii_lowercase(), value.trim()))
}

fn unquoted(name: &str) -> String {
    let name = name.trim();
    let inner = |quote| name.strip_prefix(quote).and_then(|name| name.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(name).to_owned()
}
