//! What the service model says of lengths, ranges and patterns.

use std::collections::{BTreeMap, BTreeSet};

/// What the service model says of a shape.
///
/// For text the numbers count characters, for lists, maps and blobs what is in them; a number is itself in their range.
///
/// ```
/// use bedrock_converse::preflight::{LIMITS, Limit};
///
/// // The inclusive range of the temperature.
/// let is_temperature = |limit: &&Limit| limit.shape == "InferenceConfigurationTemperatureFloat";
/// let limit = LIMITS.iter().find(is_temperature).unwrap();
/// assert_eq!((limit.min, limit.max, limit.pattern), (Some(0), Some(1), None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Limit {
    /// The service model's name of the shape.
    pub shape: &'static str,
    /// The least.
    pub min: Option<u32>,
    /// The most.
    pub max: Option<u32>,
    /// The characters that a text can have, as a class of regular expressions with its quantifier.
    pub pattern: Option<&'static str>,
}

macro_rules! limits {
    ($( $name:ident = $shape:literal, $min:expr, $max:expr, $pattern:expr; )+) => {
        $( pub(super) const $name: Limit = Limit { shape: $shape, min: $min, max: $max, pattern: $pattern }; )+

        /// The limits that [`check`](super::check) knows.
        ///
        /// ```
        /// use bedrock_converse::preflight::LIMITS;
        ///
        /// let name = LIMITS.iter().find(|limit| limit.shape == "ToolName").unwrap();
        /// assert_eq!((name.max, name.pattern), (Some(64), Some("[a-zA-Z0-9_-]+")));
        /// ```
        pub const LIMITS: &[Limit] = &[$($name),+];
    };
}

limits! {
    MODEL_ID = "ConversationalModelId", Some(1), Some(2048), None;
    MAX_TOKENS = "InferenceConfigurationMaxTokensInteger", Some(1), None, None;
    TEMPERATURE = "InferenceConfigurationTemperatureFloat", Some(0), Some(1), None;
    TOP_P = "InferenceConfigurationTopPFloat", Some(0), Some(1), None;
    STOP_SEQUENCES = "InferenceConfigurationStopSequencesList", Some(0), Some(2500), None;
    NON_EMPTY = "NonEmptyString", Some(1), None, None;
    RESPONSE_PATHS = "ConverseRequestAdditionalModelResponseFieldPathsList", Some(0), Some(10), None;
    RESPONSE_PATH = "ConverseRequestAdditionalModelResponseFieldPathsListMemberString", Some(1), Some(256), None;
    REQUEST_METADATA = "RequestMetadata", Some(1), Some(16), None;
    METADATA_KEY = "RequestMetadataKeyString", Some(1), Some(256), Some(r"[a-zA-Z0-9\s:_@$#=/+,-.]{1,256}");
    METADATA_VALUE = "RequestMetadataValueString", Some(0), Some(256), Some(r"[a-zA-Z0-9\s:_@$#=/+,-.]{0,256}");
    EFFORT = "OutputConfigEffortString", Some(0), Some(16), None;
    TOOLS = "ToolConfigurationToolsList", Some(1), None, None;
    TOOL_NAME = "ToolName", Some(1), Some(64), Some("[a-zA-Z0-9_-]+");
    TOOL_USE_ID = "ToolUseId", Some(1), Some(64), Some("[a-zA-Z0-9_.:-]+");
    TOOL_REFERENCE_NAME = "ToolReferenceNameString", Some(1), Some(128), None;
    TOOL_REFERENCE_SERVER_NAME = "ToolReferenceServerNameString", Some(1), Some(128), None;
    TOOL_REFERENCE_TYPE = "ToolReferenceTypeString", Some(1), Some(64), None;
    DOCUMENT_NAME = "DocumentBlockNameString", Some(1), Some(200), None;
    DOCUMENT_BYTES = "DocumentSourceBytesBlob", Some(1), None, None;
    IMAGE_BYTES = "ImageSourceBytesBlob", Some(1), None, None;
    VIDEO_BYTES = "VideoSourceBytesBlob", Some(1), None, None;
    AUDIO_BYTES = "AudioSourceBytesBlob", Some(1), None, None;
    S3_URI = "S3Uri", Some(1), Some(1024), None;
    ACCOUNT_ID = "AccountId", None, None, Some("[0-9]{12}");
}

impl Limit {
    /// How `text` breaks the limit, in the service's words.
    pub(super) fn text_fault(&self, text: &str) -> Option<String> {
        if let Some(pattern) = self.pattern.filter(|pattern| !matches(pattern, text)) {
            return Some(format!("must satisfy regular expression pattern: {pattern}"));
        }
        self.size_fault(text.chars().count())
    }

    /// How a text, list, map or blob of this size breaks the limit.
    pub(super) fn size_fault(&self, size: usize) -> Option<String> {
        self.fault("have length", size as f64)
    }

    /// How `number` breaks the limit.
    pub(super) fn number_fault(&self, number: f64) -> Option<String> {
        self.fault("have value", number)
    }

    fn fault(&self, what: &str, number: f64) -> Option<String> {
        let too_small = self.min.filter(|min| number < f64::from(*min) || number.is_nan());
        let too_large = self.max.filter(|max| number > f64::from(*max));
        match (too_small, too_large) {
            (Some(min), _) => Some(format!("must {what} greater than or equal to {min}")),
            (_, Some(max)) => Some(format!("must {what} less than or equal to {max}")),
            _ => None,
        }
    }

