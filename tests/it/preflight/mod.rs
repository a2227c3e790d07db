//! Preflight: rule by rule, against the service model, against what AWS really answered, and at random.

mod conversation;
mod random;
mod request;
mod rules;

use std::fs;

use bedrock_converse::ModelProfile;
use bedrock_converse::preflight::{self, Finding, LIMITS, Rule, Severity};
use bedrock_converse::wire::{ConverseRequest, CountTokensInput, CountTokensRequest};
use serde_json::{Value, json};

use self::rules::{CLAUDE, LLAMA, assistant, call, hi, looked, result, said, user};

const SHARED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance");

/// The contents of a file there, if it is there.
fn shared(path: &str) -> Option<Value> {
    let json = fs::read(format!("{SHARED}/{path}"));
    if json.is_err() {
        println!("SKIPPED: {SHARED}/{path} is not there");
    }
    Some(serde_json::from_slice(&json.ok()?).unwrap())
}

#[test]
fn the_limits_are_those_of_the_service_model() {
    let Some(model) = shared("service-model/bedrock-runtime.json") else { return };
    for limit in LIMITS {
        let shape = &model["shapes"][limit.shape];
        let ours = json!([limit.min, limit.max]);
        assert_eq!(ours, json!([shape.get("min"), shape.get("max")]), "{}", limit.shape);
        if let Some(pattern) = limit.pattern {
            assert_eq!(shape["pattern"], pattern, "{}", limit.shape);
        }
    }
}

#[test]
fn every_limit_of_a_request_is_known() {
    let Some(model) = shared("service-model/bedrock-runtime.json") else { return };
    // Guardrails have alternatives that the service tells apart better. Locations come out of answers.
    const NOT_CHECKED: &[&str] = &["GuardrailIdentifier", "GuardrailVersion", "GuardrailConverseImageSourceBytesBlob"];
    let mut open = vec!["ConverseRequest"];
    let mut seen = Vec::new();
    let mut missing = Vec::new();
    while let Some(name) = open.pop() {
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let shape = &model["shapes"][name];
        let limited = ["min", "max", "pattern"].iter().any(|limit| shape.get(limit).is_some());
        let is_known = LIMITS.iter().any(|limit| limit.shape == name) || NOT_CHECKED.contains(&name);
        if limited && !is_known && !name.contains("Location") {
            missing.push(name);
        }
        let members = shape["members"].as_object().into_iter().flat_map(|members| members.values());
        let inner = ["member", "key", "value"].iter().filter_map(|inner| shape.get(inner));
        open.extend(members.chain(inner).filter_map(|member| member["shape"].as_str()));
    }
    assert_eq!(missing, [] as [&str; 0]);
    assert!(LIMITS.iter().all(|limit| seen.contains(&limit.shape)));
}

/// A request and what the service answered to it.
struct Exchange {
    name: String,
    request: ConverseRequest,
    status: u64,
    message: String,
}

/// What was recorded from AWS; not what was written by hand.
fn recorded() -> Option<Vec<Exchange>> {
    let Ok(cases) = fs::read_dir(format!("{SHARED}/cases")) else {
        println!("SKIPPED: {SHARED}/cases is not there");
        return None;
    };
    let mut paths: Vec<_> = cases.map(|case| case.unwrap().path()).collect();
    paths.sort();
    let mut exchanges = Vec::new();
    for path in paths {
        let case: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let name = case["name"].as_str().unwrap();
        if !name.starts_with("test_") {
            continue;
        }
        let requests = case["expect"]["requests"].as_array().into_iter().flatten();
        for (sent, answer) in requests.zip(case["server"].as_array().unwrap()) {
            let id = sent["path"].as_str().unwrap().split('/').nth(2).unwrap();
            exchanges.push(Exchange {
                name: name.to_owned(),
                request: request(&id.replace("%3A", ":").replace("%2F", "/"), &sent["body"]),
                status: answer["status"].as_u64().unwrap(),
                message: answer["body"]["message"].as_str().unwrap_or_default().to_owned(),
            });
        }
    }
    Some(exchanges)
}

/// The request of a body of any of the three operations.
fn request(model_id: &str, body: &Value) -> ConverseRequest {
    let json = body.to_string();
    let mut request = match body.get("input") {
        None => ConverseRequest::from_json(json.as_bytes()).unwrap(),
        Some(_) => {
            let count: CountTokensRequest = serde_json::from_str(&json).unwrap();
            let CountTokensInput::Converse(counted) = count.input else { panic!("not a conversation: {json}") };
            let mut request = ConverseRequest::new(model_id);
            (request.messages, request.system, request.tool_config) =
                (counted.messages, counted.system, counted.tool_config);
            request.additional_model_request_fields = counted.additional_model_request_fields;
            request
        }
    };
    request.model_id = model_id.to_owned();
    request
}

fn findings(request: &ConverseRequest) -> Vec<Finding> {
    preflight::check(request, &ModelProfile::for_model(&request.model_id))
}

#[test]
fn what_aws_refused_is_predicted() {
    let Some(exchanges) = recorded() else { return };
    let (mut errors, mut unknown_models, mut in_words) = (0, 0, 0);
    for Exchange { name, request, message, .. } in exchanges.iter().filter(|exchange| exchange.status == 400) {
        let findings = findings(request);
        let says = findings.iter().any(|finding| finding.aws.as_ref() == Some(message));
        in_words += usize::from(says);
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            errors += 1;
        } else {
            // That a model doesn't exist is not to be seen in the request; that its name is not known is.
            assert_eq!(findings.iter().map(|finding| finding.rule).collect::<Vec<_>>(), [Rule::UnknownModel], "{name}");
            assert!(says, "{name}: {message}");
            unknown_models += 1;
        }
    }
    println!("refused: {errors} errors and {unknown_models} unknown models predicted, {in_words} in AWS's words");
    assert!(errors > 0 && unknown_models > 0);
}

