//! No secret is shown: by no `Debug`, in no error, and in nothing that the crate or what it stands on writes to a log.

use std::error::Error as StdError;
use std::fmt::{Debug, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Token;
use bedrock_converse::client::{Auth, Client, RequestOptions, Timeouts};
use bedrock_converse::credentials::{Credentials, CredentialsCache, DefaultChain, SharedConfig};
use bedrock_converse::endpoint::EndpointParams;
use bedrock_converse::retry::RetryConfig;
use bedrock_converse::serve::{Fault, Server};
use bedrock_converse::settings::BedrockModelSettings;
use bedrock_converse::transport::{BoxFuture, Downloader, Request, ReqwestTransport, Response, Transport};
use bedrock_converse::{BedrockConverseModel, BedrockProvider, BedrockProviderBuilder, Environment, Gateway, Result};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::faults::says;
use crate::wire_stable::again;

/// Every secret has this in it.
const MARK: &str = "SeCrEt";
const NOVA: &str = "us.amazon.nova-micro-v1:0";
const TOKEN: &str = "IQoJb3JpZ2luX2VjEJr/SeCrEt-session-token+0123456789==";
const KEY: &str = "wJalrXUtnFEMI/K7MDENG/SeCrEt-access-key";
const BEARER: &str = "bedrock-api-key-SeCrEt-0123456789";
const GATEWAY: &str = "pylf_v1_us_SeCrEt0123456789";

/// What is logged by whomever: as `tracing`'s events and spans, and as records of `log`.
static LOG: Mutex<String> = Mutex::new(String::new());
static LISTENING: AtomicBool = AtomicBool::new(false);

struct Everything;

impl Visit for Everything {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(LOG.lock().unwrap(), "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        LISTENING.load(Ordering::SeqCst)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Self);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Self);
    }

    fn event(&self, event: &Event<'_>) {
        write!(LOG.lock().unwrap(), "\n{} ", event.metadata().target()).unwrap();
        event.record(&mut Self);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl log::Log for Everything {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        LISTENING.load(Ordering::SeqCst)
    }

    fn log(&self, record: &log::Record<'_>) {
        if log::Log::enabled(self, record.metadata()) {
            write!(LOG.lock().unwrap(), "\n{} {}", record.target(), record.args()).unwrap();
        }
    }

    fn flush(&self) {}
}

/// What is shown.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<String>>);

impl Shown {
    fn debug(&self, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), "{value:?}\n{value:#?}\n").unwrap();
    }

    fn error(&self, error: &(dyn StdError + 'static)) {
        self.debug(&error);
        writeln!(self.0.lock().unwrap(), "{error}").unwrap();
        if let Some(body) = error.downcast_ref::<bedrock_converse::Error>().and_then(bedrock_converse::Error::body) {
            self.debug(body);
        }
        if let Some(source) = error.source() {
            self.error(source);
        }
    }
}

/// Shows each request as a transport of the user's own might.
#[derive(Clone)]
struct Showing(ReqwestTransport, Shown);

impl Debug for Showing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Transport for Showing {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        self.1.debug(&request);
        self.0.send(request)
    }
}

/// Nothing that has a secret in it finds one here.
#[track_caller]
fn assert_clean(text: &str, secrets: &[&str]) {
    for secret in secrets.iter().chain(&[MARK]) {
        let around = text.find(secret).map(|at| text[..at + secret.len()].chars().rev().take(400).collect::<String>());
        let around = around.map(|text| text.chars().rev().collect::<String>());
        assert_eq!(around, None, "a secret is shown");
    }
}

fn keys() -> Credentials {
    Credentials::new("AKIDEXAMPLE", KEY, Some(TOKEN.to_owned()), None, "test")
}

