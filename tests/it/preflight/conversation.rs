//! Rules for messages and what is in them.

use bedrock_converse::preflight::Rule;
use serde_json::{Value, json};

use super::rules::*;

pub(super) fn cases() -> Vec<Case> {
    [turns(), tool_blocks(), tool_results(), media(), cache_points()].concat()
}

fn turns() -> Vec<Case> {
    let blank = json!({"text": " \n"});
    let system = |text: &str| json!({"role": "system", "content": [{"text": text}]});
    vec![
        mended(
            Rule::EmptyMessage,
            CLAUDE,
            said(json!([hi(), assistant(json!([])), hi()])),
            "messages[1].content",
            said(json!([hi(), assistant(json!([{"text": "."}])), hi()])),
        ),
        mended(
            Rule::EmptyMessage,
            CLAUDE,
            said(json!([hi(), assistant(json!([]))])),
            "messages[1].content",
            with(json!({})),
        ),
        mended(
            Rule::BlankText,
            CLAUDE,
            said(json!([user(json!([{"text": "Hi"}, blank, image()]))])),
            "messages[0].content[1].text",
            said(json!([user(json!([{"text": "Hi"}, image()]))])),
        ),
        mended(Rule::BlankText, CLAUDE, said(json!([user(json!([blank]))])), "messages[0].content[0].text", {
            said(json!([user(json!([{"text": "."}]))]))
        }),
        mended(
            Rule::BlankText,
            CLAUDE,
            with(json!({"system": [blank]})),
            "system[0].text",
            with(json!({"system": []})),
        ),
        warned(mended(
            Rule::BlankText,
            CLAUDE,
            looked(json!([
                assistant(json!([call("a")])),
                user(json!([{"toolResult": {"toolUseId": "a", "content": [{"text": ""}]}}]))
            ])),
            "messages[2].content[0].toolResult.content[0].text",
            looked(json!([
                assistant(json!([call("a")])),
                user(json!([{"toolResult": {"toolUseId": "a", "content": [{"text": "."}]}}]))
            ])),
        )),
        mended(
            Rule::FirstRole,
            NOVA,
            said(json!([assistant(json!([{"text": "Hello"}])), hi()])),
            "messages[0].role",
            said(json!([user(json!([{"text": "."}])), assistant(json!([{"text": "Hello"}])), hi()])),
        ),
        warned(left(
            Rule::LastRole,
            CLAUDE,
            said(json!([hi(), assistant(json!([{"text": "Hello"}]))])),
            "messages[1].role",
        )),
        mended(
            Rule::RoleAlternation,
            CLAUDE,
            said(json!([hi(), hi(), assistant(json!([{"text": "a"}])), assistant(json!([{"text": "b"}])), hi()])),
            "messages[1].role",
            said(json!([
                user(json!([{"text": "Hi"}, {"text": "Hi"}])),
                assistant(json!([{"text": "a"}, {"text": "b"}])),
                hi()
            ])),
        ),
        warned(mended(
            Rule::SystemRole,
            CLAUDE,
            said(json!([system("Be kind."), hi(), assistant(json!([{"text": "a"}])), system("Be brief.")])),
            "messages[0].role",
            json!({
                "messages": [hi(), assistant(json!([{"text": "a"}])), user(json!([{"text": "Be brief."}]))],
                "system": [{"text": "Be kind."}],
            }),
        )),
        mended(
            Rule::TrailingWhitespace,
            CLAUDE,
            said(json!([hi(), assistant(json!([{"text": "It is "}]))])),
            "messages[1].content[0].text",
            said(json!([hi(), assistant(json!([{"text": "It is"}]))])),
        ),
    ]
}

