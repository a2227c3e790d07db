//! Cassettes: what a user sees in each mode, and a program whose test is recorded once.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use bedrock_converse::client::{Auth, Client, ClientBuilder};
use bedrock_converse::endpoint::EndpointParams;
use bedrock_converse::transport::{Cassette, Mode, Transport};
use bedrock_converse::wire::{ContentBlock, ConverseRequest};
use bedrock_converse::{Environment, ErrorKind, Result};

use crate::fake::{Answer, Fake};

/// A folder that does not exist yet, and is removed in the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("bedrock-converse-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self(env::temp_dir().join(name))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn read(&self, file: &str) -> Vec<u8> {
        fs::read(self.0.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    pub(crate) fn text(&self, file: &str) -> String {
        String::from_utf8(self.read(file)).unwrap()
    }

    /// The files below it, in order.
    pub(crate) fn files(&self) -> Vec<String> {
        fn collect(folder: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.path() {
                    path if path.is_dir() => collect(&path, root, found),
                    path => found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned()),
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.0, &self.0, &mut found);
        found.sort();
        found
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn client_builder(transport: impl Transport + 'static) -> ClientBuilder {
    let endpoint = EndpointParams { region: Some("us-east-1".to_owned()), ..Default::default() };
    Client::builder(endpoint, Auth::api_key("my-bearer-key")).transport(transport)
}

pub(crate) fn client(transport: impl Transport + 'static) -> Client {
    client_builder(transport).build().unwrap()
}

/// Asks a question and returns the text of the answer.
pub(crate) async fn ask(client: &Client, question: &str) -> Result<String> {
    let request = ConverseRequest::new("us.amazon.nova-micro-v1:0").user(question);
    let answer = client.converse(&request).await?.value;
    let text = |block: &ContentBlock| match block {
        ContentBlock::Text(text) => Some(text.clone()),
        _ => None,
    };
    Ok(answer.message().unwrap().content.iter().filter_map(text).collect())
}

/// A service that says how often it was asked.
fn service() -> Fake {
    Fake::new((1..=9).map(|k| {
        let text = format!("answer {k}");
        let message = serde_json::json!({ "role": "assistant", "content": [{ "text": text }] });
        Answer::json(
            200,
            &serde_json::json!({ "output": { "message": message }, "stopReason": "end_turn" }).to_string(),
        )
    }))
}

fn open(folder: &Folder, mode: Mode, service: &Fake) -> Result<Cassette> {
    Cassette::new(folder.path(), mode, service.clone(), Environment::fixed([("", ""); 0]))
}

/// A recording of the questions `One` and `Two`.
async fn recorded() -> Folder {
    let folder = Folder::new();
    let cassette = open(&folder, Mode::Once, &service()).unwrap();
    for question in ["One", "Two"] {
        ask(&client(cassette.clone()), question).await.unwrap();
    }
    cassette.finish().unwrap();
    folder
}

/// Asks the questions, then ends the test; what a user sees of it, without the path of the folder.
async fn seen(folder: &Folder, mode: Mode, questions: &[&str]) -> String {
    let service = service();
    let mut seen = String::new();
    match open(folder, mode, &service) {
        Err(error) => seen += &format!("{:?}: {error}", error.kind()),
        Ok(cassette) => {
            let client = client(cassette.clone());
            for question in questions {
                match ask(&client, question).await {
                    Ok(text) => seen += &format!("{question}: {text}\n"),
                    Err(error) => seen += &format!("{question}: {:?}: {error}\n", error.kind()),
                }
            }
            match cassette.finish() {
                Ok(()) => seen += "finish: ok",
                Err(error) => seen += &format!("finish: {error}"),
            }
        }
    }
    let mut names: Vec<String> =
        folder.files().iter().filter_map(|file| Some(file.split_once('/')?.0.to_owned())).collect();
    names.dedup();
    let seen = seen.replace(folder.path().to_str().unwrap(), "FOLDER");
    format!("{seen}\nsent: {}, on disk: {}", service.sent().len(), names.join(" "))
}

const DIFFERENCE: &str = r#"One!: InvalidInput: FOLDER: no recorded exchange equals POST /model/us.amazon.nova-micro-v1%3A0/converse.
The closest is `001-converse`, recorded (-) and sent (+):
  $.messages[0].content[0].text
    - "One"
    + "One!""#;

#[tokio::test]
async fn without_a_recording() {
    let recorded = "One: answer 1\nfinish: ok\nsent: 1, on disk: 001-converse";
    for mode in [Mode::Once, Mode::NewEpisodes, Mode::All] {
        assert_eq!(seen(&Folder::new(), mode, &["One"]).await, recorded, "{mode:?}");
    }
    let refused = "InvalidInput: FOLDER: no recorded exchange is there\nsent: 0, on disk: ";
    assert_eq!(seen(&Folder::new(), Mode::None, &["One"]).await, refused);
    // What cannot be looked at is not taken for nothing.
    let below_a_file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml/recorded");
    let error = Cassette::new(below_a_file, Mode::Once, Fake::default(), Environment::process()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
}

#[tokio::test]
async fn with_a_recording_of_all_requests() {
    let replayed = "Two: answer 2\nOne: answer 1\nfinish: ok\nsent: 0, on disk: 001-converse 002-converse";
    for mode in [Mode::Once, Mode::NewEpisodes, Mode::None] {
        assert_eq!(seen(&recorded().await, mode, &["Two", "One"]).await, replayed, "{mode:?}");
    }
    let anew = "Two: answer 1\nOne: answer 2\nfinish: ok\nsent: 2, on disk: 001-converse 002-converse";
    assert_eq!(seen(&recorded().await, Mode::All, &["Two", "One"]).await, anew);
}

#[tokio::test]
async fn with_a_changed_request() {
    let refused = format!(
        "Two: answer 2\n{DIFFERENCE}\nfinish: FOLDER: nobody asked for 001-converse\n\
         sent: 0, on disk: 001-converse 002-converse"
    );
    for mode in [Mode::Once, Mode::None] {
        assert_eq!(seen(&recorded().await, mode, &["Two", "One!"]).await, refused, "{mode:?}");
    }
    let added = "Two: answer 2\nOne!: answer 1\nfinish: FOLDER: nobody asked for 001-converse\n\
                 sent: 1, on disk: 001-converse 002-converse 003-converse";
    assert_eq!(seen(&recorded().await, Mode::NewEpisodes, &["Two", "One!"]).await, added);
    let anew = "Two: answer 1\nOne!: answer 2\nfinish: ok\nsent: 2, on disk: 001-converse 002-converse";
    let folder = recorded().await;
    assert_eq!(seen(&folder, Mode::All, &["Two", "One!"]).await, anew);
    assert_eq!(seen(&folder, Mode::None, &["One!"]).await.lines().next(), Some("One!: answer 2"));
}

#[tokio::test]
async fn with_a_request_that_is_not_made_any_more() {
    let unused = "One: answer 1\nfinish: FOLDER: nobody asked for 002-converse\n\
                  sent: 0, on disk: 001-converse 002-converse";
    for mode in [Mode::Once, Mode::NewEpisodes, Mode::None] {
        assert_eq!(seen(&recorded().await, mode, &["One"]).await, unused, "{mode:?}");
    }
    let removed = "One: answer 1\nfinish: ok\nsent: 1, on disk: 001-converse";
    assert_eq!(seen(&recorded().await, Mode::All, &["One"]).await, removed);
}

/// A recording is lost only to a new one.
#[tokio::test]
async fn all_keeps_the_old_recording_while_nothing_new_has_come() {
    let folder = recorded().await;
    // One that no recorder has written.
    fs::create_dir(folder.path().join("by-hand")).unwrap();
    for file in ["meta.json", "request.json", "response.json"] {
        fs::copy(folder.path().join("001-converse").join(file), folder.path().join("by-hand").join(file)).unwrap();
    }
    fs::write(folder.path().join("001-converse/notes.txt"), "mine").unwrap();
    let before = folder.files();
    let down = Fake::new([crate::fake::Step::Fail(ErrorKind::InvalidInput)]);
    let cassette = open(&folder, Mode::All, &down).unwrap();
    ask(&client(cassette.clone()), "One").await.unwrap_err();
    assert_eq!(folder.files(), before);

    ask(&client(open(&folder, Mode::All, &service()).unwrap()), "Three").await.unwrap();
    let (recorded, by_hand) =
        (["meta.json", "notes.txt", "request.json", "response.json"], ["meta.json", "request.json", "response.json"]);
    let recorded = recorded.map(|file| format!("001-converse/{file}"));
    assert_eq!(folder.files(), [&recorded[..], &by_hand.map(|file| format!("by-hand/{file}"))].concat());
    assert!(folder.text("001-converse/request.json").contains("Three"));
}

#[test]
fn the_environment_names_the_mode() {
    let mode = |name| Mode::from_environment(&Environment::fixed([("CONVERSE_RECORD", name)]));
    let names = ["once", "new_episodes", "none", "all", ""];
    let modes = [Mode::Once, Mode::NewEpisodes, Mode::None, Mode::All, Mode::Once];
    for (name, expected) in names.into_iter().zip(modes) {
        assert_eq!(mode(name).unwrap(), expected);
    }
    let error = mode("always").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(error.to_string(), "CONVERSE_RECORD: \"always\" is none of once, new_episodes, none and all");
}

#[tokio::test]
async fn a_replay_needs_no_credentials() {
    let folder = recorded().await;
    let live = Environment::fixed([("AWS_REGION", "eu-west-1")]);
    let region = |mode| {
        let cassette = Cassette::new(folder.path(), mode, service(), live.clone()).unwrap();
        let environment = cassette.environment();
        (cassette.is_recording(), environment.var("AWS_REGION"), environment.var("AWS_ACCESS_KEY_ID"))
    };
    let fixed = (false, Some("us-east-1".to_owned()), Some("AKIDEXAMPLE".to_owned()));
    let own = (true, Some("eu-west-1".to_owned()), None);
    assert_eq!([Mode::Once, Mode::None].map(region), [fixed.clone(), fixed]);
    assert_eq!([Mode::NewEpisodes, Mode::All].map(region), [own.clone(), own]);
}
