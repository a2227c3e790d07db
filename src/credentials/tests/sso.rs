use super::*;
use crate::credentials::sso::write_private;

const SESSION: &str = "[default]
sso_session = dev
sso_account_id = 012345678901
sso_role_name = Power User
[sso-session dev]
sso_region = us-east-2
sso_start_url = https://d-1.awsapps.com/start
";
const LEGACY: &str = "[default]
sso_start_url = https://d-1.awsapps.com/start
sso_region = us-east-2
sso_account_id = 012345678901
sso_role_name = Power User
";
const ROLE_URL: &str = "GET https://portal.sso.us-east-2.amazonaws.com/federation/credentials?account_id=012345678901&role_name=Power%20User";

fn cache_file(key: &str) -> String {
    format!(".aws/sso/cache/{}.json", sha1_smol::Sha1::from(key).digest())
}

fn token(expires_at: &str) -> String {
    format!(
        r#"{{"startUrl":"https://d-1.awsapps.com/start","accessToken":"old","expiresAt":"{expires_at}","clientId":"id",
            "clientSecret":"shh","registrationExpiresAt":"2026-03-01T00:00:00Z","refreshToken":"r1","other":[1]}}"#
    )
}

fn role_credentials() -> Reply {
    answer(
        200,
        r#"{"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"s","sessionToken":"t","expiration":1767326645000}}"#,
    )
}

async fn resolve(config: &str, cached: &str, replies: Vec<Reply>) -> (Result<Credentials>, Script, serde_json::Value) {
    let home = Scratch::home(config, "");
    let name = cache_file(if config.contains("sso_session") { "dev" } else { "https://d-1.awsapps.com/start" });
    let path = home.write(&name, cached);
    let script = Script::new(replies);
    let outcome = chain(&[("HOME", &home.path())], &script).resolve().await;
    let kept = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap_or_default();
    let files = std::fs::read_dir(home.0.join(".aws/sso/cache")).unwrap().count();
    assert_eq!(files, 1, "something was left beside the token");
    (outcome, script, kept)
}

#[tokio::test]
async fn a_valid_token_is_exchanged() {
    for config in [SESSION, LEGACY] {
        let (credentials, script, _) =
            resolve(config, &token("2026-01-02T03:10:00UTC"), vec![role_credentials()]).await;
        let credentials = credentials.unwrap();
        assert_eq!(keys(&credentials), ("ASIA", "s", Some("t")));
        assert_eq!(credentials.expiry(), Some(at(NOW + 3600)));
        assert_eq!(script.asked(), [ROLE_URL]);
        assert_eq!(script.requests()[0].headers()["x-amz-sso_bearer_token"], "old");
    }
}

