//! From a region to the URL of a service, by the rules of the AWS SDKs.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result, shown_url};

/// What to do about a missing region.
pub(crate) const NO_REGION_HINT: &str = "set AWS_REGION, or region in the profile; there is no default region";

/// What decides where a service is reached.
///
/// ```
/// use bedrock_converse::endpoint::EndpointParams;
///
/// let params = EndpointParams { region: Some("eu-central-1".into()), ..Default::default() };
/// assert_eq!(params.url()?, "https://bedrock-runtime.eu-central-1.amazonaws.com");
/// # Ok::<(), bedrock_converse::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EndpointParams {
    /// The region, such as `us-east-1`. There is no default.
    pub region: Option<String>,
    /// Whether the endpoint with FIPS 140 validated cryptography is used.
    pub use_fips: bool,
    /// Whether the endpoint that has IPv6 addresses too is used.
    pub use_dual_stack: bool,
    /// This URL instead of the region's: a VPC endpoint, a gateway, a local server. Not together with FIPS or
    /// dual-stack.
    pub endpoint: Option<String>,
    /// Whether plain `http` may leave this machine. Without it only loopback hosts are reached in the clear.
    pub allow_insecure_http: bool,
}

impl EndpointParams {
    /// What the environment and the profile say about a service.
    ///
    /// `service_id` is the service as profiles name it, such as `bedrock_runtime`. `profile` looks up a setting of the
    /// profile: `region`, `use_fips_endpoint`, …, and as `bedrock_runtime.endpoint_url` what the profile's `services`
    /// section has for the service.
    ///
    /// The region is `AWS_REGION`, else `AWS_DEFAULT_REGION`, else the profile's. The URL is
    /// `AWS_ENDPOINT_URL_<SERVICE>`, else `AWS_ENDPOINT_URL`, else the profile's for the service, else the profile's;
    /// none of them when `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is true.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when a switch is neither `true` nor `false`.
    pub fn configured(
        service_id: &str,
        environment: &Environment,
        profile: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let switch = |variable: &str, setting: &str| {
            let (name, value) = match environment.var(variable) {
                Some(value) => (variable, value),
                None => (setting, profile(setting).unwrap_or_default()),
            };
            match value.to_ascii_lowercase().as_str() {
                "true" => Ok(true),
                "false" | "" => Ok(false),
                _ => Err(configuration(format!("{name} is {value:?}; it must be true or false"))),
            }
        };
        let ignored = switch("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")?;
        let endpoint = || {
            environment
                .var(&format!("AWS_ENDPOINT_URL_{}", service_id.to_ascii_uppercase()))
                .or_else(|| environment.var("AWS_ENDPOINT_URL"))
                .or_else(|| profile(&format!("{service_id}.endpoint_url")))
                .or_else(|| profile("endpoint_url"))
        };
        Ok(Self {
            region: environment
                .var("AWS_REGION")
                .or_else(|| environment.var("AWS_DEFAULT_REGION"))
                .or_else(|| profile("region")),
            use_fips: switch("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")?,
            use_dual_stack: switch("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")?,
            endpoint: if ignored { None } else { endpoint() },
            allow_insecure_http: false,
        })
    }

    /// The URL of `bedrock-runtime`, without a slash at its end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when there is no region, when the region or the URL is malformed, when a URL is given
    /// together with FIPS or dual-stack, and when it is plain `http` to another machine.
    pub fn url(&self) -> Result<String> {
        self.service_url("bedrock-runtime")
    }

