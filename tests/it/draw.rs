//! Random histories of this crate's own types.

use bedrock_converse::messages::*;
use serde_json::{Value, json};

/// A small random generator (xorshift); the same seed draws the same.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) % n
    }

    fn maybe<T>(&mut self, draw: impl Fn(&mut Self) -> T) -> Option<T> {
        (self.below(3) == 0).then(|| draw(self))
    }

    fn some<T>(&mut self, draw: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.below(4)).map(|_| draw(self)).collect()
    }

    fn text(&mut self) -> String {
        let texts = ["", "hello", "naïve 🦀", "\u{0}\"\\\n", "{\"a\":1}", "日本"];
        texts[self.below(texts.len() as u64) as usize].to_owned()
    }

    fn json(&mut self) -> Value {
        let values =
            [json!(null), json!(7), json!(-0.5), json!(1e300), json!("x"), json!([1, [true]]), json!({"k": {"l": []}})];
        values[self.below(values.len() as u64) as usize].clone()
    }

    fn object(&mut self) -> JsonObject {
        self.some(|draw| (draw.text(), draw.json())).into_iter().collect()
    }

    fn time(&mut self) -> Timestamp {
        let nanos = [0, 1_000, 999_999_000][self.below(3) as usize];
        Timestamp::from_unix(self.below(4_000_000_000) as i64 - 1_000_000_000, nanos)
    }

    fn media(&mut self) -> MultiModalContent {
        let identifier = self.maybe(Self::text).filter(|id| !id.is_empty());
        let vendor_metadata = self.maybe(Self::object);
        let url = match self.below(6) {
            0 => {
                let data: Vec<u8> = self.some(|draw| draw.below(256) as u8);
                let binary = BinaryContent { identifier, vendor_metadata, ..BinaryContent::new(data, "image/png") };
                return MultiModalContent::Binary(binary);
            }
            1 => {
                let file = UploadedFile::new("s3://bucket/a.pdf", "bedrock");
                return MultiModalContent::Uploaded(UploadedFile { identifier, vendor_metadata, ..file });
            }
            2 => FileUrl::image("https://example.com/a.webp"),
            3 => FileUrl::document("s3://bucket/b.docx"),
            4 => FileUrl::video("https://youtu.be/x"),
            _ => FileUrl::audio("https://example.com/c.flac"),
        };
        let force_download = [ForceDownload::No, ForceDownload::Yes, ForceDownload::AllowLocal][self.below(3) as usize];
        MultiModalContent::Url(FileUrl { identifier, vendor_metadata, force_download, ..url })
    }

    fn user_content(&mut self) -> UserContent {
        match self.below(4) {
            0 => UserContent::Text(self.text()),
            1 => UserContent::TextContent(TextContent {
                content: self.text(),
                metadata: self.json(),
                ..Default::default()
            }),
            2 => CachePoint { ttl: CacheTtl::OneHour, ..Default::default() }.into(),
            _ => UserContent::Media(self.media()),
        }
    }

    fn tool_content(&mut self, depth: u32) -> ToolReturnContent {
        match self.below(if depth == 0 { 2 } else { 3 }) {
            0 => self.json().into(),
            1 => self.media().into(),
            _ => ToolReturnContent::List(self.some(|draw| draw.tool_content(depth - 1))),
        }
    }

    fn call(&mut self) -> ToolCallPart {
        let args = match self.below(3) {
            0 => None,
            1 => Some(ToolArgs::Text(self.text())),
            _ => Some(ToolArgs::Json(self.object())),
        };
        ToolCallPart { args, id: self.maybe(Self::text), ..ToolCallPart::new(self.text(), self.text()) }
    }

    fn request_part(&mut self) -> ModelRequestPart {
        let timestamp = Some(self.time());
        match self.below(5) {
            0 => ModelRequestPart::SystemPrompt(SystemPromptPart {
                content: self.text(),
                timestamp,
                dynamic_ref: self.maybe(Self::text),
                ..Default::default()
            }),
            1 => {
                let part = UserPromptPart::new(self.some(Self::user_content));
                ModelRequestPart::UserPrompt(UserPromptPart { timestamp, ..part })
            }
            2 => {
                let part = ToolReturnPart::new(self.text(), self.tool_content(2), self.text());
                let outcome = [ToolOutcome::Success, ToolOutcome::Failed][self.below(2) as usize].clone();
                ModelRequestPart::ToolReturn(ToolReturnPart { timestamp, outcome, metadata: self.json(), ..part })
            }
            3 => {
                let error = json!({"type": "missing", "loc": ["a", 1], "msg": "m", "input": self.json()});
                let errors = RetryContent::Errors(vec![error.as_object().unwrap().clone()]);
                let content = if self.below(2) == 0 { errors } else { RetryContent::Text(self.text()) };
                let (tool_name, tool_call_id) = (self.maybe(Self::text), self.text());
                ModelRequestPart::RetryPrompt(RetryPromptPart {
                    content,
                    tool_name,
                    tool_call_id,
                    timestamp,
                    ..Default::default()
                })
            }
            _ => ModelRequestPart::UserPrompt(UserPromptPart { timestamp, ..UserPromptPart::new(self.text()) }),
        }
    }

    fn response_part(&mut self) -> ModelResponsePart {
        let (id, provider_name, provider_details) =
            (self.maybe(Self::text), self.maybe(Self::text), self.maybe(Self::object));
        match self.below(6) {
            0 => ModelResponsePart::Text(TextPart {
                content: self.text(),
                id,
                provider_name,
                provider_details,
                ..Default::default()
            }),
            1 => {
                let (content, signature) = (self.text(), self.maybe(Self::text));
                let part =
                    ThinkingPart { content, id, signature, provider_name, provider_details, ..Default::default() };
                ModelResponsePart::Thinking(part)
            }
            2 => ModelResponsePart::ToolCall(self.call()),
            3 => ModelResponsePart::NativeToolCall(self.call()),
            4 => ModelResponsePart::File(FilePart {
                content: BinaryContent::new(vec![0xFF, 0xFE, 0xFB], "image/png"),
                ..Default::default()
            }),
            _ => ModelResponsePart::NativeToolReturn(NativeToolReturnPart {
                tool_name: self.text(),
                content: self.tool_content(1),
                tool_call_id: self.text(),
                timestamp: Some(self.time()),
                provider_name,
                provider_details,
                ..Default::default()
            }),
        }
    }

    fn message(&mut self) -> ModelMessage {
        let (run_id, metadata, instructions) =
            (self.maybe(Self::text), self.maybe(Self::object), self.maybe(Self::text));
        if self.below(2) == 0 {
            let timestamp = self.maybe(Self::time);
            let request = ModelRequest::new(self.some(Self::request_part));
            return ModelRequest { timestamp, instructions, run_id, metadata, ..request }.into();
        }
        let mut response = ModelResponse::new(self.some(Self::response_part));
        response.usage.input_tokens = self.below(1000);
        response.usage.details = self.some(|draw| (draw.text(), draw.below(9))).into_iter().collect();
        response.timestamp = Some(self.time());
        response.finish_reason = self.maybe(|_| FinishReason::ToolCall);
        ModelResponse { run_id, metadata, model_name: instructions, ..response }.into()
    }

    pub(crate) fn history(&mut self) -> Vec<ModelMessage> {
        self.some(Self::message)
    }
}
