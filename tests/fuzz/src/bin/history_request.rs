//! A history, settings and parameters become the request of each family, or are refused; and the request keeps the
//! service's rules.
#![no_main]

use bedrock_converse::convert::{Downloads, Target, downloads, prepare_messages};
use bedrock_converse::messages::{FileUrl, ModelMessage};
use bedrock_converse::profile::ModelProfile;
use bedrock_converse::settings::BedrockModelSettings;
use bedrock_converse::tools::ModelRequestParameters;
use bedrock_converse::wire::{ContentBlock, ConverseRequest, SystemContentBlock, Tool};
use bedrock_converse::{ErrorKind, Result};
use bedrock_converse_fuzz::json::mutate;
use bytes::Bytes;
use serde::Deserialize;

#[derive(Deserialize)]
struct Input {
    messages: Vec<ModelMessage>,
    #[serde(default)]
    settings: BedrockModelSettings,
    #[serde(default)]
    parameters: ModelRequestParameters,
}

const MODELS: [&str; 6] = [
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.amazon.nova-2-lite-v1:0",
    "mistral.mistral-large-2402-v1:0",
    "openai.gpt-oss-120b-1:0",
    "us.meta.llama4-maverick-17b-instruct-v1:0",
    "unknown",
];

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(input) = serde_json::from_slice::<Input>(data) else { return };
    for model in MODELS {
        match request(model, &input) {
            Ok(request) => check(&request),
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported), "{error:?}");
                assert!(!error.message().ends_with("was not downloaded"), "{error}");
            }
        }
    }
});

fn request(model: &str, input: &Input) -> Result<ConverseRequest> {
    let profile = ModelProfile::for_model(model);
    let target = Target { model_name: model, provider_name: "bedrock", profile: &profile };
    let prepared = target.prepare_request(input.settings.clone(), input.parameters.clone())?;
    let messages = prepare_messages(&profile, &input.messages);
    let fetched = |url: &FileUrl| (url.url.clone(), Bytes::from_static(b"content"));
    let files: Downloads = downloads(&messages).into_iter().map(fetched).collect();
    target.count_tokens_request(&messages, &prepared, &files)?.to_json()?;
    target.converse_request(&messages, &prepared, &files)
}

fn check(request: &ConverseRequest) {
    let json = request.to_json().expect("it has no number that JSON has not");
    let mut again = ConverseRequest::from_json(&json).expect("it is a request");
    again.model_id.clone_from(&request.model_id);
    assert_eq!(&again, request);

    let messages = request.messages.as_deref().expect("there is a message at least");
    assert!(messages.windows(2).all(|pair| pair[0].role != pair[1].role), "roles don't alternate: {messages:?}");
    let system = request.system.as_deref().unwrap_or_default();
    let tools = request.tool_config.as_ref().map_or(&[][..], |config| &config.tools);
    let mut points = system.iter().filter(|block| matches!(block, SystemContentBlock::CachePoint(_))).count();
    points += tools.iter().filter(|tool| matches!(tool, Tool::CachePoint(_))).count();
    for message in messages {
        assert!(!message.content.is_empty(), "{messages:?}");
        for block in &message.content {
            match block {
                ContentBlock::Text(text) => assert!(!text.trim().is_empty(), "{messages:?}"),
                ContentBlock::ToolUse(call) => assert!(call.input.is_object(), "{messages:?}"),
                ContentBlock::CachePoint(_) => points += 1,
                _ => {}
            }
        }
    }
    assert!(points <= 4, "{request:?}");
}
