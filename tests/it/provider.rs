//! What a provider takes from the shared files, and when it asks the machine.

use std::fs;

use bedrock_converse::{BedrockProvider, BedrockProviderBuilder, Environment, ErrorKind, Gateway};

use crate::cassette::Folder;

const REGION: (&str, &str) = ("AWS_REGION", "us-east-1");
const BEARER: (&str, &str) = ("AWS_BEARER_TOKEN_BEDROCK", "key");

/// A builder where these variables are set and this is the config file.
fn builder(config: &str, variables: &[(&str, &str)]) -> (BedrockProviderBuilder, Folder) {
    let folder = Folder::new();
    fs::create_dir(folder.path()).unwrap();
    let path = folder.path().join("config");
    fs::write(&path, config).unwrap();
    let file = [("AWS_CONFIG_FILE", path.to_str().unwrap()), ("AWS_EC2_METADATA_DISABLED", "true")];
    let environment = Environment::fixed(file.iter().chain(variables).copied());
    (BedrockProvider::builder().environment(environment), folder)
}

#[test]
fn a_profile_says_where_requests_go_whatever_authorises_them() {
    let fips = "https://bedrock-runtime-fips.us-east-1.amazonaws.com";
    for (setting, url) in
        [("use_fips_endpoint = true", fips), ("endpoint_url = https://vpce.example.com", "https://vpce.example.com")]
    {
        let config = format!("[default]\n{setting}\n");
        let (keys, _folder) = builder(&config, &[REGION]);
        let keys = keys.aws_credentials("AKID", "SECRET", None).build().unwrap();
        let (bearer, _folder) = builder(&config, &[REGION, BEARER]);
        assert_eq!([keys.base_url(), bearer.build().unwrap().base_url()], [url; 2]);
    }
    // To sign for a URL of the caller's, the profile's region is needed.
    let (keys, _folder) = builder("[default]\nregion = eu-west-3\n", &[]);
    let keys = keys.aws_credentials("AKID", "SECRET", None).base_url("https://vpce.example.com").build().unwrap();
    assert_eq!(keys.client().region(), Some("eu-west-3"));
}

#[tokio::test]
async fn a_gateway_needs_nothing_of_aws() {
    let broken = "this is no config file";
    let (gateway, _folder) = builder(broken, &[("PYDANTIC_AI_GATEWAY_API_KEY", "pylf_v1_us_x")]);
    let gateway = gateway.gateway(Gateway::default()).load().await.unwrap();
    assert_eq!(gateway.base_url(), "https://gateway-us.pydantic.dev/proxy/bedrock");

    // Nor does any other URL that a bearer key opens: neither a file nor the instance's region.
    let (own, _folder) = builder(broken, &[BEARER]);
    let own = own.base_url("https://example.com").load().await.unwrap();
    assert_eq!((own.base_url().as_str(), own.client().region()), ("https://example.com", None));
    let (own, _folder) = builder("", &[BEARER, ("AWS_ENDPOINT_URL", "https://example.com")]);
    assert_eq!(own.load().await.unwrap().client().region(), None);

    let (aws, _folder) = builder("", &[BEARER]);
    let error = aws.load().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.message().contains("AWS_EC2_METADATA_DISABLED is true"), "{error}");
}
