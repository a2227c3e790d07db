//! The names of models: those known here, and any other.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};

/// One of the models known when this version was made.
///
/// A newer model needs no newer version of this crate: [`BedrockModelName`] takes any name. AWS's list is at
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html>.
///
/// ```
/// use bedrock_converse::profile::LatestBedrockModelNames;
///
/// let name: LatestBedrockModelNames = "us.amazon.nova-pro-v1:0".parse()?;
/// assert!(LatestBedrockModelNames::all().any(|known| known == name));
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LatestBedrockModelNames(&'static str);

impl LatestBedrockModelNames {
    /// All of them.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        NAMES.iter().copied().map(Self)
    }

    /// The name as Bedrock knows it.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The known name that a misspelt one most likely stands for; `None` when there is none near, and for
    /// a known name itself.
    ///
    /// ```
    /// use bedrock_converse::profile::LatestBedrockModelNames;
    ///
    /// let meant = LatestBedrockModelNames::nearest("us.amazon.nova-micro-v1:O").map(|name| name.as_str());
    /// assert_eq!(meant, Some("us.amazon.nova-micro-v1:0"));
    /// ```
    pub fn nearest(name: &str) -> Option<Self> {
        // Below this, unrelated ids begin to resemble each other: all share `anthropic.claude-` or the like.
        const CLOSE: f64 = 0.8;
        // An id of Bedrock is short; a text many times as long is no typing error and not worth the search.
        if name.len() > 200 {
            return None;
        }
        Self::all()
            .map(|known| (similarity(known.0.as_bytes(), name.as_bytes()), known))
            .filter(|(similarity, _)| *similarity >= CLOSE)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.0.cmp(b.1.0)))
            .map(|(_, known)| known)
            .filter(|known| known.0 != name)
    }
}

/// How much of two texts matches, from 0 to 1 (Ratcliff and Obershelp): the longest common piece, and on its two sides
/// the same again.
fn similarity(a: &[u8], b: &[u8]) -> f64 {
    fn matching(a: &[u8], b: &[u8]) -> usize {
        let (mut longest, mut end_a, mut end_b) = (0, 0, 0);
        // `ending[j]`: the length of the common piece whose last bytes are `a[i]` and `b[j]`.
        let mut ending = vec![0; b.len()];
        for (i, x) in a.iter().enumerate() {
            let mut before = 0;
            for (j, y) in b.iter().enumerate() {
                let length = if x == y { before + 1 } else { 0 };
                before = std::mem::replace(&mut ending[j], length);
                if length > longest {
                    (longest, end_a, end_b) = (length, i + 1, j + 1);
                }
            }
        }
        if longest == 0 {
            return 0;
        }
        longest + matching(&a[..end_a - longest], &b[..end_b - longest]) + matching(&a[end_a..], &b[end_b..])
    }
    2.0 * matching(a, b) as f64 / (a.len() + b.len()) as f64
}

