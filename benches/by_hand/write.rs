//! A request by hand: borrowing `serde` structs and the HTTP signer of `aws-sigv4`.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use serde::Serialize;
use serde_json::Value;

pub(crate) const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const ENDPOINT: &str = "https://bedrock-runtime.us-east-1.amazonaws.com";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request<'a> {
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
}

#[derive(Serialize)]
struct Turn<'a> {
    role: &'a str,
    content: [Text<'a>; 1],
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct ToolConfig<'a> {
    tools: Vec<ToolItem<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolItem<'a> {
    tool_spec: ToolSpec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolSpec<'a> {
    name: String,
    input_schema: Schema<'a>,
}

#[derive(Serialize)]
struct Schema<'a> {
    json: &'a Value,
}

pub(crate) fn request<'a>(turns: &'a [String], tools: usize, schema: &'a Value) -> Request<'a> {
    let turn = |(index, text): (usize, &'a String)| Turn {
        role: if index % 2 == 0 { "user" } else { "assistant" },
        content: [Text { text }],
    };
    let tool = |index| {
        let name = format!("tool_{index}");
        ToolItem { tool_spec: ToolSpec { name, input_schema: Schema { json: schema } } }
    };
    let tool_config = (tools > 0).then(|| ToolConfig { tools: (0..tools).map(tool).collect() });
    Request { messages: turns.iter().enumerate().map(turn).collect(), tool_config }
}

pub(crate) fn signed(request: &Request<'_>, credentials: &Credentials) -> http::Request<Vec<u8>> {
    let body = serde_json::to_vec(request).expect("plain data");
    let url = format!("{ENDPOINT}/model/{}/converse", MODEL.replace(':', "%3A"));
    let identity = credentials.clone().into();
    #[expect(clippy::disallowed_methods, reason = "a signature has a date")]
    let now = SystemTime::now();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("bedrock")
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .expect("all are set")
        .into();
    let headers = [("content-type", "application/json")];
    let signable = SignableRequest::new("POST", &url, headers.into_iter(), SignableBody::Bytes(&body));
    let (instructions, _) = sign(signable.expect("valid"), &parameters).expect("signs").into_parts();
    let mut request = http::Request::post(&url).header("content-type", "application/json");
    for (name, value) in instructions.headers() {
        request = request.header(name, value);
    }
    request.body(body).expect("valid headers")
}
