//! History to wire request, and wire response to history.
