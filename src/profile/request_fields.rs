//! Settings that Converse has no member for: each family takes them in its own form in `additionalModelRequestFields`.
//!
//! What the caller has put there wins.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ModelProfile;
use crate::messages::JsonObject;
use crate::settings::{ThinkingEffort, ThinkingLevel};

/// Where in `additionalModelRequestFields` the setting `thinking` goes. The JSON names are pydantic-ai's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ThinkingVariant {
    /// `thinking`: `{"type": "adaptive"}`, with an effort in `output_config`; or
    /// `{"type": "enabled", "budget_tokens": N}` and `{"type": "disabled"}`.
    #[serde(rename = "anthropic")]
    Thinking,
    /// `reasoning_effort`: `minimal`, `low`, `medium`, `high` or `xhigh`.
    #[serde(rename = "openai")]
    ReasoningEffort,
    /// `reasoning_config`: `low` or `high`.
    #[serde(rename = "qwen")]
    ReasoningConfig,
}

/// Where in `additionalModelRequestFields` the setting `top_k` goes. The JSON names are pydantic-ai's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TopKVariant {
    /// `top_k`
    #[serde(rename = "anthropic")]
    TopK,
    /// `topK` inside `inferenceConfig`
    #[serde(rename = "nova")]
    InferenceConfig,
}

impl ModelProfile {
    /// Adds the setting `top_k` to `additionalModelRequestFields`, in the form that the model takes, if it does.
    pub fn add_top_k(&self, top_k: u64, fields: &mut JsonObject) {
        match self.bedrock_top_k_variant {
            Some(TopKVariant::TopK) => add(fields, "top_k", top_k),
            Some(TopKVariant::InferenceConfig) => {
                let config = fields.entry("inferenceConfig").or_insert(Value::Null);
                if config.is_null() {
                    *config = json!({});
                }
                if let Value::Object(config) = config {
                    add(config, "topK", top_k);
                }
            }
            None => {}
        }
    }

    /// Adds the setting `thinking` to `additionalModelRequestFields`, in the form that the model takes, if it does.
    ///
    /// ```
    /// use bedrock_converse::profile::ModelProfile;
    /// use bedrock_converse::settings::{ThinkingEffort, ThinkingLevel};
    /// use serde_json::{Map, json};
    ///
    /// let mut fields = Map::new();
    /// let level = ThinkingLevel::Effort(ThinkingEffort::Low);
    /// ModelProfile::for_model("anthropic.claude-haiku-4-5-20251001-v1:0").add_thinking(level, &mut fields);
    /// assert_eq!(json!(fields), json!({"thinking": {"type": "enabled", "budget_tokens": 2048}}));
    /// ```
    pub fn add_thinking(&self, level: ThinkingLevel, fields: &mut JsonObject) {
        let effort = match level {
            ThinkingLevel::Effort(effort) => Some(effort),
            ThinkingLevel::On | ThinkingLevel::Off => None,
        };
        match self.bedrock_thinking_variant {
            Some(ThinkingVariant::Thinking) if fields.contains_key("thinking") => {}
            Some(ThinkingVariant::Thinking) if !self.bedrock_supports_adaptive_thinking => {
                let thinking = match level {
                    ThinkingLevel::Off => json!({"type": "disabled"}),
                    _ => json!({"type": "enabled", "budget_tokens": budget(effort)}),
                };
                add(fields, "thinking", thinking);
            }
            // The others can't be told not to think.
            _ if level == ThinkingLevel::Off => {}
            Some(ThinkingVariant::Thinking) => {
                add(fields, "thinking", json!({"type": "adaptive"}));
                if let Some(effort) = effort.filter(|_| self.bedrock_supports_effort) {
                    add(fields, "output_config", json!({"effort": adaptive_effort(effort)}));
                }
            }
            Some(ThinkingVariant::ReasoningEffort) => {
                add(fields, "reasoning_effort", json!(effort.unwrap_or(ThinkingEffort::Medium)));
            }
            Some(ThinkingVariant::ReasoningConfig) => add(fields, "reasoning_config", low_or_high(effort)),
            None => {}
        }
    }
}

/// Adds a member unless it is there.
fn add(object: &mut JsonObject, member: &str, value: impl Into<Value>) {
    object.entry(member).or_insert_with(|| value.into());
}

/// How many tokens a model may think that doesn't choose itself.
fn budget(effort: Option<ThinkingEffort>) -> u32 {
    match effort {
        Some(ThinkingEffort::Minimal) => 1024, // the least that is accepted
        Some(ThinkingEffort::Low) => 2048,
        Some(ThinkingEffort::Medium) | None => 10_000,
        Some(ThinkingEffort::High) => 16_384,
        Some(ThinkingEffort::Xhigh) => 32_768,
    }
}

fn adaptive_effort(effort: ThinkingEffort) -> &'static str {
    match effort {
        ThinkingEffort::Minimal | ThinkingEffort::Low => "low",
        ThinkingEffort::Medium => "medium",
        ThinkingEffort::High => "high",
        ThinkingEffort::Xhigh => "max",
    }
}

fn low_or_high(effort: Option<ThinkingEffort>) -> &'static str {
    match effort {
        Some(ThinkingEffort::Minimal | ThinkingEffort::Low) => "low",
        _ => "high",
    }
}
