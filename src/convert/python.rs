//! JSON and templates as Python writes them. They end up in prompts, where every byte is part of what is cached, so both
//! clients have to write the same.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use crate::error::{Error, ErrorKind, Result};
use crate::profile::python_float;

/// `json.dumps(value)`: one line, a blank after `,` and `:`, ASCII only.
pub(super) fn dumps(value: &Value) -> String {
    write(value, Python { pretty: None })
}

/// `json.dumps(value, indent=2)`.
pub(super) fn dumps_indented(value: &Value) -> String {
    write(value, Python { pretty: Some(PrettyFormatter::new()) })
}

/// `template.format(schema=schema)`.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] for a brace that is neither doubled nor `{schema}`'s.
pub(super) fn format_schema(template: &str, schema: &str) -> Result<String> {
    let mut text = String::with_capacity(template.len() + schema.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, braced) = rest.split_at(at);
        text.push_str(before);
        let (piece, after) = [("{{", "{"), ("}}", "}"), ("{schema}", schema)]
            .into_iter()
            .find_map(|(pattern, piece)| Some((piece, braced.strip_prefix(pattern)?)))
            .ok_or_else(|| {
                let rule = "besides `{schema}` a brace must be doubled";
                Error::new(ErrorKind::InvalidInput, format!("prompted_output_template: {rule}"))
            })?;
        text.push_str(piece);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

fn write(value: &Value, formatter: Python) -> String {
    let mut bytes = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut bytes, formatter))
        .expect("a JSON value serialises, and a Vec takes all that is written");
    String::from_utf8(bytes).expect("the formatter writes ASCII")
}

struct Python {
    pretty: Option<PrettyFormatter<'static>>,
}

impl Formatter for Python {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut plain = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| !matches!(c, ' '..='~')) {
            writer.write_all(&fragment.as_bytes()[plain..at])?;
            c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(writer, "\\u{unit:04x}"))?;
            plain = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(python_float(value).as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        match &mut self.pretty {
            Some(pretty) => pretty.begin_array(writer),
            None => writer.write_all(b"["),
        }
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        match &mut self.pretty {
            Some(pretty) => pretty.end_array(writer),
            None => writer.write_all(b"]"),
        }
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        match &mut self.pretty {
            Some(pretty) => pretty.begin_array_value(writer, first),
            None => writer.write_all(if first { b"" } else { b", " }),
        }
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.as_mut().map_or(Ok(()), |pretty| pretty.end_array_value(writer))
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        match &mut self.pretty {
            Some(pretty) => pretty.begin_object(writer),
            None => writer.write_all(b"{"),
        }
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        match &mut self.pretty {
            Some(pretty) => pretty.end_object(writer),
            None => writer.write_all(b"}"),
        }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        match &mut self.pretty {
            Some(pretty) => pretty.begin_object_key(writer, first),
            None => writer.write_all(if first { b"" } else { b", " }),
        }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.as_mut().map_or(Ok(()), |pretty| pretty.end_object_value(writer))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_written_as_python_does() {
        let value = json!({"a": [1, 1.0, 1e16, 0.00001], "ü\u{7f}": "\u{1F600}\n\"", "e": {}, "l": [], "n": null});
        assert_eq!(
            dumps(&value),
            "{\"a\": [1, 1.0, 1e+16, 1e-05], \"\\u00fc\\u007f\": \"\\ud83d\\ude00\\n\\\"\", \"e\": {}, \"l\": [], \"n\": null}"
        );
        assert_eq!(
            dumps_indented(&json!({"a": [1, 2], "b": {}, "c": {"d": true}})),
            "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": {\n    \"d\": true\n  }\n}"
        );
    }

    #[test]
    fn templates_are_filled_as_python_does() {
        assert_eq!(format_schema("{{x}} {schema}!", "S").unwrap(), "{x} S!");
        for broken in ["{other} {schema}", "{schema} {", "} {schema}"] {
            assert_eq!(format_schema(broken, "S").unwrap_err().kind(), ErrorKind::InvalidInput, "{broken}");
        }
    }
}
