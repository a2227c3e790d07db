//! The wire types against the service model, member by member.
//!
//! From the model come examples of every shape in which every member, every variant of a union and every value of an
//! enum occurs. Each has to come back byte by byte, and with any one leaf replaced by another JSON type it has to be
//! refused at just this leaf: so the leaf has a field of its own, of the model's type.

use std::collections::BTreeSet;
use std::fs;

use bedrock_converse::wire::{self, Shape};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What can be asked of a wire type without knowing which it is.
pub(crate) struct Known {
    pub(crate) name: &'static str,
    members: &'static [&'static str],
    /// JSON → Rust → JSON.
    pub(crate) round: fn(&str) -> Result<String, String>,
}

fn round<'a, T: Deserialize<'a> + Serialize>(json: &'a str) -> Result<String, String> {
    let value: T = serde_json::from_str(json).map_err(|error| error.to_string())?;
    serde_json::to_string(&value).map_err(|error| error.to_string())
}

macro_rules! known {
    ($($name:ident $(<$lt:lifetime>)? $(= $alias:literal)?),* $(,)?) => {
        /// Every shape of the wire.
        pub(crate) const KNOWN: &[Known] = &[ $(
            Known {
                name: known!(@name $name $(<$lt>)? $($alias)?),
                members: <wire::$name $(<$lt>)? as Shape>::MEMBERS,
                round: |json| round::<wire::$name $(<$lt>)?>(json),
            },
        )* ];
    };
    (@name $name:ident $(<$lt:lifetime>)?) => { <wire::$name $(<$lt>)? as Shape>::NAME };
    (@name $name:ident $(<$lt:lifetime>)? $alias:literal) => { $alias };
}

