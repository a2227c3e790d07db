//! What is printed: answers on standard output, everything else on standard error.

use std::error::Error as StdError;
use std::fmt::{self, Display};
use std::io::{self, IsTerminal, Write};

use bedrock_converse::{Environment, Error, ErrorKind, Result};
use serde::Serialize;
use serde_json::json;

use crate::text::shown_on;

/// For whom answers and errors are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// For people
    Text,
    /// For programs: one JSON value per line; the last line on standard error says what failed
    Json,
}

/// Why a command has no success.
pub(crate) enum Failure {
    Error(Error),
    /// By Ctrl-C.
    Interrupted,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Prints text as it is and sees that it arrives.
pub(crate) fn print(text: impl Display) -> Result<()> {
    write(&mut io::stdout().lock(), text)
}

/// Prints one line of JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<()> {
    write_json(&mut io::stdout().lock(), value)
}

/// The same, to standard output or to nobody.
pub(crate) fn write_json(to: &mut dyn Write, value: &impl Serialize) -> Result<()> {
    let json = serde_json::to_string(value)
        .map_err(|error| Error::new(ErrorKind::Io, "the result is no JSON").with_source(error))?;
    write(to, format_args!("{}\n", shown_on(&io::stdout(), json)))
}

fn write(to: &mut dyn Write, text: impl Display) -> Result<()> {
    write!(to, "{text}").and_then(|()| to.flush()).map_err(|error| io_error("standard output", error))
}

/// Says something beside the answer.
pub(crate) fn note(text: impl Display) {
    // Where nobody listens there is nobody to tell.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Whether a person sees standard output.
pub(crate) fn is_watched() -> bool {
    io::stdout().is_terminal()
}

/// Whether `stream` is a terminal that can do more than print.
pub(crate) fn is_capable(stream: &impl IsTerminal) -> bool {
    let is_dumb = || Environment::process().var("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !is_dumb()
}

/// Leaves the line in which a terminal shows `^C`.
pub(crate) fn end_line() {
    if io::stderr().is_terminal() {
        note("");
    }
}

/// A failure with a file.
pub(crate) fn io_error(what: impl Display, error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{what}: {error}")).with_source(error)
}

/// Something in the input that can't be.
pub(crate) fn invalid(message: impl Display) -> Error {
    Error::new(ErrorKind::InvalidInput, message.to_string())
}

/// Whether the reader of standard output has left, as `head` does: it has what it wanted.
pub(crate) fn is_closed_pipe(error: &Error) -> bool {
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// Prints an error with its causes and its hint; for programs also as the last line.
pub(crate) fn report(error: &Error, output: Output) {
    let stderr = io::stderr();
    note(format_args!("{} {}", Style::on(&stderr).red("error:"), shown_on(&stderr, error)));
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Some errors of libraries repeat their cause.
        if !told.contains(&text) {
            note(format_args!("  caused by: {}", shown_on(&stderr, &text)));
        }
        told = text;
        cause = error.source();
    }
    if let Some(hint) = error.hint() {
        note(format_args!("  hint: {}", shown_on(&stderr, hint)));
    }
    if output == Output::Json {
        report_json(kind(error), error.to_string(), error.status(), error.code());
    }
}

/// Prints the line by which programs know what failed.
pub(crate) fn report_json(kind: &str, message: String, status: Option<u16>, code: Option<&str>) {
    let mut members = json!({ "kind": kind, "message": message });
    if let Some(status) = status {
        members["status"] = status.into();
    }
    if let Some(code) = code {
        members["code"] = code.into();
    }
    note(shown_on(&io::stderr(), json!({ "error": members })));
}

fn kind(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Timeout => "timeout",
        _ if error.in_stream() => "stream",
        _ if error.status().is_some_and(|status| status >= 400) => "http",
        ErrorKind::InvalidInput
        | ErrorKind::Unsupported
        | ErrorKind::Configuration
        | ErrorKind::Credentials
        | ErrorKind::Io => "user",
        _ => "api",
    }
}

/// Colours, where a person sees them.
#[derive(Clone, Copy)]
pub(crate) struct Style(bool);

impl Style {
    /// For what is printed to `stream`. <https://no-color.org> is honoured.
    pub(crate) fn on(stream: &impl IsTerminal) -> Self {
        Self(is_capable(stream) && Environment::process().var("NO_COLOR").is_none())
    }

    pub(crate) fn red<T: Display>(self, text: T) -> Painted<T> {
        Painted(self, "1;31", text)
    }

    pub(crate) fn bold<T: Display>(self, text: T) -> Painted<T> {
        Painted(self, "1", text)
    }

    pub(crate) fn dim<T: Display>(self, text: T) -> Painted<T> {
        Painted(self, "2", text)
    }
}

pub(crate) struct Painted<T>(Style, &'static str, T);

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Style(coloured), code, text) = self;
        if *coloured { write!(f, "\x1b[{code}m{text}\x1b[0m") } else { text.fmt(f) }
    }
}
