use super::*;

const DOCUMENT: &str =
    r#"{"accesskeyid":"ASIA","SecretAccessKey":"s","Token":"t","Expiration":"2026-01-02T03:05:05.5Z","RoleArn":"x"}"#;
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

async fn resolve(variables: &[(&str, &str)], reply: Reply) -> (Result<Credentials>, Script, Script) {
    let (service, local) = (Script::new([answer(200, DOCUMENT)]), Script::new([reply]));
    let mut chain = chain(variables, &service);
    chain.local = Arc::new(local.clone());
    (chain.resolve().await, service, local)
}

#[tokio::test]
async fn a_relative_uri_leads_to_the_agent_of_ecs() {
    let variables = [("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/creds?id=1"), (FULL, "https://other")];
    let (credentials, service, local) = resolve(&variables, answer(200, DOCUMENT)).await;
    let credentials = credentials.unwrap();
    assert_eq!(keys(&credentials), ("ASIA", "s", Some("t")));
    assert_eq!(credentials.expiry(), Some(at(NOW + 60) + Duration::from_millis(500)));
    assert_eq!(local.asked(), ["GET http://169.254.170.2/v2/creds?id=1"]);
    assert!(service.asked().is_empty());
    assert!(!local.requests()[0].headers().contains_key("authorization"));
}

#[tokio::test]
async fn a_full_uri_in_the_clear_must_be_local() {
    let allowed = [
        "http://127.0.0.1:80/a",
        "http://127.1.2.3/a",
        "http://localhost:8080/a",
        "http://[::1]/a",
        "http://169.254.170.2/a",
        "http://169.254.170.23/v1/credentials",
        "http://[fd00:ec2::23]/v1/credentials",
    ];
    for url in allowed {
        let (credentials, _, local) = resolve(&[(FULL, url)], answer(200, DOCUMENT)).await;
        assert!(credentials.is_ok(), "{url}: {credentials:?}");
        assert_eq!(local.asked(), [format!("GET {url}")]);
    }
    let refused = [
        "http://169.254.169.254/a",
        "http://169.254.170.20/a",
        "http://192.168.1.1/a",
        "http://example.com/a",
        "http://localhost.example.com/a",
        "http://127.0.0.1.example.com/a",
        "http://127.0.0.1@example.com/a",
        "http://[fd00:ec2::24]/a",
        "ftp://127.0.0.1/a",
        "/a",
    ];
    for url in refused {
        let (error, service, local) = resolve(&[(FULL, url)], answer(200, DOCUMENT)).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Configuration, "{url}");
        assert!(service.asked().is_empty() && local.asked().is_empty(), "{url}");
    }
    let (credentials, service, local) = resolve(&[(FULL, "https://example.com/a")], answer(200, DOCUMENT)).await;
    assert!(credentials.is_ok());
    assert_eq!((service.asked().len(), local.asked().len()), (1, 0));
}

#[tokio::test]
async fn the_token_of_the_file_goes_before_the_variable_s_and_is_read_anew() {
    let home = Scratch::new();
    let file = home.write("token", "from file\n");
    let token = ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "from variable");
    let variables = [(FULL, "http://localhost/a"), token, ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &*file)];
    let authorization = |local: &Script| local.requests()[0].headers()["authorization"].clone();
    let (_, _, local) = resolve(&variables, answer(200, DOCUMENT)).await;
    assert_eq!(authorization(&local), "from file");
    home.write("token", "newer");
    let (_, _, local) = resolve(&variables, answer(200, DOCUMENT)).await;
    assert_eq!(authorization(&local), "newer");
    let (_, _, local) = resolve(&variables[..2], answer(200, DOCUMENT)).await;
    assert_eq!(authorization(&local), "from variable");

    home.write("token", "SECRET\nx: y");
    let (error, _, local) = resolve(&variables, answer(200, DOCUMENT)).await;
    assert!(!error.unwrap_err().to_string().contains("SECRET"));
    assert!(local.asked().is_empty());
    std::fs::remove_file(&file).unwrap();
    let (error, _, local) = resolve(&variables, answer(200, DOCUMENT)).await;
    assert!(error.unwrap_err().message().contains(&file));
    assert!(local.asked().is_empty());
}

#[tokio::test]
async fn a_refusal_is_told() {
    let (error, _, _) =
        resolve(&[(FULL, "http://localhost/a")], answer(400, r#"{"code":"Bad","message":"no such task"}"#)).await;
    let error = error.unwrap_err();
    let expected = "; container: no such task (Bad, status 400)";
    assert!(error.message().ends_with(expected), "{error}");
}