/// Providers by all that authorises requests, and the secret that they send.
fn providers(server: &Server, home: &Path, minted: &Token) -> Vec<(&'static str, BedrockProviderBuilder, String)> {
    let files = home.join("config");
    std::fs::write(
        &files,
        format!(
            "[profile keys]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {KEY}\naws_session_token = {TOKEN}\n\
             [profile process]\ncredential_process = cat {}/process.json\n",
            home.display()
        ),
    )
    .unwrap();
    let document = json!({"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": KEY, "SessionToken": TOKEN});
    std::fs::write(home.join("process.json"), document.to_string()).unwrap();
    let with = |variables: &[(&str, &str)]| {
        let place = [("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url()), ("AWS_REGION", "us-east-1".to_owned())];
        let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned()));
        BedrockProvider::builder().environment(Environment::fixed(place.into_iter().chain(variables)))
    };
    let profile = |name| with(&[("AWS_CONFIG_FILE", files.to_str().unwrap()), ("AWS_PROFILE", name)]);
    let mut gateway = Gateway::default();
    (gateway.api_key, gateway.base_url, gateway.route) =
        (Some(GATEWAY.to_owned()), Some(server.url()), Some(String::new()));
    let environment =
        [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", KEY), ("AWS_SESSION_TOKEN", TOKEN)];
    vec![
        ("environment", with(&environment), TOKEN.to_owned()),
        ("profile", profile("keys"), TOKEN.to_owned()),
        ("process", profile("process"), TOKEN.to_owned()),
        ("given keys", with(&[]).aws_credentials("AKIDEXAMPLE", KEY, Some(TOKEN.to_owned())), TOKEN.to_owned()),
        ("provider", with(&[]).credentials_provider(keys()), TOKEN.to_owned()),
        ("bearer key", with(&[("AWS_BEARER_TOKEN_BEDROCK", BEARER)]), BEARER.to_owned()),
        ("given bearer key", with(&[]).api_key(BEARER), BEARER.to_owned()),
        ("minted", with(&[]).token_provider(minted.clone()), minted.token().to_owned()),
        ("gateway", with(&[]).gateway(gateway), GATEWAY.to_owned()),
    ]
}

/// What goes wrong, one after the other. `{}` is what was sent, as AWS and debugging proxies quote it.
const FAULTS: [&str; 12] = [
    "none",
    "throttle times=1",
    "exception type=internalServerException at=3",
    "cut at=2",
    "cut at=head",
    "stall at=2",
    r#"http status=403 code=ExpiredTokenException message="The security token included in the request is expired""#,
    r#"http status=403 code=InvalidSignatureException message="The Canonical String should have been 'POST\n/model\n\nx-amz-security-token:{}\n'""#,
    r#"http status=502 content-type=text/html body="<html><pre>authorization: Bearer {}</pre></html>""#,
    r#"http status=200 content-type=text/html body="<html><pre>authorization: Bearer {}</pre></html>""#,
    r#"exception type=validationException message="refused: {}""#,
    r#"exception type=modelStreamErrorException at=3 message="failed: {}""#,
];

async fn run(shown: &Shown, server: &Server, home: &Path, minted: &Token) {
    let timeouts =
        Timeouts { first_byte: Some(Duration::from_secs(20)), idle: Some(Duration::from_millis(50)), total: None };
    let mut options = RequestOptions { timeouts, ..RequestOptions::default() };
    options.headers.insert("x-gateway-key", MARK.parse().unwrap());
    let (mut succeeded, mut failed) = (0, 0);
    for (name, builder, sent) in providers(server, home, minted) {
        let builder = builder
            .retry(RetryConfig { max_backoff: Duration::from_millis(1), ..RetryConfig::default() })
            .options(options.clone());
        shown.debug(&builder);
        let provider = builder.transport(Showing(ReqwestTransport::new(), shown.clone())).build().unwrap();
        let model = BedrockConverseModel::builder(NOVA)
            .provider(provider.clone())
            .unwrap()
            .settings(BedrockModelSettings { extra_headers: Some([("x-key", MARK)].into()), ..Default::default() });
        shown.debug(&model);
        let model = model.build().unwrap();
        for fault in FAULTS {
            server.set_faults(Fault::script(&fault.replace("{}", &sent)).unwrap());
            match model.request_stream(&says("a b c"), None, None).await {
                Ok(mut stream) => {
                    while let Some(event) = stream.next().await {
                        match event {
                            Ok(event) => shown.debug(&event),
                            Err(error) => shown.error(&error),
                        }
                    }
                    shown.debug(&stream);
                    succeeded += 1;
                }
                Err(error) => {
                    shown.error(&error);
                    failed += 1;
                }
            }
            if fault.contains("at=2") || fault.contains("at=3") {
                continue;
            }
            match model.request(&says("a b c"), None, None).await {
                Ok(response) => shown.debug(&response),
                Err(error) => shown.error(&error),
            }
        }
        shown.debug(&(&model, model.profile(), model.settings(), &provider, model.client(), model.client().options()));
        println!("{name}: {succeeded} answers, {failed} failures so far");
    }
    assert_eq!((succeeded, failed), (9 * 6, 9 * 6));
    shown.debug(&server.requests());
}

/// Every public type that can hold a secret, beside those of the run.
fn types(shown: &Shown, home: &Path, minted: &Token) {
    let variables = [("AWS_SECRET_ACCESS_KEY", KEY), ("AWS_BEARER_TOKEN_BEDROCK", BEARER)];
    let environment = Environment::fixed(variables);
    let profile =
        Environment::fixed([("AWS_CONFIG_FILE", home.join("config").to_str().unwrap()), ("AWS_PROFILE", "keys")]);
    let (http, local) = (Arc::new(ReqwestTransport::new()), Arc::new(ReqwestTransport::new()));
    let chain = || DefaultChain::new(environment.clone(), http.clone(), local.clone());
    shown.debug(&(&environment, SharedConfig::load(&profile, Some("keys")).unwrap(), chain()));
    shown.debug(&(keys(), CredentialsCache::new(keys()), CredentialsCache::from(chain()), minted));
    shown.debug(&(Auth::credentials(keys()), Auth::api_key(BEARER), Auth::bearer(minted.clone())));

    // URLs with a password or a signature are shown without, also where they are refused.
    for endpoint in [
        "https://user:SeCrEt@example.com",
        "https://user:Se CrEt SeCrEt@example.com",
        "user:SeCrEt@example.com",
        "https://example.com/?key=SeCrEt",
        "ftp://user:SeCrEt@example.com",
    ] {
        let params = EndpointParams { endpoint: Some(endpoint.to_owned()), ..EndpointParams::default() };
        shown.debug(&params);
        shown.error(&params.url().unwrap_err());
        shown.debug(&Client::builder(params, Auth::api_key(BEARER)));
        let builder = BedrockProvider::builder().environment(environment.clone()).base_url(endpoint).api_key(BEARER);
        shown.debug(&builder);
        shown.error(&builder.build().unwrap_err());
    }
    let mut gateway = Gateway::default();
    gateway.api_key = Some(GATEWAY.to_owned());
    let builder = BedrockProvider::builder().environment(environment.clone()).gateway(gateway.clone());
    shown.debug(&(&gateway, &builder, builder.clone().build().unwrap()));
    gateway.base_url = Some("https://user:SeCrEt@gateway.example.com/?SeCrEt".to_owned());
    let builder = BedrockProvider::builder().environment(environment.clone()).gateway(gateway.clone());
    shown.debug(&(&gateway, &builder));
    shown.error(&builder.build().unwrap_err());
    gateway.base_url = None;
    gateway.api_key = Some("SeCrEt without a region".to_owned());
    shown.error(&BedrockProvider::builder().environment(environment).gateway(gateway).build().unwrap_err());

    let server = Server::builder().credentials(keys()).bearer_key(BEARER);
    shown.debug(&server);
    let server = server.start().unwrap();
    shown.debug(&(&server, server.environment(), Fault::script("throttle").unwrap()));
    let settings: BedrockModelSettings = serde_json::from_value(json!({"extra_headers": {"x-key": MARK}})).unwrap();
    shown.debug(&settings);
    let mistake = serde_json::from_value::<BedrockModelSettings>(json!({"extra_headers": {"x-key": [MARK]}}));
    shown.error(&mistake.unwrap_err());
}

async fn downloads(shown: &Shown) {
    let downloader = Downloader::new().timeout(Duration::from_millis(200));
    for url in [
        "http://127.0.0.1/file?X-Amz-Security-Token=SeCrEt",
        "http://user:SeCrEt@127.0.0.1:9/file",
        "http://user:SeCrEt@[nonsense/file?SeCrEt",
        "data:text/plain,SeCrEt",
        "https://bucket.invalid/file?X-Amz-Signature=SeCrEt",
    ] {
        for allow_local in [false, true] {
            shown.error(&downloader.fetch(url, allow_local).await.unwrap_err());
        }
    }
    shown.debug(&downloader);
}

/// What is logged is decided once for the whole process, so no other test may run in it.
#[test]
fn no_secret_is_shown() {
    println!("{}", again("secrets::in_a_process_of_its_own"));
}

#[tokio::test]
#[ignore = "started by `no_secret_is_shown`"]
async fn in_a_process_of_its_own() {
    tracing::subscriber::set_global_default(Everything).unwrap();
    log::set_logger(&Everything).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    LISTENING.store(true, Ordering::SeqCst);

    let home = std::env::temp_dir().join(format!("bedrock-converse-secrets-{}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    let lifetime = Duration::from_secs(3600);
    let minted = bedrock_converse::short_term_api_key(&keys(), "us-east-1", lifetime, crate::serve::now()).unwrap();
    let server = Server::builder().any_credentials().start().unwrap();
    let shown = Shown::default();
    run(&shown, &server, &home, &minted).await;
    types(&shown, &home, &minted);
    downloads(&shown).await;
    std::fs::remove_dir_all(&home).unwrap();

    LISTENING.store(false, Ordering::SeqCst);
    let logged = std::mem::take(&mut *LOG.lock().unwrap());
    let shown = shown.0.lock().unwrap().clone();
    // Both have come from where they should.
    for part in ["credentials loaded", "another attempt", "gen_ai.request.model", "reqwest::connect"] {
        assert!(logged.contains(part), "{part} is not logged");
    }
    for part in ["ExpiredTokenException", "x-amz-security-token:***", "Bearer ***", "\"x-key\""] {
        assert!(shown.contains(part), "{part} is not shown");
    }
    println!("{} bytes logged, {} bytes shown", logged.len(), shown.len());
    assert_clean(&logged, &[minted.token()]);
    assert_clean(&shown, &[minted.token()]);
}

/// What keys of AWS and of the gateway look like, and headers that have them.
#[test]
fn no_secret_is_recorded() {
    fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }
    let mut found = vec![];
    files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")), &mut found);
    found.retain(|path| path.extension().is_none_or(|extension| extension != "md"));
    assert!(found.len() > 20);
    for path in found {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).to_lowercase();
        for sign in
            ["akia", "asia", "authorization", "aws4-hmac", "security-token", "api-key", "bearer ", "pylf_v", "cookie"]
        {
            assert!(!text.contains(sign), "{}: {sign}", path.display());
        }
    }
}