#[tokio::test]
async fn a_token_that_ends_soon_is_refreshed_and_written_back() {
    let refreshed = answer(200, r#"{"accessToken":"new","expiresIn":28800,"refreshToken":"r2","tokenType":"Bearer"}"#);
    let (credentials, script, kept) =
        resolve(SESSION, &token("2026-01-02T03:09:05Z"), vec![refreshed, role_credentials()]).await;
    assert_eq!(credentials.unwrap().access_key_id(), "ASIA");
    assert_eq!(script.asked(), ["POST https://oidc.us-east-2.amazonaws.com/token", ROLE_URL]);
    let requests = script.requests();
    let body: serde_json::Value = serde_json::from_slice(requests[0].body()).unwrap();
    let expected = r#"{"clientId":"id","clientSecret":"shh","grantType":"refresh_token","refreshToken":"r1"}"#;
    assert_eq!(body, serde_json::from_str::<serde_json::Value>(expected).unwrap());
    assert_eq!(requests[0].headers()["content-type"], "application/json");
    assert_eq!(requests[1].headers()["x-amz-sso_bearer_token"], "new");
    let member = |name: &str| kept[name].clone();
    assert_eq!(member("accessToken"), "new");
    assert_eq!(member("expiresAt"), "2026-01-02T11:04:05Z");
    assert_eq!(member("refreshToken"), "r2");
    assert_eq!(member("clientSecret"), "shh");
    assert_eq!(member("other"), serde_json::json!([1]));
}

#[tokio::test]
async fn a_failed_refresh_leaves_a_token_that_is_still_valid() {
    let refusal = || answer(400, r#"{"error":"invalid_grant","error_description":"no"}"#);
    let (credentials, script, kept) =
        resolve(SESSION, &token("2026-01-02T03:04:06Z"), vec![refusal(), role_credentials()]).await;
    assert_eq!(credentials.unwrap().access_key_id(), "ASIA");
    assert_eq!(script.requests()[1].headers()["x-amz-sso_bearer_token"], "old");
    assert_eq!(kept["accessToken"], "old");

    let (error, script, _) = resolve(SESSION, &token("2026-01-02T03:04:05Z"), vec![refusal()]).await;
    let error = error.unwrap_err();
    assert!(error.message().contains("sso-oidc: no (invalid_grant, status 400)"), "{error}");
    assert_eq!(error.hint(), Some("run `aws sso login --sso-session dev`"));
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_refreshed_asks_for_a_login() {
    let expired = token("2026-01-01T00:00:00Z");
    let registration_over = expired.replace("2026-03-01", "2025-03-01");
    let no_refresh_token = expired.replace("refreshToken", "x");
    for (config, cached, hint) in [
        (LEGACY, &expired, "--profile default"),
        (SESSION, &registration_over, "--sso-session dev"),
        (SESSION, &no_refresh_token, "--sso-session dev"),
    ] {
        let (error, script, _) = resolve(config, cached, vec![]).await;
        let error = error.unwrap_err();
        assert!(error.message().contains("has expired"), "{error}");
        assert_eq!(error.hint(), Some(format!("run `aws sso login {hint}`").as_str()));
        assert!(script.asked().is_empty());
    }
    for (reply, hint) in [
        (answer(500, ""), None),
        (answer(200, r#"{"accessToken":"x"}"#), None),
        (answer(200, r#"{"accessToken":"x","expiresIn":18446744073709551615}"#), None),
        (answer(401, "{}"), Some("run `aws sso login --sso-session dev`")),
    ] {
        let (error, _, kept) = resolve(SESSION, &expired, vec![reply]).await;
        assert_eq!((error.unwrap_err().hint(), &kept["accessToken"]), (hint, &"old".into()));
    }
    for broken in ["SECRET", "{}", r#"{"accessToken":"SECRET","expiresAt":"SECRET"}"#] {
        let (error, _, _) = resolve(SESSION, broken, vec![]).await;
        let told = format!("{:?}", error.unwrap_err());
        assert!(told.contains("lacks accessToken or expiresAt") && !told.contains("SECRET"), "{told}");
    }
    let home = Scratch::home(SESSION, "");
    let error = chain(&[("HOME", &home.path())], &Script::default()).resolve().await.unwrap_err();
    assert!(error.message().contains(&cache_file("dev")), "{error}");
    assert_eq!(error.hint(), Some("run `aws sso login --sso-session dev`"));
}

#[tokio::test]
async fn a_refused_token_asks_for_a_login() {
    let refusal = answer(401, r#"{"message":"Session token not found or invalid","__type":"UnauthorizedException"}"#);
    let (error, _, _) = resolve(LEGACY, &token("2027-01-01T00:00:00Z"), vec![refusal]).await;
    let error = error.unwrap_err();
    assert!(error.message().contains("Session token not found or invalid (UnauthorizedException, status 401)"));
    assert_eq!(error.hint(), Some("run `aws sso login --profile default`"));
}

#[tokio::test]
async fn a_profile_must_be_whole_and_agree_with_its_session() {
    for (config, why) in [
        (LEGACY.replace("sso_region", "x"), "sso_region is missing"),
        (LEGACY.replace("sso_start_url", "x"), "sso_start_url is missing"),
        (LEGACY.replace("sso_account_id", "x"), "sso_account_id is missing"),
        (SESSION.replace("sso_role_name", "x"), "sso_role_name is missing"),
        (SESSION.replace("sso_role_name", "x").replace("sso_account_id", "y"), "it signs in for a token"),
        (SESSION.replace("[sso-session dev]", "[sso-session other]"), "there is no [sso-session dev]"),
        (SESSION.replace("[sso-session", "sso_region = elsewhere\n[sso-session"), "sso_region differs"),
    ] {
        let (error, script, _) = resolve(&config, &token("2027-01-01T00:00:00Z"), vec![]).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.message().contains(why), "{error}");
        assert!(script.asked().is_empty());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_refreshed_token_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Scratch::home(SESSION, "");
    let path = home.write(&cache_file("dev"), &token("2026-01-01T00:00:00Z"));
    let replies = [answer(200, r#"{"accessToken":"new","expiresIn":60}"#), role_credentials()];
    chain(&[("HOME", &home.path())], &Script::new(replies)).resolve().await.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&path).unwrap().contains("r1"));
}

#[test]
fn writers_at_the_same_time_leave_one_whole_file() {
    let scratch = Scratch::new();
    let path = scratch.0.join("token.json");
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let (path, text) = (&path, char::from(b'a' + writer).to_string().repeat(1 << (10 + writer)));
            scope.spawn(move || (0..50).for_each(|_| write_private(path, &text).unwrap()));
        }
    });
    let kept = std::fs::read_to_string(&path).unwrap();
    assert_eq!(kept.len(), 1 << (10 + kept.as_bytes()[0] - b'a'));
    assert!(kept.chars().all(|c| kept.starts_with(c)));
    assert_eq!(std::fs::read_dir(&scratch.0).unwrap().count(), 1, "something was left beside it");
}
