//! Conversations in files: pydantic-ai's JSON of messages.

use std::path::Path;

use bedrock_converse::Result;
use bedrock_converse::messages::ModelMessage;

use crate::connect::read_text;
use crate::output;

pub(crate) fn load(path: &Path) -> Result<Vec<ModelMessage>> {
    let json = read_text(path)?;
    serde_json::from_str(&json).map_err(|error| output::invalid(format_args!("{}: {error}", path.display())))
}

pub(crate) fn save(path: &Path, history: &[ModelMessage]) -> Result<()> {
    let mut json = serde_json::to_string_pretty(history)
        .map_err(|error| output::invalid(format_args!("the conversation is no JSON: {error}")))?;
    json.push('\n');
    std::fs::write(path, json).map_err(|error| output::io_error(path.display(), error))
}
