//! Token counts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json::json_struct;

json_struct! {
    /// What one request used, in tokens.
    ///
    /// Bedrock counts cached input apart; here, as with other providers, [`input_tokens`](Self::input_tokens) is
    /// everything that the model read.
    pub struct RequestUsage {
        /// All input tokens, cached ones included.
        default input_tokens | "request_tokens": u64,
        /// Input tokens that were written to the prompt cache.
        default cache_write_tokens: u64,
        /// Input tokens that were read from the prompt cache.
        default cache_read_tokens: u64,
        /// Output tokens.
        default output_tokens | "response_tokens": u64,
        /// Input tokens that were audio.
        default input_audio_tokens: u64,
        /// Audio tokens that were read from the prompt cache.
        default cache_audio_read_tokens: u64,
        /// Output tokens that were audio.
        default output_audio_tokens: u64,
        /// Further counts by the service's own names.
        default details: BTreeMap<String, u64>,
        /// The price in US dollars, as decimal text; this crate does not compute it.
        default cost: Option<Value>,
    }
}

impl RequestUsage {
    /// Input and output tokens together.
    pub fn total_tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}
