//! The AWS SDK by its client, with an HTTP client of our own.

use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};

use aws_sdk_bedrockruntime::config::{BehaviorVersion, Region};
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, ConverseStreamOutput, Message, Tool, ToolConfiguration, ToolInputSchema,
    ToolSpecification,
};
use aws_sdk_bedrockruntime::{Client, Config};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::Document;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use serde_json::Value;

use crate::chunks::Chunks;
use crate::write::MODEL;
use crate::{Input, Sent, begin, credentials};

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.next().map(|chunk| Ok(http_body::Frame::data(chunk))))
    }
}

impl HttpConnector for Chunks {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let status = 200.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from_body_1_x(self.clone()))))
    }
}

impl HttpConnector for Sent {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.add(black_box(request).body().bytes().expect("a whole body"));
        HttpConnectorFuture::new(std::future::pending())
    }
}

fn client(connector: impl HttpConnector + 'static) -> Client {
    let connector = SharedHttpConnector::new(connector);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials())
        .http_client(http_client_fn(move |_, _| connector.clone()));
    Client::from_conf(config.build())
}

pub(crate) async fn decode(chunks: Chunks, count: usize) -> usize {
    let mut answer = client(chunks).converse_stream().model_id(MODEL).send().await.expect("an answer");
    let mut length = 0;
    for _ in 0..count {
        if let Some(ConverseStreamOutput::ContentBlockDelta(event)) = answer.stream.recv().await.expect("an event") {
            length += event.delta().and_then(|delta| delta.as_text().ok()).map_or(0, String::len);
        }
    }
    length
}

pub(crate) fn requests(input: &Input, count: usize, sent: &Sent) {
    let client = client(sent.clone());
    let schema = document(&input.schema);
    for _ in 0..count {
        let mut call = client.converse().model_id(MODEL);
        for (index, text) in black_box(&input.turns).iter().enumerate() {
            let role = if index % 2 == 0 { ConversationRole::User } else { ConversationRole::Assistant };
            let message = Message::builder().role(role).content(ContentBlock::Text(text.clone()));
            call = call.messages(message.build().expect("all are set"));
        }
        if input.tools > 0 {
            let tool = |index| {
                let schema = ToolInputSchema::Json(schema.clone());
                let tool = ToolSpecification::builder().name(format!("tool_{index}")).input_schema(schema);
                Tool::ToolSpec(tool.build().expect("all are set"))
            };
            let tools = ToolConfiguration::builder().set_tools(Some((0..input.tools).map(tool).collect()));
            call = call.tool_config(tools.build().expect("all are set"));
        }
        begin(call.send());
    }
}

fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::String(text) => text.clone().into(),
        Value::Array(items) => items.iter().map(document).collect::<Vec<_>>().into(),
        Value::Object(members) => Document::Object(members.iter().map(|(k, v)| (k.clone(), document(v))).collect()),
        value => panic!("no schema here has {value}"),
    }
}
