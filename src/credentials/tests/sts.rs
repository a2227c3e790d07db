use super::*;
use crate::credentials::xml;

#[test]
fn elements_are_found_by_their_whole_name() {
    let text = "<a><KeyId>no</KeyId><Key x=\"1\">yes</Key ></a><Key>late</Key>";
    assert_eq!(xml::text(text, "Key").as_deref(), Some("yes"));
    assert_eq!(xml::element(text, "a"), Some("<KeyId>no</KeyId><Key x=\"1\">yes</Key >"));
    assert_eq!(xml::text(text, "a"), None);
    for broken in ["", "<", "<Key", "<Key>", "<Key>x", "<Key>x</Keyy>", "Key>x</Key>", "<Key/>"] {
        assert_eq!(xml::text(broken, "Key"), None, "{broken}");
    }
}

#[test]
fn entities_are_resolved() {
    let resolved = |text: &str| xml::text(&format!("<k>{text}</k>"), "k").map(|text| text.into_owned());
    assert_eq!(resolved("a&lt;b&gt;&amp;&quot;&apos;&#43;&#x2F;&amp;lt;").as_deref(), Some("a<b>&\"'+/&lt;"));
    assert_eq!(resolved(" plain+/= ").as_deref(), Some("plain+/="));
    for bad in ["&", "&amp", "&nbsp;", "&#x110000;", "&#-1;", "a&b;c"] {
        assert_eq!(resolved(bad), None, "{bad}");
    }
}

const PROFILE: &str = "[default]
region = eu-west-1
role_arn = arn:aws:iam::1:role/r
source_profile = default
aws_access_key_id = AKID
aws_secret_access_key = SECRET
role_session_name = me@example
external_id = a b&c
duration_seconds = 900
";

async fn assume(replies: impl IntoIterator<Item = Reply>) -> (Result<Credentials>, Script) {
    let home = Scratch::home(PROFILE, "");
    let script = Script::new(replies);
    (chain(&[("HOME", &home.path())], &script).resolve().await, script)
}

