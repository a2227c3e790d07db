//! What to do about errors that people meet.

use super::BedrockConverseModel;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::profile::{GEO_PREFIXES, LatestBedrockModelNames, geo_prefixes, remove_geo_prefix};

impl BedrockConverseModel {
    /// Adds a hint where the message is a known one.
    pub(super) fn explain(&self, error: Error, client: &Client) -> Error {
        if error.hint().is_some() {
            return error;
        }
        match self.hint(&error, client.region()) {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    fn hint(&self, error: &Error, region: Option<&str>) -> Option<String> {
        let name = self.model_name();
        let message = error.message().to_ascii_lowercase();
        let says = |text: &str| message.contains(text);
        if says("on-demand throughput isn") {
            let prefixes = region.map_or(GEO_PREFIXES, geo_prefixes);
            let bare = remove_geo_prefix(name);
            let profiles: Vec<String> = prefixes.iter().map(|prefix| format!("`{prefix}.{bare}`")).collect();
            return Some(format!(
                "this model is only served through an inference profile: ask for {}",
                profiles.join(" or ")
            ));
        }
        if says("model identifier is invalid") {
            let known = LatestBedrockModelNames::nearest(name)?;
            return Some(format!("did you mean `{known}`?"));
        }
        if says("s3uri field") || says("s3location") {
            return Some("this model takes no files from S3: send their bytes".to_owned());
        }
        if says("video") && error.kind() == ErrorKind::Validation {
            return Some("this model takes no video; the Nova models do".to_owned());
        }
        match error.kind() {
            ErrorKind::QuotaExceeded => {
                Some("this quota comes back within a day, not within a retry: see Service Quotas".to_owned())
            }
            ErrorKind::CountTokensUnsupported => {
                Some("few models count tokens, and none by a profile's ARN: see https://docs.aws.amazon.com/bedrock/latest/userguide/count-tokens.html".to_owned())
            }
            _ => None,
        }
    }
}
