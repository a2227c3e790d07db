//! What a check finds, and how findings are put together.

use std::fmt;

use serde::Serialize;

use super::Rule;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "refused or not: there is nothing else")]
pub enum Severity {
    /// The service may take it, or takes it and does something else than is meant.
    Warning,
    /// The service refuses it.
    Error,
}

/// A place in a request that breaks a rule.
///
/// Its JSON has the members that are its fields. `Display` is one line: rule, place and message.
///
/// ```
/// use bedrock_converse::preflight::check;
/// use bedrock_converse::{ModelProfile, wire::ConverseRequest};
///
/// let request = ConverseRequest::new("us.amazon.nova-micro-v1:0").user(" ");
/// let finding = &check(&request, &ModelProfile::default())[0];
/// assert!(finding.to_string().starts_with("error[blank-text] messages[0].content[0].text: "));
/// assert!(finding.repairable && finding.aws.is_some());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is, such as `messages[3].content[1].toolResult`. Indices count from 0.
    pub path: String,
    /// What is wrong, and what the rule is.
    pub message: String,
    /// What AWS answers, as far as that is publicly known. The words differ from model to model and over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws: Option<String>,
    /// Whether [`repair`](super::repair) mends it.
    pub repairable: bool,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}] {}: {}", self.rule, self.path, self.message)
    }
}

impl Finding {
    pub(super) fn says(&mut self, text: impl Into<String>) -> &mut Self {
        self.aws = Some(text.into());
        self
    }

    pub(super) fn repairable(&mut self) -> &mut Self {
        self.repairable = true;
        self
    }
}

/// The findings of one check.
#[derive(Default)]
pub(super) struct Report(pub(super) Vec<Finding>);

impl Report {
    pub(super) fn error(&mut self, rule: Rule, path: impl Into<String>, message: impl Into<String>) -> &mut Finding {
        self.add(rule, Severity::Error, path.into(), message.into())
    }

    pub(super) fn warning(&mut self, rule: Rule, path: impl Into<String>, message: impl Into<String>) -> &mut Finding {
        self.add(rule, Severity::Warning, path.into(), message.into())
    }

    /// A value that breaks what the service model says of it; `fault` begins with `must`.
    pub(super) fn constraint(&mut self, rule: Rule, path: impl Into<String>, fault: &str) -> &mut Finding {
        let path = path.into();
        let text = format!(
            "1 validation error detected: Value at '{}' failed to satisfy constraint: Member {fault}",
            member(&path)
        );
        self.error(rule, path, fault).says(text)
    }

    fn add(&mut self, rule: Rule, severity: Severity, path: String, message: String) -> &mut Finding {
        let at = self.0.len();
        self.0.push(Finding { rule, severity, path, message, aws: None, repairable: false });
        &mut self.0[at]
    }
}

/// The path as the service writes it: `messages.3.content.1`.
pub(super) fn dotted(path: &str) -> String {
    path.replace('[', ".").replace(']', "")
}

/// The path as the service writes it where it checks against its model: `messages.4.member.content.2.member`.
fn member(path: &str) -> String {
    let mut text = String::with_capacity(path.len() + 16);
    for piece in path.split('[') {
        match piece.split_once(']') {
            Some((index, rest)) => {
                let number = index.parse::<usize>().map_or_else(|_| index.to_owned(), |n| (n + 1).to_string());
                text += &format!(".{number}.member{rest}");
            }
            None => text += piece,
        }
    }
    text
}
