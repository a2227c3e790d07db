//! Media types: what a file extension says, and the short names of formats.

use crate::error::{Error, ErrorKind, Result};

/// The kinds of media that a message can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these four")]
pub enum MediaKind {
    /// `image/…`
    Image,
    /// `audio/…`
    Audio,
    /// `video/…`
    Video,
    /// Everything else.
    Document,
}

impl MediaKind {
    /// What a media type is.
    pub fn of(media_type: &str) -> Self {
        match media_type.split_once('/') {
            Some(("image", _)) => Self::Image,
            Some(("audio", _)) => Self::Audio,
            Some(("video", _)) => Self::Video,
            _ => Self::Document,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Image => "an image",
            Self::Audio => "audio",
            Self::Video => "a video",
            Self::Document => "a document",
        }
    }
}

/// The short name of a media type's format, as the media of this kind have it.
pub(super) fn format(kind: MediaKind, media_type: &str) -> Result<&'static str> {
    let format = match (kind, media_type) {
        (MediaKind::Image, "image/jpeg") => "jpeg",
        (MediaKind::Image, "image/png") => "png",
        (MediaKind::Image, "image/gif") => "gif",
        (MediaKind::Image, "image/webp") => "webp",
        (MediaKind::Audio, "audio/mpeg") => "mp3",
        (MediaKind::Audio, "audio/wav") => "wav",
        (MediaKind::Audio, "audio/flac") => "flac",
        (MediaKind::Audio, "audio/ogg") => "oga",
        (MediaKind::Audio, "audio/aiff") => "aiff",
        (MediaKind::Audio, "audio/aac") => "aac",
        (MediaKind::Video, "video/x-matroska") => "mkv",
        (MediaKind::Video, "video/quicktime") => "mov",
        (MediaKind::Video, "video/mp4") => "mp4",
        (MediaKind::Video, "video/webm") => "webm",
        (MediaKind::Video, "video/x-flv") => "flv",
        (MediaKind::Video, "video/mpeg") => "mpeg",
        (MediaKind::Video, "video/x-ms-wmv") => "wmv",
        (MediaKind::Video, "video/3gpp") => "three_gp",
        (MediaKind::Document, "application/pdf") => "pdf",
        (MediaKind::Document, "text/plain") => "txt",
        (MediaKind::Document, "text/csv") => "csv",
        (MediaKind::Document, "application/vnd.openxmlformats-officedocument.wordprocessingml.document") => "docx",
        (MediaKind::Document, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet") => "xlsx",
        (MediaKind::Document, "text/html") => "html",
        (MediaKind::Document, "text/markdown") => "md",
        (MediaKind::Document, "application/msword") => "doc",
        (MediaKind::Document, "application/vnd.ms-excel") => "xls",
        _ => {
            let message = format!("media type {media_type:?}: no format of {} is known for it", kind.name());
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
    };
    Ok(format)
}

/// The media type that the extension of a URL's path stands for.
pub(super) fn of_url(url: &str) -> Option<&str> {
    if let Some(data) = url.strip_prefix("data:") {
        return data.split_once(',')?.0.split(';').next().filter(|media_type| media_type.contains('/'));
    }
    let url = url.split(['?', '#']).next()?;
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => url,
    };
    of_file_name(path.rsplit('/').next()?.split(';').next()?)
}

/// The media type that the extension of a file's name stands for. Folders may stand before the name.
pub(super) fn of_file_name(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next()?;
    let (_, extension) = name.trim_start_matches('.').rsplit_once('.')?;
    of_extension(&extension.to_ascii_lowercase())
}

/// The host of a URL, as it stands there.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.split_once(':').map_or(host, |(host, _)| host)
}

/// What Python's `mimetypes` knows of media and text, and the types that pydantic-ai adds.
fn of_extension(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "pdf" => "application/pdf",
        "doc" | "dot" | "wiz" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" | "xlb" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "ppt" | "pot" | "ppa" | "pps" | "pwz" => "application/vnd.ms-powerpoint",
        "rtf" => "application/rtf",
        "json" => "application/json",
        "xml" | "xsl" | "rdf" | "wsdl" | "xpdl" => "application/xml",
        "yaml" | "yml" => "application/yaml",
        "toml" => "application/toml",
        "js" | "mjs" => "application/javascript",
        "zip" => "application/zip",
        "3gp" | "3gpp" => "audio/3gpp",
        "3g2" | "3gpp2" => "audio/3gpp2",
        "aac" | "adts" | "loas" | "ass" => "audio/aac",
        "aiff" => "audio/aiff",
        "au" | "snd" => "audio/basic",
        "flac" => "audio/flac",
        "m4a" => "audio/mp4",
        "mp3" | "mp2" => "audio/mpeg",
        "oga" | "ogg" => "audio/ogg",
        "opus" => "audio/opus",
        "wav" => "audio/wav",
        "aif" | "aifc" => "audio/x-aiff",
        "ra" => "audio/x-pn-realaudio",
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "heif" => "image/heif",
        "jpg" | "jpe" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "tiff" | "tif" => "image/tiff",
        "ico" => "image/vnd.microsoft.icon",
        "webp" => "image/webp",
        "pnm" => "image/x-portable-anymap",
        "pbm" => "image/x-portable-bitmap",
        "pgm" => "image/x-portable-graymap",
        "ppm" => "image/x-portable-pixmap",
        "css" => "text/css",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "md" | "mdx" => "text/markdown",
        "txt" | "bat" | "c" | "h" | "ksh" | "pl" | "srt" => "text/plain",
        "rtx" => "text/richtext",
        "tsv" => "text/tab-separated-values",
        "vtt" => "text/vtt",
        "asciidoc" => "text/x-asciidoc",
        "py" => "text/x-python",
        "sgm" | "sgml" => "text/x-sgml",
        "vcf" => "text/x-vcard",
        "three_gp" => "video/3gpp",
        "mp4" | "m4v" => "video/mp4",
        "mpeg" | "m1v" | "mpa" | "mpe" | "mpg" => "video/mpeg",
        "mov" | "qt" => "video/quicktime",
        "webm" => "video/webm",
        "flv" => "video/x-flv",
        "mkv" => "video/x-matroska",
        "wmv" => "video/x-ms-wmv",
        "avi" => "video/x-msvideo",
        _ => return None,
    })
}
