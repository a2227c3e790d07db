//! Environment variables: the process's own, or a fixed set in a test.

use std::fmt;
use std::sync::Arc;

/// Where variables are read from. An empty variable counts as unset, as in the AWS SDKs.
///
/// ```
/// use bedrock_converse::Environment;
///
/// let environment = Environment::fixed([("AWS_REGION", "eu-west-1"), ("AWS_PROFILE", "")]);
/// assert_eq!(environment.var("AWS_REGION").as_deref(), Some("eu-west-1"));
/// assert_eq!(environment.var("AWS_PROFILE"), None);
/// ```
#[derive(Clone, Default)]
pub struct Environment(Option<Arc<[(String, String)]>>);

impl Environment {
    /// The process's environment, read anew each time.
    pub fn process() -> Self {
        Self(None)
    }

    /// These variables and no others.
    pub fn fixed<K: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(Some(variables.into_iter().map(|(k, v)| (k.into(), v.into())).collect()))
    }

    /// The value of `name`, unless it is unset, empty or not Unicode.
    pub fn var(&self, name: &str) -> Option<String> {
        let value = match &self.0 {
            Some(fixed) => fixed.iter().rfind(|(key, _)| key == name).map(|(_, value)| value.clone()),
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the process's environment")]
            None => std::env::var(name).ok(),
        };
        value.filter(|value| !value.is_empty())
    }

    /// Whether `name` holds `true` (in any case).
    pub fn flag(&self, name: &str) -> bool {
        self.var(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

/// Names and values are not shown: among them are secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Environment::fixed(..)" } else { "Environment::process()" })
    }
}
