//! Files of a history as image, document and video blocks.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{Downloads, Target};
use crate::error::{Error, ErrorKind, Result};
use crate::messages::{
    BinaryContent, FileUrl, MediaKind, ModelMessage, ModelRequestPart, MultiModalContent, UploadedFile, UrlKind,
    UserContent, UserPrompt, UserPromptPart,
};
use crate::profile::ContentKind;
use crate::wire::{
    ContentBlock, DocumentBlock, DocumentFormat, DocumentSource, ImageBlock, ImageFormat, ImageSource, S3Location,
    ToolResultContentBlock, VideoBlock, VideoFormat, VideoSource,
};

const S3: &str = "s3://";

/// The URLs whose content the conversion of `messages` needs, each once. Files in S3 are fetched by the service; audio
/// and videos of YouTube are refused.
///
/// ```
/// use bedrock_converse::convert::{Downloads, downloads};
/// use bedrock_converse::messages::{FileUrl, ModelMessage, ModelRequest, ModelRequestPart, UserPromptPart};
///
/// let prompt = UserPromptPart::new(vec![
///     FileUrl::image("https://example.com/cat.png").into(),
///     FileUrl::image("s3://bucket/dog.png").into(), // the service fetches it
/// ]);
/// let history: [ModelMessage; 1] = [ModelRequest::new(vec![ModelRequestPart::UserPrompt(prompt)]).into()];
/// let content: Downloads =
///     downloads(&history).into_iter().map(|file| (file.url.clone(), b"PNG"[..].into())).collect();
/// assert_eq!(content.keys().collect::<Vec<_>>(), ["https://example.com/cat.png"]);
/// ```
pub fn downloads(messages: &[ModelMessage]) -> Vec<&FileUrl> {
    let mut known = BTreeSet::new();
    let urls = messages.iter().flat_map(media_of).filter_map(|media| match media {
        MultiModalContent::Url(url) if is_fetched(url) => Some(url),
        _ => None,
    });
    urls.filter(|url| known.insert(&url.url)).collect()
}

fn media_of(message: &ModelMessage) -> Vec<&MultiModalContent> {
    let ModelMessage::Request(request) = message else { return Vec::new() };
    let mut media = Vec::new();
    for part in &request.parts {
        match part {
            ModelRequestPart::UserPrompt(UserPromptPart { content: UserPrompt::Items(items), .. }) => {
                media.extend(items.iter().filter_map(|item| match item {
                    UserContent::Media(media) => Some(media),
                    _ => None,
                }));
            }
            ModelRequestPart::ToolReturn(tool_return) => media.extend(tool_return.files()),
            _ => {}
        }
    }
    media
}

fn is_fetched(url: &FileUrl) -> bool {
    url.kind != UrlKind::Audio && !url.url.starts_with(S3) && !url.is_youtube()
}

/// A file as the service takes it.
pub(super) enum Media {
    Image(ImageBlock),
    Document(DocumentBlock),
    Video(VideoBlock),
}

impl Media {
    pub(super) fn kind(&self) -> ContentKind {
        match self {
            Self::Image(_) => ContentKind::Image,
            Self::Document(_) => ContentKind::Document,
            Self::Video(_) => ContentKind::Video,
        }
    }
}

impl From<Media> for ContentBlock {
    fn from(media: Media) -> Self {
        match media {
            Media::Image(image) => Self::Image(image),
            Media::Document(document) => Self::Document(document),
            Media::Video(video) => Self::Video(video),
        }
    }
}

impl From<Media> for ToolResultContentBlock {
    fn from(media: Media) -> Self {
        match media {
            Media::Image(image) => Self::Image(image),
            Media::Document(document) => Self::Document(document),
            Media::Video(video) => Self::Video(video),
        }
    }
}

/// Where the bytes of a file come from.
enum Source {
    Bytes(Bytes),
    S3(S3Location),
}

macro_rules! from_source {
    ($($union:ident),+) => { $(
        impl From<Source> for $union {
            fn from(source: Source) -> Self {
                match source {
                    Source::Bytes(bytes) => Self::Bytes(bytes),
                    Source::S3(location) => Self::S3Location(location),
                }
            }
        }
    )+ };
}

from_source!(ImageSource, DocumentSource, VideoSource);

/// Maps the files of one request. Documents get names, counted through the request.
pub(super) struct MediaMapper<'a> {
    pub(super) target: Target<'a>,
    pub(super) downloads: &'a Downloads,
    documents: u32,
}

