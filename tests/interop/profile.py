"""What pydantic-ai makes of model names and JSON schemas, one JSON line per case, for tests/it/profile.rs to compare.

Usage: profile.py COUNT SEED, with a Python that has pydantic-ai-slim[bedrock].
"""

import difflib
import json
import random
import string
import sys
from typing import get_args

from pydantic_ai._json_schema import InlineDefsJsonSchemaTransformer
from pydantic_ai.exceptions import UserError
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.bedrock import BedrockConverseModel, LatestBedrockModelNames
from pydantic_ai.native_tools import NATIVE_TOOL_TYPES
from pydantic_ai.providers._bedrock_model_names import BEDROCK_GEO_PREFIXES, split_bedrock_model_id
from pydantic_ai.providers.bedrock import BedrockJsonSchemaTransformer, BedrockProvider

KNOWN = get_args(LatestBedrockModelNames)
TRANSFORMERS = {t.__name__: t for t in (InlineDefsJsonSchemaTransformer, BedrockJsonSchemaTransformer)}

# What the model falls back to where a profile is silent, read off the places where it asks.
ABSENT = {
    "supports_inline_system_prompts": False,
    "bedrock_supports_tool_choice": False,
    "bedrock_tool_result_format": "text",
    "bedrock_send_back_thinking_parts": False,
    "bedrock_supports_prompt_caching": False,
    "bedrock_supports_tool_caching": False,
    "bedrock_supported_media_kinds_in_tool_returns": ["image"],
    "bedrock_tool_result_colocatable_content": ["document", "image", "text", "video"],
    "bedrock_supports_leading_assistant_message": False,
    "bedrock_supports_tool_result_status": True,
    "bedrock_supports_strict_tool_definition": False,
    "bedrock_thinking_variant": None,
    "bedrock_supports_adaptive_thinking": False,
    "bedrock_supports_effort": False,
    "bedrock_top_k_variant": None,
    "bedrock_supported_on_converse": True,
}

# Not for Converse: other providers' fields, and modes that the Bedrock model class does not render.
FOREIGN_PREFIXES = ("anthropic_", "google_", "openai_", "zai_")
FOREIGN = ("tool_deferral_mode", "tool_addition_mode")

FAMILIES = {
    "amazon": ["nova-2-pro", "nova-sonic", "nova-2", "titan-text", "rerank"],
    "anthropic": [
        *("claude-mythos-5", "claude-mythos-preview", "claude-fable-5", "claude-opus-5-20270101", "claude-opus-4-1"),
        *("claude-opus-4-5", "claude-opus-4-6", "claude-opus-4-7", "claude-opus-4-8", "claude-opus-4-10", "claude"),
        *("claude-haiku-4-5", "claude-haiku-5", "claude-sonnet-4-5", "claude-sonnet-4-6", "claude-sonnet-5"),
    ],
    "cohere": ["command-a-reasoning", "command-r"],
    "deepseek": ["r1", "deepseek-r1", "deepseek-reasoner", "deepseek-v4-flash", "v3.2", "v4-r1"],
    "google": ["gemini-2.5-pro", "gemini-3-flash", "gemini-3-pro-flash", "gemini-3-pro-image", "gemma-3-27b-it"],
    "meta": ["llama4-scout"],
    "minimax": ["minimax-m2.7", "minimax-m1"],
    "mistral": ["magistral-small", "magistral-medium", "ministral-3-8b", "mistral-large-3", "voxtral-mini", "pixtral"],
    "moonshot": ["kimi-k2-thinking", "Kimi-K2.5", "kimi-k2", "kimi-k3"],
    "moonshotai": ["kimi-k2.6", "kimi-k2.7-code", "kimi-thinking"],
    "nvidia": ["nemotron-nano-1", "nemotron-super"],
    "openai": ["gpt-oss-20b", "gpt-oss-safeguard", "gpt-5.4", "o3"],
    "qwen": ["qwq-32b", "qwen3-vl", "qwen-3.5", "qwen3.5", "qwen-3-coder", "qwen2"],
    "writer": ["palmyra-x6"],
    "zai": ["glm-4.5v", "GLM-5", "glm-4.6", "glm-4", "glm-5.2"],
    "ai21": ["jamba-1-5"],
}
VERSIONS = ["", "-v1:0", "-v2", "-v12:34", "-1:0", ":0", "-v1:", "-v", "-v1:0:200k"]


