//! Model ids taken apart: geographic prefix, provider, name, version; and the ids inside ARNs.

/// The geographic prefixes of cross-region inference profiles, such as `us.` in
/// `us.anthropic.claude-sonnet-4-6`, without their dot.
///
/// See <https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html>.
pub const GEO_PREFIXES: &[&str] = &["us", "eu", "apac", "jp", "au", "ca", "global", "us-gov"];

/// The id without its geographic prefix, if it has one.
///
/// ```
/// use bedrock_converse::profile::remove_geo_prefix;
///
/// assert_eq!(remove_geo_prefix("us.amazon.nova-pro-v1:0"), "amazon.nova-pro-v1:0");
/// assert_eq!(remove_geo_prefix("amazon.nova-pro-v1:0"), "amazon.nova-pro-v1:0");
/// ```
pub fn remove_geo_prefix(model_id: &str) -> &str {
    match model_id.split_once('.') {
        Some((prefix, rest)) if GEO_PREFIXES.contains(&prefix) => rest,
        _ => model_id,
    }
}

/// The provider segment of an id, and the bare model name without geographic prefix and version.
///
/// An id without a provider segment is returned whole.
///
/// ```
/// use bedrock_converse::profile::split_model_id;
///
/// assert_eq!(split_model_id("us.amazon.nova-pro-v1:0"), (Some("amazon"), "nova-pro"));
/// assert_eq!(split_model_id("anthropic.claude-sonnet-4-6"), (Some("anthropic"), "claude-sonnet-4-6"));
/// assert_eq!(split_model_id("claude-sonnet-4-6"), (None, "claude-sonnet-4-6"));
/// ```
pub fn split_model_id(model_id: &str) -> (Option<&str>, &str) {
    match remove_geo_prefix(model_id).split_once('.') {
        Some((provider, name)) if !name.is_empty() => (Some(provider), remove_version(name)),
        _ => (None, model_id),
    }
}

/// `nova-pro` of `nova-pro-v1:0` and of `nova-pro-v1`.
fn remove_version(name: &str) -> &str {
    fn without_number(text: &str) -> Option<&str> {
        let rest = text.trim_end_matches(|c: char| c.is_ascii_digit());
        (rest.len() < text.len()).then_some(rest)
    }
    fn base(text: &str) -> Option<&str> {
        without_number(text)?.strip_suffix("-v").filter(|base| !base.is_empty())
    }
    let without_minor = without_number(name).and_then(|rest| rest.strip_suffix(':'));
    without_minor.and_then(base).or_else(|| base(name)).unwrap_or(name)
}

/// The model id that an ARN of Bedrock has in it, with its geographic prefix.
///
/// ARNs of foundation models and of AWS's own inference profiles name their model; for those of application inference
/// profiles, provisioned throughput, imported models and prompts, and for what is no ARN, this is `None`.
///
/// ```
/// use bedrock_converse::profile::model_id_in_arn;
///
/// let arn = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0";
/// assert_eq!(model_id_in_arn(arn), Some("eu.amazon.nova-pro-v1:0"));
/// assert_eq!(model_id_in_arn("arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/x1"), None);
/// ```
pub fn model_id_in_arn(arn: &str) -> Option<&str> {
    let mut fields = arn.splitn(6, ':');
    if fields.next() != Some("arn") || fields.nth(1) != Some("bedrock") {
        return None;
    }
    match fields.nth(2)?.split_once('/')? {
        ("foundation-model" | "inference-profile", id) => Some(id),
        _ => None,
    }
}

/// Whether two models are of one family, as far as their names tell.
pub(crate) fn is_same_family(one: &str, other: &str) -> bool {
    fn family(name: &str) -> Option<&str> {
        let id = model_id_in_arn(name).unwrap_or(name);
        split_model_id(id).0.filter(|_| !id.starts_with("arn:"))
    }
    family(one).zip(family(other)).is_none_or(|(one, other)| one == other)
}

