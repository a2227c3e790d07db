use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4;

use super::*;

const BODY: &str = r#"{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"#;
const HOST_US: &str = "https://bedrock-runtime.us-east-1.amazonaws.com";

fn keys(token: Option<&str>) -> Credentials {
    let token = token.map(str::to_owned);
    Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token, None, "test")
}

/// 20260102T030405Z.
fn time() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_323_045)
}

fn request(url: &str) -> http::Request<Bytes> {
    let request = http::Request::post(url).header("content-type", "application/json");
    request.body(Bytes::from_static(BODY.as_bytes())).unwrap()
}

fn authorization(request: &http::Request<Bytes>) -> &str {
    request.headers()[AUTHORIZATION].to_str().unwrap()
}

#[test]
fn header_signatures_are_aws_s_own() {
    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
    let table = [
        (
            HOST_US,
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "converse",
            None,
            "6b18186d5132c71249f705372d764ddfd8a9890b662230fb355af564c05e1c35",
        ),
        (
            HOST_US,
            arn,
            "converse-stream",
            Some("SESSIONTOKEN"),
            "1d96d44d17c740002f2e6d378510e84f38484c7741338ef9cdb2d9693458cf71",
        ),
        (
            "http://localhost:8080",
            "anthropic.claude-sonnet-4-20250514-v1:0",
            "count-tokens",
            None,
            "e5f7045a51efe62ebb18cacf71a61d4a7ae4c6763a483a8869e5c03e0eeecea0",
        ),
    ];
    let signer = Signer::new("us-east-1", "bedrock");
    for (host, model, operation, token, signature) in table {
        let mut request = request(&format!("{host}{}", model_path(model, operation).unwrap()));
        signer.sign(&mut request, &keys(token), time()).unwrap();
        let token_header = if token.is_some() { ";x-amz-security-token" } else { "" };
        assert_eq!(
            authorization(&request),
            format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/bedrock/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date{token_header}, Signature={signature}"
            ),
        );
    }
}

#[test]
fn short_term_keys_are_aws_s_own() {
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let table = [
        (None, hours(12), 43200, "", "a7e60d008bb2b3e53c57f4b2566e9d5b5fc59b6b56a4a552c6aa0d0fee79b57d"),
        (None, hours(99), 43200, "", "a7e60d008bb2b3e53c57f4b2566e9d5b5fc59b6b56a4a552c6aa0d0fee79b57d"),
        (
            Some("SESS/TOKEN+="),
            hours(1),
            3600,
            "&X-Amz-Security-Token=SESS%2FTOKEN%2B%3D",
            "79fb99b47a5d9a6346d23539ec2add5e460099ab82d95fbae5db32230d4dd245",
        ),
    ];
    for (token, lifetime, seconds, in_query, signature) in table {
        let key = short_term_api_key(&keys(token), "us-east-1", lifetime, time()).unwrap();
        let url = STANDARD.decode(key.token().strip_prefix("bedrock-api-key-").unwrap()).unwrap();
        assert_eq!(
            String::from_utf8(url).unwrap(),
            format!(
                "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256\
                 &X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Fus-east-1%2Fbedrock%2Faws4_request\
                 &X-Amz-Date=20260102T030405Z&X-Amz-Expires={seconds}&X-Amz-SignedHeaders=host{in_query}\
                 &X-Amz-Signature={signature}&Version=1"
            ),
        );
        assert_eq!(key.expiration(), Some(time() + Duration::from_secs(seconds)));
    }
}

#[test]
fn short_term_keys_live_no_longer_than_their_credentials() {
    let until = |seconds| {
        let expiry = Some(time() + Duration::from_secs(seconds));
        Credentials::new("AKIDEXAMPLE", "secret", None, expiry, "test")
    };
    let minutes = Duration::from_secs(600);
    let key = short_term_api_key(&until(60), "us-east-1", minutes, time()).unwrap();
    assert_eq!(key.expiration(), Some(time() + Duration::from_secs(60)));
    let kind = |keys: &Credentials, region, life| short_term_api_key(keys, region, life, time()).unwrap_err().kind();
    assert_eq!(kind(&until(0), "us-east-1", minutes), ErrorKind::Credentials);
    assert_eq!(kind(&until(60), "us-east-1", Duration::ZERO), ErrorKind::InvalidInput);
    assert_eq!(kind(&until(60), "", minutes), ErrorKind::InvalidInput);
}

