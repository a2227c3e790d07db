//! Blocks while they are open.

use crate::wire::{
    ContentBlock, ImageBlock, ImageBlockDelta, ImageFormat, ImageSource, ToolResultBlock, ToolResultBlockDelta,
    ToolResultContentBlock,
};

/// What stands at a `contentBlockIndex` until the block stops.
#[derive(Clone, Debug, Default)]
pub(super) enum Block {
    /// Nothing that could be told.
    #[default]
    Empty,
    /// A part, by its place in the response, that is told as it grows.
    Part(usize),
    /// What a native tool returned; told when it is whole.
    ToolResult(ToolResultBlock),
    /// An image and its bytes so far; told when it is whole.
    Image(ImageBlock, Vec<u8>),
}

impl Block {
    pub(super) fn image(format: ImageFormat) -> Self {
        Self::Image(ImageBlock::new(format, ImageSource::Bytes(Default::default())), Vec::new())
    }

    /// Adds to a tool result. Pieces of text are one text.
    pub(super) fn add_tool_result(&mut self, pieces: &[ToolResultBlockDelta]) {
        let Self::ToolResult(block) = self else { return };
        for piece in pieces {
            match (piece, block.content.last_mut()) {
                (ToolResultBlockDelta::Text(text), Some(ToolResultContentBlock::Text(so_far))) => so_far.push_str(text),
                (ToolResultBlockDelta::Text(text), _) => block.content.push(ToolResultContentBlock::Text(text.clone())),
                (ToolResultBlockDelta::Json(value), _) => {
                    block.content.push(ToolResultContentBlock::Json(value.clone()));
                }
                (ToolResultBlockDelta::Other(_), _) => {}
            }
        }
    }

    /// Adds to an image.
    pub(super) fn add_image(&mut self, piece: &ImageBlockDelta) {
        let Self::Image(image, bytes) = self else { return };
        match piece.source.as_ref().map(ImageSource::known) {
            Some(ImageSource::Bytes(piece)) => bytes.extend_from_slice(piece),
            Some(elsewhere) => image.source = elsewhere.clone(),
            None => {}
        }
        if piece.error.is_some() {
            image.error.clone_from(&piece.error);
        }
    }

    /// The block as it would stand in an answer that is not streamed, if it is not told already.
    pub(super) fn into_content(self) -> Option<ContentBlock> {
        match self {
            Self::Empty | Self::Part(_) => None,
            Self::ToolResult(block) => Some(ContentBlock::ToolResult(block)),
            Self::Image(image, bytes) if bytes.is_empty() => Some(ContentBlock::Image(image)),
            Self::Image(image, bytes) => {
                Some(ContentBlock::Image(ImageBlock { source: ImageSource::Bytes(bytes.into()), ..image }))
            }
        }
    }
}
