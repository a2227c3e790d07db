//! Recorded exchanges of the SDKs' own credential chain, replayed at the true addresses.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::*;
use crate::credentials::Source;

/// Not in the package: it has its own place beside it.
const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance/credentials");

#[tokio::test]
async fn recorded_scenarios() {
    let mut run = 0;
    let mut failures = Vec::new();
    for group in ["default-credential-provider-chain", "profile-provider"] {
        let Ok(scenarios) = std::fs::read_dir(format!("{SCENARIOS}/{group}")) else {
            println!("SKIPPED: there are no recorded scenarios in {SCENARIOS}/{group}");
            return;
        };
        for scenario in scenarios {
            run += 1;
            let path = scenario.unwrap().path();
            if let Err(why) = replay(&path, group == "profile-provider").await {
                failures.push(format!("{}: {why}", path.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {run} failed:\n{}", failures.len(), failures.join("\n"));
    println!("{run} scenarios");
    assert!(run > 0);
}

async fn replay(scenario: &Path, profile_alone: bool) -> Result<(), String> {
    let expected = read(&scenario.join("test-case.json"))["result"].take();
    let scratch = Scratch::new();
    let root = scratch.path();
    copy(&scenario.join("fs"), &scratch.0, &root);
    let environment: BTreeMap<String, String> = read(&scenario.join("env.json"))
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), relocated(value.as_str().unwrap(), &root)))
        .collect();

    let exchanges = exchanges(&read(&scenario.join("http-traffic.json")));
    let script = Script::new(exchanges.iter().map(|exchange| match exchange.status {
        Some(status) => answer(status, exchange.answer.as_str()),
        None => Reply::Broken,
    }));
    let transport = Arc::new(script.clone());
    let mut chain =
        DefaultChain::new(Environment::fixed(environment), transport.clone(), transport).allow_insecure_http();
    chain.ambient = impatient();
    if profile_alone {
        for source in Source::ALL.iter().filter(|source| **source != Source::Profile) {
            chain = chain.without(*source);
        }
    }
    let outcome = chain.resolve().await;
    for (exchange, request) in exchanges.iter().zip(script.requests()) {
        exchange.check(&request)?;
    }
    match (outcome, expected.get("Ok")) {
        (Err(_), None) => Ok(()),
        (Ok(_), None) => Err("credentials where there should be none".to_owned()),
        (Err(error), Some(_)) => Err(error.to_string()),
        (Ok(credentials), Some(expected)) => {
            let text = |name: &str| expected[name].as_str();
            let (key, secret, token) = keys(&credentials);
            let expiry = credentials.expiry().map(|time| time.duration_since(UNIX_EPOCH).unwrap().as_secs());
            if (Some(key), Some(secret), token, expiry)
                != (
                    text("access_key_id"),
                    text("secret_access_key"),
                    text("session_token"),
                    expected["expiry"].as_u64(),
                )
            {
                return Err(format!("got {key} {secret} {token:?} {expiry:?}"));
            }
            match script.requests().len() == exchanges.len() {
                true => Ok(()),
                false => Err(format!("asked {:?}", script.asked())),
            }
        }
    }
}

/// One recorded request and its answer.
#[derive(Default)]
struct Exchange {
    request: Value,
    body: String,
    status: Option<u16>,
    answer: String,
}

fn exchanges(traffic: &Value) -> Vec<Exchange> {
    let mut connections: BTreeMap<u64, Exchange> = BTreeMap::new();
    for event in traffic["events"].as_array().unwrap() {
        let connection = connections.entry(event["connection_id"].as_u64().unwrap()).or_default();
        let action = &event["action"];
        if let Some(request) = action.get("Request") {
            connection.request = request["request"].clone();
        } else if let Some(response) = action.get("Response") {
            connection.status = response["response"]["Ok"]["status"].as_u64().map(|status| status as u16);
        } else if let Some(data) = action.get("Data") {
            let text = data["data"]["Utf8"].as_str().unwrap();
            let target = if data["direction"] == "Request" { &mut connection.body } else { &mut connection.answer };
            target.push_str(text);
        }
    }
    connections.into_values().collect()
}

impl Exchange {
    fn check(&self, request: &Request) -> Result<(), String> {
        let sorted = |url: &str| {
            let url: http::Uri = url.parse().unwrap();
            let mut query: Vec<String> = url.query().unwrap_or("").split('&').map(str::to_owned).collect();
            query.sort();
            (
                url.scheme_str().map(str::to_owned),
                url.authority().map(ToString::to_string),
                url.path().to_owned(),
                query,
            )
        };
        let (want, got) = (self.request["uri"].as_str().unwrap(), request.uri().to_string());
        let method = self.request["method"].as_str().unwrap_or("GET");
        if sorted(want) != sorted(&got) || method != request.method().as_str() {
            return Err(format!("want {method} {want}, got {} {got}", request.method()));
        }
        for name in ["x-aws-ec2-metadata-token", "x-aws-ec2-metadata-token-ttl-seconds", "x-amz-sso_bearer_token"] {
            let got = request.headers().get(name).map(|value| value.to_str().unwrap());
            let want = self.request["headers"][name][0].as_str();
            if want != got {
                return Err(format!("{name}: want {want:?}, got {got:?}"));
            }
        }
        let body = std::str::from_utf8(request.body()).unwrap();
        let member = |body: &str, name: &str| {
            body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
        };
        // The other members were made anonymous.
        for name in ["Action", "Version"] {
            if member(&self.body, name) != member(body, name) {
                return Err(format!("want {}, got {body}", self.body));
            }
        }
        Ok(())
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// `/home` and `/token.jwt` moved below `root`.
fn relocated(text: &str, root: &str) -> String {
    let text = text.replace("/token.jwt", &format!("{root}/token.jwt"));
    if text == "/home" { format!("{root}/home") } else { text }
}

fn copy(from: &Path, to: &Path, root: &str) {
    let Ok(entries) = std::fs::read_dir(from) else { return };
    std::fs::create_dir_all(to).unwrap();
    for entry in entries {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target, root);
        } else {
            std::fs::write(target, relocated(&std::fs::read_to_string(entry.path()).unwrap(), root)).unwrap();
        }
    }
}
