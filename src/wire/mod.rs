//! The JSON of Converse, ConverseStream and CountTokens, one to one with the service model.
//!
//! Every shape has the service model's name and every member the model's name in snake case, so the
//! [API reference](https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html)
//! is the reference of these types too. `ConverseRequest` stands for the requests of `Converse` and of
//! `ConverseStream`, which differ in one member of the guardrail.
//! The page of a structure or union there is `…/APIReference/API_runtime_NAME.html`; what the values of an enum mean stands
//! with the members that have it.
//!
//! ```
//! use bedrock_converse::wire::{ConverseRequest, ConverseResponse, InferenceConfiguration};
//!
//! let request = ConverseRequest::new("us.amazon.nova-micro-v1:0")
//!     .user("What is the capital of France?")
//!     .inference(InferenceConfiguration { max_tokens: Some(20), ..Default::default() });
//! let body: Vec<u8> = request.to_json()?;
//! # let _ = body;
//!
//! let answer = br#"{
//!     "output": {
//!         "message": {"role": "assistant", "content": [{"text": "Paris"}], "mood": "sunny"}
//!     },
//!     "stopReason": "end_turn"
//! }"#;
//! let response = ConverseResponse::from_json(answer)?;
//! let message = response.message().unwrap();
//! assert_eq!(message.content[0].as_text(), Some("Paris"));
//! assert_eq!(message.extra.get("mood").unwrap(), "sunny");
//! # Ok::<(), bedrock_converse::Error>(())
//! ```
//!
//! # Nothing is lost
//!
//! What is read is written back as it came:
//!
//! - A member that a struct has no field for is in its [`extra`](Extra), in both directions: what you put there is sent.
//! - An enum has the variant `Unknown` for values that came later, with the text.
//! - A union has the variant [`Other`] for members that came later, with the JSON. It also stands for an object with
//!   something beside its member; [`known`](ContentBlock::known) looks through it, so match on that.
//! - A member that is absent is `None`; a list or object that is empty is not absent. A `null` counts as absent and
//!   comes back as `null`.
//! - Objects keep the order of what they hold. The fields stand in the model's order, so the same value is always the
//!   same bytes, as prompt caching needs it.
//!
//! Two things are not told apart: a float that is a whole number is written with `.0`, and integers beyond 64 bits are
//! floats. Dropped is only `p`, the padding of [stream events](ConverseStreamOutput).
//!
//! Structs are open to literals (`..Default::default()`, or `..Type::new(…)` where members are required), and get
//! new fields as the service does. Examples stand with what requests and answers are put together from; all other shapes
//! are members of these and are used in the same way.
//!
//! # Errors
//!
//! `from_json` and serde name the member: `` `messages[0].content[2].image.source.bytes`: not padded base64: … ``. What
//! the service itself says is in [`fault`].

#[macro_use]
mod macros;
mod open;
mod read;
mod write;

mod content;
mod count;
pub mod fault;
mod guardrail;
mod guardrail_reasoning;
mod guardrail_trace;
mod json;
mod request;
mod response;
mod scan;
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
pub use open::{Entries, Extra, Other, Shape, Unread};
pub use request::*;
pub use response::*;
pub use stream::*;
pub use tools::*;

use self::read::{Blank, Read};
use crate::error::{Error, ErrorKind, Result};

/// Reads one JSON value that takes up all of `json`.
fn from_json<'a, T: Read<'a> + Blank>(json: &'a [u8]) -> Result<T> {
    let mut value = T::blank();
    read_json(&mut value, json)?;
    Ok(value)
}

fn read_json<'a>(value: &mut dyn Read<'a>, json: &'a [u8]) -> Result<()> {
    read::from_slice(value, json).map_err(|error| Error::new(ErrorKind::Protocol, read::shorten(&error.to_string())))
}

/// Reads an answer of the service.
fn from_answer<'a, T: Read<'a> + Blank>(json: &'a [u8]) -> Result<T> {
    from_json(json).map_err(|error| fault::from_success(json).unwrap_or(error))
}

fn to_json(value: &dyn write::Write) -> Result<Vec<u8>> {
    json::json(value).map_err(|reason| Error::new(ErrorKind::InvalidInput, reason))
}
