//! `BedrockConverseModel`.
