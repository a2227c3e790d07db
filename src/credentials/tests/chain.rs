use super::*;
use crate::credentials::Source;

#[tokio::test]
async fn the_environment_goes_first_and_reads_no_file() {
    let home = Scratch::home("this is no config file", "");
    let path = home.path();
    let all =
        [("AWS_ACCESS_KEY_ID", " AKID "), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_SESSION_TOKEN", "t"), ("HOME", &*path)];
    let script = Script::default();
    let chain_ = chain(&all, &script);
    assert_eq!(chain_.source(), None);
    assert_eq!(keys(&chain_.resolve().await.unwrap()), ("AKID", "s", Some("t")));
    assert_eq!(chain_.source().as_deref(), Some("environment"));

    for blank in ["", "  "] {
        let half = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", blank)];
        let error = chain(&half, &script).resolve().await.unwrap_err();
        assert!(error.message().contains("environment: AWS_ACCESS_KEY_ID is set, but"), "{error}");
    }
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn a_profile_asked_for_by_name_goes_before_keys_in_the_environment() {
    let home = Scratch::home("", "[x]\naws_access_key_id = X\naws_secret_access_key = s\n");
    let path = home.path();
    let variables = [("AWS_ACCESS_KEY_ID", "E"), ("AWS_SECRET_ACCESS_KEY", "s"), ("HOME", &*path)];
    let script = Script::default();
    assert_eq!(chain(&variables, &script).profile("x").resolve().await.unwrap().access_key_id(), "X");
    let by_variable = [&variables[..], &[("AWS_PROFILE", "x")]].concat();
    assert_eq!(chain(&by_variable, &script).resolve().await.unwrap().access_key_id(), "E");
}

#[tokio::test(start_paused = true)]
async fn the_error_says_what_each_source_said() {
    let script = Script::new([Reply::Broken, Reply::Broken, Reply::Broken, Reply::Broken]);
    let error = chain(&[], &script).resolve().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert_eq!(
        error.message(),
        "no credentials: environment: AWS_ACCESS_KEY_ID is not set; profile: there is no profile `default`; \
         web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; \
         container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set; \
         instance metadata: it cannot be reached: connection refused"
    );
    assert!(error.hint().is_some());
}

#[tokio::test]
async fn sources_can_be_left_out() {
    let home = Scratch::home("this is no config file", "");
    let path = home.path();
    let variables = [("AWS_ACCESS_KEY_ID", "E"), ("AWS_SECRET_ACCESS_KEY", "s"), ("HOME", &*path)];
    let script = Script::default();
    let mut none = chain(&variables, &script);
    for source in Source::ALL {
        none = none.without(*source);
    }
    assert_eq!(none.resolve().await.unwrap_err().message(), "no credentials: ");
    let error = chain(&variables, &script).without(Source::Environment).resolve().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let neither = chain(&variables, &script).without(Source::Environment).without(Source::Profile);
    let error = neither.without(Source::InstanceMetadata).resolve().await.unwrap_err();
    assert!(error.message().starts_with("no credentials: web identity: "), "{error}");
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn each_source_goes_before_the_next() {
    let scratch = Scratch::home("", "[default]\naws_access_key_id = P\naws_secret_access_key = s\n");
    let (home, token) = (scratch.path(), scratch.write("token", "jwt"));
    let json = |key| format!(r#"{{"AccessKeyId":"{key}","SecretAccessKey":"s","Token":"t"}}"#);
    let variables = [
        ("AWS_ACCESS_KEY_ID", "E"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("HOME", &*home),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", &*token),
        ("AWS_ROLE_ARN", "arn:r"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/a"),
    ];
    let script = Script::new([
        sts_answer("AssumeRoleWithWebIdentity", "W"),
        answer(200, json("C")),
        answer(200, "TOKEN"),
        answer(200, "role"),
        answer(200, json("I")),
    ]);
    let mut left = chain(&variables, &script);
    for (source, key) in Source::ALL.iter().zip(["E", "P", "W", "C", "I"]) {
        assert_eq!(left.resolve().await.unwrap().access_key_id(), key);
        left = left.without(*source);
    }
    script.assert_done();
}

#[tokio::test]
async fn a_source_that_fails_ends_the_search_and_is_named() {
    let variables = [("AWS_WEB_IDENTITY_TOKEN_FILE", "/absent"), ("AWS_ROLE_ARN", "arn:r")];
    let script = Script::default();
    let error = chain(&variables, &script).resolve().await.unwrap_err();
    assert!(error.message().contains("; web identity: cannot read the web identity token /absent: "), "{error}");
    assert!(script.asked().is_empty());
}
