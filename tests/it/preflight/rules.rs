//! Each rule has a request that breaks it and no other, and what repair makes of that.

use std::collections::BTreeSet;

use bedrock_converse::ModelProfile;
use bedrock_converse::preflight::{self, Rule, Severity};
use bedrock_converse::wire::ConverseRequest;
use serde_json::{Value, json};

pub(super) const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
pub(super) const NOVA: &str = "us.amazon.nova-pro-v1:0";
pub(super) const LLAMA: &str = "us.meta.llama4-scout-17b-instruct-v1:0";
pub(super) const WRITER: &str = "us.writer.palmyra-x5-v1:0";
pub(super) const PROMPT: &str = "arn:aws:bedrock:us-east-1:123456789012:prompt/PROMPT1234:1";

fn request(model_id: &str, body: &Value) -> ConverseRequest {
    let mut request = ConverseRequest::from_json(body.to_string().as_bytes()).unwrap();
    request.model_id = model_id.to_owned();
    request
}

fn body(request: &ConverseRequest) -> Value {
    serde_json::to_value(request).unwrap()
}

pub(super) fn user(content: Value) -> Value {
    json!({"role": "user", "content": content})
}

pub(super) fn assistant(content: Value) -> Value {
    json!({"role": "assistant", "content": content})
}

pub(super) fn hi() -> Value {
    user(json!([{"text": "Hi"}]))
}

pub(super) fn said(messages: Value) -> Value {
    json!({"messages": messages})
}

/// A request that says hi, with these members beside.
pub(super) fn with(members: Value) -> Value {
    let mut body = said(json!([hi()]));
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

pub(super) fn tool(name: &str) -> Value {
    json!({"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}})
}

pub(super) fn call(id: &str) -> Value {
    json!({"toolUse": {"toolUseId": id, "name": "look", "input": {}}})
}

pub(super) fn result(id: &str) -> Value {
    json!({"toolResult": {"toolUseId": id, "content": [{"text": "seen"}]}})
}

pub(super) fn unanswered(id: &str) -> Value {
    let content = json!([{"text": "The tool call was not answered."}]);
    json!({"toolResult": {"toolUseId": id, "content": content, "status": "error"}})
}

/// A request with the tool `look`, in which `hi` comes first.
pub(super) fn looked(messages: Value) -> Value {
    let mut all = vec![hi()];
    all.extend(messages.as_array().unwrap().clone());
    json!({"messages": all, "toolConfig": {"tools": [tool("look")]}})
}

pub(super) fn document(name: &str, format: &str) -> Value {
    json!({"document": {"name": name, "format": format, "source": {"bytes": "YQ=="}}})
}

pub(super) fn video() -> Value {
    json!({"video": {"format": "mp4", "source": {"bytes": "YQ=="}}})
}

pub(super) fn image() -> Value {
    json!({"image": {"format": "png", "source": {"bytes": "YQ=="}}})
}

pub(super) fn point() -> Value {
    json!({"cachePoint": {"type": "default"}})
}

#[derive(Clone)]
pub(super) struct Case {
    pub(super) rule: Rule,
    pub(super) severity: Severity,
    pub(super) model: &'static str,
    pub(super) body: Value,
    pub(super) path: &'static str,
    pub(super) repaired: Option<Value>,
}

/// What is refused and stays so.
pub(super) fn left(rule: Rule, model: &'static str, body: Value, path: &'static str) -> Case {
    Case { rule, severity: Severity::Error, model, body, path, repaired: None }
}

/// What is refused and can be mended.
pub(super) fn mended(rule: Rule, model: &'static str, body: Value, path: &'static str, repaired: Value) -> Case {
    Case { rule, severity: Severity::Error, model, body, path, repaired: Some(repaired) }
}

pub(super) fn warned(case: Case) -> Case {
    Case { severity: Severity::Warning, ..case }
}

#[test]
fn each_rule_has_a_request_that_breaks_it_alone() {
    let cases = [super::request::cases(), super::conversation::cases()].concat();
    let mut met = BTreeSet::new();
    for Case { rule, severity, model, body: given, path, repaired } in cases {
        let profile = ModelProfile::for_model(model);
        let goes_along = match rule {
            Rule::TrailingWhitespace => Some(Rule::LastRole),
            Rule::ToolsRefused => Some(Rule::UnknownModel), // all models known here have tools
            _ => None,
        };
        let check = |request: &ConverseRequest| {
            let mut findings = preflight::check(request, &profile);
            findings.retain(|finding| Some(finding.rule) != goes_along);
            findings
        };
        let mut request = request(model, &given);
        let findings = check(&request);
        let rules: BTreeSet<&str> = findings.iter().map(|finding| finding.rule.id()).collect();
        assert_eq!(rules, BTreeSet::from([rule.id()]), "{given}: {findings:?}");
        assert_eq!((findings[0].severity, &*findings[0].path), (severity, path), "{given}");

        let mends = preflight::repair(&mut request, &profile);
        match repaired {
            Some(repaired) => {
                assert_eq!(mends, findings);
                assert_eq!(body(&request), repaired, "{rule}");
                assert_eq!(check(&request), [], "{repaired}");
            }
            None => {
                assert_eq!(mends, []);
                assert_eq!(body(&request), given);
            }
        }
        met.insert(rule.id());
    }
    let all: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    assert_eq!(met, all);
}
