//! Messages and what they hold.

use bytes::Bytes;

use super::{
    CachePointBlock, CachePointType, GuardrailConverseContentBlock, ToolAdditionBlock, ToolRemovalBlock,
    ToolResultBlock, ToolUseBlock,
};

open_enum! {
    /// Who speaks.
    pub enum ConversationRole {
        /// The caller: prompts and tool results.
        User = "user",
        /// The model.
        Assistant = "assistant",
        /// Instructions in the midst of a conversation, for the models that take them.
        System = "system",
    }

    /// The format of an image.
    pub enum ImageFormat {
        /// PNG.
        Png = "png",
        /// JPEG.
        Jpeg = "jpeg",
        /// GIF.
        Gif = "gif",
        /// WebP.
        Webp = "webp",
    }

    /// The format of a document.
    pub enum DocumentFormat {
        /// PDF.
        Pdf = "pdf",
        /// Comma-separated values.
        Csv = "csv",
        /// Word before 2007.
        Doc = "doc",
        /// Word.
        Docx = "docx",
        /// Excel before 2007.
        Xls = "xls",
        /// Excel.
        Xlsx = "xlsx",
        /// HTML.
        Html = "html",
        /// Plain text.
        Txt = "txt",
        /// Markdown.
        Md = "md",
    }

    /// The format of a video.
    pub enum VideoFormat {
        /// Matroska.
        Mkv = "mkv",
        /// QuickTime.
        Mov = "mov",
        /// MPEG-4.
        Mp4 = "mp4",
        /// WebM.
        Webm = "webm",
        /// Flash video.
        Flv = "flv",
        /// MPEG, `.mpeg`.
        Mpeg = "mpeg",
        /// MPEG, `.mpg`.
        Mpg = "mpg",
        /// Windows Media.
        Wmv = "wmv",
        /// 3GP.
        ThreeGp = "three_gp",
    }

    /// The format of a sound recording.
    pub enum AudioFormat {
        /// MP3.
        Mp3 = "mp3",
        /// Opus.
        Opus = "opus",
        /// WAV.
        Wav = "wav",
        /// AAC.
        Aac = "aac",
        /// FLAC.
        Flac = "flac",
        /// MPEG-4.
        Mp4 = "mp4",
        /// Ogg.
        Ogg = "ogg",
        /// Matroska.
        Mkv = "mkv",
        /// Matroska, sound alone.
        Mka = "mka",
        /// AAC under its unregistered name.
        XAac = "x-aac",
        /// MPEG-4, sound alone.
        M4a = "m4a",
        /// MPEG, `.mpeg`.
        Mpeg = "mpeg",
        /// MPEG, `.mpga`.
        Mpga = "mpga",
        /// Raw samples.
        Pcm = "pcm",
        /// WebM.
        Webm = "webm",
    }
}

