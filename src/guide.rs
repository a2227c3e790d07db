//! Pages for those who build on this crate. They are documentation alone: nothing of them is compiled into a program.
//!
//! - [`embedding`]: a small binary, and what a program pays at run time.
//! - [`testing`]: tests without AWS – the stand-in, recordings, faults.
//! - [`from_pydantic_ai`]: what `BedrockConverseModel`, its settings and its errors are called here.
//! - [`from_aws_sdk`]: what `aws-sdk-bedrockruntime` and `aws-config` do, said with this crate.
//!
//! The examples are compiled and run as tests, without a network.

#[doc = include_str!("guide/embedding.md")]
pub mod embedding {}

#[doc = include_str!("guide/testing.md")]
pub mod testing {}

#[doc = include_str!("guide/from_pydantic_ai.md")]
pub mod from_pydantic_ai {}

#[doc = include_str!("guide/from_aws_sdk.md")]
pub mod from_aws_sdk {}
