//! JSON text, written straight into one buffer: a text is looked through many bytes at a time and copied once.

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Number;

use super::scan::plain;
use super::write::{Output, Write};

/// The JSON of `value`, or the reason why there is none.
pub(super) fn json(value: &dyn Write) -> Result<Vec<u8>, &'static str> {
    let mut length = Length(0);
    value.write(&mut length);
    // An eighth more for escapes, so that a long text seldom moves.
    let mut json = Json { text: Vec::with_capacity(length.0 + length.0 / 8), refused: None };
    value.write(&mut json);
    json.refused.map_or(Ok(json.text), Err)
}

struct Json {
    text: Vec<u8>,
    refused: Option<&'static str>,
}

impl Output for Json {
    fn null(&mut self) {
        self.text.extend_from_slice(b"null");
    }

    fn boolean(&mut self, boolean: bool) {
        self.text.extend_from_slice(if boolean { b"true" } else { b"false" });
    }

    fn number(&mut self, number: &Number) {
        write!(self.text, "{number}").expect("a Vec takes all that is written");
    }

    fn text(&mut self, text: &str) {
        self.text.push(b'"');
        let mut rest = text.as_bytes();
        loop {
            let (run, special) = rest.split_at(plain(rest));
            self.text.extend_from_slice(run);
            let Some((&byte, after)) = special.split_first() else { break };
            let letter = match byte {
                b'\x08' => b'b',
                b'\t' => b't',
                b'\n' => b'n',
                b'\x0c' => b'f',
                b'\r' => b'r',
                other => other,
            };
            match letter < b' ' {
                true => write!(self.text, "\\u{letter:04x}").expect("a Vec takes all that is written"),
                false => self.text.extend_from_slice(&[b'\\', letter]),
            }
            rest = after;
        }
        self.text.push(b'"');
    }

    fn blob(&mut self, bytes: &[u8]) {
        self.text.push(b'"');
        let start = self.text.len();
        self.text.resize(start + base64_length(bytes), 0);
        BASE64_STANDARD.encode_slice(bytes, &mut self.text[start..]).expect("it is just as long");
        self.text.push(b'"');
    }

    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Write>) {
        self.text.push(b'[');
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.text.push(b',');
            }
            item.write(self);
        }
        self.text.push(b']');
    }

    fn object(&mut self, members: &mut dyn Iterator<Item = (&str, &dyn Write)>) {
        self.text.push(b'{');
        for (index, (name, value)) in members.enumerate() {
            if index > 0 {
                self.text.push(b',');
            }
            self.text(name);
            self.text.push(b':');
            value.write(self);
        }
        self.text.push(b'}');
    }

    fn refuse(&mut self, reason: &'static str) {
        self.refused = Some(reason);
    }
}

/// How long the JSON is about, without escapes.
struct Length(usize);

impl Output for Length {
    fn null(&mut self) {
        self.0 += "null".len();
    }

    fn boolean(&mut self, _: bool) {
        self.0 += "false".len();
    }

    fn number(&mut self, _: &Number) {
        self.0 += 8;
    }

    fn text(&mut self, text: &str) {
        self.0 += text.len() + r#""","#.len();
    }

    fn blob(&mut self, bytes: &[u8]) {
        self.0 += base64_length(bytes) + r#""","#.len();
    }

    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Write>) {
        self.0 += "[],".len();
        items.for_each(|item| item.write(self));
    }

    fn object(&mut self, members: &mut dyn Iterator<Item = (&str, &dyn Write)>) {
        self.0 += "{},".len();
        for (name, value) in members {
            self.text(name);
            value.write(self);
        }
    }

    fn refuse(&mut self, _: &'static str) {}
}

/// How long `bytes` are as padded base64.
fn base64_length(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(3) * 4
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Whether it is written as by serde, by which everything is written elsewhere.
    fn check(value: &Value) {
        assert_eq!(String::from_utf8(super::json(value).unwrap()).unwrap(), value.to_string());
    }

    #[test]
    fn every_character_is_written_at_every_place() {
        for character in (0..0x180).filter_map(char::from_u32).chain(['\u{2028}', '\u{fffd}', '😀']) {
            for before in 0..34 {
                let text = format!("{}{character}{}", "x".repeat(before), "\u{e9}\"".repeat(before % 20));
                check(&text.into());
            }
        }
    }

    #[test]
    fn every_kind_of_value_is_written() {
        check(&json!({"a": [], "b": {}, "c\n": [null, true, false, "", {"": [[]]}]}));
        check(&json!([0, -1, u64::MAX, i64::MIN, 1.0, -0.0, 0.1, 1e300, 5e-324, 123_456_789.125]));
    }

    #[test]
    fn the_length_is_right_where_there_are_no_escapes() {
        let text = "scattered light ".repeat(1000);
        let blob = bytes::Bytes::from_static(&[7; 1000]);
        for value in [&text as &dyn Write, &blob, &vec![text.clone(); 100]] {
            let json = super::json(value).unwrap();
            let mut length = Length(0);
            value.write(&mut length);
            assert!((json.len()..json.len() + 8).contains(&length.0), "{} for {}", length.0, json.len());
        }
    }
}
