use super::*;

const ROLES: &str = "http://169.254.169.254/latest/meta-data/iam/security-credentials/";

fn document(key: &str) -> Reply {
    answer(
        200,
        format!(
            r#"{{"Code":"Success","AccessKeyId":"{key}","SecretAccessKey":"s","Token":"t","Expiration":"2026-01-02T09:04:05Z"}}"#
        ),
    )
}

async fn resolve(
    variables: &[(&str, &str)],
    replies: impl IntoIterator<Item = Reply>,
) -> (Result<Credentials>, Script) {
    let script = Script::new(replies);
    (chain(variables, &script).resolve().await, script)
}

#[tokio::test]
async fn token_role_and_document() {
    let (credentials, script) =
        resolve(&[], [answer(200, "TOKEN=="), answer(200, "my-role\n"), document("ASIA")]).await;
    let credentials = credentials.unwrap();
    assert_eq!(keys(&credentials), ("ASIA", "s", Some("t")));
    assert_eq!(credentials.expiry(), Some(at(NOW + 6 * 3600)));
    let put = "PUT http://169.254.169.254/latest/api/token".to_owned();
    assert_eq!(script.asked(), [put, format!("GET {ROLES}"), format!("GET {ROLES}my-role")]);
    let requests = script.requests();
    assert_eq!(requests[0].headers()["x-aws-ec2-metadata-token-ttl-seconds"], "21600");
    assert_eq!(requests[1].headers()["x-aws-ec2-metadata-token"], "TOKEN==");
    assert_eq!(requests[2].headers()["x-aws-ec2-metadata-token"], "TOKEN==");
}

