//! Points in time as the message format has them.

use std::fmt;

use serde_json::Value;

use super::json::{FromJson, Mismatch, json_deserialize};

/// A point in time: RFC 3339 text, kept as it came.
///
/// ```
/// use bedrock_converse::messages::Timestamp;
///
/// assert_eq!(Timestamp::from_unix(1_700_000_000, 120_000).as_str(), "2023-11-14T22:13:20.000120Z");
/// assert_eq!(Timestamp::from_unix(0, 0).as_str(), "1970-01-01T00:00:00Z");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timestamp(String);

impl Timestamp {
    /// Formats seconds since 1970 and nanoseconds, in UTC. Whole seconds have no fraction, others have six digits;
    /// what is below a microsecond is dropped.
    pub fn from_unix(seconds: i64, nanos: u32) -> Self {
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let second = seconds.rem_euclid(86_400);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if let micros @ 1.. = nanos / 1000 {
            text += &format!(".{micros:06}");
        }
        Self(text + "Z")
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Days since 1970 as year, month and day of the Gregorian calendar. The year begins in March here, so that the day
/// which some years lack is its last.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // since 0000-03-01
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year_of_era + next_year, month, day)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for Timestamp {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl FromJson for Timestamp {
    fn from_json(value: Value) -> Result<Self, Mismatch> {
        String::from_json(value).map(Self)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

json_deserialize!(Timestamp);
