//! Images, documents, videos and audio: by URL, as bytes, or uploaded.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Value;

use super::JsonObject;
use super::json::{FromJson, Mismatch, json_deserialize, json_from, json_names, json_struct};
use super::media_type::{self, MediaKind};
use crate::error::{Error, ErrorKind, Result};

json_names! {
    /// What a [`FileUrl`] points to.
    #[derive(Default)]
    #[expect(clippy::exhaustive_enums, reason = "the format has these four")]
    pub enum UrlKind {
        /// An image.
        #[default]
        Image = "image-url",
        /// Audio.
        Audio = "audio-url",
        /// A document.
        Document = "document-url",
        /// A video.
        Video = "video-url",
    }
}

/// Who fetches a URL, and how carefully.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these three")]
pub enum ForceDownload {
    /// The provider where it can, otherwise this client.
    #[default]
    No,
    /// This client, from public addresses only.
    Yes,
    /// This client, from private addresses too. Only for URLs that the application itself made.
    AllowLocal,
}

impl FromJson for ForceDownload {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        match &value {
            Value::Bool(false) => Ok(Self::No),
            Value::Bool(true) => Ok(Self::Yes),
            Value::String(text) if text == "allow-local" => Ok(Self::AllowLocal),
            _ => Err(Mismatch::expected("true, false or \"allow-local\"", &value)),
        }
    }
}

impl serde::Serialize for ForceDownload {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::No => serializer.serialize_bool(false),
            Self::Yes => serializer.serialize_bool(true),
            Self::AllowLocal => serializer.serialize_str("allow-local"),
        }
    }
}

json_struct! {
    /// A file on the web or, with an `s3://` URL, in a bucket that the model may read.
    ///
    /// ```
    /// use bedrock_converse::messages::FileUrl;
    ///
    /// let image = FileUrl::image("https://example.com/cat.png");
    /// assert_eq!(image.media_type().unwrap(), "image/png");
    /// assert_eq!(image.format().unwrap(), "png");
    /// ```
    pub struct FileUrl {
        /// The URL.
        required url: String,
        /// Who fetches it.
        default force_download: ForceDownload,
        /// Settings of single providers.
        default vendor_metadata: Option<JsonObject>,
        /// What it points to.
        required kind: UrlKind,
        /// The media type; when absent it is inferred from the URL's file extension.
        computed media_type: Option<String>,
        /// The name by which the model is told of the file; when absent, six hex digits of the URL's SHA-1.
        computed identifier: Option<String>,
    }
}

impl FileUrl {
    /// A URL of this kind.
    pub fn new(kind: UrlKind, url: impl Into<String>) -> Self {
        Self { kind, url: url.into(), ..Self::default() }
    }

    /// The URL of an image.
    pub fn image(url: impl Into<String>) -> Self {
        Self::new(UrlKind::Image, url)
    }

    /// The URL of a document.
    pub fn document(url: impl Into<String>) -> Self {
        Self::new(UrlKind::Document, url)
    }

    /// The URL of a video.
    pub fn video(url: impl Into<String>) -> Self {
        Self::new(UrlKind::Video, url)
    }

    /// The URL of audio.
    pub fn audio(url: impl Into<String>) -> Self {
        Self::new(UrlKind::Audio, url)
    }

    /// The media type, given or inferred; `None` when it can't be.
    pub fn media_type(&self) -> Option<&str> {
        match &self.media_type {
            Some(given) if !given.is_empty() => Some(given),
            _ if self.is_youtube() => Some("video/mp4"),
            _ => media_type::of_url(&self.url),
        }
    }