shape! {
    /// One turn of the conversation.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html>
    ///
    /// ```
    /// use bedrock_converse::wire::{ContentBlock, ConversationRole, ConverseRequest, Message};
    ///
    /// let question = Message::user("What is in the report?").with(ContentBlock::document("report", "pdf", &b"%PDF"[..]));
    /// assert_eq!((&question.role, question.content.len()), (&ConversationRole::User, 2));
    /// let request = ConverseRequest::new("us.amazon.nova-pro-v1:0").message(question);
    /// # let _ = request;
    /// ```
    pub struct Message {
        /// Who speaks.
        required role: ConversationRole = "role";
        /// What is said, in order.
        required content: Vec<ContentBlock> = "content";
    }

    /// An object in S3, for the models that read from there.
    pub struct S3Location {
        /// `s3://bucket/key`.
        required uri: String = "uri";
        /// The account that owns the bucket, where it is another one.
        optional bucket_owner: String = "bucketOwner";
    }

    /// Why a model could not make a medium.
    pub struct ErrorBlock {
        /// What it said.
        optional message: String = "message";
    }

    /// An image. At most 20 in a request.
    pub struct ImageBlock {
        /// Its format.
        required format: ImageFormat = "format";
        /// Where it is.
        required source: ImageSource = "source";
        /// Why there is none, in an answer.
        optional error: ErrorBlock = "error";
    }

    /// A document. At most 5 in a request, and only beside a text block in the same message.
    pub struct DocumentBlock {
        /// Its format.
        optional format: DocumentFormat = "format";
        /// Its name, which the model sees: at most 200 letters, digits, single spaces, hyphens, `()` and `[]`.
        required name: String = "name";
        /// Where it is.
        required source: DocumentSource = "source";
        /// What the model shall know about it.
        optional context: String = "context";
        /// Whether the answer may cite it.
        optional citations: CitationsConfig = "citations";
    }

    /// A video.
    pub struct VideoBlock {
        /// Its format.
        required format: VideoFormat = "format";
        /// Where it is.
        required source: VideoSource = "source";
    }

    /// A sound recording.
    pub struct AudioBlock {
        /// Its format.
        required format: AudioFormat = "format";
        /// Where it is.
        required source: AudioSource = "source";
        /// Why there is none, in an answer.
        optional error: ErrorBlock = "error";
    }

    /// Whether the answer may cite the block that this belongs to.
    pub struct CitationsConfig {
        /// Whether it may.
        required enabled: bool = "enabled";
    }

    /// What the model thought, with the proof that it was this model.
    pub struct ReasoningTextBlock {
        /// The thoughts; may be empty when only the signature counts.
        required text: String = "text";
        /// The model's signature, which has to be sent back unchanged.
        optional signature: String = "signature";
    }

    /// Text of an answer with what it cites.
    pub struct CitationsContentBlock {
        /// The text.
        optional content: Vec<CitationGeneratedContent> = "content";
        /// What it rests on.
        optional citations: Vec<Citation> = "citations";
    }

    /// One citation.
    pub struct Citation {
        /// The title of what is cited.
        optional title: String = "title";
        /// Where it comes from.
        optional source: String = "source";
        /// The words that are cited.
        optional source_content: Vec<CitationSourceContent> = "sourceContent";
        /// Their place.
        optional location: CitationLocation = "location";
    }

    /// A place on the web.
    pub struct WebLocation {
        /// The page.
        optional url: String = "url";
        /// Its domain.
        optional domain: String = "domain";
    }

    /// A range of characters in a document.
    pub struct DocumentCharLocation {
        /// Which document, counted from 0 through the request.
        optional document_index: i64 = "documentIndex";
        /// The first character.
        optional start: i64 = "start";
        /// The character after the last one.
        optional end: i64 = "end";
    }

    /// A range of pages in a document.
    pub struct DocumentPageLocation {
        /// Which document, counted from 0 through the request.
        optional document_index: i64 = "documentIndex";
        /// The first page.
        optional start: i64 = "start";
        /// The page after the last one.
        optional end: i64 = "end";
    }

    /// A range of content blocks in a document.
    pub struct DocumentChunkLocation {
        /// Which document, counted from 0 through the request.
        optional document_index: i64 = "documentIndex";
        /// The first block.
        optional start: i64 = "start";
        /// The block after the last one.
        optional end: i64 = "end";
    }

    /// A range of content blocks in a search result.
    pub struct SearchResultLocation {
        /// Which search result, counted from 0 through the request.
        optional search_result_index: i64 = "searchResultIndex";
        /// The first block.
        optional start: i64 = "start";
        /// The block after the last one.
        optional end: i64 = "end";
    }

    /// What a search found, for the model to cite.
    pub struct SearchResultBlock {
        /// Where it was found: an address or a name.
        required source: String = "source";
        /// Its title.
        required title: String = "title";
        /// Its text.
        required content: Vec<SearchResultContentBlock> = "content";
        /// Whether the answer may cite it.
        optional citations: CitationsConfig = "citations";
    }

    /// A piece of a search result.
    pub struct SearchResultContentBlock {
        /// The text.
        required text: String = "text";
    }
}

union! {
    /// One block of a message.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html>
    ///
    /// ```
    /// use bedrock_converse::wire::{ContentBlock, ReasoningContentBlock};
    ///
    /// fn shown(block: &ContentBlock) -> String {
    ///     match block.known() {
    ///         ContentBlock::Text(text) => text.clone(),
    ///         ContentBlock::ToolUse(call) => format!("calls {}", call.name),
    ///         ContentBlock::ReasoningContent(thinking) => match thinking.known() {
    ///             ReasoningContentBlock::ReasoningText(block) => format!("thinks {}", block.text),
    ///             _ => "thinks in secret".to_owned(),
    ///         },
    ///         ContentBlock::Other(other) => format!("says something new: {:?}", other.extra),
    ///         _ => "shows something".to_owned(),
    ///     }
    /// }
    ///
    /// let blocks = r#"[{"text":"Hello"},{"reasoningContent":{"reasoningText":{"text":"Hm."}}},{"hologram":{}}]"#;
    /// let blocks: Vec<ContentBlock> = serde_json::from_str(blocks).unwrap();
    /// let shown: Vec<String> = blocks.iter().map(shown).collect();
    /// assert_eq!(shown, ["Hello", "thinks Hm.", r#"says something new: {"hologram": Object {}}"#]);
    /// ```
    pub union ContentBlock {
        /// Text; blank text is refused by the service.
        Text(String) = "text";
        /// An image.
        Image(ImageBlock) = "image";
        /// A document.
        Document(DocumentBlock) = "document";
        /// A video.
        Video(VideoBlock) = "video";
        /// A sound recording.
        Audio(AudioBlock) = "audio";
        /// The model's wish to have a tool called.
        ToolUse(ToolUseBlock) = "toolUse";
        /// What the tool gave.
        ToolResult(ToolResultBlock) = "toolResult";
        /// What a guardrail shall look at.
        GuardContent(GuardrailConverseContentBlock) = "guardContent";
        /// The end of a prefix to cache.
        CachePoint(CachePointBlock) = "cachePoint";
        /// What the model thought.
        ReasoningContent(ReasoningContentBlock) = "reasoningContent";
        /// Text with citations.
        CitationsContent(CitationsContentBlock) = "citationsContent";
        /// What a search found.
        SearchResult(SearchResultBlock) = "searchResult";
        /// A tool that is there from here on.
        ToolAddition(ToolAdditionBlock) = "toolAddition";
        /// A tool that is gone from here on.
        ToolRemoval(ToolRemovalBlock) = "toolRemoval";
    }