fn tool_blocks() -> Vec<Case> {
    let one = |call: Value, result: Value| looked(json!([assistant(json!([call])), user(json!([result]))]));
    let called = |input: Value| json!({"toolUse": {"toolUseId": "a", "name": "look", "input": input}});
    let named = |name: &str| json!({"toolUse": {"toolUseId": "a", "name": name, "input": {}}});
    let gave = |content: Value| json!({"toolResult": {"toolUseId": "a", "content": content}});
    let failed = |content: Value| json!({"toolResult": {"toolUseId": "a", "content": content, "status": "error"}});
    let input = "messages[1].content[0].toolUse.input";
    vec![
        mended(
            Rule::ToolUseId,
            CLAUDE,
            looked(json!([assistant(json!([call("a|b"), call("a_b")])), user(json!([result("a|b"), result("a_b")]))])),
            "messages[1].content[0].toolUse.toolUseId",
            looked(json!([
                assistant(json!([call("a_b_2"), call("a_b")])),
                user(json!([result("a_b_2"), result("a_b")]))
            ])),
        ),
        mended(
            Rule::ToolName,
            CLAUDE,
            one(named("look.up"), result("a")),
            "messages[1].content[0].toolUse.name",
            one(named("look_up"), result("a")),
        ),
        mended(
            Rule::ToolInput,
            CLAUDE,
            one(called(json!("")), result("a")),
            input,
            one(called(json!({})), result("a")),
        ),
        mended(
            Rule::ToolInput,
            CLAUDE,
            one(called(json!("{\"at\": 1}")), result("a")),
            input,
            one(called(json!({"at": 1})), result("a")),
        ),
        mended(
            Rule::ToolInput,
            CLAUDE,
            one(called(json!([1])), result("a")),
            input,
            one(called(json!({"input": [1]})), result("a")),
        ),
        mended(
            Rule::ToolResultJson,
            CLAUDE,
            one(call("a"), gave(json!([{"json": [1]}]))),
            "messages[2].content[0].toolResult.content[0].json",
            one(call("a"), gave(json!([{"json": {"result": [1]}}]))),
        ),
        mended(
            Rule::ToolResultEmpty,
            CLAUDE,
            one(call("a"), failed(json!([]))),
            "messages[2].content[0].toolResult.content",
            one(call("a"), failed(json!([{"text": "The tool failed."}]))),
        ),
        mended(
            Rule::ToolResultStatus,
            WRITER,
            one(call("a"), failed(json!([{"text": "no light"}]))),
            "messages[2].content[0].toolResult.status",
            one(call("a"), gave(json!([{"text": "The tool failed."}, {"text": "no light"}]))),
        ),
        left(
            Rule::ToolResultMedia,
            NOVA,
            one(call("a"), gave(json!([document("a", "pdf")]))),
            "messages[2].content[0].toolResult.content[0].document",
        ),
    ]
}

fn tool_results() -> Vec<Case> {
    let ask = || assistant(json!([call("a"), call("b")]));
    let then = || assistant(json!([{"text": "Hm."}]));
    let both = || user(json!([result("a"), result("b")]));
    vec![
        mended(
            Rule::ToolResultMissing,
            CLAUDE,
            looked(json!([ask(), user(json!([result("b"), {"text": "Go on."}]))])),
            "messages[1].content[0].toolUse",
            looked(json!([ask(), user(json!([result("b"), unanswered("a"), {"text": "Go on."}]))])),
        ),
        mended(
            Rule::ToolResultMissing,
            CLAUDE,
            looked(json!([ask()])),
            "messages[1].content[0].toolUse",
            looked(json!([ask(), user(json!([unanswered("a"), unanswered("b")]))])),
        ),
        mended(
            Rule::ToolResultMisplaced,
            CLAUDE,
            looked(json!([ask(), user(json!([result("a")])), then(), user(json!([result("b"), {"text": "Go on."}]))])),
            "messages[4].content[0].toolResult",
            looked(json!([ask(), both(), then(), user(json!([{"text": "Go on."}]))])),
        ),
        left(
            Rule::ToolResultUnknown,
            CLAUDE,
            looked(json!([ask(), user(json!([result("a"), result("b"), result("c")]))])),
            "messages[2].content[2].toolResult",
        ),
        left(
            Rule::ToolUseDuplicate,
            CLAUDE,
            looked(json!([assistant(json!([call("a"), call("a")])), user(json!([result("a")]))])),
            "messages[1].content[1].toolUse",
        ),
        mended(
            Rule::ToolResultDuplicate,
            CLAUDE,
            looked(json!([
                ask(),
                user(json!([result("a"), result("b"), result("a")])),
                then(),
                user(json!([result("b")]))
            ])),
            "messages[2].content[2].toolResult",
            looked(json!([ask(), both(), then(), user(json!([{"text": "."}]))])),
        ),
        mended(
            Rule::ToolResultsFirst,
            CLAUDE,
            looked(json!([ask(), user(json!([result("a"), {"text": "and"}, result("b")]))])),
            "messages[2].content[2].toolResult",
            looked(json!([ask(), user(json!([result("a"), result("b"), {"text": "and"}]))])),
        ),
        mended(
            Rule::ColocatedContent,
            LLAMA,
            looked(json!([ask(), user(json!([result("a"), result("b"), {"text": "Go on."}]))])),
            "messages[2].content[2].text",
            looked(json!([ask(), both(), assistant(json!([{"text": "."}])), user(json!([{"text": "Go on."}]))])),
        ),
    ]
}

