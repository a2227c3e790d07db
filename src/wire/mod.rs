//! The JSON of Converse, ConverseStream and CountTokens, one to one with the service model.

#[macro_use]
mod macros;
mod open;
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
pub use fault::{
    AccessDeniedException, InternalServerException, ModelErrorException, ModelNotReadyException,
    ModelStreamErrorException, ModelTimeoutException, ResourceNotFoundException, ServiceUnavailableException,
    ThrottlingException, ValidationException,
};
pub use guardrail::*;
pub use guardrail_reasoning::*;
pub use guardrail_trace::*;
pub use open::{Entries, Extra, Other};
pub use request::*;
pub use response::*;
pub use shape::Shape;
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

/// Reads an answer of the service.
fn from_answer<'a, T: serde::Deserialize<'a>>(json: &'a [u8]) -> Result<T> {
    from_json(json).map_err(|error| fault::from_success(json).unwrap_or(error))
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::new(ErrorKind::InvalidInput, error.to_string()))
}