#[tokio::test]
async fn off_elsewhere_and_over_ipv6() {
    let (error, script) = resolve(&[("AWS_EC2_METADATA_DISABLED", "True")], []).await;
    assert!(error.unwrap_err().message().contains("AWS_EC2_METADATA_DISABLED is true"));
    assert!(script.asked().is_empty());

    let first = async |variables: &[(&str, &str)]| resolve(variables, [answer(403, "")]).await.1.asked().remove(0);
    let endpoint = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://localhost:1338/");
    let mode = ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6");
    assert_eq!(first(&[endpoint, mode]).await, "PUT http://localhost:1338/latest/api/token");
    assert_eq!(first(&[mode]).await, "PUT http://[fd00:ec2::254]/latest/api/token");
    let home = Scratch::home("[default]\nec2_metadata_service_endpoint_mode = IPv6\n", "");
    assert_eq!(first(&[("HOME", &home.path())]).await, "PUT http://[fd00:ec2::254]/latest/api/token");

    let (error, _) = resolve(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5")], []).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn a_named_instance_profile_is_not_looked_up() {
    let variables = [("AWS_EC2_INSTANCE_PROFILE_NAME", "named")];
    let (credentials, script) = resolve(&variables, [answer(200, "TOKEN"), document("ASIA")]).await;
    assert_eq!(credentials.unwrap().access_key_id(), "ASIA");
    assert_eq!(script.asked()[1], format!("GET {ROLES}named"));
}

#[tokio::test(start_paused = true)]
async fn a_dead_token_is_replaced_once_and_a_failure_tried_again() {
    let (credentials, script) = resolve(
        &[],
        [
            answer(500, ""),
            answer(200, "OLD"),
            answer(200, "role"),
            answer(401, ""),
            answer(200, "NEW"),
            answer(503, ""),
            document("ASIA"),
        ],
    )
    .await;
    assert_eq!(credentials.unwrap().access_key_id(), "ASIA");
    script.assert_done();
    assert_eq!(script.requests()[6].headers()["x-aws-ec2-metadata-token"], "NEW");

    let (error, script) = resolve(&[], (0..9).map(|_| answer(500, ""))).await;
    assert!(error.unwrap_err().message().contains("status 500"));
    assert_eq!(script.requests().len(), 4);

    let replies = [answer(200, "A"), answer(401, ""), answer(200, "B"), answer(401, ""), answer(200, "C")];
    let (error, script) = resolve(&[], replies).await;
    assert!(error.unwrap_err().message().contains("status 401"));
    assert_eq!(script.requests().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_listens_the_source_is_unset() {
    for (reply, requests) in [(Reply::Broken, 4), (Reply::Silence, 1)] {
        let (error, script) = resolve(&[], [reply]).await;
        let error = error.unwrap_err();
        assert!(error.message().contains("instance metadata: it cannot be reached"), "{error}");
        assert_eq!(script.requests().len(), requests);
    }
    let variables = [("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1"), ("AWS_METADATA_SERVICE_TIMEOUT", "7")];
    let (_, script) = resolve(&variables, [Reply::Broken]).await;
    assert_eq!(script.requests().len(), 1);
    let (error, _) = resolve(&variables, [Reply::Silence]).await;
    assert!(error.unwrap_err().message().contains("within 7s"));
}

#[tokio::test(start_paused = true)]
async fn numbers_that_are_none_are_refused() {
    let refused = async |variable: (&str, &str), expected: &str| {
        let (error, script) = resolve(&[variable], []).await;
        let error = error.unwrap_err();
        assert!(script.asked().is_empty());
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.message().contains(expected), "{error}");
    };
    for name in ["AWS_METADATA_SERVICE_TIMEOUT", "AWS_METADATA_SERVICE_NUM_ATTEMPTS"] {
        for value in ["x", "2.5", "0", "-1", "1e3", " "] {
            refused((name, value), &format!("{name} is {value:?}; it must be a whole number from 1")).await;
        }
    }
    let home = Scratch::home("[default]\nmetadata_service_timeout = soon\n", "");
    let expected = r#"metadata_service_timeout is "soon"; it must be a whole number from 1"#;
    refused(("HOME", &home.path()), expected).await;
    let variables = [("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1"), ("AWS_METADATA_SERVICE_TIMEOUT", " +7 ")];
    let (error, _) = resolve(&variables, [Reply::Silence]).await;
    assert!(error.unwrap_err().message().contains("within 7s"));
}

#[tokio::test]
async fn refusals_say_what_is_wrong() {
    let message = async |replies: Vec<Reply>| resolve(&[], replies).await.0.unwrap_err().to_string();
    assert!(message(vec![answer(403, "")]).await.contains("disabled on this instance"));
    assert!(message(vec![answer(200, "T"), answer(404, "")]).await.contains("no role is attached"));
    let unauthorized = r#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role x."}"#;
    let told = message(vec![answer(200, "T"), answer(200, "x"), answer(200, unauthorized)]).await;
    assert!(
        told.ends_with("; instance metadata: EC2 cannot assume the role x. (AssumeRoleUnauthorizedAccess)"),
        "{told}"
    );
    for role in ["", "../x", "a/b", "a?b", "<html>", "a b"] {
        let told = message(vec![answer(200, "T"), answer(200, role), answer(200, unauthorized)]).await;
        assert!(told.contains("no role's name"), "{told}");
    }
    for (bad, why) in [
        ("SECRET", "not JSON (line 1, column 1)"),
        ("[1]", "not an object"),
        (r#"{"AccessKeyId":"SECRET","SecretAccessKey":""}"#, "no `SecretAccessKey`"),
        (r#"{"AccessKeyId":"SECRET","SecretAccessKey":"SECRET","Expiration":"SECRET"}"#, "not a time"),
    ] {
        let told = message(vec![answer(200, "T"), answer(200, "x"), answer(200, bad)]).await;
        assert!(told.contains(why) && !told.contains("SECRET"), "{told}");
    }
}

#[tokio::test]
async fn the_region_comes_from_the_instance_last_of_all() {
    let home = Scratch::home("[default]\nregion = profile\n", "");
    let path = home.path();
    let script = Script::new([answer(200, "T"), answer(200, "eu-north-1")]);
    let region = async |variables: &[(&str, &str)]| chain(variables, &script).region().await.unwrap();
    let all = [("AWS_REGION", "region"), ("AWS_DEFAULT_REGION", "default"), ("HOME", &*path)];
    assert_eq!(chain(&all, &script).in_region("given").region().await.unwrap(), "given");
    assert_eq!(region(&all).await, "region");
    assert_eq!(region(&all[1..]).await, "default");
    assert_eq!(region(&all[2..]).await, "profile");
    assert!(script.asked().is_empty());
    assert_eq!(region(&[]).await, "eu-north-1");
    assert_eq!(script.asked()[1], "GET http://169.254.169.254/latest/meta-data/placement/region");

    let error = chain(&[("AWS_EC2_METADATA_DISABLED", "true")], &script).region().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.message().contains("no region: AWS_REGION is not set"), "{error}");
}