    /// [`url`](Self::url) of another service, by the first labels of its host: `sts`, `portal.sso`, `oidc`.
    ///
    /// # Errors
    ///
    /// As [`url`](Self::url).
    pub fn service_url(&self, service: &str) -> Result<String> {
        if let Some(endpoint) = &self.endpoint {
            if self.use_fips {
                return Err(configuration("Invalid Configuration: FIPS and custom endpoint are not supported"));
            }
            if self.use_dual_stack {
                return Err(configuration("Invalid Configuration: Dualstack and custom endpoint are not supported"));
            }
            return self.custom_url(endpoint);
        }
        let region = self.required_region()?;
        let partition = Partition::of(region);
        // The endpoints of these services in GovCloud are FIPS endpoints under their usual names.
        let fips_by_name =
            self.use_fips && !(region.starts_with("us-gov-") && !self.use_dual_stack && service != "bedrock-runtime");
        let fips = if fips_by_name { "-fips" } else { "" };
        let suffix = if self.use_dual_stack { partition.dual_stack_suffix } else { partition.suffix };
        Ok(format!("https://{service}{fips}.{region}.{suffix}"))
    }

    /// The region, where there is no way without one.
    pub(crate) fn required_region(&self) -> Result<&str> {
        let Some(region) = &self.region else {
            return Err(configuration("Invalid Configuration: Missing Region").with_hint(NO_REGION_HINT));
        };
        // What cannot be a label of a host is refused, so that a region cannot lead to another host.
        let label = region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if label && (1..=63).contains(&region.len()) && !region.starts_with('-') && !region.ends_with('-') {
            return Ok(region);
        }
        Err(configuration(format!("region: {region:?} is not a region; it must be letters, digits and hyphens")))
    }

    fn custom_url(&self, endpoint: &str) -> Result<String> {
        let bad = |why: &str| configuration(format!("endpoint: {:?} {why}", shown_url(endpoint)));
        let uri: http::Uri = endpoint.parse().map_err(|_| bad("is not a URL"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(bad("must start with https:// and name a host"));
        };
        if authority.as_str().contains('@') {
            // Not shown: what stands there is a name and password.
            return Err(configuration("endpoint: a URL with a user name or password is refused"));
        }
        if authority.host().is_empty() || endpoint.contains(['?', '#', '\\']) {
            return Err(bad("must have a host and neither query nor fragment"));
        }
        let path = uri.path().trim_end_matches('/');
        if path.split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(bad("has an empty, `.` or `..` segment in its path"));
        }
        match scheme {
            "https" => {}
            "http" if self.allow_insecure_http || is_loopback(authority.host()) => {}
            "http" => return Err(bad("is plain http to another machine, which has to be allowed explicitly")),
            _ => return Err(bad("must start with https:// or http://")),
        }
        Ok(format!("{scheme}://{authority}{path}"))
    }
}

/// Of the URL, nothing is shown that may be secret: a URL can be wrong and still hold a password.
impl fmt::Debug for EndpointParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { region, use_fips, use_dual_stack, endpoint, allow_insecure_http } = self;
        f.debug_struct("EndpointParams")
            .field("region", region)
            .field("use_fips", use_fips)
            .field("use_dual_stack", use_dual_stack)
            .field("endpoint", &endpoint.as_deref().map(shown_url))
            .field("allow_insecure_http", allow_insecure_http)
            .finish()
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback())
        || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: Ipv6Addr| ip.is_loopback())
}

