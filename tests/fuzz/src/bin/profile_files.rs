//! The shared `config` and `credentials` files, in one input with a zero byte between them.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use bedrock_converse::credentials::SharedConfig;
use bedrock_converse::{Environment, ErrorKind};

const PROPERTIES: [&str; 6] =
    ["region", "aws_access_key_id", "role_arn", "services", "sts.endpoint_url", "bedrock_runtime.endpoint_url"];

/// In memory where the system has such a folder: they are written anew for each input.
static FILES: LazyLock<[PathBuf; 2]> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
    ["config", "credentials"].map(|name| folder.join(format!("fuzz-{}-{name}", std::process::id())))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let texts = [&data[..at], data.get(at + 1..).unwrap_or_default()];
    for (file, text) in FILES.iter().zip(texts) {
        std::fs::write(file, text).expect("the folder can be written to");
    }
    let [config, credentials] = FILES.each_ref().map(|file| file.to_str().expect("the folder has a plain name"));
    let environment = Environment::fixed([("AWS_CONFIG_FILE", config), ("AWS_SHARED_CREDENTIALS_FILE", credentials)]);
    for profile in [None, Some("work")] {
        match SharedConfig::load(&environment, profile) {
            Ok(shared) => check(&shared, &texts.map(|text| std::str::from_utf8(text).expect("it was read"))),
            Err(error) if error.kind() == ErrorKind::Io => {
                assert!(texts.iter().any(|text| std::str::from_utf8(text).is_err()), "{error}");
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Configuration);
                let (place, rule) = error.message().split_once(": ").expect("it says where and what");
                let (file, line) = place.rsplit_once(", line ").expect("it says which line");
                assert!([config, credentials].contains(&file) && line.parse().is_ok_and(|line: usize| line > 0));
                // Beside the rule's own words it says nothing: the line may hold a secret.
                assert!(
                    rule.chars().all(|c| c.is_ascii_lowercase() || " '`]=".contains(c)) && rule.len() < 60,
                    "{error}"
                );
            }
        }
    }
});

/// What it says stands in one of the files.
fn check(shared: &SharedConfig, texts: &[&str]) {
    for property in PROPERTIES {
        let Some(value) = shared.property(property) else { continue };
        assert!(!value.is_empty());
        for line in value.lines() {
            assert!(texts.iter().any(|text| text.contains(line)), "{property}: {value:?}");
        }
    }
}
