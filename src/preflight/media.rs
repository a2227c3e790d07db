//! Documents, images and videos, in messages and in tool results.

use std::collections::BTreeSet;

use super::finding::Report;
use super::limits::{self, Names};
use super::{DOCUMENT_TEXT, Rule, blocks, blocks_mut, is_user, messages, messages_mut, place};
use crate::profile::ModelProfile;
use crate::wire::{
    AudioSource, ContentBlock, ConverseRequest, DocumentBlock, DocumentSource, ImageBlock, ImageSource, S3Location,
    ToolResultContentBlock, VideoBlock, VideoSource,
};

/// The most documents and images of a request:
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html>.
const MOST_DOCUMENTS: usize = 5;
const MOST_IMAGES: usize = 20;

/// The name of a document that has none of the characters that a name can have.
const DOCUMENT: &str = "Document";

#[derive(Clone, Copy)]
enum Medium<'a> {
    Image(&'a ImageBlock),
    Document(&'a DocumentBlock),
    Video(&'a VideoBlock),
}

/// All media with their places.
fn media(request: &ConverseRequest) -> Vec<(String, Medium<'_>)> {
    let mut found = Vec::new();
    for (m, b, block) in blocks(request) {
        match block {
            ContentBlock::Image(image) => found.push((format!("{}.image", place(m, b)), Medium::Image(image))),
            ContentBlock::Document(document) => {
                found.push((format!("{}.document", place(m, b)), Medium::Document(document)));
            }
            ContentBlock::Video(video) => found.push((format!("{}.video", place(m, b)), Medium::Video(video))),
            ContentBlock::ToolResult(result) => {
                for (c, content) in result.content.iter().enumerate() {
                    let medium = match content.known() {
                        ToolResultContentBlock::Image(image) => Medium::Image(image),
                        ToolResultContentBlock::Document(document) => Medium::Document(document),
                        ToolResultContentBlock::Video(video) => Medium::Video(video),
                        _ => continue,
                    };
                    let member = content.member().unwrap_or_default();
                    found.push((format!("{}.toolResult.content[{c}].{member}", place(m, b)), medium));
                }
            }
            _ => {}
        }
    }
    found
}

pub(super) fn check(request: &ConverseRequest, profile: &ModelProfile, report: &mut Report) {
    let media = media(request);
    let mut names = BTreeSet::new();
    let (mut documents, mut images) = (0, 0);
    for (path, medium) in &media {
        check_source(*medium, path, profile, report);
        match medium {
            Medium::Image(_) => images += 1,
            Medium::Document(document) => {
                documents += 1;
                check_name(document, path, &mut names, report);
            }
            Medium::Video(_) if !profile.bedrock_supports_video_input => {
                report.error(Rule::VideoRefused, path, "the model takes no video").says(
                    "This model doesn't support the video content block that you provided. Update the content \
                     block and try again.",
                );
            }
            Medium::Video(_) => {}
        }
    }
    if documents > MOST_DOCUMENTS {
        report
            .error(
                Rule::TooManyDocuments,
                "messages",
                format!("{documents} documents, and {MOST_DOCUMENTS} are the most"),
            )
            .says("You can't include more than 5 documents in a request.");
    }
    if images > MOST_IMAGES {
        report
            .warning(Rule::TooManyImages, "messages", format!("{images} images; many models take {MOST_IMAGES}"))
            .says("The model returned the following errors: messages: too many images: image_count > 20");
    }
    for (m, message) in messages(request).iter().enumerate() {
        if is_user(message) && lacks_text(&message.content) {
            let message = "a document needs a text beside it";
            report
                .error(Rule::DocumentWithoutText, format!("messages[{m}].content"), message)
                .says("A text block must be included when using documents.")
                .repairable();
        }
    }
    check_audio(request, report);
}

fn check_name<'a>(document: &'a DocumentBlock, path: &str, names: &mut BTreeSet<&'a str>, report: &mut Report) {
    let path = format!("{path}.name");
    if let Some(fault) = limits::DOCUMENT_NAME.text_fault(&document.name) {
        report.constraint(Rule::DocumentName, path.as_str(), &fault).repairable();
    } else if fitting_name(&document.name) != document.name {
        let message = "a document's name has letters from A to Z, digits, `-`, `_`, `()`, `[]` and single spaces";
        report
            .error(Rule::DocumentName, path.as_str(), message)
            .says(
                "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, \
                 parentheses, and square brackets. The name can't contain more than one consecutive whitespace \
                 character. Check that the file name conforms to these restrictions and retry your request.",
            )
            .repairable();
    }
    if !names.insert(&document.name) {
        report
            .error(Rule::DocumentNameDuplicate, path, "another document has the same name")
            .says("Messages can't contain duplicate document names. Rename the document and retry your request.")
            .repairable();
    }
}

/// The name with a space in place of what it can't have, and the same name if there is none of it. The service takes
/// `_`, which its documentation doesn't name.
fn fitting_name(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '(' | ')' | '[' | ']' | ' ');
    if name.chars().all(allowed) && !name.contains("  ") {
        return name.to_owned();
    }
    let words = name.split(|c| c == ' ' || !allowed(c)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

fn check_source(medium: Medium<'_>, path: &str, profile: &ModelProfile, report: &mut Report) {
    let path = format!("{path}.source");
    let (limit, size, location) = match medium {
        Medium::Image(image) => match image.source.known() {
            ImageSource::Bytes(bytes) => (limits::IMAGE_BYTES, Some(bytes.len()), None),
            ImageSource::S3Location(location) => (limits::IMAGE_BYTES, None, Some(location)),
            ImageSource::Other(_) => return,
        },
        Medium::Document(document) => match document.source.known() {
            DocumentSource::Bytes(bytes) => (limits::DOCUMENT_BYTES, Some(bytes.len()), None),
            DocumentSource::S3Location(location) => (limits::DOCUMENT_BYTES, None, Some(location)),
            _ => return,
        },
        Medium::Video(video) => match video.source.known() {
            VideoSource::Bytes(bytes) => (limits::VIDEO_BYTES, Some(bytes.len()), None),
            VideoSource::S3Location(location) => (limits::VIDEO_BYTES, None, Some(location)),
            VideoSource::Other(_) => return,
        },
    };
    if let Some(fault) = size.and_then(|size| limit.size_fault(size)) {
        report.constraint(Rule::Constraint, format!("{path}.bytes"), &fault);
    }
    let Some(location) = location else { return };
    check_location(location, &path, report);
    if profile.bedrock_supports_s3_location {
        return;
    }
    let path = format!("{path}.s3Location");
    if matches!(medium, Medium::Document(_)) {
        report.warning(Rule::S3Refused, path, "the model doesn't read from S3: it gets to see an empty document");
    } else {
        report
            .error(Rule::S3Refused, path, "the model doesn't read from S3")
            .says("This model doesn't support the s3Uri field. Remove s3Uri and try again.");
    }
}

fn check_location(location: &S3Location, path: &str, report: &mut Report) {
    let path = format!("{path}.s3Location");
    let uri = &location.uri;
    if let Some(fault) = limits::S3_URI.text_fault(uri) {
        report.constraint(Rule::Constraint, format!("{path}.uri"), &fault);
    } else if !uri.starts_with("s3://") {
        report.error(Rule::Constraint, format!("{path}.uri"), "must begin with `s3://`");
    }
    let fault = location.bucket_owner.as_ref().and_then(|owner| limits::ACCOUNT_ID.text_fault(owner));
    if let Some(fault) = fault {
        report.constraint(Rule::Constraint, format!("{path}.bucketOwner"), &fault);
    }
}

fn check_audio(request: &ConverseRequest, report: &mut Report) {
    for (m, b, block) in blocks(request) {
        let ContentBlock::Audio(audio) = block else { continue };
        let path = format!("{}.audio.source", place(m, b));
        match audio.source.known() {
            AudioSource::Bytes(bytes) => {
                if let Some(fault) = limits::AUDIO_BYTES.size_fault(bytes.len()) {
                    report.constraint(Rule::Constraint, format!("{path}.bytes"), &fault);
                }
            }
            AudioSource::S3Location(location) => check_location(location, &path, report),
            AudioSource::Other(_) => {}
        }
    }
}

/// Whether there is a document, and no text beside it.
pub(crate) fn lacks_text(content: &[ContentBlock]) -> bool {
    let has = |member: &str| content.iter().any(|block| block.member() == Some(member));
    has("document") && !has("text")
}

pub(super) fn repair(request: &mut ConverseRequest) {
    let mut names = Names::default();
    for document in documents_mut(request) {
        let name = match fitting_name(&document.name) {
            name if name.is_empty() => DOCUMENT.to_owned(),
            name => limits::DOCUMENT_NAME.fit(&name),
        };
        document.name = names.unique(limits::DOCUMENT_NAME, name, |n| format!(" ({n})"));
    }
    for message in messages_mut(request).filter(|message| is_user(message) && lacks_text(&message.content)) {
        let at = message.content.iter().position(|block| block.member() == Some("document")).unwrap_or_default();
        message.content.insert(at, DOCUMENT_TEXT.into());
    }
}

fn documents_mut(request: &mut ConverseRequest) -> Vec<&mut DocumentBlock> {
    let mut found = Vec::new();
    for block in blocks_mut(request) {
        match block {
            ContentBlock::Document(document) => found.push(document),
            ContentBlock::ToolResult(result) => {
                found.extend(result.content.iter_mut().filter_map(|content| match content.known_mut() {
                    ToolResultContentBlock::Document(document) => Some(document),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    found
}