fn configuration(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

/// A group of regions under the same domains.
struct Partition {
    /// What its regions start with; `NAME-NUMBER` follows.
    region_prefix: &'static str,
    suffix: &'static str,
    dual_stack_suffix: &'static str,
}

impl Partition {
    /// The partition of a region; of a region that fits none, `aws`.
    fn of(region: &str) -> &'static Self {
        let fits = |partition: &&Self| {
            let rest = region.strip_prefix(partition.region_prefix).and_then(|rest| rest.split_once('-'));
            rest.is_some_and(|(name, number)| {
                !name.is_empty() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        PARTITIONS.iter().find(fits).unwrap_or(&AWS)
    }

    const fn new(region_prefix: &'static str, suffix: &'static str, dual_stack_suffix: &'static str) -> Self {
        Self { region_prefix, suffix, dual_stack_suffix }
    }
}

const AWS: Partition = Partition::new("", "amazonaws.com", "api.aws");

const PARTITIONS: [Partition; 7] = [
    Partition::new("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    Partition::new("us-gov-", "amazonaws.com", "api.aws"),
    Partition::new("eusc-de-", "amazonaws.eu", "api.amazonwebservices.eu"),
    Partition::new("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    Partition::new("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    Partition::new("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    Partition::new("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
];

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn region(region: &str) -> EndpointParams {
        EndpointParams { region: Some(region.to_owned()), ..Default::default() }
    }

    fn custom(endpoint: &str) -> Result<String> {
        EndpointParams { endpoint: Some(endpoint.to_owned()), ..Default::default() }.url()
    }

    #[test]
    fn every_partition_has_its_domains() {
        let table = [
            ("us-east-1", "amazonaws.com", "api.aws"),
            ("mx-central-1", "amazonaws.com", "api.aws"),
            ("xx-new-1", "amazonaws.com", "api.aws"),
            ("cn-northwest-1", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
            ("cn-north", "amazonaws.com", "api.aws"),
            ("us-gov-west-1", "amazonaws.com", "api.aws"),
            ("eusc-de-east-1", "amazonaws.eu", "api.amazonwebservices.eu"),
            ("us-iso-west-1", "c2s.ic.gov", "api.aws.ic.gov"),
            ("us-isob-east-1", "sc2s.sgov.gov", "api.aws.scloud"),
            ("eu-isoe-west-1", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
            ("us-isof-south-1", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
        ];
        for (name, suffix, dual_stack_suffix) in table {
            let plain = region(name);
            assert_eq!(plain.url().unwrap(), format!("https://bedrock-runtime.{name}.{suffix}"));
            let both = EndpointParams { use_fips: true, use_dual_stack: true, ..plain };
            assert_eq!(both.url().unwrap(), format!("https://bedrock-runtime-fips.{name}.{dual_stack_suffix}"));
        }
    }

    #[test]
    fn other_services_have_fips_endpoints_under_their_usual_names_in_govcloud() {
        let fips =
            |name: &str, service| EndpointParams { use_fips: true, ..region(name) }.service_url(service).unwrap();
        assert_eq!(fips("us-gov-west-1", "sts"), "https://sts.us-gov-west-1.amazonaws.com");
        assert_eq!(
            fips("us-gov-west-1", "bedrock-runtime"),
            "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com"
        );
        assert_eq!(fips("us-west-2", "portal.sso"), "https://portal.sso-fips.us-west-2.amazonaws.com");
        assert_eq!(region("cn-north-1").service_url("oidc").unwrap(), "https://oidc.cn-north-1.amazonaws.com.cn");
    }

    #[test]
    fn a_region_cannot_lead_to_another_host() {
        for bad in ["", "a/b", "us-east-1.evil.com/", "@evil", "a.b", "us east", "-a", "a-", "é", &"a".repeat(64)] {
            let error = region(bad).url().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{bad}");
            assert!(error.message().starts_with("region: "), "{error}");
        }
    }

    #[test]
    fn custom_urls_keep_their_path() {
        let table = [
            ("https://vpce-1.example.com/", "https://vpce-1.example.com"),
            ("https://gateway.example.com:8443/proxy/bedrock/", "https://gateway.example.com:8443/proxy/bedrock"),
            ("http://127.0.0.2:8080", "http://127.0.0.2:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("HTTP://localhost", "http://localhost"),
            ("http://a.localhost/x", "http://a.localhost/x"),
        ];
        for (endpoint, url) in table {
            assert_eq!(custom(endpoint).unwrap(), url);
        }
    }

    #[test]
    fn bad_custom_urls_are_refused() {
        let table = [
            ("", "not a URL"),
            ("localhost:8080", "must start with https://"),
            ("/path", "must start with https://"),
            ("ftp://example.com", "must start with https:// or http://"),
            ("https://user:SECRET@example.com", "user name or password"),
            ("https://example.com/?a=b", "neither query nor fragment"),
            ("https://example.com/#a", "neither query nor fragment"),
            ("https://example.com/a//b", "segment"),
            ("https://example.com/a/../b", "segment"),
            ("http://example.com", "plain http to another machine"),
            ("http://localhost.example.com", "plain http to another machine"),
            ("http://128.0.0.1", "plain http to another machine"),
        ];
        for (endpoint, why) in table {
            let error = custom(endpoint).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.message().contains(why) && !error.message().contains("SECRET"), "{endpoint}: {error}");
        }
        let params = EndpointParams {
            endpoint: Some("http://example.com".to_owned()),
            allow_insecure_http: true,
            ..Default::default()
        };
        assert_eq!(params.url().unwrap(), "http://example.com");
    }

    #[test]
    fn the_environment_comes_before_the_profile_and_the_service_before_all() {
        let profile = |name: &str| {
            let value = match name {
                "region" => "eu-west-3",
                "endpoint_url" => "https://profile",
                "bedrock_runtime.endpoint_url" => "https://profile-service",
                "use_fips_endpoint" => "TRUE",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let none = |_: &str| None;
        let configured = |variables: &[(&str, &str)], profile: &dyn Fn(&str) -> Option<String>| {
            EndpointParams::configured("bedrock_runtime", &Environment::fixed(variables.iter().copied()), profile)
        };
        let all = [
            ("AWS_REGION", "eu-west-1"),
            ("AWS_DEFAULT_REGION", "eu-west-2"),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "https://environment-service"),
            ("AWS_ENDPOINT_URL", "https://environment"),
            ("AWS_USE_FIPS_ENDPOINT", "false"),
        ];
        let regions = ["eu-west-1", "eu-west-2", "eu-west-3"];
        for (skip, region) in regions.into_iter().enumerate() {
            assert_eq!(configured(&all[skip..], &profile).unwrap().region.as_deref(), Some(region));
        }
        for (skip, url) in ["environment-service", "environment", "profile-service"].into_iter().enumerate() {
            let params = configured(&all[2 + skip..], &profile).unwrap();
            assert_eq!(params.endpoint, Some(format!("https://{url}")));
        }
        let general = |name: &str| profile(name).filter(|_| !name.contains('.'));
        assert_eq!(configured(&[], &general).unwrap().endpoint.as_deref(), Some("https://profile"));
        assert_eq!(configured(&[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")], &profile).unwrap().endpoint, None);
        assert!(configured(&[], &profile).unwrap().use_fips);
        assert!(!configured(&all, &profile).unwrap().use_fips);
        assert_eq!(configured(&[], &none).unwrap(), EndpointParams::default());
        let error = configured(&[("AWS_USE_DUALSTACK_ENDPOINT", "yes")], &none).unwrap_err();
        assert!(error.message().contains("AWS_USE_DUALSTACK_ENDPOINT"), "{error}");
    }

    /// The published cases of the service's endpoint rules, when they are at hand.
    #[test]
    fn agrees_with_the_published_cases() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance/endpoints.json");
        let Ok(text) = std::fs::read(path) else {
            // Not `eprintln!`, which the test harness swallows.
            let _ = writeln!(std::io::stderr(), "SKIPPED: the endpoint cases are not at {path}");
            return;
        };
        let file: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let cases = file["cases"].as_array().unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            let params = &case["params"];
            let text = |name: &str| params[name].as_str().map(str::to_owned);
            let params = EndpointParams {
                region: text("Region"),
                endpoint: text("Endpoint"),
                use_fips: params["UseFIPS"] == true,
                use_dual_stack: params["UseDualStack"] == true,
                allow_insecure_http: false,
            };
            match params.url() {
                Ok(url) => assert_eq!(url, case["url"], "{case}"),
                Err(error) => assert_eq!(error.message(), case["error"], "{case}"),
            }
        }
    }
}
