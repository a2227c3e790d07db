//! `converse models`: the known names, and what each model can do.

use std::io;

use bedrock_converse::Result;
use bedrock_converse::profile::{LatestBedrockModelNames, ModelProfile};
use serde_json::json;

use crate::output::{self, Output, Style};

/// List the known models and what they can do. Any other name works too
#[derive(clap::Args)]
pub(crate) struct Models {
    /// Only names that contain this
    filter: Option<String>,
}

/// What is shown of a profile.
fn abilities(profile: &ModelProfile) -> [(&'static str, bool); 6] {
    [
        ("tools", profile.supports_tools),
        ("tool-choice", profile.bedrock_supports_tool_choice),
        ("json-schema", profile.supports_json_schema_output),
        ("thinking", profile.supports_thinking || profile.thinking_always_enabled),
        ("cache", profile.bedrock_supports_prompt_caching),
        ("code", !profile.supported_native_tools.is_empty()),
    ]
}

impl Models {
    pub(crate) fn run(&self, output: Output) -> Result<()> {
        let filter = self.filter.as_deref().unwrap_or_default();
        let names: Vec<&str> = LatestBedrockModelNames::all()
            .map(LatestBedrockModelNames::as_str)
            .filter(|name| name.contains(filter))
            .collect();
        let mut profiles = names.iter().map(|name| (*name, ModelProfile::for_model(name)));
        if output == Output::Json {
            return profiles
                .try_for_each(|(name, profile)| output::print_json(&json!({ "name": name, "profile": profile })));
        }
        let width = names.iter().map(|name| name.len()).max().unwrap_or_default();
        let heads = abilities(&ModelProfile::default()).map(|(head, _)| head).join("  ");
        let style = Style::on(&io::stdout());
        output::print(format_args!("{}\n", style.bold(format_args!("{:width$}  {heads}", "name"))))?;
        profiles.try_for_each(|(name, profile)| {
            let marks =
                abilities(&profile).map(|(head, has)| format!("{:1$}", if has { "yes" } else { "-" }, head.len()));
            output::print(format_args!("{name:width$}  {}\n", marks.join("  ").trim_end()))
        })
    }
}
