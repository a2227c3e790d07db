use super::*;

async fn run(command: &str) -> Result<Credentials> {
    let home = Scratch::home(&format!("[default]\ncredential_process = {command}\n"), "");
    chain(&[("HOME", &home.path())], &Script::default()).resolve().await
}

#[tokio::test]
async fn what_a_program_prints_is_read() {
    let whole = r#"echo '{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"s","SessionToken":"t","Expiration":"2026-01-02T04:04:05+01:00"}'"#;
    let credentials = run(whole).await.unwrap();
    assert_eq!(keys(&credentials), ("AKID", "s", Some("t")));
    assert_eq!(credentials.expiry(), Some(at(NOW)));

    let least = r#"printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"s"}' "$(echo a b)" 2>&1"#;
    let credentials = run(least).await.unwrap();
    assert_eq!((keys(&credentials), credentials.expiry()), (("a b", "s", None), None));
}

#[tokio::test]
async fn what_it_complains_of_is_told_in_short_and_its_output_never() {
    let message = async |command: &str| run(command).await.unwrap_err().to_string();
    let told = message("echo SECRET; echo 'no login' >&2; exit 3").await;
    assert!(told.contains("credential_process failed (exit status: 3): no login"), "{told}");
    assert!(!told.contains("SECRET"));
    let told = message("i=0; while [ $i -lt 2000 ]; do echo 0123456789 >&2; i=$((i+1)); done; exit 1").await;
    assert!(told.len() < 600 && told.contains('…'), "{}", told.len());

    for (command, why) in [
        ("echo SECRET", "not JSON"),
        ("true", "not JSON"),
        (r#"echo '{"Version":2,"AccessKeyId":"SECRET","SecretAccessKey":"SECRET"}'"#, "`Version` other than 1"),
        (r#"echo '{"AccessKeyId":"SECRET","SecretAccessKey":"SECRET"}'"#, "`Version` other than 1"),
        (r#"echo '{"Version":1,"AccessKeyId":"SECRET"}'"#, "no `SecretAccessKey`"),
    ] {
        let told = message(command).await;
        assert!(told.contains(why) && !told.contains("SECRET"), "{told}");
    }
}

#[tokio::test]
async fn a_program_doesn_t_outlive_its_future() {
    let scratch = Scratch::new();
    let path = scratch.path();
    let command = format!("echo $$ > {path}/pid.new; mv {path}/pid.new {path}/pid; exec sleep 1000");
    let home = Scratch::home(&format!("[default]\ncredential_process = {command}\n"), "");
    let script = Script::default();
    let variables = [("HOME", &*home.path())];
    let chain = chain(&variables, &script);
    let started = async {
        loop {
            if let Ok(pid) = std::fs::read_to_string(scratch.0.join("pid")) {
                return pid;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let pid = tokio::select! {
        pid = started => pid,
        _ = chain.resolve() => panic!("it ended"),
    };
    // Dropped by now, and waited for: not even a zombie is left.
    assert!(!std::path::Path::new("/proc").join(pid.trim()).exists());
}