#[test]
fn what_aws_accepted_is_no_error() {
    let Some(exchanges) = recorded() else { return };
    let (mut accepted, mut warnings) = (0, vec![]);
    for exchange in exchanges.iter().filter(|exchange| exchange.status == 200) {
        let findings = findings(&exchange.request);
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        assert_eq!(errors.count(), 0, "{}: {findings:?}", exchange.name);
        warnings.extend(findings.iter().map(|finding| format!("{} {finding}", exchange.name)));
        accepted += 1;
    }
    println!("accepted: {accepted}, with {} warnings\n{}", warnings.len(), warnings.join("\n"));
    assert!(accepted > 0);
}

#[test]
fn findings_say_what_aws_says() {
    let name = |name: &str| json!({"toolUse": {"toolUseId": "a", "name": name, "input": 1}});
    for (model, body, rule, says) in [
        (
            CLAUDE,
            looked(json!([assistant(json!([call("a"), name("b!")])), user(json!([result("a"), result("c")]))])),
            Rule::ToolName,
            "1 validation error detected: Value at 'messages.2.member.content.2.member.toolUse.name' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+",
        ),
        (
            CLAUDE,
            looked(json!([assistant(json!([call("b"), name("b")]))])),
            Rule::ToolInput,
            "The format of the value at messages.1.content.1.toolUse.input is invalid. Provide a json object for the \
             field and try again.",
        ),
        (
            CLAUDE,
            looked(json!([assistant(json!([call("b")])), user(json!([result("c")]))])),
            Rule::ToolResultMissing,
            "Expected toolResult blocks at messages.2.content for the following Ids: b",
        ),
        (
            CLAUDE,
            looked(json!([assistant(json!([call("b")])), user(json!([result("b"), result("c")]))])),
            Rule::ToolResultUnknown,
            "The number of toolResult blocks at messages.2.content exceeds the number of toolUse blocks of previous \
             turn.",
        ),
        (
            LLAMA,
            looked(json!([assistant(json!([call("b")])), user(json!([result("b"), {"text": "c"}]))])),
            Rule::ColocatedContent,
            "messages.2.content: Conversation blocks and tool result blocks cannot be provided in the same turn.",
        ),
        (
            CLAUDE,
            said(json!([hi(), assistant(json!([])), hi()])),
            Rule::EmptyMessage,
            "The content field in the Message object at messages.1 is empty. Add a ContentBlock object to the content \
             field and try again.",
        ),
        (
            CLAUDE,
            {
                let tool = json!({"toolSpec": {"name": "a", "inputSchema": {"json": {}}}});
                json!({"messages": [hi()], "toolConfig": {"tools": [tool]}})
            },
            Rule::ToolSchema,
            "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object.",
        ),
    ] {
        let findings = findings(&request(model, &body));
        let finding = findings.iter().find(|finding| finding.rule == rule).unwrap_or_else(|| panic!("{findings:?}"));
        assert_eq!(finding.aws.as_deref(), Some(says));
    }
}

#[test]
fn a_finding_is_a_line_and_an_object() {
    let findings = findings(&request(CLAUDE, &said(json!([user(json!([{"text": ""}]))]))));
    assert_eq!(
        findings[0].to_string(),
        "error[blank-text] messages[0].content[0].text: text must have something other than white space in it"
    );
    assert_eq!(
        json!(findings[0]),
        json!({
            "rule": "blank-text",
            "severity": "error",
            "path": "messages[0].content[0].text",
            "message": "text must have something other than white space in it",
            "aws": "The text field in the ContentBlock object at messages.0.content.0 is blank. Add text to the text \
                    field, and try again.",
            "repairable": true,
        })
    );
}

#[test]
fn what_stands_beside_nulls_is_seen_and_mended() {
    let block = json!({"image": null, "toolUse": {"toolUseId": "a", "name": "look", "input": "{}"}, "text": null});
    let mut request = request(CLAUDE, &looked(json!([assistant(json!([block])), user(json!([result("a")]))])));
    let repaired = preflight::repair(&mut request, &ModelProfile::for_model(CLAUDE));
    assert_eq!(repaired.iter().map(|finding| finding.rule).collect::<Vec<_>>(), [Rule::ToolInput]);
    let json = serde_json::to_value(&request).unwrap();
    assert_eq!(
        json["messages"][1]["content"][0],
        json!({"toolUse": {"toolUseId": "a", "name": "look", "input": {}}, "image": null, "text": null})
    );
}

#[test]
fn calls_of_the_service_itself_need_no_result() {
    let used =
        json!({"toolUse": {"toolUseId": "a", "name": "nova_code_interpreter", "input": {}, "type": "server_tool_use"}});
    let gave =
        json!({"toolResult": {"toolUseId": "a", "content": [{"json": {}}], "type": "nova_code_interpreter_result"}});
    let body = said(json!([hi(), assistant(json!([used, gave, {"text": "42"}])), hi()]));
    assert_eq!(findings(&request("us.amazon.nova-2-lite-v1:0", &body)), []);
    // The caller's own call, with a type that answers have.
    let echoed = json!({"toolUse": {"toolUseId": "a", "name": "look", "input": {}, "type": "tool_use"}});
    let body = looked(json!([assistant(json!([echoed])), hi()]));
    assert_eq!(findings(&request(CLAUDE, &body))[0].rule, Rule::ToolResultMissing);
}
