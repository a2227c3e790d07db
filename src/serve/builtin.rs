//! The built-in model: it has an answer to every prompt, and always the same one.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::schema::instance;
use super::tokens;

/// What the model says to one request.
#[derive(Debug)]
pub(super) struct Reply {
    blocks: Vec<Block>,
    stop_reason: &'static str,
    usage: Value,
    /// Members that stand in the answer as in the request.
    echo: Map<String, Value>,
}

#[derive(Debug)]
enum Block {
    Thinking(String),
    Text(String),
    Tool { id: String, name: String, input: Value },
}

impl Reply {
    /// The answer to a Converse body that was found valid. `cache` has what earlier requests put behind cache points.
    pub(super) fn new(model_id: &str, body: &Value, cache: &mut HashSet<u64>) -> Self {
        let conversation = Conversation(body);
        let mut blocks = Vec::new();
        if conversation.wants_thinking() {
            let words = tokens::of_text(&conversation.last_text());
            blocks.push(Block::Thinking(format!("The user wrote {words} words. I answer them.")));
        }
        let calls = conversation.tool_calls();
        let mut stop_reason = if calls.is_empty() { "end_turn" } else { "tool_use" };
        if calls.is_empty() {
            blocks.push(Block::Text(conversation.answer()));
        }
        blocks.extend(calls);
        let config = &body["inferenceConfig"];
        for stop in config["stopSequences"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if stop_at(&mut blocks, stop) {
                stop_reason = "stop_sequence";
            }
        }
        if limit(&mut blocks, config["maxTokens"].as_u64().unwrap_or(u64::MAX)) {
            stop_reason = "max_tokens";
        }
        let output = blocks.iter().map(Block::tokens).sum();
        let usage = tokens::usage(model_id, body, output, cache);
        let members = ["performanceConfig", "serviceTier"].into_iter();
        let echo = members.filter_map(|name| Some((name.to_owned(), body.get(name)?.clone()))).collect();
        Self { blocks, stop_reason, usage, echo }
    }

    /// The body of a Converse response.
    pub(super) fn response(&self) -> Value {
        let content: Vec<Value> = self.blocks.iter().map(Block::whole).collect();
        let mut response = json!({
            "output": { "message": { "role": "assistant", "content": content } },
            "stopReason": self.stop_reason,
        });
        self.finish(&mut response);
        response
    }

    /// The events of a ConverseStream response: one delta per word.
    pub(super) fn events(&self) -> Vec<(&'static str, Value)> {
        let mut events = vec![("messageStart", json!({ "role": "assistant" }))];
        for (index, block) in self.blocks.iter().enumerate() {
            if let Block::Tool { id, name, .. } = block {
                let start = json!({ "toolUse": { "toolUseId": id, "name": name } });
                events.push(("contentBlockStart", json!({ "contentBlockIndex": index, "start": start })));
            }
            let deltas = block.deltas().into_iter();
            events.extend(
                deltas.map(|delta| ("contentBlockDelta", json!({ "contentBlockIndex": index, "delta": delta }))),
            );
            events.push(("contentBlockStop", json!({ "contentBlockIndex": index })));
        }
        events.push(("messageStop", json!({ "stopReason": self.stop_reason })));
        let mut metadata = json!({});
        self.finish(&mut metadata);
        events.push(("metadata", metadata));
        events
    }

    fn finish(&self, body: &mut Value) {
        body["usage"] = self.usage.clone();
        body["metrics"] = json!({ "latencyMs": self.usage["outputTokens"] });
        for (name, value) in &self.echo {
            body[name] = value.clone();
        }
    }
}

impl Block {
    fn tokens(&self) -> u64 {
        match self {
            Self::Thinking(text) | Self::Text(text) => tokens::of_text(text),
            Self::Tool { input, .. } => tokens::of_json(input),
        }
    }

    fn whole(&self) -> Value {
        match self {
            Self::Thinking(text) => {
                json!({ "reasoningContent": { "reasoningText": { "text": text, "signature": signature(text) } } })
            }
            Self::Text(text) => json!({ "text": text }),
            Self::Tool { id, name, input } => {
                json!({ "toolUse": { "toolUseId": id, "name": name, "input": input } })
            }
        }
    }

    fn deltas(&self) -> Vec<Value> {
        match self {
            Self::Thinking(text) => {
                let words = words(text).map(|word| json!({ "reasoningContent": { "text": word } }));
                words.chain([json!({ "reasoningContent": { "signature": signature(text) } })]).collect()
            }
            Self::Text(text) => words(text).map(|word| json!({ "text": word })).collect(),
            // The first piece is empty, as Claude's is; the others are cut without regard to the JSON in them.
            Self::Tool { input, .. } => {
                let input: Vec<char> = input.to_string().chars().collect();
                let pieces = input.chunks(16).map(|piece| piece.iter().collect());
                [String::new()]
                    .into_iter()
                    .chain(pieces)
                    .map(|piece| json!({ "toolUse": { "input": piece } }))
                    .collect()
            }
        }
    }
}

/// The words, each with the white space before it, so that together they are the text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let word = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        let end = rest[word..].find(char::is_whitespace).map_or(rest.len(), |length| word + length);
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

