//! No secret is shown: not by `Debug`, not in an event, not in an error.

use std::fmt::{Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::*;
use crate::credentials::{CredentialsCache, SharedConfig};

/// Writes down every event and span with all its fields.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
        self.0.lock().unwrap().push('\n');
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Every secret of these tests has this in it.
const SECRET: &str = "SeCrEt";
/// What is logged when all goes well.
const LOGGED: &str = "credentials loaded";

fn json() -> String {
    format!(
        r#"{{"Version":1,"Code":"Success","AccessKeyId":"AKID","SecretAccessKey":"{SECRET}","Token":"{SECRET}",
            "SessionToken":"{SECRET}","Expiration":"2026-01-02T04:04:05Z"}}"#
    )
}

/// Each source once as it works, once with a refusal and once with an answer that is nonsense, all holding secrets.
async fn outcomes(shown: &mut String) {
    let scratch = Scratch::new();
    let (token, root) = (scratch.write("token", SECRET), scratch.path());
    scratch.write("process.json", &json());
    let sso_key = sha1_smol::Sha1::from("https://start").digest();
    let sso_token = format!(
        r#"{{"accessToken":"{SECRET}","expiresAt":"2026-01-02T03:04:06Z","clientId":"id","clientSecret":"{SECRET}",
            "refreshToken":"{SECRET}"}}"#
    );
    scratch.write(&format!(".aws/sso/cache/{sso_key}.json"), &sso_token);
    let session_key = sha1_smol::Sha1::from("dev").digest();
    let sso = "sso_region = r\nsso_start_url = https://start\nsso_account_id = 1\nsso_role_name = n\n";
    let config = format!(
        "[profile keys]\naws_access_key_id = AKID\naws_secret_access_key = {SECRET}\naws_session_token = {SECRET}\n\
         [profile role]\nrole_arn = arn:r\nsource_profile = keys\nexternal_id = {SECRET}\n\
         [profile process]\ncredential_process = cat {root}/process.json\n\
         [profile failing]\ncredential_process = echo {SECRET}; exit 1\n\
         [profile sso]\n{sso}[profile session]\nsso_session = dev\n{sso}[sso-session dev]\n\
         [profile broken]\naws_secret_access_key = {SECRET}\n"
    );
    scratch.write(".aws/config", &config);

    let home = ("HOME", &*root);
    let region = ("AWS_REGION", "r");
    let profile = |name| vec![home, region, ("AWS_PROFILE", name)];
    let sources = [
        vec![("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", SECRET), ("AWS_SESSION_TOKEN", SECRET)],
        vec![("AWS_ACCESS_KEY_ID", SECRET)],
        profile("keys"),
        profile("role"),
        profile("process"),
        profile("failing"),
        profile("sso"),
        profile("session"),
        profile("broken"),
        vec![region, ("AWS_WEB_IDENTITY_TOKEN_FILE", &*token), ("AWS_ROLE_ARN", "arn:r")],
        vec![
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/a"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", SECRET),
        ],
        vec![],
    ];
    let Reply::Answer(_, sts) = sts_answer("AssumeRole", SECRET) else { unreachable!() };
    let sts = sts.replacen(SECRET, "AKID", 1);
    let role_credentials = format!("{{\"roleCredentials\":{}}}", json());
    let refreshed = format!(r#"{{"accessToken":"{SECRET}","expiresIn":3600,"refreshToken":"{SECRET}"}}"#);
    let nonsense = format!("<Credentials>{SECRET}</Credentials>{{\"{SECRET}\":\"{SECRET}\"}}");
    let mut worked = 0;
    for variables in &sources {
        for bodies in [
            vec![sts.clone(), sts.clone()],
            vec![json()],
            vec![role_credentials.clone()],
            vec![refreshed.clone(), role_credentials.clone()],
            vec![SECRET.to_owned(), "role".to_owned(), json()],
            vec![nonsense.clone(), nonsense.clone(), nonsense.clone()],
            vec![json().replace("2026", SECRET), json().replace("2026", SECRET)],
        ] {
            for status in [200, 400, 500] {
                scratch.write(&format!(".aws/sso/cache/{session_key}.json"), &sso_token);
                let script = Script::new(bodies.iter().map(|body| answer(status, body.as_str())));
                let mut chain = chain(variables, &script);
                chain.ambient = impatient();
                let cache = CredentialsCache::with_ambient(chain, impatient());
                let outcome = cache.get().await;
                worked += u32::from(outcome.is_ok());
                let mut error = outcome.as_ref().err().map(|error| error as &dyn std::error::Error);
                while let Some(cause) = error {
                    writeln!(shown, "{cause} {cause:?} {cause:#?}").unwrap();
                    error = cause.source();
                }
                writeln!(shown, "{outcome:?} {cache:?}").unwrap();
                for request in script.requests() {
                    // A body to STS or sso-oidc is a secret by its nature.
                    writeln!(shown, "{} {:?}", request.uri(), request.headers()).unwrap();
                }
                if let Ok(config) = SharedConfig::load(&Environment::fixed(variables.iter().copied()), None) {
                    writeln!(shown, "{config:?} {config:#?}").unwrap();
                }
            }
        }
    }
    assert!(worked > 60, "only {worked} of the runs found credentials");
}

#[tokio::test]
async fn no_secret_is_shown() {
    let log = Log::default();
    let mut shown = String::new();
    {
        let _guard = tracing::subscriber::set_default(log.clone());
        outcomes(&mut shown).await;
        if !log.0.lock().unwrap().contains(LOGGED) {
            // Another test was just registering an event, which has missed that somebody listens now.
            tracing::callsite::rebuild_interest_cache();
            outcomes(&mut shown).await;
        }
    }
    let logged = log.0.lock().unwrap().clone();
    assert!(logged.contains(LOGGED), "nothing was logged: {logged}");
    for text in [logged, shown] {
        let at = text.find(SECRET);
        let around = at.map(|at| text[at.saturating_sub(300)..].chars().take(400).collect::<String>());
        assert_eq!(around, None);
    }
}
