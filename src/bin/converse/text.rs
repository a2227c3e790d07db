//! Text that others wrote, such as a model: on a terminal it is shown and does nothing else.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal};

use bedrock_converse::Result;

use crate::output;

/// `text` as `stream` gets it: as it is, unless that is a terminal.
pub(crate) fn shown_on(stream: &impl IsTerminal, text: impl Display) -> String {
    let text = text.to_string();
    if stream.is_terminal() { visible(&text).into_owned() } else { text }
}

/// An answer's text, printed as it comes.
pub(crate) struct AnswerText {
    visible: Option<Visible>,
    /// The last piece did not end its line.
    in_line: bool,
}

impl AnswerText {
    pub(crate) fn new() -> Self {
        Self { visible: io::stdout().is_terminal().then(Visible::default), in_line: false }
    }

    pub(crate) fn print(&mut self, piece: &str) -> Result<()> {
        if piece.is_empty() {
            return Ok(());
        }
        self.in_line = !piece.ends_with('\n');
        match &mut self.visible {
            Some(visible) => output::print(visible.piece(piece)),
            None => output::print(piece),
        }
    }

    /// Ends the last line.
    pub(crate) fn end(&mut self) -> Result<()> {
        if let Some(visible) = &mut self.visible {
            output::print(visible.rest())?;
        }
        if self.in_line { output::print("\n") } else { Ok(()) }
    }
}

/// `text` with its control characters as JSON writes them (`\u001b`), but for tabs and ends of lines. JSON stays the
/// same JSON.
fn visible(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut plain = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_control()) {
        if matches!(c, '\n' | '\t') || text[at..].starts_with("\r\n") {
            continue;
        }
        let _ = write!(shown, "{}\\u{:04x}", &text[plain..at], u32::from(c));
        plain = at + c.len_utf8();
    }
    if plain == 0 { text.into() } else { (shown + &text[plain..]).into() }
}

/// [`visible`] for a text that comes in pieces.
#[derive(Default)]
struct Visible {
    /// The last piece ended with `\r`, which may be half of an end of a line.
    held: bool,
}

impl Visible {
    fn piece(&mut self, text: &str) -> String {
        let text = if self.held { format!("\r{text}") } else { text.to_owned() };
        self.held = text.ends_with('\r');
        visible(&text[..text.len() - usize::from(self.held)]).into_owned()
    }

    /// What has been held back when nothing more comes.
    fn rest(&mut self) -> Cow<'static, str> {
        visible(if std::mem::take(&mut self.held) { "\r" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::{Visible, visible};

    const TEXT: &str = "a\tb\r\n\x1b]0;title\x07\x1b[2J \u{9b}31m über\r\r\ndone\x7f\0\n\r";
    const SHOWN: &str =
        "a\tb\r\n\\u001b]0;title\\u0007\\u001b[2J \\u009b31m über\\u000d\r\ndone\\u007f\\u0000\n\\u000d";

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(visible(TEXT), SHOWN);
        assert_eq!(visible("日本\n"), "日本\n");
    }

    #[test]
    fn pieces_make_no_difference() {
        for (first, _) in TEXT.char_indices() {
            for (second, _) in TEXT.char_indices().filter(|(second, _)| *second >= first) {
                let mut text = Visible::default();
                let pieces = [&TEXT[..first], &TEXT[first..second], &TEXT[second..]].map(|piece| text.piece(piece));
                assert_eq!(pieces.concat() + &text.rest(), SHOWN, "{first} {second}");
            }
        }
    }

    #[test]
    fn json_stays_the_same() {
        let json = serde_json::to_string(TEXT).unwrap();
        let shown = visible(&json);
        assert!(json != shown && !shown.contains(char::is_control));
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), TEXT);
    }
}
