//! Decoder of `application/vnd.amazon.eventstream` frames.
