//! The program, run as its users run it: `ask`, `models`, `completions`, `credentials`, exit codes.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use bedrock_converse::messages::ModelResponse;
use bedrock_converse::profile::LatestBedrockModelNames;
use bedrock_converse::serve::{EXAMPLE_ACCESS_KEY_ID, EXAMPLE_SECRET_ACCESS_KEY, Server};
use serde_json::{Value, json};

pub(crate) const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
pub(crate) const TOKEN: &str = "the-session-token";

/// A folder of this test's own, empty at first.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The program in an environment that has nothing of the machine's.
pub(crate) fn converse<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_converse"));
    command.args(arguments).env_clear().env("HOME", "/nowhere").env("AWS_EC2_METADATA_DISABLED", "true");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The same with AWS's example keys and a region.
pub(crate) fn with_keys<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = converse(arguments);
    command.env("AWS_ACCESS_KEY_ID", EXAMPLE_ACCESS_KEY_ID).env("AWS_SECRET_ACCESS_KEY", EXAMPLE_SECRET_ACCESS_KEY);
    command.env("AWS_REGION", "us-east-1").env("AWS_MAX_ATTEMPTS", "1").env("NO_PROXY", "*");
    command
}

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Self {
        command.output().unwrap().into()
    }

    pub(crate) fn with_input(command: &mut Command, input: &[u8]) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        // A program that fails early does not read to the end.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap().into()
    }

    /// Standard output of a success.
    #[track_caller]
    pub(crate) fn success(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.stdout
    }

    /// Standard error of a failure.
    #[track_caller]
    pub(crate) fn failure(self) -> String {
        assert_eq!(self.code, Some(1), "{}{}", self.stdout, self.stderr);
        self.stderr
    }

    /// The object by which programs know what failed.
    #[track_caller]
    pub(crate) fn error(self) -> Value {
        let stderr = self.failure();
        let line: Value = serde_json::from_str(stderr.lines().last().unwrap()).unwrap();
        line["error"].clone()
    }
}

