//! The JSON of Converse, ConverseStream and CountTokens, one to one with the service model.

#[macro_use]
mod macros;
mod shape;

mod content;
mod count;
pub mod fault;
mod guardrail;
mod guardrail_reasoning;
mod guardrail_trace;
mod request;
mod response;
mod stream;
mod tools;

pub use content::*;
pub use count::*;
pub use guardrail::*;
pub use guardrail_reasoning::*;
pub use guardrail_trace::*;
pub use request::*;
pub use response::*;
pub use shape::{Entries, Extra, Other, Shape};
pub use stream::*;
pub use tools::*;

use crate::error::{Error, ErrorKind, Result};

/// Reads one JSON value that takes up all of `json`.
fn from_json<'a, T: serde::Deserialize<'a>>(json: &'a [u8]) -> Result<T> {
    serde_json::from_slice(json).map_err(|error| {
        let message = error.to_string();
        Error::new(ErrorKind::Protocol, shape::shorten(&message)).with_source(error)
    })
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::new(ErrorKind::InvalidInput, error.to_string()))
}
