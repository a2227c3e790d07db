//! What the service refuses with `ValidationException`, as far as it doesn't depend on the model.

use serde_json::Value;

/// Why a request is refused: the message of a `ValidationException`.
pub(super) type Refusal = String;

/// Checks the body of Converse and ConverseStream. A prompt resource brings its own messages, so there they may be absent.
pub(super) fn converse(body: &Value, is_prompt: bool) -> Result<(), Refusal> {
    if is_prompt && body["messages"].is_null() {
        return Ok(());
    }
    conversation(body)?;
    let config = &body["inferenceConfig"];
    for (name, least, most) in [("maxTokens", 1.0, f64::INFINITY), ("temperature", 0.0, 1.0), ("topP", 0.0, 1.0)] {
        let given = &config[name];
        if !given.is_null() && !given.as_f64().is_some_and(|given| (least..=most).contains(&given)) {
            return Err(format!("inferenceConfig.{name}: {given} is outside of what is allowed."));
        }
    }
    Ok(())
}

/// Checks what Converse and CountTokens have in common: messages, system and toolConfig.
pub(super) fn conversation(body: &Value) -> Result<(), Refusal> {
    let messages = list(body, "messages")?;
    let mut role_before = "";
    for (i, message) in messages.iter().enumerate() {
        let role = match message["role"].as_str() {
            Some(role @ ("user" | "assistant" | "system")) => role,
            _ => return Err(format!("messages.{i}.role: {} is none of user, assistant.", message["role"])),
        };
        if i == 0 && role == "assistant" {
            return Err("A conversation must start with a user message.".into());
        }
        if role == role_before && role != "system" {
            return Err(format!("messages.{i}: roles must alternate between user and assistant."));
        }
        role_before = role;
        for (k, block) in list(message, "content").map_err(|error| format!("messages.{i}.{error}"))?.iter().enumerate()
        {
            content_block(block).map_err(|error| format!("messages.{i}.content.{k}: {error}"))?;
        }
    }
    for (k, block) in body["system"].as_array().into_iter().flatten().enumerate() {
        content_block(block).map_err(|error| format!("system.{k}: {error}"))?;
    }
    tools(body)?;
    tool_results(messages)?;
    let uses_tools = blocks(messages).any(|block| !client_tool(block).is_null() || !block["toolResult"].is_null());
    if uses_tools && body["toolConfig"].is_null() {
        return Err("The toolConfig field must be defined when using toolUse and toolResult content blocks.".into());
    }
    Ok(())
}

fn list<'a>(value: &'a Value, name: &str) -> Result<&'a [Value], Refusal> {
    match value[name].as_array() {
        Some(list) if !list.is_empty() => Ok(list),
        _ => Err(format!("{name}: must be a list with at least one member.")),
    }
}

fn blocks(messages: &[Value]) -> impl Iterator<Item = &Value> {
    messages.iter().filter_map(|message| message["content"].as_array()).flatten()
}

/// The toolUse of a block, unless the service runs that tool itself.
fn client_tool(block: &Value) -> &Value {
    let tool = &block["toolUse"];
    if tool["type"] == "server_tool_use" { &Value::Null } else { tool }
}

fn content_block(block: &Value) -> Result<(), Refusal> {
    if block.as_object().is_none_or(|members| members.len() != 1) {
        return Err("a content block has exactly one member.".into());
    }
    if block["text"].as_str().is_some_and(|text| text.trim().is_empty()) {
        return Err("the text is blank.".into());
    }
    let tool = &block["toolUse"];
    if !tool.is_null() && !tool["input"].is_object() {
        return Err("toolUse.input: must be a JSON object.".into());
    }
    Ok(())
}

fn tools(body: &Value) -> Result<(), Refusal> {
    let config = &body["toolConfig"];
    if config.is_null() {
        return Ok(());
    }
    let tools = list(config, "tools").map_err(|error| format!("toolConfig.{error}"))?;
    for (k, tool) in tools.iter().enumerate().filter(|(_, tool)| !tool["toolSpec"].is_null()) {
        let name = tool["toolSpec"]["name"].as_str().unwrap_or_default();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !(1..=64).contains(&name.len()) || !name.chars().all(allowed) {
            return Err(format!("toolConfig.tools.{k}.toolSpec.name: '{name}' is not a tool's name."));
        }
        if !tool["toolSpec"]["inputSchema"]["json"].is_object() {
            return Err(format!("toolConfig.tools.{k}.toolSpec.inputSchema.json: must be a JSON object."));
        }
    }
    let chosen = &config["toolChoice"]["tool"]["name"];
    if !chosen.is_null() && !tools.iter().any(|tool| tool["toolSpec"]["name"] == *chosen) {
        return Err(format!("toolConfig.toolChoice: there is no tool {chosen}."));
    }
    Ok(())
}

/// The results in a turn are those of the calls in the turn before: all of them, and no others.
fn tool_results(messages: &[Value]) -> Result<(), Refusal> {
    let ids = |message: Option<&Value>, of: fn(&Value) -> &Value| {
        let mut ids: Vec<String> = blocks(message.map(std::slice::from_ref).unwrap_or_default())
            .filter_map(|block| Some(of(block)["toolUseId"].as_str()?.to_owned()))
            .collect();
        ids.sort();
        ids
    };
    for (i, message) in messages.iter().enumerate().filter(|(_, message)| message["role"] == "user") {
        let calls = ids(i.checked_sub(1).and_then(|before| messages.get(before)), client_tool);
        let results = ids(Some(message), |block| &block["toolResult"]);
        if calls != results {
            return Err(format!(
                "messages.{i}: toolResult blocks for {results:?}, but the turn before has toolUse blocks for {calls:?}."
            ));
        }
    }
    Ok(())
}
