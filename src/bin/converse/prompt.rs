//! What is asked: words, standard input and files.

use std::io::{self, IsTerminal};
use std::path::Path;

use bedrock_converse::Result;
use bedrock_converse::messages::{
    BinaryContent, FileUrl, MediaKind, ModelRequest, ModelRequestPart, SystemPromptPart, UploadedFile, UserContent,
    UserPrompt, UserPromptPart,
};
use bytes::Bytes;
use clap::CommandFactory as _;

use crate::connect::read_text;
use crate::output;

#[derive(clap::Args)]
pub(crate) struct Prompt {
    /// What to ask. `-`, or nothing at all, takes it from standard input; several are put one below the other
    #[arg(value_name = "PROMPT")]
    texts: Vec<String>,
    /// An image, document or video to send along, as a file or a URL; may be repeated
    #[arg(short, long = "file", value_name = "FILE|URL")]
    files: Vec<String>,
    /// The system prompt
    #[arg(short, long, value_name = "TEXT")]
    system: Option<String>,
}

impl Prompt {
    /// The request that it makes.
    pub(crate) fn request(&self) -> Result<ModelRequest> {
        let text = self.text()?;
        let content = match self.files.is_empty() {
            true => UserPrompt::Text(text),
            false => {
                let files = self.files.iter().map(|file| attachment(file));
                UserPrompt::Items([Ok(text.into())].into_iter().chain(files).collect::<Result<_>>()?)
            }
        };
        Ok(request(self.system.as_deref(), content))
    }

    fn text(&self) -> Result<String> {
        if self.texts.is_empty() && io::stdin().is_terminal() {
            let message = "there is no PROMPT, and nothing is piped in";
            crate::Cli::command().error(clap::error::ErrorKind::MissingRequiredArgument, message).exit();
        }
        let standard_input = ["-".to_owned()];
        let texts = if self.texts.is_empty() { &standard_input[..] } else { &self.texts };
        let texts = texts.iter().map(|text| match &**text {
            "-" => read_text(Path::new("-")).map(|text| text.trim_end().to_owned()),
            text => Ok(text.to_owned()),
        });
        let text = texts.collect::<Result<Vec<_>>>()?.join("\n\n");
        if text.trim().is_empty() { Err(output::invalid("the prompt is blank")) } else { Ok(text) }
    }
}

/// One turn of the user, the first with the system prompt.
pub(crate) fn request(system: Option<&str>, content: impl Into<UserPrompt>) -> ModelRequest {
    let system = system.map(|content| {
        ModelRequestPart::SystemPrompt(SystemPromptPart { content: content.to_owned(), ..Default::default() })
    });
    let prompt = ModelRequestPart::UserPrompt(UserPromptPart::new(content));
    ModelRequest::new(system.into_iter().chain([prompt]).collect())
}

fn attachment(file: &str) -> Result<UserContent> {
    if file.starts_with("s3://") {
        return Ok(UploadedFile::new(file, "bedrock").into());
    }
    if file.starts_with("https://") || file.starts_with("http://") {
        let media_type = FileUrl::document(file).media_type().unwrap_or_default().to_owned();
        let url = match MediaKind::of(&media_type) {
            MediaKind::Image => FileUrl::image(file),
            MediaKind::Audio => FileUrl::audio(file),
            MediaKind::Video => FileUrl::video(file),
            MediaKind::Document => FileUrl::document(file),
        };
        return Ok(url.into());
    }
    let data = Bytes::from(std::fs::read(file).map_err(|error| output::io_error(file, error))?);
    if let Ok(content) = BinaryContent::named(file, data.clone())
        && content.format().is_ok()
    {
        return Ok(content.into());
    }
    // Programs, logs and the like are text, whatever they are called.
    if str::from_utf8(&data).is_ok() {
        return Ok(BinaryContent::new(data, "text/plain").into());
    }
    let hint = "the models take images, documents, videos and text";
    Err(output::invalid(format_args!("{file}: a file of this kind cannot be sent")).with_hint(hint))
}