/// The geographic prefixes whose inference profiles can be called from a region, the nearest first.
///
/// Which of them a model has differs from model to model:
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html>.
///
/// ```
/// use bedrock_converse::profile::geo_prefixes;
///
/// assert_eq!(geo_prefixes("eu-west-1"), ["eu", "global"]);
/// assert_eq!(geo_prefixes("ap-southeast-2"), ["au", "apac", "global"]);
/// ```
pub fn geo_prefixes(region: &str) -> &'static [&'static str] {
    match region {
        "ap-northeast-1" | "ap-northeast-3" => &["jp", "apac", "global"],
        "ap-southeast-2" | "ap-southeast-4" => &["au", "apac", "global"],
        _ if region.starts_with("us-gov-") => &["us-gov"],
        _ if region.starts_with("us-") => &["us", "global"],
        _ if region.starts_with("ca-") => &["ca", "us", "global"],
        _ if region.starts_with("eu-") => &["eu", "global"],
        _ if region.starts_with("ap-") => &["apac", "global"],
        _ => &["global"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_split_into_provider_and_name() {
        for (id, provider, name) in [
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", Some("anthropic"), "claude-haiku-4-5-20251001"),
            ("global.anthropic.claude-opus-4-6-v1", Some("anthropic"), "claude-opus-4-6"),
            ("us-gov.amazon.nova-pro-v1:0", Some("amazon"), "nova-pro"),
            ("amazon.titan-tg1-large", Some("amazon"), "titan-tg1-large"),
            ("deepseek.v3.2", Some("deepseek"), "v3.2"),
            ("openai.gpt-oss-120b-1:0", Some("openai"), "gpt-oss-120b-1:0"),
            ("anthropic.claude-v2:1", Some("anthropic"), "claude"),
            ("a.-v1", Some("a"), "-v1"),
            ("a.x-v1-v22:33", Some("a"), "x-v1"),
            ("a.x-v1:", Some("a"), "x-v1:"),
            ("a.x-v", Some("a"), "x-v"),
            ("a.x-v1:0:200k", Some("a"), "x-v1:0:200k"),
            ("de.anthropic.claude-v2", Some("de"), "anthropic.claude"),
            ("claude-haiku-4-5", None, "claude-haiku-4-5"),
            ("us.claude", None, "us.claude"),
            ("anthropic.", None, "anthropic."),
            ("", None, ""),
        ] {
            assert_eq!(split_model_id(id), (provider, name), "{id}");
        }
    }

    #[test]
    fn only_arns_that_name_a_model_give_an_id() {
        for (arn, id) in [
            (
                "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0:300k",
                Some("amazon.nova-pro-v1:0:300k"),
            ),
            (
                "arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/us-gov.anthropic.claude-v2",
                Some("us-gov.anthropic.claude-v2"),
            ),
            ("arn:aws:bedrock:us-east-1:1:application-inference-profile/mi1dadi0g15f", None),
            ("arn:aws:bedrock:us-east-1:1:provisioned-model/abc", None),
            ("arn:aws:bedrock:us-east-1:1:prompt/PROMPT:1", None),
            ("arn:aws:sagemaker:us-east-1:1:endpoint/foundation-model/x", None),
            ("arn:aws:bedrock:us-east-1", None),
            ("us.amazon.nova-pro-v1:0", None),
        ] {
            assert_eq!(model_id_in_arn(arn), id, "{arn}");
        }
    }

    #[test]
    fn families_are_told_by_names() {
        let claude = "us.anthropic.claude-sonnet-4-6";
        for (other, same) in [
            ("anthropic.claude-opus-5", true),
            ("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2", true),
            ("us.deepseek.r1-v1:0", false),
            ("arn:aws:bedrock:us-east-1:1:application-inference-profile/mi1dadi0g15f", true),
            ("arn:aws:bedrock:us-east-1:1:custom-model/amazon.nova-lite-v1:0/x", true),
            ("claude", true),
        ] {
            assert_eq!(is_same_family(claude, other), same, "{other}");
        }
    }

    #[test]
    fn regions_have_their_prefixes() {
        for (region, prefixes) in [
            ("us-west-2", "us global"),
            ("us-gov-east-1", "us-gov"),
            ("ca-central-1", "ca us global"),
            ("ap-northeast-3", "jp apac global"),
            ("ap-south-1", "apac global"),
            ("me-central-1", "global"),
        ] {
            assert_eq!(geo_prefixes(region).join(" "), prefixes, "{region}");
        }
    }
}
