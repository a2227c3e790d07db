//! bedrock-converse by `Client`, and by `BedrockConverseModel`, with a transport of our own.

use std::future::{pending, poll_fn};
use std::hint::black_box;

use bedrock_converse::messages::{
    ModelMessage, ModelRequest, ModelResponse, ModelResponsePart, ModelResponsePartDelta, ModelResponseStreamEvent,
    TextPart,
};
use bedrock_converse::tools::{ModelRequestParameters, ToolDefinition};
use bedrock_converse::transport::{BoxFuture, Request, Response, Transport};
use bedrock_converse::wire::{ContentBlockDelta, ConverseRequest, ConverseStreamOutput, Message, Tool};
use bedrock_converse::{BedrockConverseModel, Result};

use crate::chunks::{Chunks, provider};
use crate::write::MODEL;
use crate::{Input, Sent, begin};

impl Transport for Sent {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        self.add(black_box(request).body());
        Box::pin(pending())
    }
}

pub(crate) async fn decode(chunks: Chunks, count: usize) -> usize {
    let client = provider(chunks).client();
    let mut answer = client.converse_stream(&ConverseRequest::new(MODEL).user("Hi")).await.expect("an answer");
    let mut length = 0;
    let mut take = |event: ConverseStreamOutput<'_>| {
        if let ConverseStreamOutput::ContentBlockDelta(event) = event
            && let ContentBlockDelta::Text(text) = event.delta
        {
            length += text.len();
        }
    };
    for _ in 0..count {
        poll_fn(|cx| answer.poll_event_with(cx, &mut take)).await.expect("an event").expect("no error");
    }
    length
}

/// The parts manager keeps the whole text besides telling each piece of it.
pub(crate) async fn decode_model(chunks: Chunks, count: usize) -> usize {
    let model = BedrockConverseModel::new(MODEL, provider(chunks)).expect("a model");
    let history = [ModelRequest::user_text_prompt("Hi").into()];
    let mut answer = model.request_stream(&history, None, None).await.expect("an answer");
    let (mut length, mut seen) = (0, 0);
    while seen < count {
        let text = match answer.next().await.expect("an event").expect("no error") {
            ModelResponseStreamEvent::PartStart(event) => match event.part {
                ModelResponsePart::Text(part) => part.content,
                _ => continue,
            },
            ModelResponseStreamEvent::PartDelta(event) => match event.delta {
                ModelResponsePartDelta::Text(delta) => delta.content_delta,
                _ => continue,
            },
            _ => continue,
        };
        (length, seen) = (length + text.len(), seen + 1);
    }
    length
}

pub(crate) fn requests(input: &Input, count: usize, sent: &Sent) {
    let client = provider(sent.clone()).client();
    for _ in 0..count {
        let mut request = ConverseRequest::new(MODEL);
        for (index, text) in black_box(&input.turns).iter().enumerate() {
            let text = text.as_str();
            request = request.message(if index % 2 == 0 { Message::user(text) } else { Message::assistant(text) });
        }
        for index in 0..input.tools {
            request = request.tool(Tool::new(format!("tool_{index}"), input.schema.clone()));
        }
        begin(client.converse(&request));
    }
}

/// The history is kept from call to call, as a conversation has it; the tools are told anew.
pub(crate) fn requests_model(input: &Input, count: usize, sent: &Sent) {
    let model = BedrockConverseModel::new(MODEL, provider(sent.clone())).expect("a model");
    let message = |(index, text): (usize, &String)| match index % 2 {
        0 => ModelRequest::user_text_prompt(text.as_str()).into(),
        _ => {
            let part = TextPart { content: text.clone(), ..TextPart::default() };
            ModelResponse::new(vec![ModelResponsePart::Text(part)]).into()
        }
    };
    let history: Vec<ModelMessage> = input.turns.iter().enumerate().map(message).collect();
    for _ in 0..count {
        let schema = input.schema.as_object().cloned().unwrap_or_default();
        let tool = |index| ToolDefinition::new(format!("tool_{index}")).with_parameters(schema.clone());
        let function_tools = (0..input.tools).map(tool).collect();
        let parameters = ModelRequestParameters { function_tools, ..Default::default() };
        begin(model.request(black_box(&history), None, Some(&parameters)));
    }
}