    /// The name by which the model is told of the file.
    pub fn identifier(&self) -> Cow<'_, str> {
        identifier(&self.identifier, self.url.as_bytes())
    }

    /// What it points to.
    pub fn media_kind(&self) -> MediaKind {
        match self.kind {
            UrlKind::Image => MediaKind::Image,
            UrlKind::Audio => MediaKind::Audio,
            UrlKind::Document => MediaKind::Document,
            UrlKind::Video => MediaKind::Video,
        }
    }

    /// The short name of the format, such as `png` or `pdf`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the media type can't be inferred from the URL, or is none of this kind of
    /// media.
    pub fn format(&self) -> Result<&'static str> {
        let media_type = self.media_type().ok_or_else(|| {
            let (kind, url) = (self.kind.as_str(), &self.url);
            Error::new(
                ErrorKind::InvalidInput,
                format!("{kind}: cannot infer a media type from {url:?}; give `media_type`"),
            )
        })?;
        media_type::format(self.media_kind(), media_type)
    }

    /// Whether it is a page of YouTube, whose videos can't be downloaded.
    pub(crate) fn is_youtube(&self) -> bool {
        let host = media_type::host(&self.url).to_ascii_lowercase();
        self.kind == UrlKind::Video
            && matches!(&*host, "youtu.be" | "youtube.com" | "www.youtube.com" | "m.youtube.com")
    }
}

json_struct! {
    /// A file as bytes.
    pub struct BinaryContent ["kind" = "binary"] {
        /// The bytes. In JSON base64, read in either alphabet.
        base64 data: Bytes,
        /// The media type, such as `image/png`.
        required media_type: String,
        /// Settings of single providers.
        default vendor_metadata: Option<JsonObject>,
        /// The name by which the model is told of the file; when absent, six hex digits of the bytes' SHA-1.
        computed identifier: Option<String>,
    }
}

impl BinaryContent {
    /// Bytes of this media type.
    pub fn new(data: impl Into<Bytes>, media_type: impl Into<String>) -> Self {
        Self { data: data.into(), media_type: media_type.into(), ..Self::default() }
    }

    /// Bytes of a file of this name, with the media type that its extension stands for.
    ///
    /// ```
    /// use bedrock_converse::messages::BinaryContent;
    ///
    /// let report = BinaryContent::named("2026/report.pdf", "%PDF-1.7 …")?;
    /// assert_eq!(report.media_type, "application/pdf");
    /// # Ok::<(), bedrock_converse::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the extension is not known.
    pub fn named(file_name: &str, data: impl Into<Bytes>) -> Result<Self> {
        match media_type::of_file_name(file_name) {
            Some(media_type) => Ok(Self::new(data, media_type)),
            None => {
                let message = format!("{file_name:?}: cannot infer a media type from this name; give `media_type`");
                Err(Error::new(ErrorKind::InvalidInput, message))
            }
        }
    }

    /// The name by which the model is told of the file.
    pub fn identifier(&self) -> Cow<'_, str> {
        identifier(&self.identifier, &self.data)
    }

    /// What the media type says it is.
    pub fn media_kind(&self) -> MediaKind {
        MediaKind::of(&self.media_type)
    }

    /// The short name of the format, such as `png` or `pdf`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the media type is not known.
    pub fn format(&self) -> Result<&'static str> {
        media_type::format(self.media_kind(), &self.media_type)
    }
}

json_struct! {
    /// A file that was uploaded to a provider; for Bedrock an `s3://` URL.
    pub struct UploadedFile ["kind" = "uploaded-file"] {
        /// The provider's id of the file.
        required file_id: String,
        /// The provider that has it; `bedrock` here.
        required provider_name: String,
        /// Settings of single providers.
        default vendor_metadata: Option<JsonObject>,
        /// The media type; when absent it is inferred from the id's file extension.
        computed media_type: Option<String>,
        /// The name by which the model is told of the file; when absent, six hex digits of the id's SHA-1.
        computed identifier: Option<String>,
    }
}

impl UploadedFile {
    /// A file that this provider has.
    pub fn new(file_id: impl Into<String>, provider_name: impl Into<String>) -> Self {
        Self { file_id: file_id.into(), provider_name: provider_name.into(), ..Self::default() }
    }