fn media() -> Vec<Case> {
    let text = || json!({"text": "What is it?"});
    let asked = |block: Value| said(json!([user(json!([text(), block]))]));
    let s3 = |kind: &str, format: &str| {
        let source = json!({"s3Location": {"uri": "s3://abc/d"}});
        json!({kind: {"format": format, "name": "a", "source": source}})
    };
    let numbered = |count: usize| (0..count).map(|n| document(&n.to_string(), "pdf"));
    let many = |blocks: Vec<Value>| said(json!([user([vec![text()], blocks].concat().into())]));
    vec![
        mended(
            Rule::DocumentName,
            CLAUDE,
            asked(document("Q1_report v2.pdf  (naïve)", "pdf")),
            "messages[0].content[1].document.name",
            asked(document("Q1_report v2 pdf (na ve)", "pdf")),
        ),
        mended(
            Rule::DocumentName,
            CLAUDE,
            asked(document("", "pdf")),
            "messages[0].content[1].document.name",
            asked(document("Document", "pdf")),
        ),
        mended(
            Rule::DocumentNameDuplicate,
            CLAUDE,
            many(vec![document("a", "pdf"), document("a (2)", "pdf"), document("a", "csv")]),
            "messages[0].content[3].document.name",
            many(vec![document("a", "pdf"), document("a (2)", "pdf"), document("a (3)", "csv")]),
        ),
        mended(
            Rule::DocumentNameDuplicate,
            CLAUDE,
            many(vec![document("a ", "pdf"), document("a ", "csv")]),
            "messages[0].content[2].document.name",
            many(vec![document("a ", "pdf"), document("a (2)", "csv")]),
        ),
        mended(
            Rule::DocumentWithoutText,
            CLAUDE,
            said(json!([user(json!([image(), document("a", "pdf")]))])),
            "messages[0].content",
            said(json!([user(json!([image(), {"text": "See attached document(s)."}, document("a", "pdf")]))])),
        ),
        left(Rule::TooManyDocuments, CLAUDE, many(numbered(6).collect()), "messages"),
        warned(left(Rule::TooManyImages, CLAUDE, many(vec![image(); 21]), "messages")),
        left(Rule::VideoRefused, CLAUDE, asked(video()), "messages[0].content[1].video"),
        left(Rule::S3Refused, CLAUDE, asked(s3("image", "png")), "messages[0].content[1].image.source.s3Location"),
        warned(left(
            Rule::S3Refused,
            CLAUDE,
            asked(s3("document", "pdf")),
            "messages[0].content[1].document.source.s3Location",
        )),
        left(
            Rule::Constraint,
            NOVA,
            asked(json!({"image": {"format": "png", "source": {"bytes": ""}}})),
            "messages[0].content[1].image.source.bytes",
        ),
        left(
            Rule::Constraint,
            NOVA,
            asked(json!({"video": {"format": "mp4", "source": {"s3Location": {"uri": "https://abc/d"}}}})),
            "messages[0].content[1].video.source.s3Location.uri",
        ),
    ]
}