def emit(**case):
    print(json.dumps(case))


def model_of(name, overrides):
    overrides = dict(overrides)
    if overrides.get("json_schema_transformer"):
        overrides["json_schema_transformer"] = TRANSFORMERS[overrides["json_schema_transformer"]]
    if "supported_native_tools" in overrides:
        overrides["supported_native_tools"] = frozenset(NATIVE_TOOL_TYPES[k] for k in overrides["supported_native_tools"])
    return BedrockConverseModel(name, provider=BedrockProvider(bedrock_client=object()), profile=overrides)


def effective_profile(name, overrides):
    profile = model_of(name, overrides).profile

    def plain(field, value):
        if field == "json_schema_transformer":
            return value and value.__name__
        if field == "supported_native_tools":
            return sorted(tool.kind for tool in value)
        if field.startswith("bedrock_") and isinstance(value, (list, frozenset)):
            return sorted(value)
        return value

    own = {k: v for k, v in profile.items() if not k.startswith(FOREIGN_PREFIXES) and k not in FOREIGN}
    return {**ABSENT, **{k: plain(k, v) for k, v in own.items()}}


def random_overrides(rng):
    kinds = ["text", "image", "document", "video"]
    choices = {
        "prompted_output_template": ["{schema}!"],
        "default_structured_output_mode": ["tool", "native", "prompted"],
        "json_schema_transformer": [None, *TRANSFORMERS],
        "thinking_tags": [["<t>", "</t>"]],
        "supported_native_tools": [[], ["code_execution"], ["web_search", "code_execution"], ["memory"]],
        "bedrock_tool_result_format": ["text", "json"],
        "bedrock_thinking_variant": [None, "anthropic", "openai", "qwen"],
        "bedrock_top_k_variant": [None, "anthropic", "nova"],
        "bedrock_supported_media_kinds_in_tool_returns": [rng.sample(kinds[1:], n) for n in range(4)],
        "bedrock_tool_result_colocatable_content": [rng.sample(kinds, n) for n in range(5)],
        "tool_deferral_mode": [None],
        "openai_unknown": [1],
    }
    booleans = [k for k, v in ABSENT.items() if isinstance(v, bool)] + [
        *("supports_tools", "supports_tool_return_schema", "supports_json_schema_output", "supports_image_output"),
        *("supports_json_object_output", "supports_audio_input", "native_output_requires_schema_in_instructions"),
        *("supports_thinking", "thinking_always_enabled", "ignore_streamed_leading_whitespace"),
    ]
    fields = rng.sample([*choices, *booleans], rng.randrange(8))
    return {f: rng.choice(choices.get(f, [True, False])) for f in fields}


def names(rng, count):
    bare = {n.split(".", 1)[1] if n.split(".")[0] in BEDROCK_GEO_PREFIXES else n for n in KNOWN}
    invented = [f"{provider}.{name}" for provider, known in FAMILIES.items() for name in known]
    yield from KNOWN
    yield from (f"{geo}.{name}" for name in sorted(bare) for geo in BEDROCK_GEO_PREFIXES)
    yield from invented
    yield from ["", ".", "us.", "us.claude", "claude", "anthropic.", "us.anthropic.", "us.us.amazon.nova", "amazon.-v1"]
    yield "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/mi1dadi0g15f"
    for _ in range(count):
        name = rng.choice([*sorted(bare), *invented])
        if rng.random() < 0.2:
            provider, model = rng.choice([*FAMILIES, "other"]), name.split(".", 1)[1]
            name = f"{provider}.{model}"
        if rng.random() < 0.2:
            at = rng.randrange(len(name))
            name = name[:at] + rng.choice(".-:v0123") + name[at + rng.randrange(2) :]
        geo = rng.choice(["", *(f"{geo}." for geo in BEDROCK_GEO_PREFIXES), "de."])
        yield geo + name + rng.choice(VERSIONS)