    /// The media type, given or inferred, `application/octet-stream` when it can't be.
    pub fn media_type(&self) -> &str {
        match &self.media_type {
            Some(given) => given,
            None => media_type::of_url(&self.file_id).unwrap_or("application/octet-stream"),
        }
    }

    /// The name by which the model is told of the file.
    pub fn identifier(&self) -> Cow<'_, str> {
        identifier(&self.identifier, self.file_id.as_bytes())
    }

    /// What the media type says it is.
    pub fn media_kind(&self) -> MediaKind {
        MediaKind::of(self.media_type())
    }

    /// The short name of the format, such as `png` or `pdf`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the media type is not known.
    pub fn format(&self) -> Result<&'static str> {
        media_type::format(self.media_kind(), self.media_type())
    }
}

fn identifier<'a>(given: &'a Option<String>, content: &[u8]) -> Cow<'a, str> {
    match given {
        Some(given) if !given.is_empty() => Cow::Borrowed(given),
        _ => {
            let mut digest = sha1_smol::Sha1::from(content).digest().to_string();
            digest.truncate(6);
            Cow::Owned(digest)
        }
    }
}

/// A file in a user's prompt or in what a tool returned.
///
/// ```
/// use bedrock_converse::messages::{
///     FileUrl, ForceDownload, MediaKind, MultiModalContent, UploadedFile, UrlKind, UserContent,
/// };
///
/// let local = FileUrl {
///     force_download: ForceDownload::AllowLocal,
///     ..FileUrl::new(UrlKind::Document, "http://10.0.0.1/a.pdf")
/// };
/// let clip = UploadedFile::new("s3://bucket/clip.mp4", "bedrock");
/// let (file, prompt) = (MultiModalContent::Url(local), UserContent::from(clip));
/// assert_eq!((file.media_kind(), file.format()?), (MediaKind::Document, "pdf"));
/// assert!(matches!(prompt, UserContent::Media(MultiModalContent::Uploaded(file)) if file.format()? == "mp4"));
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these three")]
pub enum MultiModalContent {
    /// By URL.
    Url(FileUrl),
    /// As bytes.
    Binary(BinaryContent),
    /// Uploaded.
    Uploaded(UploadedFile),
}

json_from!(MultiModalContent { Url(FileUrl), Binary(BinaryContent), Uploaded(UploadedFile) });

impl MultiModalContent {
    /// The name by which the model is told of the file.
    pub fn identifier(&self) -> Cow<'_, str> {
        match self {
            Self::Url(url) => url.identifier(),
            Self::Binary(binary) => binary.identifier(),
            Self::Uploaded(file) => file.identifier(),
        }
    }

    /// What it is.
    pub fn media_kind(&self) -> MediaKind {
        match self {
            Self::Url(url) => url.media_kind(),
            Self::Binary(binary) => binary.media_kind(),
            Self::Uploaded(file) => file.media_kind(),
        }
    }

    /// The short name of the format, such as `png` or `pdf`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the media type is not known.
    pub fn format(&self) -> Result<&'static str> {
        match self {
            Self::Url(url) => url.format(),
            Self::Binary(binary) => binary.format(),
            Self::Uploaded(file) => file.format(),
        }
    }

    pub(super) fn is_kind(kind: &str) -> bool {
        matches!(kind, "image-url" | "audio-url" | "document-url" | "video-url" | "binary" | "uploaded-file")
    }
}

impl FromJson for MultiModalContent {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        match value.get("kind").and_then(Value::as_str) {
            Some("binary") => BinaryContent::from_json(value).map(Self::Binary),
            Some("uploaded-file") => UploadedFile::from_json(value).map(Self::Uploaded),
            _ => FileUrl::from_json(value).map(Self::Url),
        }
    }
}

impl serde::Serialize for MultiModalContent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Url(url) => url.serialize(serializer),
            Self::Binary(binary) => binary.serialize(serializer),
            Self::Uploaded(file) => file.serialize(serializer),
        }
    }
}

json_deserialize!(ForceDownload, MultiModalContent);