impl From<Output> for Run {
    fn from(Output { status, stdout, stderr }: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}

pub(crate) fn interrupt(child: &Child) {
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
}

#[test]
fn ask_prints_the_answer_and_what_it_cost() {
    let run = Run::of(&mut converse(["ask", "--offline", "Why is the sky blue?"]));
    assert_eq!(run.stdout, "You said: Why is the sky blue?\n");
    assert_eq!(run.stderr.lines().count(), 1);
    assert!(run.stderr.contains("tokens: 5 in, 7 out"), "{}", run.stderr);
    assert!(!run.stderr.contains('\x1b'), "colours are for terminals");
}

#[test]
fn ask_takes_its_prompt_from_standard_input_too() {
    let ask =
        |arguments: &[&str]| Run::with_input(&mut converse(["ask", "--offline"].iter().chain(arguments)), b"piped\n");
    assert_eq!(ask(&[]).success(), "You said: piped\n");
    assert_eq!(ask(&["-"]).success(), "You said: piped\n");
    assert_eq!(ask(&["Explain:", "-"]).success(), "You said: Explain:\n\npiped\n");
    assert!(Run::of(&mut converse(["ask", "--offline"])).failure().contains("the prompt is blank"));
}

#[test]
fn ask_sends_files_thinking_cache_and_system_prompt() {
    let server = Server::start().unwrap();
    let files = folder("ask-files");
    let (image, program) = (files.join("cat.PNG"), files.join("main.rs"));
    std::fs::write(&image, b"\x89PNG\r\n\x1a\n").unwrap();
    std::fs::write(&program, "fn main() {}").unwrap();
    let mut ask = with_keys(["ask", "-m", CLAUDE, "--endpoint-url", &server.url(), "--thinking", "high", "--cache=1h"]);
    ask.args(["--system", "Be brief.", "--max-tokens", "20000", "--file"]).arg(&image).arg("--file").arg(&program);
    ask.args(["--file", "s3://bucket/report.pdf", "What is this?"]);
    Run::of(&mut ask).success();
    let body = server.requests()[0].json();
    let content = &body["messages"][0]["content"];
    assert_eq!(content[0]["text"], "What is this?");
    assert_eq!(content[1]["image"]["format"], "png");
    assert_eq!(content[2]["cachePoint"], json!({ "type": "default", "ttl": "1h" })); // not after documents
    assert_eq!(content[3]["document"]["format"], "txt");
    assert_eq!(content[4]["document"]["source"]["s3Location"]["uri"], "s3://bucket/report.pdf");
    assert_eq!(body["system"][0]["text"], "Be brief.");
    assert_eq!(body["inferenceConfig"]["maxTokens"], 20000);
    assert_eq!(body["additionalModelRequestFields"]["thinking"]["budget_tokens"], 16_384);

    let binary = files.join("a.out");
    std::fs::write(&binary, b"\x7fELF\xff").unwrap();
    let mut ask = converse(["ask", "--offline", "What is this?", "--file"]);
    assert!(Run::of(ask.arg(binary)).failure().contains("a file of this kind cannot be sent"));
}

#[test]
fn ask_holds_an_answer_to_a_schema() {
    let schema = folder("ask-schema").join("schema.json");
    let properties = json!({ "city": { "type": "string" } });
    std::fs::write(&schema, json!({ "type": "object", "properties": properties, "required": ["city"] }).to_string())
        .unwrap();
    let ask = |model: &str| Run::of(converse(["ask", "--offline", "-m", model, "Paris", "--json-schema"]).arg(&schema));
    let answer: Value = serde_json::from_str(&ask(CLAUDE).success()).unwrap();
    assert!(answer["city"].is_string());
    // A model that has to be asked in words may not listen.
    assert!(ask("us.amazon.nova-micro-v1:0").failure().contains("did not hold to the schema"));
}

#[test]
fn for_programs_there_is_one_line() {
    let run = Run::of(&mut converse(["ask", "--offline", "Hello", "--output", "json"]));
    assert_eq!((run.stderr.as_str(), run.stdout.lines().count()), ("", 1));
    let answer: ModelResponse = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(answer.text().as_deref(), Some("You said: Hello"));
    let tokens = Run::of(&mut converse(["count-tokens", "--offline", "one two three", "--output", "json"])).success();
    assert_eq!(serde_json::from_str::<Value>(&tokens).unwrap()["input_tokens"], 3);
    assert_eq!(Run::of(&mut converse(["count-tokens", "--offline", "one two three"])).success(), "input tokens: 3\n");
    let mut ask = converse(["--output", "json", "ask", "Hello"]);
    assert_eq!(Run::of(&mut ask).error()["kind"], "user");
}

#[test]
fn without_a_way_to_aws_both_ways_on_are_named() {
    for region in ["", "eu-west-1"] {
        let stderr = Run::of(converse(["ask", "Hello"]).env("AWS_REGION", region)).failure();
        let hint = stderr.lines().last().unwrap();
        assert!(hint.contains("AWS_ACCESS_KEY_ID") && hint.contains("AWS_BEARER_TOKEN_BEDROCK"), "{stderr}");
        assert!(hint.contains("--offline"), "{stderr}");
    }
}

#[test]
fn proxies_are_those_of_the_environment() {
    let proxy = Server::start().unwrap(); // answers whatever host it is asked for
    let url = proxy.url();
    let ask = |variables: &[(&str, &str)]| {
        let mut ask = with_keys(["ask", "-m", CLAUDE, "--endpoint-url", "http://127.0.0.1:1", "Hi"]);
        Run::of(ask.env_remove("NO_PROXY").envs(variables.iter().copied()))
    };
    ask(&[("HTTP_PROXY", url.as_str())]).success();
    ask(&[("ALL_PROXY", url.as_str())]).success();
    ask(&[("HTTP_PROXY", url.as_str()), ("NO_PROXY", "127.0.0.1")]).failure();
    assert_eq!(proxy.requests().len(), 2);
}

#[test]
fn a_wrong_command_line_is_told_apart() {
    for arguments in [
        &["ask", "--no-such-option"][..],
        &["request", "--input", "x", "--stream", "--count-tokens"],
        &["ask", "--offline", "--region", "us-east-1", "x"],
        &["ask", "--thinking", "very", "x"],
        &["decode", "--format", "tables"],
        &["request"],
        &[],
    ] {
        assert_eq!(Run::of(&mut converse(arguments)).code, Some(2), "{arguments:?}");
    }
    let help = Run::of(&mut converse(["--help"])).success();
    for code in ["0 ", "1 ", "2 ", "130 "] {
        assert!(help.contains(&format!("\n  {code}")), "{code} is not documented");
    }
}

#[tokio::test]
async fn an_interrupt_closes_the_connection() {
    let server = Server::builder().delay(Duration::from_secs(3600)).start().unwrap();
    for arguments in [&["ask", "Hello"][..], &["chat"]] {
        let before = server.requests().len();
        let mut command = with_keys(arguments.iter().chain(&["--endpoint-url", &server.url()]));
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"Hello\n").unwrap();
        server.until(|requests| requests.len() > before && requests[before].events_sent > 0).await;
        interrupt(&child);
        server.until(|requests| requests[before].closed_early && requests[before].done).await;
        if arguments == ["chat"] {
            // That ended the answer; the next one ends the program, unless it comes while nobody listens.
            let mut stderr = BufReader::new(child.stderr.as_mut().unwrap());
            stderr.read_line(&mut String::new()).unwrap();
            while child.try_wait().unwrap().is_none() {
                interrupt(&child);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!((run.code, run.stdout.as_str()), (Some(130), ""), "{}", run.stderr);
        drop(input);
    }
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let mut child = converse(["models", "--output", "json"]).spawn().unwrap();
    let mut first = [0];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn models_are_listed_with_what_they_can_do() {
    let table = Run::of(&mut converse(["models"])).success();
    assert_eq!(table.lines().count(), 1 + LatestBedrockModelNames::all().len());
    let claude = table.lines().find(|line| line.starts_with(CLAUDE)).unwrap();
    assert_eq!(claude.split_whitespace().skip(1).collect::<Vec<_>>(), ["yes", "yes", "yes", "yes", "yes", "-"]);
    let nova = Run::of(&mut converse(["models", "nova-micro", "--output", "json"])).success();
    let nova: Value = serde_json::from_str(&nova).unwrap();
    assert_eq!(nova["name"], "us.amazon.nova-micro-v1:0");
    assert_eq!(nova["profile"]["bedrock_supports_tool_caching"], false);
}

#[test]
fn shells_get_their_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Run::of(&mut converse(["completions", shell])).success();
        assert!(script.contains("count-tokens") && script.contains("offline"), "{shell}");
    }
}

#[test]
fn credentials_are_masked_unless_they_are_asked_for() {
    let run = |arguments: &[&str], name: &str, value: &str| {
        Run::of(with_keys(["credentials"].iter().chain(arguments)).env(name, value)).success()
    };
    let masked = run(&[], "AWS_SESSION_TOKEN", TOKEN) + &run(&["--output", "json"], "AWS_SESSION_TOKEN", TOKEN);
    assert!(masked.contains("environment") && masked.contains(EXAMPLE_ACCESS_KEY_ID));
    assert!(!masked.contains(EXAMPLE_SECRET_ACCESS_KEY) && !masked.contains(TOKEN), "{masked}");
    let bearer = run(&[], "AWS_BEARER_TOKEN_BEDROCK", TOKEN);
    assert!(bearer.contains("AWS_BEARER_TOKEN_BEDROCK") && !bearer.contains(TOKEN), "{bearer}");

    let shown: Value = serde_json::from_str(&run(&["--show"], "AWS_SESSION_TOKEN", TOKEN)).unwrap();
    let keys = json!({ "access_key_id": EXAMPLE_ACCESS_KEY_ID, "secret_access_key": EXAMPLE_SECRET_ACCESS_KEY,
                       "session_token": TOKEN, "source": "environment" });
    assert_eq!(shown, keys);
    let error = Run::of(&mut converse(["credentials", "--show"])).error();
    assert_eq!(error["kind"], "user");
    assert!(!Run::of(&mut converse(["credentials"])).failure().contains("\"error\""), "that is for people");
}

/// `script` of util-linux gives the program a terminal.
#[cfg(target_os = "linux")]
#[test]
fn escape_sequences_of_a_model_do_not_reach_a_terminal() {
    let prompt = "\x1b]0;title\x07\x1b[2Jhidden\u{9b}1m\r\nend";
    let converse = |arguments: &[&str], terminal: bool| {
        let mut command = converse(arguments);
        if terminal {
            let program = [command.get_program()].into_iter().chain(command.get_args());
            let quoted: Vec<String> = program.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
            let mut script = Command::new("script");
            script.args(["-qec", &quoted.join(" "), "/dev/null"]).env("AWS_EC2_METADATA_DISABLED", "true");
            script.env("SHELL", "/bin/sh").env("TERM", "dumb").env_remove("AWS_REGION").stdin(Stdio::null());
            command = script;
        }
        command
    };
    if converse(&["models"], true).output().is_err() {
        println!("SKIPPED: there is no program `script`");
        return;
    }
    let ask = ["ask", "--offline", prompt];
    let piped = Run::of(&mut converse(&ask, false)).success();
    assert_eq!(piped, format!("You said: {prompt}\n"));
    let seen = Run::of(&mut converse(&ask, true)).success();
    assert!(seen.starts_with(r"You said: \u001b]0;title\u0007\u001b[2Jhidden\u009b1m"), "{seen}");
    assert!(!seen.chars().any(|c| c.is_control() && !"\r\n".contains(c)), "{seen:?}");
    // Here everything is for people's eyes, standard error too.
    let json = Run::of(&mut converse(&["ask", "--offline", "--output", "json", prompt], true)).success();
    let answer: ModelResponse = serde_json::from_str(json.trim()).unwrap();
    assert_eq!(answer.text().unwrap(), format!("You said: {prompt}"));
    assert!(!json.trim().contains(char::is_control), "{json:?}");
    let error = Run::of(&mut converse(&["ask", "--offline", "--json-schema", "/\x1b[2J", "Hi"], true));
    assert_eq!(error.code, Some(1));
    assert!(error.stdout.contains(r"error: /\u001b[2J: ") && !error.stdout.contains('\x1b'), "{:?}", error.stdout);
}
