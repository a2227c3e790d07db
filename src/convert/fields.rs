//! Settings that each model family takes in a form of its own (`additionalModelRequestFields`).

use serde_json::{Value, json};

use super::prepare::Prepared;
use crate::messages::JsonObject;
use crate::profile::{ModelProfile, ThinkingVariant, TopKVariant};
use crate::settings::{ThinkingEffort, ThinkingLevel};

/// The caller's own fields, and `top_k` and `thinking` where the caller has not set what they map to.
pub(super) fn additional_fields(profile: &ModelProfile, prepared: &Prepared) -> Option<Value> {
    let mut fields = prepared.settings.bedrock_additional_model_requests_fields.clone().unwrap_or_default();
    if let Some(top_k) = prepared.settings.top_k {
        set_top_k(&mut fields, profile.bedrock_top_k_variant, top_k);
    }
    if let Some(thinking) = prepared.parameters.thinking {
        set_thinking(&mut fields, profile, thinking);
    }
    (!fields.is_empty()).then_some(Value::Object(fields))
}

fn set_top_k(fields: &mut JsonObject, variant: Option<TopKVariant>, top_k: u64) {
    match variant {
        Some(TopKVariant::TopK) => {
            fields.entry("top_k").or_insert(top_k.into());
        }
        Some(TopKVariant::InferenceConfig) => {
            let config = fields.entry("inferenceConfig").or_insert_with(|| json!({}));
            if config.is_null() {
                *config = json!({});
            }
            if let Value::Object(config) = config {
                config.entry("topK").or_insert(top_k.into());
            }
        }
        _ => {}
    }
}

fn set_thinking(fields: &mut JsonObject, profile: &ModelProfile, thinking: ThinkingLevel) {
    let on = thinking != ThinkingLevel::Off;
    match profile.bedrock_thinking_variant {
        Some(ThinkingVariant::Thinking) if !fields.contains_key("thinking") => {
            if !profile.bedrock_supports_adaptive_thinking {
                let value = match thinking {
                    ThinkingLevel::Off => json!({"type": "disabled"}),
                    level => json!({"type": "enabled", "budget_tokens": budget_tokens(level)}),
                };
                fields.insert("thinking".to_owned(), value);
            } else if on {
                fields.insert("thinking".to_owned(), json!({"type": "adaptive"}));
                if let ThinkingLevel::Effort(effort) = thinking
                    && profile.bedrock_supports_effort
                {
                    fields.entry("output_config").or_insert_with(|| json!({"effort": output_effort(effort)}));
                }
            }
        }
        Some(ThinkingVariant::ReasoningEffort) if on => {
            let effort = match thinking {
                ThinkingLevel::Effort(effort) => effort.as_str(),
                _ => "medium",
            };
            fields.entry("reasoning_effort").or_insert(effort.into());
        }
        Some(ThinkingVariant::ReasoningConfig) if on => {
            use ThinkingEffort::{Low, Minimal};
            let low = matches!(thinking, ThinkingLevel::Effort(Minimal | Low));
            fields.entry("reasoning_config").or_insert(if low { "low" } else { "high" }.into());
        }
        _ => {}
    }
}

/// How many tokens a model may think for at most, where it wants a number.
fn budget_tokens(level: ThinkingLevel) -> u32 {
    match level {
        ThinkingLevel::Effort(ThinkingEffort::Minimal) => 1024,
        ThinkingLevel::Effort(ThinkingEffort::Low) => 2048,
        ThinkingLevel::Effort(ThinkingEffort::High) => 16384,
        ThinkingLevel::Effort(ThinkingEffort::Xhigh) => 32768,
        _ => 10000,
    }
}

/// The effort in the terms of `output_config.effort`.
fn output_effort(effort: ThinkingEffort) -> &'static str {
    match effort {
        ThinkingEffort::Minimal | ThinkingEffort::Low => "low",
        ThinkingEffort::Medium => "medium",
        ThinkingEffort::High => "high",
        ThinkingEffort::Xhigh => "max",
    }
}
