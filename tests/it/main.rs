//! Integration tests, one binary.

#[cfg(feature = "serve")]
mod serve;
#[cfg(feature = "serve")]
mod serve_access;
#[cfg(feature = "serve")]
mod serve_faults;
#[cfg(feature = "serve")]
mod serve_fixtures;
#[cfg(feature = "serve")]
mod serve_model;
