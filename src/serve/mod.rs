//! A local stand-in for Bedrock.