known! {
    AccessDeniedException, AnyToolChoice, AppliedGuardrailDetails, AudioBlock, AudioFormat, AudioSource,
    AutoToolChoice, CacheDetail, CachePointBlock, CachePointType, CacheTTL, Citation, CitationGeneratedContent,
    CitationLocation, CitationSourceContent, CitationSourceContentDelta, CitationsConfig, CitationsContentBlock,
    CitationsDelta, ContentBlock, ContentBlockDelta<'_>, ContentBlockDeltaEvent<'_>, ContentBlockStart,
    ContentBlockStartEvent, ContentBlockStopEvent, ConversationRole, ConverseMetrics, ConverseOutput,
    ConverseRequest, ConverseResponse, ConverseStreamMetadataEvent, ConverseStreamMetrics =
    "ConverseStreamMetrics", ConverseStreamOutput<'_>, ConverseStreamRequest = "ConverseStreamRequest",
    ConverseStreamTrace = "ConverseStreamTrace", ConverseTokensRequest, ConverseTrace, CountTokensInput,
    CountTokensRequest, CountTokensResponse, DocumentBlock, DocumentCharLocation, DocumentChunkLocation,
    DocumentContentBlock, DocumentFormat, DocumentPageLocation, DocumentSource, ErrorBlock, GuardrailAssessment,
    GuardrailAutomatedReasoningFinding, GuardrailAutomatedReasoningImpossibleFinding,
    GuardrailAutomatedReasoningInputTextReference, GuardrailAutomatedReasoningInvalidFinding,
    GuardrailAutomatedReasoningLogicWarning, GuardrailAutomatedReasoningLogicWarningType,
    GuardrailAutomatedReasoningNoTranslationsFinding, GuardrailAutomatedReasoningPolicyAssessment,
    GuardrailAutomatedReasoningRule, GuardrailAutomatedReasoningSatisfiableFinding,
    GuardrailAutomatedReasoningScenario, GuardrailAutomatedReasoningStatement,
    GuardrailAutomatedReasoningTooComplexFinding, GuardrailAutomatedReasoningTranslation,
    GuardrailAutomatedReasoningTranslationAmbiguousFinding, GuardrailAutomatedReasoningTranslationOption,
    GuardrailAutomatedReasoningValidFinding, GuardrailConfiguration, GuardrailContentFilter,
    GuardrailContentFilterConfidence, GuardrailContentFilterStrength, GuardrailContentFilterType,
    GuardrailContentPolicyAction, GuardrailContentPolicyAssessment, GuardrailContextualGroundingFilter,
    GuardrailContextualGroundingFilterType, GuardrailContextualGroundingPolicyAction,
    GuardrailContextualGroundingPolicyAssessment, GuardrailConverseContentBlock,
    GuardrailConverseContentQualifier, GuardrailConverseImageBlock, GuardrailConverseImageFormat,
    GuardrailConverseImageSource, GuardrailConverseTextBlock, GuardrailCoverage, GuardrailCustomWord,
    GuardrailImageCoverage, GuardrailInvocationMetrics, GuardrailManagedWord, GuardrailManagedWordType,
    GuardrailOrigin, GuardrailOwnership, GuardrailPiiEntityFilter, GuardrailPiiEntityType, GuardrailRegexFilter,
    GuardrailSensitiveInformationPolicyAction, GuardrailSensitiveInformationPolicyAssessment,
    GuardrailStreamConfiguration = "GuardrailStreamConfiguration", GuardrailStreamProcessingMode,
    GuardrailTextCharactersCoverage, GuardrailTopic, GuardrailTopicPolicyAction, GuardrailTopicPolicyAssessment,
    GuardrailTopicType, GuardrailTrace, GuardrailTraceAssessment, GuardrailUsage, GuardrailWordPolicyAction,
    GuardrailWordPolicyAssessment, ImageBlock, ImageBlockDelta, ImageBlockStart, ImageFormat, ImageSource,
    InferenceConfiguration, InternalServerException, InvokeModelTokensRequest, JsonSchemaDefinition,
    Message, MessageStartEvent, MessageStopEvent, ModelErrorException, ModelNotReadyException,
    ModelStreamErrorException, ModelTimeoutException, OutputConfig, OutputFormat,
    OutputFormatStructure, OutputFormatType, PerformanceConfigLatency, PerformanceConfiguration,
    PromptRouterTrace, PromptVariableValues, ReasoningContentBlock, ReasoningContentBlockDelta<'_>,
    ReasoningTextBlock, ResourceNotFoundException, S3Location, SearchResultBlock,
    SearchResultContentBlock, SearchResultLocation, ServiceTier, ServiceTierType,
    ServiceUnavailableException, SpecificToolChoice, StopReason, SystemContentBlock, SystemTool,
    ThrottlingException, TokenUsage, Tool, ToolAdditionBlock, ToolChoice, ToolConfiguration,
    ToolInputSchema, ToolReference, ToolRemovalBlock, ToolResultBlock, ToolResultBlockDelta,
    ToolResultBlockStart, ToolResultContentBlock, ToolResultStatus, ToolSpecification, ToolUseBlock,
    ToolUseBlockDelta<'_>, ToolUseBlockStart, ToolUseType, ValidationException, VideoBlock, VideoFormat,
    VideoSource, WebLocation,
}

