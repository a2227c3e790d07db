//! Region to URL.
