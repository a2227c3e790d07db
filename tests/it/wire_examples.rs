//! Hand-made JSON of the operations, member by member in the model's order.

use std::sync::LazyLock;

use serde_json::Value;

/// Shape and JSON.
pub(crate) fn examples() -> &'static [(&'static str, Value)] {
    static EXAMPLES: LazyLock<Vec<(&str, Value)>> = LazyLock::new(|| {
        [("ConverseRequest", REQUEST), ("CountTokensRequest", COUNT), ("CountTokensResponse", r#"{"inputTokens": 18}"#)]
            .into_iter()
            .chain([("ConverseResponse", RESPONSE), ("GuardrailTraceAssessment", TRACE)])
            .chain(EVENTS.iter().map(|event| ("ConverseStreamOutput", *event)))
            .map(|(name, json)| (name, serde_json::from_str(json).unwrap()))
            .collect()
    });
    &EXAMPLES
}

const REQUEST: &str = r#"{
    "messages": [
        {"role": "user", "content": [
            {"text": "Grüße \"\u0001\" \\ \ud83e\udd80"},
            {"image": {"format": "png", "source": {"bytes": "iVBORw=="}}},
            {"image": {"format": "webp", "source": {"s3Location": {"uri": "s3://b/k", "bucketOwner": "123456789012"}}}},
            {"document": {"format": "pdf", "name": "a", "source": {"bytes": "JVBERg=="}, "context": "c", "citations": {"enabled": true}}},
            {"document": {"name": "b", "source": {"text": "t"}}},
            {"document": {"name": "c", "source": {"content": [{"text": "one"}, {"text": "two"}]}}},
            {"video": {"format": "three_gp", "source": {"s3Location": {"uri": "s3://b/v"}}}},
            {"audio": {"format": "x-aac", "source": {"bytes": "AA=="}, "error": {"message": "m"}}},
            {"guardContent": {"text": {"text": "t", "qualifiers": ["query", "grounding_source"]}}},
            {"guardContent": {"image": {"format": "jpeg", "source": {"bytes": "AAA="}}}},
            {"searchResult": {"source": "https://a", "title": "t", "content": [{"text": "x"}], "citations": {"enabled": false}}},
            {"cachePoint": {"type": "default", "ttl": "1h"}}
        ]},
        {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}},
            {"reasoningContent": {"redactedContent": "ZW5j"}},
            {"text": ""},
            {"toolUse": {"toolUseId": "1", "name": "f", "input": {"z": 1, "a": [null, 1.5, "x"]}}},
            {"toolUse": {"toolUseId": "2", "name": "nova_code_interpreter", "input": {}, "type": "server_tool_use"}}
        ]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "1", "content": [
            {"json": {"b": 1, "a": 2}},
            {"text": "x"},
            {"image": {"format": "gif", "source": {"bytes": ""}}},
            {"document": {"format": "md", "name": "d", "source": {"bytes": "Iw=="}}},
            {"video": {"format": "mp4", "source": {"bytes": "AA=="}}},
            {"searchResult": {"source": "s", "title": "t", "content": []}}
        ], "status": "error", "type": "x"}}]},
        {"role": "system", "content": [
            {"toolAddition": {"tool": {"type": "t", "name": "n", "serverName": "s"}}},
            {"toolRemoval": {"tool": {}}}
        ]}
    ],
    "system": [{"text": "s"}, {"guardContent": {"text": {"text": "g"}}}, {"cachePoint": {"type": "default"}}],
    "inferenceConfig": {"maxTokens": 10, "temperature": 0.7, "topP": 0.9, "stopSequences": ["a", "b"]},
    "toolConfig": {
        "tools": [
            {"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": {"type": "object", "properties": {"z": {}, "a": {}}}}, "strict": true}},
            {"systemTool": {"name": "nova_grounding"}},
            {"cachePoint": {"type": "default", "ttl": "5m"}}
        ],
        "toolChoice": {"tool": {"name": "f"}}
    },
    "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "DRAFT", "trace": "enabled_full", "streamProcessingMode": "async"},
    "additionalModelRequestFields": {"top_k": 5, "thinking": {"type": "enabled", "budget_tokens": 1024}},
    "promptVariables": {"zebra": {"text": "1"}, "ant": {"text": "2"}},
    "additionalModelResponseFieldPaths": ["/stop_sequence"],
    "requestMetadata": {"team": "x", "env": "y"},
    "performanceConfig": {"latency": "optimized"},
    "serviceTier": {"type": "reserved"},
    "outputConfig": {
        "textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": "{\"type\":\"object\"}", "name": "n", "description": "d"}}},
        "effort": "high"
    }
}"#;

const COUNT: &str = r#"{"input": {"converse": {
    "messages": [{"role": "user", "content": [{"text": "x"}]}],
    "system": [],
    "toolConfig": {"tools": [], "toolChoice": {"any": {}}},
    "additionalModelRequestFields": "anything"
}}}"#;

const RESPONSE: &str = r#"{
    "output": {"message": {"role": "assistant", "content": [
        {"citationsContent": {
            "content": [{"text": "Paris"}],
            "citations": [
                {"title": "t", "source": "s", "sourceContent": [{"text": "x"}], "location": {"web": {"url": "https://a.b", "domain": "a.b"}}},
                {"location": {"documentChar": {"documentIndex": 0, "start": 1, "end": 2}}},
                {"location": {"documentPage": {"documentIndex": 1, "start": 1, "end": 2}}},
                {"location": {"documentChunk": {"documentIndex": 2, "start": 1, "end": 2}}},
                {"location": {"searchResultLocation": {"searchResultIndex": 3, "start": 1, "end": 2}}}
            ]
        }}
    ]}},
    "stopReason": "model_context_window_exceeded",
    "usage": {
        "inputTokens": 1, "outputTokens": 2, "totalTokens": 10, "cacheReadInputTokens": 3, "cacheWriteInputTokens": 4,
        "cacheDetails": [{"ttl": "5m", "inputTokens": 1}, {"ttl": "1h", "inputTokens": 3}],
        "serverToolUsage": {}, "cacheReadInputTokenCount": 3
    },
    "metrics": {"latencyMs": 1234},
    "additionalModelResponseFields": "a bare string",
    "trace": {"promptRouter": {"invokedModelId": "m"}},
    "performanceConfig": {"latency": "standard"},
    "serviceTier": {"type": "default"}
}"#;