pub(crate) fn known(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

/// A service model, or an excerpt of one.
pub(crate) struct Model(Value);

impl Model {
    /// The service's own, where the file is there.
    pub(crate) fn of_the_service() -> Option<Self> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance/service-model/bedrock-runtime.json");
        match fs::read(path) {
            Ok(json) => Some(Self(serde_json::from_slice(&json).unwrap())),
            Err(_) => {
                println!("SKIPPED: no service model at {path}");
                None
            }
        }
    }

    fn shape(&self, name: &str) -> &Value {
        &self.0["shapes"][name]
    }

    /// The JSON members of a structure or union and their shapes.
    fn members(&self, name: &str) -> Vec<(&str, &str)> {
        let members = self.shape(name)["members"].as_object().unwrap();
        let in_body = members.iter().filter(|(_, member)| member.get("location").is_none());
        in_body.map(|(member, target)| (member.as_str(), target["shape"].as_str().unwrap())).collect()
    }

    fn is_union(&self, name: &str) -> bool {
        let shape = self.shape(name);
        shape.get("union").is_some() || shape.get("eventstream").is_some()
    }

    /// Whether a shape is to have a type of its own.
    fn is_typed(&self, name: &str) -> bool {
        let shape = self.shape(name);
        let structure =
            shape["type"] == "structure" && shape.get("document").is_none() && shape.get("payload").is_none();
        structure || shape.get("enum").is_some()
    }

    /// The names of all shapes that are to have a type.
    pub(crate) fn typed(&self) -> Vec<&str> {
        let names = self.0["shapes"].as_object().unwrap().keys();
        names.map(String::as_str).filter(|name| self.is_typed(name)).collect()
    }

    /// Examples of a shape in which all that it can hold occurs at least once; not every value of an enum unless `full`.
    pub(crate) fn examples(&self, name: &str, full: bool) -> Vec<Value> {
        let shape = self.shape(name);
        if let Some(values) = shape.get("enum") {
            let values = values.as_array().unwrap();
            return values[..if full { values.len() } else { 1 }].to_vec();
        }
        if shape.get("document").is_some() {
            return vec![json!({"b": [1, "x", null], "a": {"z": 1, "c": true}}), json!("text"), json!([0.5])];
        }
        match shape["type"].as_str().unwrap() {
            "structure" if self.is_union(name) => {
                let variants = self.members(name).into_iter();
                variants
                    .flat_map(|(member, target)| {
                        self.examples(target, full).into_iter().map(move |v| json!({member: v}))
                    })
                    .collect()
            }
            "structure" => {
                let members: Vec<_> = self
                    .members(name)
                    .into_iter()
                    .map(|(member, target)| (member, self.examples(target, full)))
                    .collect();
                let count = members.iter().map(|(_, examples)| examples.len()).max().unwrap_or(1);
                let nth = |n: usize| {
                    members.iter().map(|(name, all)| ((*name).to_owned(), all[n % all.len()].clone())).collect()
                };
                (0..count).map(|n| Value::Object(nth(n))).collect()
            }
            "list" => vec![Value::Array(self.examples(shape["member"]["shape"].as_str().unwrap(), full))],
            "map" => {
                let values = self.examples(shape["value"]["shape"].as_str().unwrap(), full);
                vec![values.into_iter().enumerate().map(|(n, value)| (format!("key {n}"), value)).collect()]
            }
            "string" => vec![json!("\"Grüße\"\n\u{1f980}")],
            "blob" => vec![json!("AP/+"), json!("AA==")],
            "boolean" => vec![json!(true), json!(false)],
            "integer" => vec![json!(7)],
            "long" => vec![json!(7_000_000_000_i64)],
            "float" | "double" => vec![json!(0.1)],
            other => panic!("{name} is a {other}"),
        }
    }

    /// Calls `check` with the path to every leaf of an example, and JSON that is not of the leaf's type. It goes `depth`
    /// structures down; what is below them is seen to where it is their turn.
    fn leaves(&self, name: &str, example: &Value, path: &str, depth: u8, check: &mut dyn FnMut(&str, &[Value])) {
        let shape = self.shape(name);
        let below = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
        let [text, number, truth, list, object] = [json!("!"), json!(1), json!(true), json!([]), json!({})];
        // The trace is held as JSON until somebody asks for it.
        if shape.get("document").is_some() || (name == "GuardrailTraceAssessment" && !path.is_empty()) {
            return;
        }
        match shape["type"].as_str().unwrap() {
            "structure" => {
                check(path, &[text, number, truth, list]);
                for (member, target) in self.members(name).into_iter().filter(|_| depth > 0) {
                    if let Some(value) = example.get(member) {
                        self.leaves(target, value, &below(member), depth - 1, check);
                    }
                }
            }
            "list" => {
                check(path, &[text, number, truth, object]);
                for (n, item) in example.as_array().unwrap().iter().enumerate() {
                    self.leaves(
                        shape["member"]["shape"].as_str().unwrap(),
                        item,
                        &format!("{path}[{n}]"),
                        depth,
                        check,
                    );
                }
            }
            "map" => {
                check(path, &[text, number, truth, list]);
                for (key, value) in example.as_object().unwrap() {
                    self.leaves(shape["value"]["shape"].as_str().unwrap(), value, &below(key), depth, check);
                }
            }
            "string" => check(path, &[number, truth, list, object]),
            "blob" => check(path, &[text, json!("AA"), json!("AA=A"), json!("_-=="), number, truth, list, object]),
            "boolean" => check(path, &[text, number, list, object]),
            "integer" | "long" => check(path, &[text, json!(1.5), truth, list, object]),
            "float" | "double" => check(path, &[text, truth, list, object]),
            other => panic!("{name} is a {other}"),
        }
    }

    /// All that the wire types have otherwise than the model.
    fn differences(&self) -> Vec<String> {
        let mut found = Vec::new();
        for name in self.typed() {
            let Some(known) = known(name) else {
                found.push(format!("{name} is missing"));
                continue;
            };
            let has: BTreeSet<&str> = known.members.iter().copied().collect();
            let wanted: BTreeSet<&str> = match self.shape(name).get("enum") {
                Some(values) => values.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect(),
                None => self.members(name).into_iter().map(|(member, _)| member).collect(),
            };
            found.extend(wanted.difference(&has).map(|member| format!("{name}.{member} is missing")));
            found.extend(has.difference(&wanted).map(|member| format!("{name}.{member} is not in the model")));
            if self.shape(name).get("enum").is_some() {
                continue;
            }
            for example in self.examples(name, true) {
                let json = example.to_string();
                match (known.round)(&json) {
                    Ok(again) if again == json => {}
                    other => found.push(format!("{name}: {json} became {other:?}")),
                }
            }
            for example in self.examples(name, false) {
                self.leaves(name, &example, "", 2, &mut |path, wrong| {
                    for value in wrong {
                        let json = replaced(&example, path, value).to_string();
                        let at = if path.is_empty() { String::new() } else { format!("`{path}`: ") };
                        match (known.round)(&json) {
                            Err(error) if error.starts_with(&at) => {}
                            other => found.push(format!("{name}.{path} takes {value}: {other:?}")),
                        }
                    }
                });
            }
        }
        found
    }
}