/// The same requests through the signer of `aws-sigv4`.
#[test]
fn agrees_with_the_signer_of_aws_sigv4() {
    let requests = [
        http::Request::post("http://[::1]:8080/model/a%3A0/converse").header("x-one", "  a   b  ").header("x-one", "c"),
        http::Request::post("https://example.com:443/base/model/%C3%A9%2F/converse").header("user-agent", "me"),
        http::Request::post("http://example.com:443/").header("x-amzn-trace-id", "1").header("x-amz-meta", "é"),
        http::Request::get("https://sts.eu-west-1.amazonaws.com").header("host", "front.example"),
        http::Request::post("https://example.com/a%20b/c+d/e:f"),
    ];
    for (i, request) in requests.into_iter().enumerate() {
        let mut request = request.body(Bytes::from(vec![b'x'; i])).unwrap();
        let token = (i % 2 == 0).then_some("TOKEN/+=");
        let identity = keys(token).into();
        let params = v4::SigningParams::builder().identity(&identity).region("eu-west-1").name("sts");
        let params = params.time(time()).settings(SigningSettings::default()).build().unwrap().into();
        let headers = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), std::str::from_utf8(value.as_bytes()).unwrap()));
        let body = SignableBody::Bytes(request.body());
        let signable =
            SignableRequest::new(request.method().as_str(), request.uri().to_string(), headers, body).unwrap();
        let (_, expected) = aws_sigv4::http_request::sign(signable, &params).unwrap().into_parts();

        Signer::new("eu-west-1", "sts").sign(&mut request, &keys(token), time()).unwrap();
        let signature = authorization(&request).rsplit_once("Signature=").unwrap().1;
        assert_eq!(signature, expected, "{}", request.uri());
    }
}

#[test]
fn headers_that_change_on_the_way_are_not_signed() {
    let mut request = request(HOST_US);
    for name in ["user-agent", "x-amzn-trace-id", "transfer-encoding", "amz-sdk-request", "authorization", "x-mine"] {
        request.headers_mut().insert(name, HeaderValue::from_static("value"));
    }
    Signer::new("us-east-1", "bedrock").sign(&mut request, &keys(None), time()).unwrap();
    assert!(authorization(&request).contains("SignedHeaders=content-type;host;x-amz-date;x-mine,"));
}

#[test]
fn the_kept_key_is_for_one_day_and_one_secret() {
    let signer = Signer::new("us-east-1", "bedrock");
    let other = Credentials::new("AKIDEXAMPLE", "another secret", None, None, "test");
    let day = Duration::from_secs(24 * 60 * 60);
    for (keys, time) in [(keys(None), time()), (other.clone(), time()), (other, time() + day), (keys(None), time())] {
        let (mut kept, mut fresh) = (request(HOST_US), request(HOST_US));
        signer.sign(&mut kept, &keys, time).unwrap();
        Signer::new("us-east-1", "bedrock").sign(&mut fresh, &keys, time).unwrap();
        assert_eq!(authorization(&kept), authorization(&fresh));
    }
}

#[test]
fn a_request_signed_anew_bears_nothing_of_the_old_signature() {
    let signer = Signer::new("us-east-1", "bedrock");
    let (mut again, mut once) = (request(HOST_US), request(HOST_US));
    signer.sign(&mut again, &keys(Some("OLD")), time() - Duration::from_secs(900)).unwrap();
    signer.sign(&mut again, &keys(None), time()).unwrap();
    signer.sign(&mut once, &keys(None), time()).unwrap();
    assert_eq!(again.headers(), once.headers());
}

#[test]
fn model_ids_are_encoded_once_and_dots_are_refused() {
    assert_eq!(model_path("a.b-c_d~e", "converse").unwrap(), "/model/a.b-c_d~e/converse");
    assert_eq!(model_path("a:0/é%3A", "converse").unwrap(), "/model/a%3A0%2F%C3%A9%253A/converse");
    for id in ["", ".", ".."] {
        assert_eq!(model_path(id, "converse").unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn a_bearer_key_is_a_header_that_is_not_shown() {
    let mut request = request(HOST_US);
    bearer(&mut request, "bedrock-api-key-SECRET").unwrap();
    assert_eq!(authorization(&request), "Bearer bedrock-api-key-SECRET");
    assert!(!format!("{request:?}").contains("SECRET"));
    let error = bearer(&mut request, "SECRET\n").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(!format!("{error:?}").contains("SECRET"));
}

#[test]
fn no_secret_is_shown() {
    let signer = Signer::new("us-east-1", "bedrock");
    let mut request = request(HOST_US);
    signer.sign(&mut request, &keys(Some("SESSIONTOKEN")), time()).unwrap();
    let shown = format!("{signer:?} {request:?}");
    assert!(!shown.contains("wJalrXUtnFEMI") && !shown.contains("SESSIONTOKEN"), "{shown}");
}

#[test]
fn a_clock_out_of_range_is_an_error() {
    let request = &mut request(HOST_US);
    let error = Signer::new("us-east-1", "bedrock").sign(request, &keys(None), UNIX_EPOCH - Duration::from_secs(1));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Configuration);
}