impl<'a> MediaMapper<'a> {
    pub(super) fn new(target: Target<'a>, downloads: &'a Downloads) -> Self {
        Self { target, downloads, documents: 0 }
    }

    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for audio and for formats that Converse doesn't take, [`ErrorKind::InvalidInput`] for
    /// a file whose type is not known, that another provider has, or that was not downloaded.
    pub(super) fn block(&mut self, media: &MultiModalContent) -> Result<Media> {
        match media {
            MultiModalContent::Binary(binary) => self.binary(binary),
            MultiModalContent::Url(url) => self.url(url),
            MultiModalContent::Uploaded(file) => self.uploaded(file),
        }
    }

    fn binary(&mut self, binary: &BinaryContent) -> Result<Media> {
        let kind = match binary.media_kind() {
            MediaKind::Image => ContentKind::Image,
            MediaKind::Document => ContentKind::Document,
            MediaKind::Video => ContentKind::Video,
            _ => return Err(unsupported(format!("binary: Converse takes no {}", binary.media_type))),
        };
        self.media(kind, binary.format()?, Source::Bytes(binary.data.clone()))
    }

    fn url(&mut self, url: &FileUrl) -> Result<Media> {
        let kind = match url.kind {
            UrlKind::Image => ContentKind::Image,
            UrlKind::Document => ContentKind::Document,
            UrlKind::Video => ContentKind::Video,
            UrlKind::Audio => return Err(unsupported("audio-url: Converse takes no audio in messages")),
        };
        let source = if url.url.starts_with(S3) {
            Source::S3(s3_location(&url.url))
        } else if url.is_youtube() {
            return Err(unsupported("video-url: videos of YouTube can't be downloaded"));
        } else if let Some(bytes) = self.downloads.get(&url.url) {
            Source::Bytes(bytes.clone())
        } else {
            let message = format!("{}: {} was not downloaded", url.kind.as_str(), url.url);
            return Err(Error::new(ErrorKind::InvalidInput, message));
        };
        match (url.format(), url.media_type().and_then(|media_type| media_type.split_once('/'))) {
            (Ok(format), _) => self.media(kind, format, source),
            (Err(_), Some((_, subtype))) => self.media(kind, subtype, source),
            (Err(error), None) => Err(error),
        }
    }

    fn uploaded(&mut self, file: &UploadedFile) -> Result<Media> {
        let invalid = |rule: String| Error::new(ErrorKind::InvalidInput, format!("uploaded-file: {rule}"));
        if file.provider_name != self.target.provider_name {
            let (theirs, ours) = (&file.provider_name, self.target.provider_name);
            return Err(invalid(format!("`provider_name` is {theirs:?}, and must be {ours:?}")));
        }
        if !file.file_id.starts_with(S3) {
            return Err(invalid(format!("`file_id` must be s3://bucket/key, and is {:?}", file.file_id)));
        }
        let media_type = file.media_type();
        let format = file.format().map_err(|_| invalid(format!("Converse takes no {media_type}")))?;
        let kind = match media_type.split('/').next() {
            Some("image") => ContentKind::Image,
            Some("video") => ContentKind::Video,
            Some("audio") => return Err(unsupported("uploaded-file: Converse takes no audio in messages")),
            _ => ContentKind::Document,
        };
        self.media(kind, format, Source::S3(s3_location(&file.file_id)))
    }

    fn media(&mut self, kind: ContentKind, format: &str, source: Source) -> Result<Media> {
        let refused = |what: &str| Err(unsupported(format!("Converse takes no {what} of the format {format:?}")));
        Ok(match kind {
            ContentKind::Document => match DocumentFormat::from(format) {
                DocumentFormat::Unknown(_) => return refused("document"),
                known => {
                    self.documents += 1;
                    let block = DocumentBlock::new(format!("Document {}", self.documents), source);
                    Media::Document(DocumentBlock { format: Some(known), ..block })
                }
            },
            ContentKind::Video => match VideoFormat::from(format) {
                VideoFormat::Unknown(_) => return refused("video"),
                known => Media::Video(VideoBlock::new(known, source)),
            },
            _ => match ImageFormat::from(format) {
                ImageFormat::Unknown(_) => return refused("image"),
                known => Media::Image(ImageBlock::new(known, source)),
            },
        })
    }
}

pub(super) fn unsupported(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

/// `s3://bucket/key?bucketOwner=123456789012`.
fn s3_location(url: &str) -> S3Location {
    let url = url.split('#').next().unwrap_or_default();
    let (uri, query) = url.split_once('?').unwrap_or((url, ""));
    let owner = query.split('&').find_map(|pair| pair.strip_prefix("bucketOwner=")).filter(|owner| !owner.is_empty());
    S3Location { bucket_owner: owner.map(str::to_owned), ..S3Location::new(uri) }
}
