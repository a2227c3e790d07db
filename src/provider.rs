//! `BedrockProvider`.