fn cache_points() -> Vec<Case> {
    let text = |text: &str| json!({"text": text});
    let says = |content: Value| said(json!([user(content)]));
    let lasting = |ttl: &str| json!({"cachePoint": {"type": "default", "ttl": ttl}});
    let pointed = |tools: Value, content: Value| json!({"messages": [user(content)], "toolConfig": {"tools": tools}});
    let thought = json!({"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "x"}}});
    let thinks = |content: Value| said(json!([hi(), assistant(content), hi()]));
    vec![
        mended(
            Rule::CachePointRefused,
            LLAMA,
            says(json!([text("a"), point()])),
            "messages[0].content[1].cachePoint",
            says(json!([text("a")])),
        ),
        mended(
            Rule::CachePointRefused,
            NOVA,
            pointed(json!([tool("look"), point()]), json!([text("a"), point()])),
            "toolConfig.tools[1].cachePoint",
            pointed(json!([tool("look")]), json!([text("a"), point()])),
        ),
        mended(
            Rule::CachePointLimit,
            CLAUDE,
            pointed(
                json!([tool("look"), point()]),
                json!([text("a"), point(), text("b"), point(), text("c"), point(), text("d"), point()]),
            ),
            "messages[0].content[1].cachePoint",
            pointed(
                json!([tool("look"), point()]),
                json!([text("a"), text("b"), point(), text("c"), point(), text("d"), point()]),
            ),
        ),
        mended(
            Rule::CachePointLeading,
            CLAUDE,
            says(json!([point(), text("a")])),
            "messages[0].content[0].cachePoint",
            says(json!([text("a")])),
        ),
        warned(mended(
            Rule::CachePointRepeated,
            CLAUDE,
            says(json!([text("a"), point(), lasting("5m")])),
            "messages[0].content[2].cachePoint",
            says(json!([text("a"), point()])),
        )),
        mended(
            Rule::CachePointAfterReasoning,
            CLAUDE,
            thinks(json!([thought, point(), text("a")])),
            "messages[1].content[1].cachePoint",
            thinks(json!([thought, text("a")])),
        ),
        mended(
            Rule::CachePointAfterDocument,
            CLAUDE,
            says(json!([text("a"), document("a", "csv"), document("b", "md"), point()])),
            "messages[0].content[3].cachePoint",
            says(json!([text("a"), point(), document("a", "csv"), document("b", "md")])),
        ),
        mended(
            Rule::CachePointAfterDocument,
            NOVA,
            says(json!([video(), point(), text("a")])),
            "messages[0].content[1].cachePoint",
            says(json!([video(), text("a")])),
        ),
        mended(
            Rule::CachePointAfterToolResult,
            NOVA,
            looked(json!([assistant(json!([call("a")])), user(json!([result("a"), point(), text("b"), point()]))])),
            "messages[2].content[1].cachePoint",
            looked(json!([assistant(json!([call("a")])), user(json!([result("a"), text("b"), point()]))])),
        ),
        mended(
            Rule::CacheTtlOrder,
            CLAUDE,
            pointed(json!([tool("look"), point()]), json!([text("a"), lasting("1h")])),
            "messages[0].content[1].cachePoint.ttl",
            pointed(json!([tool("look"), point()]), json!([text("a"), lasting("5m")])),
        ),
        mended(
            Rule::CacheTtlRefused,
            NOVA,
            says(json!([text("a"), point(), text("b"), lasting("1h")])),
            "messages[0].content[3].cachePoint.ttl",
            says(json!([text("a"), point(), text("b"), lasting("5m")])),
        ),
    ]
}