fn signature(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

/// Ends the answer before `stop`, if that is in it.
fn stop_at(blocks: &mut Vec<Block>, stop: &str) -> bool {
    for (k, block) in blocks.iter_mut().enumerate() {
        let Block::Text(text) = block else { continue };
        if let Some(at) = text.find(stop) {
            text.truncate(at);
            blocks.truncate(k + 1);
            return true;
        }
    }
    false
}

/// Ends the answer after `most` tokens. A tool call that doesn't fit is left out.
fn limit(blocks: &mut Vec<Block>, most: u64) -> bool {
    let mut left = most;
    for k in 0..blocks.len() {
        let block = &mut blocks[k];
        if block.tokens() > left {
            if let Block::Thinking(text) | Block::Text(text) = block {
                *text = words(text).take(left as usize).collect();
            }
            let keep = if block.tokens() > 0 && !matches!(block, Block::Tool { .. }) { k + 1 } else { k };
            blocks.truncate(keep);
            return true;
        }
        left -= block.tokens();
    }
    false
}

/// The body of a request, as the model reads it.
struct Conversation<'a>(&'a Value);

impl Conversation<'_> {
    fn messages(&self) -> &[Value] {
        self.0["messages"].as_array().map_or(&[], Vec::as_slice)
    }

    fn last_turn(&self) -> &[Value] {
        self.messages().last().and_then(|message| message["content"].as_array()).map_or(&[], Vec::as_slice)
    }

    /// The text of the last message that a user wrote.
    fn last_text(&self) -> String {
        let by_user = self.messages().iter().rev().filter(|message| message["role"] == "user");
        let texts = by_user.map(|message| {
            let blocks = message["content"].as_array().into_iter().flatten();
            blocks.filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join("\n")
        });
        texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }

    fn wants_thinking(&self) -> bool {
        let fields = &self.0["additionalModelRequestFields"];
        let kinds =
            [&fields["thinking"]["type"], &fields["reasoning_config"]["type"], &fields["reasoningConfig"]["type"]];
        kinds.into_iter().any(|kind| kind.is_string() && kind != "disabled") || fields["reasoning_effort"].is_string()
    }

    fn tool_results(&self) -> Vec<String> {
        let results = self.last_turn().iter().filter_map(|block| block["toolResult"]["content"].as_array());
        let text = |content: &Value| content["text"].as_str().map_or_else(|| content.to_string(), str::to_owned);
        results.map(|contents| contents.iter().map(text).collect::<Vec<_>>().join(" ")).collect()
    }

    fn answer(&self) -> String {
        let format = &self.0["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"];
        if let Some(schema) = format.as_str().and_then(|schema| serde_json::from_str(schema).ok()) {
            return instance(&schema).to_string();
        }
        let results = self.tool_results();
        if !results.is_empty() {
            return format!("The tool says: {}", results.join("; "));
        }
        match self.last_text() {
            text if text.is_empty() => "You sent no text.".into(),
            text => format!("You said: {text}"),
        }
    }

    /// The calls of this turn: the tool that is forced, or each one that the last text names.
    fn tool_calls(&self) -> Vec<Block> {
        let config = &self.0["toolConfig"];
        let specs = config["tools"].as_array().into_iter().flatten().map(|tool| &tool["toolSpec"]);
        let tools: Vec<&Value> = specs.filter(|spec| spec["name"].is_string()).collect();
        let choice = &config["toolChoice"];
        let answers_results = !self.tool_results().is_empty();
        let text = if answers_results { String::new() } else { self.last_text() };
        let mut chosen: Vec<&Value> = tools.iter().copied().filter(|tool| mentions(&text, tool)).collect();
        if choice["tool"].is_object() {
            chosen = tools.iter().copied().filter(|tool| tool["name"] == choice["tool"]["name"]).collect();
        } else if choice["any"].is_object() && chosen.is_empty() {
            // One that was not called yet, so that a loop over forced calls comes to its last tool.
            chosen = tools.iter().find(|tool| !self.was_called(tool)).or(tools.last()).copied().into_iter().collect();
        }
        let before = self.calls().count();
        let call = |(k, tool): (usize, &Value)| {
            let name = tool["name"].as_str().unwrap_or_default().to_owned();
            let input = arguments(&text, &name).unwrap_or_else(|| instance(&tool["inputSchema"]["json"]));
            Block::Tool { id: format!("tooluse_{:022}", before + k + 1), name, input }
        };
        chosen.into_iter().enumerate().map(call).collect()
    }

    fn calls(&self) -> impl Iterator<Item = &Value> {
        let blocks = self.messages().iter().filter_map(|message| message["content"].as_array()).flatten();
        blocks.map(|block| &block["toolUse"]).filter(|tool| !tool.is_null())
    }

    fn was_called(&self, tool: &Value) -> bool {
        self.calls().any(|call| call["name"] == tool["name"])
    }
}

/// Whether the text has the tool's name, as it is or as words: `get_weather`, "Get weather".
fn mentions(text: &str, tool: &Value) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], " ");
    tool["name"].as_str().is_some_and(|name| plain(text).contains(&plain(name)))
}

/// The JSON object that follows the tool's name in the text, as in `get_weather {"city": "Paris"}`.
fn arguments(text: &str, name: &str) -> Option<Value> {
    let (_, after) = text.split_once(name)?;
    let object = after.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    let mut values = serde_json::Deserializer::from_str(object).into_iter::<Value>();
    values.next()?.ok().filter(Value::is_object)
}