#[tokio::test]
async fn a_role_is_assumed_in_the_regional_endpoint_with_a_signature() {
    let (credentials, script) = assume([sts_answer("AssumeRole", "ASIA")]).await;
    let credentials = credentials.unwrap();
    assert_eq!(keys(&credentials), ("ASIA", "ASIA-secret", Some("ASIA-token&=")));
    assert_eq!(credentials.expiry(), Some(at(NOW + 3600)));

    let request = &script.requests()[0];
    assert_eq!(script.asked(), ["POST https://sts.eu-west-1.amazonaws.com/"]);
    let form = "Version=2011-06-15&Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr\
                &RoleSessionName=me%40example&DurationSeconds=900&ExternalId=a%20b%26c";
    assert_eq!(request.body(), form);
    assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
    let authorization = request.headers()["authorization"].to_str().unwrap();
    let start = "AWS4-HMAC-SHA256 Credential=AKID/20260102/eu-west-1/sts/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date, ";
    assert!(authorization.starts_with(start), "{authorization}");
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_three_times() {
    let throttled = "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>";
    let (credentials, script) =
        assume([answer(500, "oops"), answer(400, throttled), sts_answer("AssumeRole", "ASIA")]).await;
    assert_eq!(credentials.unwrap().access_key_id(), "ASIA");
    script.assert_done();

    let (error, script) = assume([answer(503, "a"), Reply::Broken, answer(500, "b"), answer(200, "never")]).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Credentials);
    assert_eq!(script.requests().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final_and_told() {
    let denied = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
                  <Message>User: x is not authorized to perform: sts:AssumeRole &amp; more</Message></Error></ErrorResponse>";
    let (error, script) = assume([answer(403, denied)]).await;
    let error = error.unwrap_err().to_string();
    let expected = "profile: role arn:aws:iam::1:role/r with keys of profile `default`: \
                    sts: User: x is not authorized to perform: sts:AssumeRole & more";
    assert!(error.contains(expected), "{error}");
    assert_eq!(script.requests().len(), 1);

    let (error, script) = assume([Reply::Silence]).await;
    assert!(error.unwrap_err().message().contains("did not answer within 15s"));
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_that_lacks_a_part_is_refused() {
    let Reply::Answer(_, whole) = sts_answer("AssumeRole", "ASIA") else { unreachable!() };
    for part in ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"] {
        let (error, _) = assume([answer(200, whole.replace(part, "Other"))]).await;
        let error = error.unwrap_err();
        assert!(error.message().contains(&format!("sts gave no `{part}`")), "{error}");
    }
    for nonsense in ["", "<html>SECRET</html>", &whole.replace("2026-01-02T", "SECRET")] {
        let (error, _) = assume([answer(200, nonsense)]).await;
        assert!(!format!("{:?}", error.unwrap_err()).contains("SECRET"));
    }
}

#[tokio::test]
async fn a_web_identity_is_not_signed_and_its_token_is_read_anew() {
    let home = Scratch::new();
    let token = home.write("token", "first\n");
    let script = Script::new([
        sts_answer("AssumeRoleWithWebIdentity", "ASIA1"),
        sts_answer("AssumeRoleWithWebIdentity", "ASIA2"),
    ]);
    let variables = [("AWS_WEB_IDENTITY_TOKEN_FILE", &*token), ("AWS_ROLE_ARN", "arn:r"), ("AWS_REGION", "cn-north-1")];
    let chain = chain(&variables, &script);
    assert_eq!(chain.resolve().await.unwrap().access_key_id(), "ASIA1");
    assert_eq!(chain.source().as_deref(), Some("web identity"));
    home.write("token", "second/=");
    assert_eq!(chain.resolve().await.unwrap().access_key_id(), "ASIA2");
    let requests = script.requests();
    assert_eq!(script.asked()[0], "POST https://sts.cn-north-1.amazonaws.com.cn/");
    let form = "Version=2011-06-15&Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Ar\
                &RoleSessionName=bedrock-converse-1767323045000&WebIdentityToken=";
    assert_eq!(requests[0].body(), &format!("{form}first"));
    assert_eq!(requests[1].body(), &format!("{form}second%2F%3D"));
    assert!(!requests[0].headers().contains_key("authorization"));

    std::fs::remove_file(&token).unwrap();
    assert!(chain.resolve().await.unwrap_err().message().contains(&token));
}

#[tokio::test]
async fn a_token_without_a_role_is_refused() {
    let error = chain(&[("AWS_WEB_IDENTITY_TOKEN_FILE", "/x")], &Script::default()).resolve().await.unwrap_err();
    assert!(error.message().contains("AWS_ROLE_ARN is not"), "{error}");
}

#[tokio::test]
async fn configured_endpoints_are_used_and_plain_http_needs_leave() {
    let home = Scratch::home(PROFILE, "");
    let path = home.path();
    let assume = async |variables: &[(&str, &str)], insecure: bool| {
        let script = Script::new([sts_answer("AssumeRole", "ASIA")]);
        let variables = [&[("HOME", &*path)], variables].concat();
        let chain = chain(&variables, &script);
        let chain = if insecure { chain.allow_insecure_http() } else { chain };
        chain.resolve().await.map(|_| script.asked().remove(0))
    };
    let (general, own) = (("AWS_ENDPOINT_URL", "https://all"), ("AWS_ENDPOINT_URL_STS", "https://sts.example/x/"));
    assert_eq!(assume(&[general], false).await.unwrap(), "POST https://all/");
    assert_eq!(assume(&[general, own], false).await.unwrap(), "POST https://sts.example/x");
    let ignore = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    assert_eq!(assume(&[own, ignore], false).await.unwrap(), "POST https://sts.eu-west-1.amazonaws.com/");
    let fips = ("AWS_USE_FIPS_ENDPOINT", "true");
    assert_eq!(assume(&[fips], false).await.unwrap(), "POST https://sts-fips.eu-west-1.amazonaws.com/");
    assert_eq!(assume(&[fips, own], false).await.unwrap(), "POST https://sts.example/x");
    let plain = ("AWS_ENDPOINT_URL_STS", "http://sts.example");
    assert_eq!(assume(&[plain], false).await.unwrap_err().kind(), ErrorKind::Configuration);
    assert_eq!(assume(&[plain], true).await.unwrap(), "POST http://sts.example/");
}
