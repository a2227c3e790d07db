// The README's program needs the client.
#![cfg_attr(feature = "client", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "client"), doc = "The part of bedrock-converse without I/O.")]
#![cfg_attr(docsrs, feature(doc_cfg))]

// The modules stand in the order of their layers: each imports only from those above it (`tests/layers.rs`).
mod error;
pub mod messages;
pub mod settings;
pub mod tools;
pub mod eventstream;
pub mod wire;
pub mod profile;
pub mod preflight;
pub mod convert;
pub mod stream;
// ═══ All of the above is pure: no clock, file, socket, environment, thread or async runtime. ═══
#[cfg(feature = "client")]
mod environment;
#[cfg(feature = "client")]
pub mod transport;
#[cfg(feature = "client")]
mod sign;
#[cfg(feature = "client")]
pub mod retry;
#[cfg(feature = "client")]
pub mod endpoint;
#[cfg(feature = "client")]
pub mod credentials;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
mod provider;
#[cfg(feature = "client")]
mod model;
#[cfg(feature = "serve")]
pub mod serve;
#[cfg(all(feature = "serve", any(doc, doctest)))]
pub mod guide;

#[cfg(feature = "client")]
pub use environment::Environment;
pub use error::{Error, ErrorKind, Result};
#[cfg(feature = "client")]
pub use model::{BedrockConverseModel, BedrockConverseModelBuilder, BedrockStreamedResponse, IntoProvider};
pub use profile::{BedrockModelName, LatestBedrockModelNames, ModelProfile};
#[cfg(feature = "client")]
pub use provider::{BedrockProvider, BedrockProviderBuilder, Gateway, Provider};
#[cfg(feature = "client")]
pub use sign::short_term_api_key;
