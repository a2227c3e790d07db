//! What to do about errors that people meet.

use super::BedrockConverseModel;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::profile::{
    GEO_PREFIXES, LatestBedrockModelNames, geo_prefixes, model_id_in_arn, remove_geo_prefix, split_model_id,
};

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
        if says("on-demand throughput") {
            let id = if name.starts_with("arn:") { model_id_in_arn(name)? } else { name };
            let id = remove_geo_prefix(id);
            let prefixes = region.map_or(GEO_PREFIXES, geo_prefixes);
            let profiles: Vec<String> = prefixes.iter().map(|prefix| format!("`{prefix}.{id}`")).collect();
            let profiles = profiles.join(" or ");
            return Some(format!("this model is only served through an inference profile: ask for {profiles}"));
        }
        if says("model identifier is invalid") {
            return misplaced(name, region).or_else(|| {
                let mut known = LatestBedrockModelNames::all();
                let meant = known.find(|known| split_model_id(known.as_str()).1 == name);
                let meant = meant.or_else(|| LatestBedrockModelNames::nearest(name))?;
                Some(format!("did you mean `{meant}`?"))
            });
        }
        // The second is what Claude says: it finds the S3 location missing, not wrong.
        if says("s3uri field") || says("source.type: field required") {
            return Some("this model takes no files from S3, as the Nova models do: send their bytes".to_owned());
        }
        if says("support the video") {
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

/// Said of the profile of a geography that the region is not in: for the service its name is as bad as one misspelt.
fn misplaced(name: &str, region: Option<&str>) -> Option<String> {
    let id = remove_geo_prefix(name);
    let prefix = name.strip_suffix(id)?.strip_suffix('.')?;
    let (region, near) = (region?, geo_prefixes(region?));
    if near.contains(&prefix) {
        return None;
    }
    Some(format!("`{prefix}.` profiles can't be called from {region}: ask for `{}.{id}`", near[0]))
}