const TRACE: &str = r#"{
    "modelOutput": ["x"],
    "inputAssessment": {"g1": {
        "topicPolicy": {"topics": [{"name": "n", "type": "DENY", "action": "BLOCKED", "detected": true}]},
        "contentPolicy": {"filters": [{"type": "HATE", "confidence": "LOW", "filterStrength": "HIGH", "action": "NONE", "detected": false}]},
        "wordPolicy": {"customWords": [{"match": "m", "action": "BLOCKED"}], "managedWordLists": [{"match": "m", "type": "PROFANITY", "action": "NONE"}]},
        "sensitiveInformationPolicy": {
            "piiEntities": [{"match": "m", "type": "EMAIL", "action": "ANONYMIZED"}],
            "regexes": [{"name": "n", "match": "m", "regex": "r", "action": "BLOCKED", "detected": true}]
        },
        "contextualGroundingPolicy": {"filters": [{"type": "RELEVANCE", "threshold": 0.5, "score": 0.25, "action": "BLOCKED", "detected": true}]},
        "automatedReasoningPolicy": {"findings": [
            {"valid": {
                "translation": {
                    "premises": [{"logic": "l", "naturalLanguage": "n"}], "claims": [], "untranslatedPremises": [{"text": "t"}],
                    "untranslatedClaims": [], "confidence": 0.9
                },
                "claimsTrueScenario": {"statements": []}, "supportingRules": [{"identifier": "i", "policyVersionArn": "a"}],
                "logicWarning": {"type": "ALWAYS_TRUE", "premises": [], "claims": []}
            }},
            {"tooComplex": {}},
            {"noTranslations": {}}
        ]},
        "invocationMetrics": {
            "guardrailProcessingLatency": 5,
            "usage": {"topicPolicyUnits": 1, "automatedReasoningPolicies": 0},
            "guardrailCoverage": {"textCharacters": {"guarded": 1, "total": 2}, "images": {"guarded": 0, "total": 0}}
        },
        "appliedGuardrailDetails": {"guardrailId": "g", "guardrailVersion": "1", "guardrailArn": "a", "guardrailOrigin": ["REQUEST"], "guardrailOwnership": "SELF"}
    }},
    "outputAssessments": {"g2": [{}], "g1": []},
    "actionReason": "r"
}"#;

const EVENTS: &[&str] = &[
    r#"{"messageStart": {"role": "assistant"}}"#,
    r#"{"contentBlockStart": {"start": {"toolUse": {"toolUseId": "1", "name": "f", "type": "server_tool_use"}}, "contentBlockIndex": 1}}"#,
    r#"{"contentBlockStart": {"start": {"toolResult": {"toolUseId": "1", "type": "t", "status": "success"}}, "contentBlockIndex": 2}}"#,
    r#"{"contentBlockStart": {"start": {"image": {"format": "png"}}, "contentBlockIndex": 3}}"#,
    r#"{"contentBlockDelta": {"delta": {"text": "Hi"}, "contentBlockIndex": 0}}"#,
    r#"{"contentBlockDelta": {"delta": {"toolUse": {"input": "{\"a\": 1"}}, "contentBlockIndex": 1}}"#,
    r#"{"contentBlockDelta": {"delta": {"toolResult": [{"text": "x"}, {"json": {"b": 1, "a": 2}}]}, "contentBlockIndex": 2}}"#,
    r#"{"contentBlockDelta": {"delta": {"reasoningContent": {"text": "hm"}}, "contentBlockIndex": 3}}"#,
    r#"{"contentBlockDelta": {"delta": {"reasoningContent": {"signature": "s"}}, "contentBlockIndex": 3}}"#,
    r#"{"contentBlockDelta": {"delta": {"reasoningContent": {"redactedContent": "ZW5j"}}, "contentBlockIndex": 3}}"#,
    r#"{"contentBlockDelta": {"delta": {"citation": {"title": "t", "source": "s", "sourceContent": [{"text": "x"}], "location": {"web": {}}}}, "contentBlockIndex": 4}}"#,
    r#"{"contentBlockDelta": {"delta": {"image": {"source": {"bytes": "AA=="}, "error": {"message": "m"}}}, "contentBlockIndex": 5}}"#,
    r#"{"contentBlockStop": {"contentBlockIndex": 0}}"#,
    r#"{"messageStop": {"stopReason": "end_turn", "additionalModelResponseFields": {"stop_sequence": null}}}"#,
    r#"{"metadata": {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}, "metrics": {"latencyMs": 9}, "trace": {}, "performanceConfig": {}, "serviceTier": {"type": "flex"}}}"#,
    r#"{"modelStreamErrorException": {"message": "m", "originalStatusCode": 500, "originalMessage": "o"}}"#,
    r#"{"throttlingException": {"message": "slow down"}}"#,
    r#"{"validationException": {"message": "m"}}"#,
    r#"{"internalServerException": {}}"#,
    r#"{"serviceUnavailableException": {"message": "m"}}"#,
];
