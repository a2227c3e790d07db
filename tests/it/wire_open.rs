//! JSON goes through the wire types unchanged, with all that they don't know.

use bedrock_converse::wire::{CitationsConfig, ContentBlock, ConverseRequest, ConverseTrace, ImageBlock, StopReason};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::wire_examples::examples;
use crate::wire_model::{Model, known};

fn round(shape: &str, json: &Value) -> Result<String, String> {
    (known(shape).unwrap().round)(&json.to_string())
}

#[test]
fn examples_come_back_byte_by_byte() {
    for (shape, json) in examples() {
        assert_eq!(round(shape, json), Ok(json.to_string()), "{shape}");
    }
}

#[test]
fn what_is_unknown_stays_in_its_place() {
    let json = r#"{"messages":[{"role":"teacher","content":[{"smell":{"of":["b","a"]}},{"text":"x","at":1},{}],"mood":null}],"later":[1]}"#;
    let request = ConverseRequest::from_json(json.as_bytes()).unwrap();
    let message = &request.messages.as_ref().unwrap()[0];
    assert_eq!(message.role.as_str(), "teacher");
    assert_eq!(message.content[0].member(), None);
    assert_eq!(message.content[1].known(), &ContentBlock::text("x"));
    assert_eq!(message.extra.get("mood"), Some(&Value::Null));
    assert_eq!(String::from_utf8(request.to_json().unwrap()).unwrap(), json);
}

#[test]
fn of_several_members_the_first_known_one_that_is_not_null_counts() {
    let json = json!({"video": null, "later": 1, "text": "x", "image": {"no": "image"}});
    let block: ContentBlock = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(block.known(), &ContentBlock::text("x"));
    assert_eq!(serde_json::to_value(&block).unwrap(), json);
}

#[test]
fn a_null_is_an_absent_member_and_comes_back() {
    let json = r#"{"format":"png","source":{"bytes":""},"error":null}"#;
    let mut image: ImageBlock = serde_json::from_str(json).unwrap();
    assert_eq!(image.error, None);
    assert_eq!(serde_json::to_string(&image).unwrap(), json);
    // The field, once set, is what is written.
    image.error = Some(Default::default());
    assert_eq!(serde_json::to_string(&image).unwrap(), json.replace("null", "{}"));
}

#[test]
fn members_can_be_set_that_have_no_field() {
    let mut text = ContentBlock::text("x");
    text.extra_mut().insert("weight", 2);
    let mut citations = CitationsConfig::new(true);
    citations.extra.insert("style", "short");
    let ContentBlock::Document(mut document) = ContentBlock::document("d", "txt", "x") else { panic!() };
    document.citations = Some(citations);
    let request =
        ConverseRequest::new("m").user(text).user(ContentBlock::Document(document)).extra("later", json!({"a": 1}));
    assert_eq!(
        serde_json::to_value(&request).unwrap(),
        json!({
            "messages": [
                {"role": "user", "content": [{"text": "x", "weight": 2}]},
                {"role": "user", "content": [{"document": {
                    "format": "txt", "name": "d", "source": {"bytes": "eA=="},
                    "citations": {"enabled": true, "style": "short"},
                }}]},
            ],
            "later": {"a": 1},
        })
    );
}

#[test]
fn a_trace_is_read_when_it_is_asked_for() {
    let json = r#"{"guardrail":{"outputAssessments":{"g":[{"topicPolicy":{"topics":[{"name":"n"}]}},5]}}}"#;
    let trace: ConverseTrace = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&trace).unwrap(), json);
    let mut guardrail = trace.guardrail.unwrap();
    let error = guardrail.read().unwrap_err();
    assert!(error.message().starts_with("`outputAssessments.g[1]`: invalid type: integer `5`"), "{error}");

    guardrail.json["outputAssessments"]["g"].as_array_mut().unwrap().pop();
    let read = guardrail.read().unwrap();
    let topics = &read.output_assessments.as_ref().unwrap().get("g").unwrap()[0].topic_policy.as_ref().unwrap().topics;
    assert_eq!(topics.as_ref().unwrap()[0].name.as_deref(), Some("n"));
    assert_eq!(serde_json::to_value(&read).unwrap(), guardrail.json);
}

