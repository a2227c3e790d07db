//! What an answer cost.

use crate::messages::RequestUsage;
use crate::wire::TokenUsage;

/// Bedrock counts cached input apart; in messages `input_tokens` is all that the model read. Counts that the service
/// has got since are kept under the service's names.
pub(crate) fn request_usage(usage: &TokenUsage) -> RequestUsage {
    let count = |tokens: i64| u64::try_from(tokens).unwrap_or_default();
    let cache_read_tokens = count(usage.cache_read_input_tokens.unwrap_or_default());
    let cache_write_tokens = count(usage.cache_write_input_tokens.unwrap_or_default());
    let details = usage.extra.iter().filter_map(|(name, value)| Some((name.to_owned(), value.as_u64()?)));
    RequestUsage {
        input_tokens: count(usage.input_tokens).saturating_add(cache_read_tokens).saturating_add(cache_write_tokens),
        cache_read_tokens,
        cache_write_tokens,
        output_tokens: count(usage.output_tokens),
        details: details.collect(),
        ..RequestUsage::default()
    }
}
