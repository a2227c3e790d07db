use super::*;

async fn resolve(config: &str, variables: &[(&str, &str)], script: &Script) -> (Result<Credentials>, String) {
    let home = Scratch::home(config, "");
    let path = home.path();
    let chain = chain(&[&[("HOME", &*path), ("AWS_REGION", "eu-west-1")], variables].concat(), script);
    let outcome = chain.resolve().await;
    (outcome, chain.source().map(|source| source.to_string()).unwrap_or_default())
}

async fn refused(config: &str) -> String {
    let (error, _) = resolve(config, &[("AWS_PROFILE", "a")], &Script::default()).await;
    error.unwrap_err().to_string()
}

const KEYS: &str = "aws_access_key_id = AKID\naws_secret_access_key = s\n";

#[tokio::test]
async fn static_keys() {
    let script = Script::default();
    let (credentials, source) = resolve(&format!("[default]\n{KEYS}aws_session_token = t\n"), &[], &script).await;
    assert_eq!(keys(&credentials.unwrap()), ("AKID", "s", Some("t")));
    assert_eq!(source, "keys of profile `default`");
    assert!(refused("[profile a]\naws_access_key_id = x\n").await.contains("`a` has no aws_secret_access_key"));
    assert!(refused("[profile a]\naws_secret_access_key = x\n").await.contains("`a` has no aws_access_key_id"));
}

#[tokio::test]
async fn keys_of_a_profile_take_no_session_token_from_the_environment() {
    let (credentials, _) =
        resolve(&format!("[default]\n{KEYS}"), &[("AWS_SESSION_TOKEN", "foreign")], &Script::default()).await;
    assert_eq!(keys(&credentials.unwrap()), ("AKID", "s", None));
}

#[tokio::test]
async fn roles_are_assumed_one_with_the_other() {
    let config = format!(
        "[profile a]\nrole_arn = arn:a\nsource_profile = b\n{KEYS}[profile b]\nrole_arn = arn:b\nsource_profile = c\n\
         [profile c]\n{KEYS}role_arn = arn:c\nsource_profile = a\n"
    );
    let script = Script::new([sts_answer("AssumeRole", "ASIAB"), sts_answer("AssumeRole", "ASIAA")]);
    let (credentials, source) = resolve(&config, &[("AWS_PROFILE", "a")], &script).await;
    assert_eq!(credentials.unwrap().access_key_id(), "ASIAA");
    assert_eq!(source, "role arn:a with role arn:b with keys of profile `c`");
    let signer = |n: usize| {
        let authorization = script.requests()[n].headers()["authorization"].to_str().unwrap().to_owned();
        authorization.split(['=', '/']).nth(1).unwrap().to_owned()
    };
    assert_eq!((signer(0), signer(1)), ("AKID".to_owned(), "ASIAB".to_owned()));
    let arn = |n: usize| String::from_utf8(script.requests()[n].body().to_vec()).unwrap();
    assert!(arn(0).contains("RoleArn=arn%3Ab&") && arn(1).contains("RoleArn=arn%3Aa&"));
    assert_eq!(script.requests()[1].headers()["x-amz-security-token"], "ASIAB-token&=");
}

