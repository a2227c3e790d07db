//! The import table of the crate, enforced.
