//! The JSON-schema transformers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bedrock_converse::profile::JsonSchemaTransformer;
use bedrock_converse::{ErrorKind, Result};
use serde_json::{Value, json};

fn transformed(transformer: JsonSchemaTransformer, strict: Option<bool>, schema: &Value) -> Result<Value> {
    transformer.transform(schema.as_object().unwrap(), strict).map(Value::Object)
}

#[test]
fn definitions_are_inlined() {
    let schema = json!({
        "$defs": {
            "Point": {"type": "object", "title": "Point", "properties": {"x": {"$ref": "#/$defs/Length"}}},
            "Length": {"type": "number", "description": "in metres"},
        },
        "type": "object",
        "properties": {
            "here": {"$ref": "#/$defs/Point"},
            "there": {"$ref": "#/$defs/Point", "title": "There"},
            "any": {"anyOf": [{"$ref": "#/$defs/Length"}, {"type": "null"}]},
            "one": {"allOf": [{"$ref": "#/$defs/Length"}], "description": "its own"},
        },
    });
    let point = |title: &str| {
        format!(
            r#"{{"type":"object","title":"{title}","properties":{{"x":{{"type":"number","description":"in metres"}}}}}}"#
        )
    };
    assert_eq!(
        transformed(JsonSchemaTransformer::InlineDefs, None, &schema).unwrap().to_string(),
        format!(
            r#"{{"type":"object","properties":{{"here":{},"there":{},"any":{{"anyOf":[{},{{"type":"null"}}]}},"one":{}}}}}"#,
            point("Point"),
            point("There"),
            r#"{"type":"number","description":"in metres"}"#,
            r#"{"type":"number","description":"its own"}"#,
        ),
    );
    assert!(JsonSchemaTransformer::InlineDefs.is_strict_compatible(None));
}

#[test]
fn definitions_that_contain_themselves_stay() {
    let node = json!({"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}});
    let inline = |schema: Value| transformed(JsonSchemaTransformer::InlineDefs, None, &schema).unwrap();
    assert_eq!(
        inline(json!({"$ref": "#/$defs/Node", "$defs": {"Node": node}})),
        json!({"$defs": {"Node": node}, "$ref": "#/$defs/Node"}),
    );
    assert_eq!(
        inline(json!({"title": "Node", "type": "array", "items": {"$ref": "#/$defs/Node"}, "$defs": {"Node": node}})),
        json!({
            "$defs": {"Node": node, "Node_root": {"title": "Node", "type": "array", "items": node}},
            "$ref": "#/$defs/Node_root",
        }),
    );
    let error = transformed(JsonSchemaTransformer::InlineDefs, None, &json!({"$ref": "#/$defs/X"})).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.message(), "JSON schema: `$ref` names `X`, which is not defined under `$defs`");
}

#[test]
fn a_chain_of_definitions_has_an_end() {
    let chain = |length: usize| {
        let link = |n: usize| {
            let next = json!({"$ref": format!("#/$defs/{}", n + 1)});
            (n.to_string(), json!({"type": "object", "properties": {"next": next}}))
        };
        let mut defs: serde_json::Map<_, _> = (0..length).map(link).collect();
        defs.insert(length.to_string(), json!({"type": "null"}));
        transformed(JsonSchemaTransformer::InlineDefs, None, &json!({"$ref": "#/$defs/0", "$defs": defs}))
    };
    assert!(chain(90).is_ok());
    let error = chain(5_000).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.message(), "JSON schema: it is more than 200 levels deep");
}

#[test]
fn strict_schemas_tell_what_they_lose() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Order",
        "type": "object",
        "properties": {
            "title": {"type": "string", "title": "Title", "minLength": 1},
            "price": {"type": "number", "description": "in euros", "exclusiveMinimum": 0, "multipleOf": 0.01},
            "tags": {"type": "array", "items": {"$ref": "#/$defs/Tag"}, "minItems": 2, "maxItems": 5},
            "lines": {"type": "array", "minItems": 1},
        },
        "$defs": {"Tag": {"type": "object", "additionalProperties": true, "title": "Tag"}},
    });
    let transform = |strict| transformed(JsonSchemaTransformer::Bedrock, strict, &schema).unwrap().to_string();
    assert_eq!(
        transform(Some(true)),
        concat!(
            r#"{"type":"object","properties":{"title":{"type":"string","minLength":1},"#,
            r#""price":{"type":"number","description":"in euros (exclusiveMinimum=0, multipleOf=0.01)"},"#,
            r##""tags":{"type":"array","items":{"$ref":"#/$defs/Tag"},"description":"maxItems=5, minItems=2"},"##,
            r#""lines":{"type":"array","minItems":1}},"#,
            r#""additionalProperties":false,"$defs":{"Tag":{"type":"object","additionalProperties":false}}}"#,
        ),
    );
    assert_eq!(transform(None), transform(Some(false)));
    assert!(transform(None).contains("exclusiveMinimum") && !transform(None).contains("Order"));
    for (strict, compatible) in [(Some(true), true), (Some(false), false), (None, false)] {
        assert_eq!(JsonSchemaTransformer::Bedrock.is_strict_compatible(strict), compatible);
    }
}
