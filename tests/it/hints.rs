//! What the library says about the errors that people meet, given the service's own words.

use bedrock_converse::credentials::Credentials;
use bedrock_converse::serve::{Fault, Server};
use bedrock_converse::{BedrockConverseModel, BedrockProvider, Environment, Error, ErrorKind};
use serde_json::json;

use crate::faults::{model_with, says, with_fault};

use ErrorKind::{CountTokensUnsupported, QuotaExceeded, Throttling, Unauthorized, Validation};

/// An answer of status 400 with this message.
fn refusal(message: &str) -> String {
    format!("http status=400 code=ValidationException message={}", json!(message))
}

/// The error of a model in a region when the service answers with this fault. It is the same of a request and a stream.
async fn error(server: &Server, region: &str, model_name: &str, fault: &str) -> Error {
    let provider = BedrockProvider::builder().environment(server.environment()).region_name(region).build().unwrap();
    let model = BedrockConverseModel::new(model_name, provider).unwrap();
    server.set_faults(Fault::script(fault).unwrap());
    let streamed = model.request_stream(&says("x"), None, None).await.unwrap_err();
    let error = model.request(&says("x"), None, None).await.unwrap_err();
    assert_eq!((error.kind(), error.hint()), (streamed.kind(), streamed.hint()));
    error
}

const ON_DEMAND: &str = "Invocation of model ID anthropic.claude-sonnet-4-6 with on-demand throughput isn’t supported. \
    Retry your request with the ID or ARN of an inference profile that contains this model.";
const INVALID: &str = "The provided model identifier is invalid.";
const CLAUDE: &str = "anthropic.claude-sonnet-4-6";

#[tokio::test]
async fn the_service_s_words_have_their_hints() {
    let server = Server::start().unwrap();
    let only = |profiles: &str| format!("this model is only served through an inference profile: ask for {profiles}");
    let no_s3 = "this model takes no files from S3, as the Nova models do: send their bytes";
    let table: [(&str, &str, &str, Option<&str>); 17] = [
        (
            "us-east-1",
            CLAUDE,
            ON_DEMAND,
            Some(&only("`us.anthropic.claude-sonnet-4-6` or `global.anthropic.claude-sonnet-4-6`")),
        ),
        (
            "eu-west-3",
            CLAUDE,
            ON_DEMAND,
            Some(&only("`eu.anthropic.claude-sonnet-4-6` or `global.anthropic.claude-sonnet-4-6`")),
        ),
        ("us-gov-west-1", CLAUDE, ON_DEMAND, Some(&only("`us-gov.anthropic.claude-sonnet-4-6`"))),
        (
            "us-east-1",
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
            "The provided model doesn't support on-demand throughput.",
            Some(&only("`us.amazon.nova-pro-v1:0` or `global.amazon.nova-pro-v1:0`")),
        ),
        ("us-east-1", "arn:aws:bedrock:us-east-1:1:provisioned-model/abc", ON_DEMAND, None),
        ("us-east-1", "us.amazon.nova-mirco-v1:0", INVALID, Some("did you mean `us.amazon.nova-micro-v1:0`?")),
        ("us-east-1", "claude-sonnet-4-6", INVALID, Some("did you mean `anthropic.claude-sonnet-4-6`?")),
        ("us-east-1", "us.amazon.nova-micro-v1:0", INVALID, None),
        ("us-east-1", "mine", INVALID, None),
        (
            "us-east-1",
            "eu.amazon.nova-micro-v1:0",
            INVALID,
            Some("`eu.` profiles can't be called from us-east-1: ask for `us.amazon.nova-micro-v1:0`"),
        ),
        ("ap-southeast-2", "apac.amazon.nova-micro-v1:0", INVALID, Some("did you mean `us.amazon.nova-micro-v1:0`?")),
        ("us-east-1", CLAUDE, "This model doesn't support the s3Uri field. Remove s3Uri and try again.", Some(no_s3)),
        ("us-east-1", CLAUDE, "messages.0.content.0.document.source.type: Field required", Some(no_s3)),
        (
            "us-east-1",
            CLAUDE,
            "This model doesn't support the video content block that you provided. Update the content block and try again.",
            Some("this model takes no video; the Nova models do"),
        ),
        ("us-east-1", "us.amazon.nova-pro-v1:0", "The video is longer than 30 minutes.", None),
        ("us-east-1", CLAUDE, "max_tokens: must be positive", None),
        ("us-east-1", CLAUDE, "", None),
    ];
    for (region, model_name, message, hint) in table {
        let error = error(&server, region, model_name, &refusal(message)).await;
        assert_eq!((error.kind(), error.status(), error.attempts()), (Validation, Some(400), 1), "{message}");
        assert_eq!(error.hint(), hint, "{model_name} in {region}: {message}");
        assert!(hint.is_none_or(|hint| !error.to_string().contains(hint)), "a hint is no part of the message");
    }
}