class Schemas:
    def __init__(self, rng):
        self.rng = rng

    def root(self):
        rng = self.rng
        self.keys = rng.sample(["A", "B", "C", "D", "root", "Node"], rng.choice([0, 0, 1, 2, 3, 4]))
        defs = {key: self.definition(key) for key in self.keys}
        roll = rng.random()
        if self.keys and roll < 0.15:
            schema = self.reference(3)
        else:
            schema = self.object(3) if roll < 0.8 else self.node(3, boolean=False)
        if rng.random() < 0.4:
            schema["title"] = rng.choice(["root", "A", "My tool", "Node", "B"])
        if rng.random() < 0.2:
            schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        if defs or rng.random() < 0.1:
            schema["$defs"] = defs
        items = list(schema.items())
        if rng.random() < 0.3:
            rng.shuffle(items)
        return dict(items)

    def definition(self, key):
        schema = self.object(2) if self.rng.random() < 0.7 else self.node(2, boolean=False)
        return {"title": key, **schema} if self.rng.random() < 0.5 else schema

    def node(self, depth, boolean=True):
        rng = self.rng
        if boolean and rng.random() < 0.04:
            return rng.random() < 0.5
        kinds = [self.text, self.number, self.number, self.other]
        if depth > 0:
            kinds += [self.object, self.array, self.array, self.union, self.union, self.typed_union]
        if self.keys:
            kinds += [self.reference, self.reference]
        schema = rng.choice(kinds)(depth - 1)
        if rng.random() < 0.3:
            schema["description"] = rng.choice(["", "What it is", 'with "quotes" and ü', "two\nlines"])
        if rng.random() < 0.2:
            schema["title"] = "A title"
        if rng.random() < 0.1:
            schema["default"] = rng.choice([None, 0, 1.0, "x", [], {"title": "kept"}])
        items = list(schema.items())
        rng.shuffle(items)
        return dict(items)

    def some(self, of):
        return {key: value for key, value in of.items() if self.rng.random() < 0.35}

    def text(self, _):
        return {
            "type": "string",
            **self.some(
                {"minLength": 1, "maxLength": 9, "pattern": "^a", "format": "date-time", "enum": ["a", "b"], "const": "a"}
            ),
        }

    def number(self, _):
        limits = [0, 1, -3, 10**15, 10**18, 0.5, 1.0, -0.0, 1e16, 1.5e300, 1e-5, 0.1, 123456.789, True, False, None, "7"]
        keys = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]
        kind = self.rng.choice(["integer", "number"])
        return {"type": kind, **self.some({key: self.rng.choice(limits) for key in keys}), **self.some({"enum": [1, 2.5]})}

    def other(self, _):
        return self.rng.choice(
            [
                {},
                {"type": "boolean"},
                {"type": "null"},
                {"type": ["string", "null"], "minLength": 2},
                {"type": ["integer", "null"], "minimum": 2},
                {"type": ["array", "object"], "maxItems": 2, "additionalProperties": True},
                {"const": None},
                {"enum": ["a", 1, None]},
                {"not": {"type": "string", "title": "kept"}},
                {"properties": {"untyped": {"type": "integer", "title": "kept"}}},
                {"minimum": 3, "maxItems": 4},
            ]
        ).copy()

    def object(self, depth):
        rng = self.rng
        properties = {name: self.node(depth) for name in rng.sample(["a", "b", "title", "type", "items"], rng.randrange(4))}
        schema = {"type": "object", "properties": properties, "required": list(properties)[:1]}
        extra = {
            "additionalProperties": self.node(depth) if rng.random() < 0.6 else rng.random() < 0.5,
            "patternProperties": {"^x": self.node(depth)},
            "propertyNames": {"type": "string", "title": "kept"},
            "minProperties": 1,
        }
        return {**schema, **self.some(extra)} if rng.random() < 0.7 else self.some({**schema, **extra}) | {"type": "object"}

    def array(self, depth):
        rng = self.rng
        extra = {
            "items": self.node(depth),
            "prefixItems": [self.node(depth) for _ in range(rng.randrange(3))],
            "minItems": rng.choice([0, 1, 2, 3, 1.5]),
            "maxItems": rng.choice([0, 5, 2.0]),
            "uniqueItems": True,
            "contains": {"type": "integer", "minimum": 1},
        }
        return {"type": "array", **self.some(extra)}

    def members(self, depth):
        members = [self.node(depth) for _ in range(self.rng.choice([0, 1, 1, 2, 2, 3]))]
        if self.rng.random() < 0.4:
            members.append({"type": "null"})
        return members

    def union(self, depth):
        kinds = self.rng.sample(["allOf", "anyOf", "oneOf"], self.rng.choice([1, 1, 1, 2]))
        schema = {kind: self.members(depth) for kind in kinds}
        if "oneOf" in schema and self.rng.random() < 0.5:
            schema["discriminator"] = {"propertyName": "kind"}
        return schema | ({"type": None} if self.rng.random() < 0.03 else {})

    def typed_union(self, depth):
        schema = self.rng.choice([self.object, self.array, self.text, self.number])(depth)
        return schema | {self.rng.choice(["allOf", "anyOf", "oneOf"]): self.members(depth)}

    def reference(self, _):
        rng = self.rng
        target = rng.choice(self.keys) if rng.random() < 0.98 else "Missing"
        reference = {"$ref": f"#/$defs/{target}"} if rng.random() < 0.98 else {"$ref": rng.choice(["#", "", target])}
        return reference | self.some({"properties": {"own": {"type": "integer"}}} if rng.random() < 0.1 else {"deprecated": True})