#[tokio::test]
async fn a_role_can_begin_with_another_source() {
    let role = |source| format!("[default]\nrole_arn = arn:r\ncredential_source = {source}\n");
    let script = Script::new([
        answer(200, "TOKEN"),
        answer(200, "instance-role"),
        answer(200, r#"{"Code":"Success","AccessKeyId":"ASIA1","SecretAccessKey":"s","Token":"t"}"#),
        sts_answer("AssumeRole", "ASIA2"),
    ]);
    let (credentials, source) = resolve(&role("Ec2InstanceMetadata"), &[], &script).await;
    assert_eq!(credentials.unwrap().access_key_id(), "ASIA2");
    assert_eq!(source, "role arn:r with instance metadata, by credential_source, of profile `default`");

    let script = Script::new([
        answer(200, r#"{"AccessKeyId":"ASIA1","SecretAccessKey":"s","Token":"t"}"#),
        sts_answer("AssumeRole", "ASIA2"),
    ]);
    let uri = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/a");
    let (credentials, _) = resolve(&role("EcsContainer"), &[uri], &script).await;
    assert_eq!(credentials.unwrap().access_key_id(), "ASIA2");

    let script = Script::new([sts_answer("AssumeRole", "ASIA2")]);
    let home = Scratch::home(&role("Environment"), "");
    let path = home.path();
    let key = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_REGION", "r"), ("HOME", &*path)];
    let chain = chain(&key, &script).profile("default");
    assert_eq!(chain.resolve().await.unwrap().access_key_id(), "ASIA2");

    // The profile names the source: that it is not there ends the search.
    let script = Script::default();
    let (error, _) = resolve(&role("EcsContainer"), &[], &script).await;
    assert!(error.unwrap_err().message().contains("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"));
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn a_web_identity_can_be_a_source_profile() {
    let scratch = Scratch::new();
    let file = scratch.write("token", "jwt");
    let config = format!(
        "[profile a]\nrole_arn = arn:a\nsource_profile = b\n\
         [profile b]\nrole_arn = arn:b\nrole_session_name = me\nweb_identity_token_file = {file}\n"
    );
    let script = Script::new([sts_answer("AssumeRoleWithWebIdentity", "ASIA1"), sts_answer("AssumeRole", "ASIA2")]);
    let (credentials, source) = resolve(&config, &[("AWS_PROFILE", "a")], &script).await;
    assert_eq!(credentials.unwrap().access_key_id(), "ASIA2");
    assert_eq!(source, "role arn:a with web identity of profile `b`");
    let body = String::from_utf8(script.requests()[0].body().to_vec()).unwrap();
    assert!(body.contains("RoleArn=arn%3Ab&RoleSessionName=me&WebIdentityToken=jwt"), "{body}");
}

#[tokio::test]
async fn contradictions_are_refused_before_anything_is_sent() {
    let role = "[profile a]\nrole_arn = arn:a\n";
    for (rest, why) in [
        ("", "no source_profile, credential_source or web_identity_token_file"),
        ("source_profile = b\ncredential_source = Environment\n", "both source_profile and credential_source"),
        ("credential_source = Somewhere\n", "credential_source is \"Somewhere\"; it must be"),
        ("source_profile = b\n", "there is no profile `b`, which `a` names as source_profile"),
        ("source_profile = b\n[profile b]\nregion = x\n", "profile `b` has no credentials"),
        ("source_profile = a\n", "in a circle: a -> a"),
        ("source_profile = b\n[profile b]\nrole_arn = arn:b\nsource_profile = a\n", "in a circle: a -> b -> a"),
        ("source_profile = b\nmfa_serial = x\n[profile b]\n", "mfa_serial"),
    ] {
        let told = refused(&format!("{role}{rest}")).await;
        assert!(told.contains(why), "{told}");
    }
    assert!(refused("[profile a]\nlogin_session = arn:x\n").await.contains("`aws login`"));
}

#[tokio::test]
async fn a_profile_without_credentials_is_passed_over_but_a_missing_one_is_an_error() {
    let off = ("AWS_EC2_METADATA_DISABLED", "true");
    for (config, why) in [
        ("", "profile: there is no profile `default`; web identity: "),
        ("[profile b]\na = b\n", "profile: there is no profile `default`; web identity: "),
        ("[default]\nmax_attempts = 1\n", "profile: profile `default` has no credentials; web identity: "),
        ("[default]\nsource_profile = b\n", "profile: profile `default` has no credentials; web identity: "),
    ] {
        let (error, _) = resolve(config, &[off], &Script::default()).await;
        let error = error.unwrap_err();
        assert!(error.message().contains(why), "{error}");
        assert_eq!(error.kind(), ErrorKind::Credentials);
    }
    let (error, _) = resolve("[default]\na = b\n", &[off, ("AWS_PROFILE", "x")], &Script::default()).await;
    let error = error.unwrap_err();
    assert_eq!((error.kind(), error.message().contains("web identity")), (ErrorKind::Configuration, false));
}

#[tokio::test]
async fn what_a_profile_has_is_taken_in_the_sdk_s_order() {
    // A role goes before SSO, SSO before a program, a program before keys.
    let script = Script::new([sts_answer("AssumeRole", "ASIA")]);
    let process = r#"credential_process = echo '{"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"s"}'"#;
    let all = format!("[default]\n{KEYS}{process}\n");
    let (credentials, source) = resolve(&all, &[], &script).await;
    assert_eq!(credentials.unwrap().access_key_id(), "PROC");
    assert_eq!(source, "credential_process of profile `default`");
    let (error, _) = resolve(&format!("{all}sso_region = r\n"), &[], &script).await;
    assert!(error.unwrap_err().message().contains("sso_start_url is missing"));
    let role = format!("{all}sso_region = r\nrole_arn = arn:r\nsource_profile = default\n");
    assert_eq!(resolve(&role, &[], &script).await.0.unwrap().access_key_id(), "ASIA");
}