    /// Where an image is.
    pub union ImageSource {
        /// Here.
        Bytes(Bytes) = "bytes";
        /// In S3.
        S3Location(S3Location) = "s3Location";
    }

    /// Where a document is.
    pub union DocumentSource {
        /// Here, as a file.
        Bytes(Bytes) = "bytes";
        /// In S3.
        S3Location(S3Location) = "s3Location";
        /// Here, as text.
        Text(String) = "text";
        /// Here, as blocks, which can be cited one by one.
        Content(Vec<DocumentContentBlock>) = "content";
    }

    /// A piece of a document.
    pub union DocumentContentBlock {
        /// Text.
        Text(String) = "text";
    }

    /// Where a video is.
    pub union VideoSource {
        /// Here.
        Bytes(Bytes) = "bytes";
        /// In S3.
        S3Location(S3Location) = "s3Location";
    }

    /// Where a sound recording is.
    pub union AudioSource {
        /// Here.
        Bytes(Bytes) = "bytes";
        /// In S3.
        S3Location(S3Location) = "s3Location";
    }

    /// What the model thought.
    pub union ReasoningContentBlock {
        /// In words.
        ReasoningText(ReasoningTextBlock) = "reasoningText";
        /// Encrypted; it has to be sent back byte for byte.
        RedactedContent(Bytes) = "redactedContent";
    }

    /// A piece of text with citations.
    pub union CitationGeneratedContent {
        /// Text.
        Text(String) = "text";
    }

    /// Words that are cited.
    pub union CitationSourceContent {
        /// Text.
        Text(String) = "text";
    }

    /// The place of what is cited.
    pub union CitationLocation {
        /// On the web.
        Web(WebLocation) = "web";
        /// Characters of a document.
        DocumentChar(DocumentCharLocation) = "documentChar";
        /// Pages of a document.
        DocumentPage(DocumentPageLocation) = "documentPage";
        /// Blocks of a document.
        DocumentChunk(DocumentChunkLocation) = "documentChunk";
        /// Blocks of a search result.
        SearchResultLocation(SearchResultLocation) = "searchResultLocation";
    }
}

impl Message {
    /// A turn of the caller.
    pub fn user(content: impl Into<ContentBlock>) -> Self {
        Self::new(ConversationRole::User, [content.into()])
    }

    /// A turn of the model.
    pub fn assistant(content: impl Into<ContentBlock>) -> Self {
        Self::new(ConversationRole::Assistant, [content.into()])
    }

    /// The same turn with one more block.
    ///
    /// ```
    /// use bedrock_converse::wire::{ContentBlock, Message};
    ///
    /// let question = Message::user("What is on it?").with(ContentBlock::image("png", &b"\x89PNG"[..]));
    /// assert_eq!(
    ///     serde_json::to_string(&question).unwrap(),
    ///     r#"{"role":"user","content":[{"text":"What is on it?"},{"image":{"format":"png","source":{"bytes":"iVBORw=="}}}]}"#,
    /// );
    /// ```
    #[must_use]
    pub fn with(mut self, block: impl Into<ContentBlock>) -> Self {
        self.content.push(block.into());
        self
    }
}

impl ContentBlock {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The text, where this is text.
    pub fn as_text(&self) -> Option<&str> {
        match self.known() {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An image from its bytes.
    pub fn image(format: impl Into<ImageFormat>, bytes: impl Into<Bytes>) -> Self {
        Self::Image(ImageBlock::new(format, ImageSource::Bytes(bytes.into())))
    }

    /// A document from a file's bytes.
    pub fn document(name: impl Into<String>, format: impl Into<DocumentFormat>, bytes: impl Into<Bytes>) -> Self {
        let block = DocumentBlock::new(name, DocumentSource::Bytes(bytes.into()));
        Self::Document(DocumentBlock { format: Some(format.into()), ..block })
    }

    /// The end of a prefix to cache.
    pub fn cache_point() -> Self {
        Self::CachePoint(CachePointBlock::new(CachePointType::Default))
    }
}

impl From<&str> for ContentBlock {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for ContentBlock {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