/// `json` with another value at `path` (`content[0].text`; keys hold no dots).
fn replaced(json: &Value, path: &str, value: &Value) -> Value {
    let mut json = json.clone();
    let mut place = &mut json;
    for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
        place = match step.strip_suffix(']') {
            Some(index) => &mut place[index.parse::<usize>().unwrap()],
            None => &mut place[step],
        };
    }
    *place = value.clone();
    json
}

#[test]
fn every_member_of_the_service_model_is_there_with_its_type() {
    let Some(model) = Model::of_the_service() else { return };
    // One type stands for the guardrails of both operations.
    let differences = model.differences();
    assert_eq!(differences, ["GuardrailConfiguration.streamProcessingMode is not in the model"]);

    let typed = model.typed();
    let members: usize = typed.iter().map(|name| known(name).unwrap().members.len()).sum();
    println!("{} shapes with {members} members and values: 0 missing", typed.len());
    assert_eq!(KNOWN.len(), typed.len(), "a shape is listed that the model does not have");
}

#[test]
fn a_difference_from_the_model_is_seen() {
    let model = Model(json!({"shapes": {
        "CachePointBlock": {"type": "structure", "members": {
            "type": {"shape": "CachePointType"}, "ttl": {"shape": "Integer"}, "scope": {"shape": "String"},
        }},
        "CachePointType": {"type": "string", "enum": ["default", "other"]},
        "CacheScope": {"type": "structure", "members": {}},
        "Integer": {"type": "integer"},
        "String": {"type": "string"},
    }}));
    let differences = model.differences().join("\n");
    for expected in [
        "CachePointBlock.scope is missing",
        "CachePointBlock.scope takes 1:",
        "CachePointBlock.ttl takes \"!\":",
        "CachePointType.other is missing",
        "CacheScope is missing",
    ] {
        assert!(differences.contains(expected), "{expected} is not in\n{differences}");
    }
}
