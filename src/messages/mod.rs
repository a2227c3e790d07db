//! Provider-neutral history: messages, their parts, media, usage and stream events.