impl FromStr for LatestBedrockModelNames {
    type Err = Error;

    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`], with the nearest known name as its hint.
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::all().find(|known| known.0 == name).ok_or_else(|| {
            let error = Error::new(ErrorKind::InvalidInput, format!("`{name}` is not a known model name"));
            match Self::nearest(name) {
                Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
                None => error,
            }
        })
    }
}

impl fmt::Display for LatestBedrockModelNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl AsRef<str> for LatestBedrockModelNames {
    fn as_ref(&self) -> &str {
        self.0
    }
}

/// The name of a model: a known one, or any model id, inference-profile id or ARN.
///
/// ```
/// use bedrock_converse::profile::BedrockModelName;
///
/// let name = BedrockModelName::from("us.anthropic.claude-sonnet-4-6");
/// assert_eq!(name.as_str(), "us.anthropic.claude-sonnet-4-6");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BedrockModelName(String);

impl BedrockModelName {
    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for BedrockModelName {
    fn from(name: &'a str) -> Self {
        Self(name.to_owned())
    }
}

impl From<String> for BedrockModelName {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl From<LatestBedrockModelNames> for BedrockModelName {
    fn from(name: LatestBedrockModelNames) -> Self {
        Self::from(name.0)
    }
}

impl fmt::Display for BedrockModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for BedrockModelName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

const NAMES: &[&str] = &[
    "amazon.titan-tg1-large",
    "amazon.titan-text-lite-v1",
    "amazon.titan-text-express-v1",
    "us.amazon.nova-2-lite-v1:0",
    "us.amazon.nova-pro-v1:0",
    "us.amazon.nova-lite-v1:0",
    "us.amazon.nova-micro-v1:0",
    "anthropic.claude-3-5-sonnet-20241022-v2:0",
    "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
    "anthropic.claude-3-5-haiku-20241022-v1:0",
    "us.anthropic.claude-3-5-haiku-20241022-v1:0",
    "anthropic.claude-instant-v1",
    "anthropic.claude-v2:1",
    "anthropic.claude-v2",
    "anthropic.claude-3-sonnet-20240229-v1:0",
    "us.anthropic.claude-3-sonnet-20240229-v1:0",
    "anthropic.claude-3-haiku-20240307-v1:0",
    "us.anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-3-opus-20240229-v1:0",
    "us.anthropic.claude-3-opus-20240229-v1:0",
    "anthropic.claude-3-5-sonnet-20240620-v1:0",
    "us.anthropic.claude-3-5-sonnet-20240620-v1:0",
    "anthropic.claude-3-7-sonnet-20250219-v1:0",
    "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
    "anthropic.claude-opus-4-20250514-v1:0",
    "us.anthropic.claude-opus-4-20250514-v1:0",
    "global.anthropic.claude-opus-4-5-20251101-v1:0",
    "anthropic.claude-sonnet-4-20250514-v1:0",
    "us.anthropic.claude-sonnet-4-20250514-v1:0",
    "eu.anthropic.claude-sonnet-4-20250514-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "anthropic.claude-sonnet-4-6",
    "us.anthropic.claude-sonnet-4-6",
    "eu.anthropic.claude-sonnet-4-6",
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
    "cohere.command-text-v14",
    "cohere.command-r-v1:0",
    "cohere.command-r-plus-v1:0",
    "cohere.command-light-text-v14",
    "meta.llama3-8b-instruct-v1:0",
    "meta.llama3-70b-instruct-v1:0",
    "meta.llama3-1-8b-instruct-v1:0",
    "us.meta.llama3-1-8b-instruct-v1:0",
    "meta.llama3-1-70b-instruct-v1:0",
    "us.meta.llama3-1-70b-instruct-v1:0",
    "meta.llama3-1-405b-instruct-v1:0",
    "us.meta.llama3-2-11b-instruct-v1:0",
    "us.meta.llama3-2-90b-instruct-v1:0",
    "us.meta.llama3-2-1b-instruct-v1:0",
    "us.meta.llama3-2-3b-instruct-v1:0",
    "us.meta.llama3-3-70b-instruct-v1:0",
    "mistral.mistral-7b-instruct-v0:2",
    "mistral.mixtral-8x7b-instruct-v0:1",
    "mistral.mistral-large-2402-v1:0",
    "mistral.mistral-large-2407-v1:0",
    "us.anthropic.claude-opus-4-1-20250805-v1:0",
    "us.anthropic.claude-opus-4-5-20251101-v1:0",
    "us.anthropic.claude-opus-4-6-v1",
    "global.anthropic.claude-opus-4-6-v1",
    "us.anthropic.claude-opus-4-7",
    "global.anthropic.claude-opus-4-7",
    "us.anthropic.claude-opus-4-8",
    "global.anthropic.claude-opus-4-8",
    "us.anthropic.claude-opus-5",
    "global.anthropic.claude-opus-5",
    "us.anthropic.claude-sonnet-5",
    "global.anthropic.claude-sonnet-5",
    "us.anthropic.claude-fable-5",
    "global.anthropic.claude-fable-5",
    "us.amazon.nova-premier-v1:0",
    "global.amazon.nova-2-lite-v1:0",
    "us.meta.llama4-maverick-17b-instruct-v1:0",
    "us.meta.llama4-scout-17b-instruct-v1:0",
    "mistral.mistral-small-2402-v1:0",
    "mistral.mistral-large-3-675b-instruct",
    "mistral.ministral-3-3b-instruct",
    "mistral.ministral-3-8b-instruct",
    "mistral.ministral-3-14b-instruct",
    "mistral.magistral-small-2509",
    "mistral.devstral-2-123b",
    "mistral.pixtral-large-2502-v1:0",
    "us.mistral.pixtral-large-2502-v1:0",
    "deepseek.r1-v1:0",
    "deepseek.v3.2",
    "qwen.qwen3-32b-v1:0",
    "qwen.qwen3-coder-30b-a3b-v1:0",
    "qwen.qwen3-coder-next",
    "qwen.qwen3-next-80b-a3b",
    "qwen.qwen3-vl-235b-a22b",
    "google.gemma-3-4b-it",
    "google.gemma-3-12b-it",
    "google.gemma-3-27b-it",
    "minimax.minimax-m2",
    "minimax.minimax-m2.1",
    "minimax.minimax-m2.5",
    "nvidia.nemotron-nano-9b-v2",
    "nvidia.nemotron-nano-12b-v2",
    "nvidia.nemotron-nano-3-30b",
    "nvidia.nemotron-super-3-120b",
    "us.writer.palmyra-x4-v1:0",
    "us.writer.palmyra-x5-v1:0",
    "zai.glm-4.7",
    "zai.glm-4.7-flash",
    "zai.glm-5",
    "moonshot.kimi-k2-thinking",
    "moonshotai.kimi-k2.5",
];