#[test]
fn the_model_is_no_part_of_the_body() {
    let request = ConverseRequest::new("m").user("x");
    assert_eq!(request.to_json().unwrap(), br#"{"messages":[{"role":"user","content":[{"text":"x"}]}]}"#);
}

#[test]
fn absent_and_empty_are_different() {
    for json in [r#"{}"#, r#"{"messages":[],"system":[],"inferenceConfig":{},"promptVariables":{}}"#] {
        assert_eq!(ConverseRequest::from_json(json.as_bytes()).unwrap().to_json().unwrap(), json.as_bytes());
    }
}

#[test]
fn an_unknown_value_of_an_enum_is_kept() {
    assert_eq!(StopReason::from("end_turn"), StopReason::EndTurn);
    assert_eq!(StopReason::from("tired"), StopReason::Unknown("tired".to_owned()));
    assert_eq!(StopReason::from("tired").to_string(), "tired");
}

/// Something that comes into the service's JSON some day.
#[derive(Clone, Debug)]
enum News {
    /// A member of some object.
    Member(String, Value),
    /// The value of some enum.
    Value(String),
    /// A variant of some union, instead of what was there.
    Variant(String, Value),
    /// A member of some union, beside the one that is there.
    Sibling(String, Value),
}

/// Members whose keys the caller chooses, and members that hold any JSON: nothing is new there.
const FREE: &[&str] = &[
    "promptVariables",
    "requestMetadata",
    "inputAssessment",
    "outputAssessments",
    "additionalModelRequestFields",
    "additionalModelResponseFields",
    "json",
    "input",
];
/// Members that are enums where they are text.
const ENUMS: &[&str] = &["role", "format", "status", "stopReason", "ttl", "trace", "latency", "confidence", "action"];
/// Members that are unions, or lists of them, where they are not text.
const UNIONS: &[&str] =
    &["content", "system", "tools", "toolChoice", "delta", "start", "source", "location", "findings", "output"];

/// Calls `act` on every place in `json` where something new can come, with the member's name.
fn places(json: &mut Value, name: &str, act: &mut dyn FnMut(&str, &mut Value)) {
    act(name, json);
    match json {
        Value::Array(items) => items.iter_mut().for_each(|item| places(item, name, act)),
        // The variants of `CountTokensInput` bear the name of a member with free content.
        Value::Object(members) => members
            .iter_mut()
            .filter(|(name, value)| !FREE.contains(&name.as_str()) || value.get("converse").is_some())
            .for_each(|(name, value)| places(value, name, act)),
        _ => {}
    }
}

impl News {
    fn fits(&self, name: &str, place: &Value) -> bool {
        match self {
            Self::Member(..) => place.is_object(),
            Self::Value(_) => place.is_string() && ENUMS.contains(&name),
            // `content` of a search result is a list of structures.
            Self::Variant(..) | Self::Sibling(..) => {
                place.is_object()
                    && UNIONS.contains(&name)
                    && place.get("type").is_none()
                    && place.get("text").is_none()
            }
        }
    }

    fn happen(&self, place: &mut Value) {
        match self {
            Self::Value(value) => *place = json!(value),
            Self::Variant(name, value) => *place = json!({name: value}),
            Self::Member(name, value) | Self::Sibling(name, value) => {
                place[name] = value.clone();
            }
        }
    }

    /// Puts it into one of the places where it fits.
    fn put_into(&self, json: &mut Value, choice: usize) {
        let mut count = 0;
        places(json, "", &mut |name, place| count += usize::from(self.fits(name, place)));
        let mut left = choice.checked_rem(count);
        places(json, "", &mut |name, place| {
            if self.fits(name, place) {
                if left == Some(0) {
                    self.happen(place);
                }
                left = left.and_then(|left| left.checked_sub(1));
            }
        });
    }
}

/// Equal as JSON, where `1` is `1.0`: a member that is a float writes the latter.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same(a, b))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len() && one.iter().all(|(key, a)| other.get(key).is_some_and(|b| same(a, b)))
        }
        _ => one == other,
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn any_news() -> impl Strategy<Value = News> {
    // No name of the service begins with a capital.
    let name = "[A-Z\u{e4}][a-zA-Z\"\\\\]{0,8}";
    prop_oneof![
        (name, any_json()).prop_map(|(name, value)| News::Member(name, value)),
        "[a-z_\u{e4}\"]{0,12}".prop_map(News::Value),
        (name, any_json()).prop_map(|(name, value)| News::Variant(name, value)),
        (name, any_json()).prop_map(|(name, value)| News::Sibling(name, value)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn news_come_back_byte_by_byte(
        example: prop::sample::Index,
        news in prop::collection::vec((any_news(), any::<usize>()), 1..6),
    ) {
        let (shape, mut json) = example.get(examples()).clone();
        for (news, choice) in news {
            news.put_into(&mut json, choice);
        }
        prop_assert_eq!(round(shape, &json), Ok(json.to_string()));
    }

    /// Whatever the JSON is: it is refused, or nothing of it is lost.
    #[test]
    fn nothing_is_lost_in_silence(
        example: prop::sample::Index,
        changes in prop::collection::vec((any_json(), any::<usize>()), 1..4),
    ) {
        let (shape, mut json) = example.get(examples()).clone();
        for (value, choice) in changes {
            let mut count = 0;
            places(&mut json, "", &mut |_, _| count += 1);
            let mut left = Some(choice % count);
            places(&mut json, "", &mut |_, place| {
                if left == Some(0) {
                    *place = value.clone();
                }
                left = left.and_then(|left| left.checked_sub(1));
            });
        }
        if let Ok(again) = round(shape, &json) {
            prop_assert!(same(&serde_json::from_str(&again).unwrap(), &json), "{json} became {again}");
        }
    }
}

#[test]
fn news_come_back_in_the_examples_of_the_model() {
    let Some(model) = Model::of_the_service() else { return };
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for name in model.typed() {
        for example in model.examples(name, false) {
            for _ in 0..8 {
                let tree = prop::collection::vec((any_news(), any::<usize>()), 3).new_tree(&mut runner).unwrap();
                let mut json = example.clone();
                for (news, choice) in proptest::strategy::ValueTree::current(&tree) {
                    news.put_into(&mut json, choice);
                }
                if name != "PromptVariableValues" {
                    assert_eq!(round(name, &json), Ok(json.to_string()), "{name}");
                }
            }
        }
    }
}