    /// `text` with `_` in place of what the pattern doesn't have, and no longer than it may be.
    pub(super) fn fit(&self, text: &str) -> String {
        let allowed = |c: &char| self.pattern.is_none_or(|pattern| has(class(pattern).0, *c));
        let most = self.max.map_or(usize::MAX, |max| max as usize);
        let fitting: String = text.chars().map(|c| if allowed(&c) { c } else { '_' }).take(most).collect();
        if fitting.is_empty() && self.min != Some(0) { "_".to_owned() } else { fitting }
    }
}

/// Names that are taken.
#[derive(Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
    /// The number that each text was last given.
    numbers: BTreeMap<String, usize>,
}

impl Names {
    /// Takes `text`, or where that is taken the first of `text` with a number that is not, and no longer than it may be.
    pub(super) fn unique(&mut self, limit: Limit, text: String, number: impl Fn(usize) -> String) -> String {
        let most = limit.max.map_or(usize::MAX, |max| max as usize);
        let mut name = text.clone();
        while !self.taken.insert(name.clone()) {
            let last = self.numbers.entry(text.clone()).or_insert(1);
            *last += 1;
            let number = number(*last);
            let kept: String = text.chars().take(most - number.len()).collect();
            // Names have no two spaces in a row, and a number may begin with one.
            name = kept.trim_end().to_owned() + &number;
        }
        name
    }
}

impl FromIterator<String> for Names {
    fn from_iter<T: IntoIterator<Item = String>>(names: T) -> Self {
        Self { taken: names.into_iter().collect(), ..Self::default() }
    }
}

/// Whether `text` is what the pattern says: characters of one class, so many as its quantifier says.
fn matches(pattern: &str, text: &str) -> bool {
    let (class, quantifier) = class(pattern);
    let count = text.chars().count();
    let enough = match quantifier.trim_matches(['{', '}']).split_once(',') {
        Some((least, most)) => least.parse().is_ok_and(|n| count >= n) && most.parse().is_ok_and(|n| count <= n),
        None if quantifier == "+" => count > 0,
        None => quantifier.trim_matches(['{', '}']).parse() == Ok(count),
    };
    enough && text.chars().all(|c| has(class, c))
}

/// A pattern's class, without its brackets, and the quantifier.
fn class(pattern: &str) -> (&str, &str) {
    pattern.strip_prefix('[').and_then(|rest| rest.split_once(']')).unwrap_or((pattern, "+"))
}

/// Whether a class such as `a-z0-9\s_-` has this character.
fn has(class: &str, wanted: char) -> bool {
    let mut rest = class.chars();
    while let Some(c) = rest.next() {
        let mut ahead = rest.clone();
        match (c, ahead.next(), ahead.next()) {
            ('\\', Some('s'), _) => {
                rest.next();
                if matches!(wanted, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r') {
                    return true;
                }
            }
            (first, Some('-'), Some(last)) => {
                rest = ahead;
                if (first..=last).contains(&wanted) {
                    return true;
                }
            }
            _ if c == wanted => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_as_regular_expressions_are() {
        let allowed =
            |limit: Limit| (0..128u8).map(char::from).filter(move |c| has(class(limit.pattern.unwrap()).0, *c));
        let count = |limit| allowed(limit).count();
        assert_eq!(allowed(TOOL_NAME).filter(|c| !c.is_ascii_alphanumeric()).collect::<String>(), "-_");
        assert_eq!(allowed(TOOL_USE_ID).filter(|c| !c.is_ascii_alphanumeric()).collect::<String>(), "-.:_");
        assert_eq!((count(TOOL_NAME), count(TOOL_USE_ID), count(ACCOUNT_ID)), (64, 66, 10));
        let metadata = allowed(METADATA_VALUE).filter(|c| !c.is_ascii_alphanumeric()).collect::<String>();
        assert_eq!(metadata, "\t\n\u{b}\u{c}\r #$+,-./:=@_");
        assert!(METADATA_VALUE.text_fault("").is_none());
        assert_eq!(
            METADATA_KEY.text_fault("").unwrap(),
            r"must satisfy regular expression pattern: [a-zA-Z0-9\s:_@$#=/+,-.]{1,256}"
        );
        assert!(ACCOUNT_ID.text_fault("123456789012").is_none());
        assert!(ACCOUNT_ID.text_fault("12345678901").is_some() && ACCOUNT_ID.text_fault("12345678901x").is_some());
    }

    #[test]
    fn faults_are_in_the_words_of_the_service() {
        assert_eq!(TOOL_NAME.text_fault(&"a".repeat(64)), None);
        assert_eq!(TOOL_NAME.text_fault(&"a".repeat(65)).unwrap(), "must have length less than or equal to 64");
        assert_eq!(NON_EMPTY.text_fault("").unwrap(), "must have length greater than or equal to 1");
        assert_eq!(TEMPERATURE.number_fault(1.5).unwrap(), "must have value less than or equal to 1");
        assert_eq!(TOP_P.number_fault(f64::NAN).unwrap(), "must have value greater than or equal to 0");
        assert_eq!((TEMPERATURE.number_fault(0.0), TEMPERATURE.number_fault(1.0)), (None, None));
    }

    #[test]
    fn what_is_made_to_fit_fits() {
        for text in ["", "a.b", "naïve name", &"é".repeat(100)] {
            let fitting = TOOL_NAME.fit(text);
            assert_eq!(TOOL_NAME.text_fault(&fitting), None, "{fitting}");
        }
        assert_eq!(TOOL_USE_ID.fit("call/1|x"), "call_1_x");
    }
}