#[tokio::test]
async fn a_daily_quota_is_told_from_a_throttle_and_not_tried_again() {
    let server = Server::start().unwrap();
    let model = model_with(&server, std::time::Duration::from_secs(60));
    for (message, kind, attempts) in [
        ("Too many tokens, please wait before trying again.", Throttling, 3),
        ("Too many requests, please wait before trying again.", Throttling, 3),
        ("Too many tokens per day, please wait before trying again.", QuotaExceeded, 1),
    ] {
        let fault = format!("throttle message={}", json!(message));
        let error = model.request(&says("x"), Some(&with_fault(&fault)), None).await.unwrap_err();
        assert_eq!((error.kind(), error.status(), error.attempts()), (kind, Some(429), attempts));
        assert_eq!(error.is_retryable(), kind == Throttling);
        assert_eq!(error.hint().is_some_and(|hint| hint.contains("Service Quotas")), kind == QuotaExceeded);
        assert_eq!(error.message(), message);
    }
}

#[tokio::test]
async fn models_that_count_no_tokens() {
    let server = Server::start().unwrap();
    let provider = || BedrockProvider::builder().environment(server.environment()).build().unwrap();
    // The server counts for foundation models alone, and the geography is left out.
    let model = BedrockConverseModel::new("us.anthropic.claude-sonnet-4-20250514-v1:0", provider()).unwrap();
    assert_eq!(model.count_tokens(&says("three short words"), None, None).await.unwrap().input_tokens, 3);
    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
    let model = BedrockConverseModel::new(arn, provider()).unwrap();
    let error = model.count_tokens(&says("x"), None, None).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (CountTokensUnsupported, Some(400)));
    assert_eq!(error.message(), "The provided model doesn't support counting tokens.");
    assert!(error.hint().unwrap().contains("https://docs.aws.amazon.com/bedrock/latest/userguide/count-tokens.html"));
}

#[tokio::test]
async fn refused_credentials_are_told_by_their_source() {
    let expired = Fault::script("http status=403 code=ExpiredTokenException message=\"The security token is expired\"");
    let server = Server::builder().any_credentials().faults(expired.unwrap()).start().unwrap();
    let endpoint = [("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url()), ("AWS_REGION", "us-east-1".to_owned())];
    let with = |keys: &[(&str, &str)]| {
        let keys = keys.iter().map(|(name, value)| (*name, (*value).to_owned()));
        BedrockProvider::builder().environment(Environment::fixed(endpoint.clone().into_iter().chain(keys)))
    };
    let home = std::env::temp_dir().join(format!("bedrock-converse-hints-{}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    let file = home.join("config");
    std::fs::write(&file, "[profile dev]\naws_access_key_id = AKID\naws_secret_access_key = SECRET\n").unwrap();
    let keys = Credentials::new("AKID", "SECRET", None, None, "test");
    let given = "the refused credentials came from a provider that the program gave";
    for (provider, hint) in [
        (
            with(&[("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "SECRET")]),
            "the refused credentials came from: environment",
        ),
        (
            with(&[("AWS_CONFIG_FILE", file.to_str().unwrap()), ("AWS_PROFILE", "dev")]),
            "the refused credentials came from: keys of profile `dev`",
        ),
        (with(&[]).aws_credentials("AKID", "SECRET", None), given),
        (with(&[]).credentials_provider(keys), given),
        (with(&[("AWS_BEARER_TOKEN_BEDROCK", "KEY")]), "the service refused the bearer key: it may have expired"),
    ] {
        let model = BedrockConverseModel::new("us.amazon.nova-micro-v1:0", provider.build().unwrap()).unwrap();
        let error = model.request(&says("x"), None, None).await.unwrap_err();
        assert_eq!((error.kind(), error.status(), error.hint()), (Unauthorized, Some(403), Some(hint)), "{error:?}");
    }
    std::fs::remove_dir_all(&home).unwrap();
}
