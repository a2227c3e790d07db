//! What is done to a history before it is mapped.

use crate::messages::{
    ModelMessage, ModelRequest, ModelRequestPart, ModelResponse, ModelResponsePart, SpeechPart, State, TextPart,
    UserContent, UserPromptPart,
};
use crate::profile::ModelProfile;

/// Brings a history of other models and of speech to what this model can be sent.
///
/// Speech becomes text or audio, and a system prompt in the midst of the conversation becomes user text in `<system>`
/// tags, where the model wants that.
///
/// An agent loop calls this on the whole history before each request, as pydantic-ai's does; the conversions don't.
/// System prompts that it is not called on are sent with the leading ones.
///
/// ```
/// use bedrock_converse::convert::prepare_messages;
/// use bedrock_converse::messages::{ModelMessage, ModelRequest, ModelRequestPart, SystemPromptPart, UserPromptPart};
/// use bedrock_converse::profile::ModelProfile;
///
/// let late = SystemPromptPart { content: "Be brief.".into(), ..Default::default() };
/// let history: Vec<ModelMessage> = vec![
///     ModelRequest::user_text_prompt("Hello").into(),
///     ModelRequest::new(vec![ModelRequestPart::SystemPrompt(late)]).into(),
/// ];
/// let profile = ModelProfile::for_model("us.amazon.nova-pro-v1:0");
/// let ModelMessage::Request(request) = &prepare_messages(&profile, &history)[1] else { panic!() };
/// assert_eq!(request.parts, [ModelRequestPart::UserPrompt(UserPromptPart::new("<system>Be brief.</system>"))]);
/// ```
pub fn prepare_messages(profile: &ModelProfile, messages: &[ModelMessage]) -> Vec<ModelMessage> {
    let mut first_request = true;
    let mut prepared = Vec::with_capacity(messages.len());
    for message in messages {
        match message {
            ModelMessage::Request(request) => {
                let parts = request.parts.iter().filter_map(|part| match part {
                    ModelRequestPart::Speech(speech) => user_speech(speech, profile.supports_audio_input),
                    part => Some(part.clone()),
                });
                let mut parts: Vec<_> = parts.collect();
                if parts.is_empty() && !request.parts.is_empty() {
                    continue;
                }
                if !profile.supports_inline_system_prompts {
                    wrap_system_prompts(&mut parts, first_request);
                }
                first_request = false;
                prepared.push(ModelRequest { parts, ..request.clone() }.into());
            }
            ModelMessage::Response(response) => prepared.extend(spoken_as_text(response).map(ModelMessage::from)),
        }
    }
    prepared
}

fn wrap_system_prompts(parts: &mut [ModelRequestPart], first_request: bool) {
    let is_system = |part: &ModelRequestPart| matches!(part, ModelRequestPart::SystemPrompt(_));
    let leading = if first_request { parts.iter().take_while(|part| is_system(part)).count() } else { 0 };
    for part in &mut parts[leading..] {
        if let ModelRequestPart::SystemPrompt(prompt) = part {
            let content = format!("<system>{}</system>", prompt.content).into();
            let timestamp = prompt.timestamp.clone();
            *part = ModelRequestPart::UserPrompt(UserPromptPart { content, timestamp, ..Default::default() });
        }
    }
}

fn user_speech(speech: &SpeechPart, with_audio: bool) -> Option<ModelRequestPart> {
    let prompt = match (&speech.audio, &speech.transcript) {
        (Some(audio), _) if with_audio => UserPromptPart::new(vec![UserContent::from(audio.clone())]),
        (_, Some(text)) if !text.is_empty() => UserPromptPart::new(text.as_str()),
        _ => return None,
    };
    Some(ModelRequestPart::UserPrompt(prompt))
}

fn spoken_as_text(response: &ModelResponse) -> Option<ModelResponse> {
    let last_spoken = response.parts.iter().rposition(|part| matches!(part, ModelResponsePart::Speech(_)));
    let parts = response.parts.iter().enumerate().filter_map(|(index, part)| {
        let ModelResponsePart::Speech(speech) = part else { return Some(part.clone()) };
        let mut lines: Vec<String> = speech.transcript.iter().filter(|text| !text.is_empty()).cloned().collect();
        match speech.interrupted_at_ms {
            Some(ms) => lines.push(format!("[Interrupted after {ms} ms]")),
            None if response.state == State::Interrupted && Some(index) == last_spoken => {
                lines.push("[Interrupted]".to_owned());
            }
            None => {}
        }
        let text = TextPart { content: lines.join("\n"), ..Default::default() };
        (!lines.is_empty()).then_some(ModelResponsePart::Text(text))
    });
    let parts: Vec<_> = parts.collect();
    let dropped = parts.is_empty() && last_spoken.is_some();
    (!dropped).then(|| ModelResponse { parts, ..response.clone() })
}