def schema_case(rng, transformer, schema):
    strict = rng.choice([True, True, False, None])
    walk = TRANSFORMERS[transformer](schema, strict=strict)
    try:
        expected = walk.walk()
    except UserError:
        expected = None
    except (TypeError, AssertionError, RuntimeError, AttributeError):
        return  # malformed, or a set that changes while it is gone through
    if transformer == "InlineDefsJsonSchemaTransformer" and walk.recursive_refs and expected:
        # Their order is that of a set.
        expected["$defs"] = dict(sorted(expected["$defs"].items()))
    if len(json.dumps(expected)) > 100_000:
        return
    if expected is not None:
        expected = [expected, walk.is_strict_compatible]
    emit(check="schema", transformer=transformer, strict=strict, schema=schema, expected=expected)


def request_fields_case(rng, name):
    settings = {}
    if rng.random() < 0.6:
        settings["top_k"] = rng.randrange(100)
    own = {
        "top_k": 1,
        "inferenceConfig": rng.choice([None, {}, {"topK": 2}, {"x": 1}, {"topK": None}]),
        "thinking": {"type": "disabled"},
        "output_config": {"x": 1},
        "reasoning_effort": "low",
        "reasoning_config": "low",
        "other": True,
    }
    own = {key: value for key, value in own.items() if rng.random() < 0.15}
    settings["bedrock_additional_model_requests_fields"] = own
    overrides = random_overrides(rng)
    thinking = rng.choice([None, False, True, "minimal", "low", "medium", "high", "xhigh"])
    try:
        model = model_of(name, overrides)
    except UserError:
        return
    fields = model._build_additional_model_request_fields(settings, ModelRequestParameters(thinking=thinking))
    case = {"overrides": overrides, "settings": settings, "thinking": thinking}
    emit(check="fields", name=name, **case, expected=fields or {})


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    for name in names(rng, count):
        provider, bare = split_bedrock_model_id(name)
        emit(check="split", name=name, expected=[provider, bare])
        overrides = random_overrides(rng) if rng.random() < 0.3 else {}
        try:
            profile = effective_profile(name, overrides)
        except UserError:
            profile = None
        emit(check="profile", name=name, overrides=overrides, expected=profile)
        request_fields_case(rng, name)
    for _ in range(count):
        schema = Schemas(rng).root()
        for transformer in TRANSFORMERS:
            schema_case(rng, transformer, schema)
    for _ in range(count // 10):
        name = rng.choice(KNOWN)
        for _ in range(rng.randrange(1, 5)):
            at = rng.randrange(len(name))
            name = name[:at] + rng.choice(["", rng.choice(string.printable[:62] + ".-:")]) + name[at + rng.randrange(3) :]
        [nearest] = difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.8) or [None]
        emit(check="nearest", name=name, expected=nearest if nearest != name else None)


main()
