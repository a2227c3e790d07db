"""What pydantic-ai makes of answers and streams of Bedrock, one JSON line per case, for tests/it/answers_reference.rs to compare.

Usage: responses.py COUNT SEED, with a Python that has pydantic-ai-slim[bedrock]. Drawn is what pydantic-ai gets right.
"""

import asyncio
import base64
import json
import random
import string
import sys
import warnings
from datetime import datetime, timezone

from pydantic import TypeAdapter
from pydantic_ai.messages import ModelMessagesTypeAdapter, ModelResponseStreamEvent
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.bedrock import BedrockConverseModel, BedrockStreamedResponse
from pydantic_ai.providers.bedrock import BedrockProvider
from pydantic_ai.tools import ToolDefinition

warnings.simplefilter("ignore")  # about tools of the kind "tool-search" that are called something else

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
EVENT = TypeAdapter(ModelResponseStreamEvent)
PARAMETERS = TypeAdapter(ModelRequestParameters)
STOP_REASONS = (
    "end_turn tool_use max_tokens stop_sequence guardrail_intervened content_filtered malformed_model_output "
    "malformed_tool_use model_context_window_exceeded something_new"
).split()
TOOLS = ["f", "g", "h", "final_result", "unheard_of"]


def text(draw, blank=True):
    choices = ["a", "Hello", " world", "é", "日本🦀", '{"x":1}', "line\nline", "<think>", "</think>"]
    return draw.choice(choices + (["", " ", "\n\t", "\x1c\u2003"] if blank else []))


def ascii_text(draw):
    return "".join(draw.choices(string.ascii_letters + "+/=", k=draw.randint(1, 30)))


def usage(draw):
    counts = {name: draw.randint(0, 5000) for name in ("inputTokens", "outputTokens", "totalTokens")}
    for name in ("cacheReadInputTokens", "cacheWriteInputTokens", "cacheReadInputTokenCount", "pagesRead"):
        if draw.random() < 0.4:
            counts[name] = draw.choice([0, draw.randint(1, 5000)])
    if draw.random() < 0.3:
        counts |= {"cacheDetails": [{"ttl": "5m", "inputTokens": 3}], "serverToolUsage": {}}
    return counts


def block(draw, index):
    """The events of one block of a stream."""

    def delta(**delta):
        return {"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}}

    def start(**start):
        return {"contentBlockStart": {"contentBlockIndex": index, "start": start}}

    pieces = range(draw.randint(1, 5))
    kind = draw.randrange(6)
    if kind == 0:
        return [delta(text=text(draw)) for _ in pieces]
    if kind == 1:
        events = [delta(reasoningContent={"text": text(draw)}) for _ in pieces]
        return events + [delta(reasoningContent={"signature": draw.choice(["", ascii_text(draw)])})] * draw.randint(0, 2)
    if kind == 2:
        return [delta(reasoningContent={"redactedContent": ascii_text(draw).encode()})]
    if kind == 3:
        extra = draw.choice([{}, {"type": "tool_use"}])
        events = [start(toolUse={"toolUseId": f"t{index}", "name": draw.choice(TOOLS), **extra})]
        return events + [delta(toolUse={"input": text(draw)}) for _ in pieces[1:]]
    if kind == 4:
        name = "nova_code_interpreter"
        events = [start(toolUse={"toolUseId": f"t{index}", "name": name, "type": "server_tool_use"})]
        return events + [delta(toolUse={"input": text(draw)}) for _ in pieces[1:]]
    status = draw.choice([{}, {"status": "success"}, {"status": "error"}])
    result = {"toolUseId": f"t{index - 1}", "type": "nova_code_interpreter_result", **status}
    return [start(toolResult=result)] + [delta(toolResult=[{"json": {"stdOut": text(draw)}}])] * draw.randint(0, 1)


def stream(draw):
    """The events of a stream; some blocks are interleaved."""
    queues, index = [], 0
    for _ in range(draw.randint(0, 6)):
        queues.append(block(draw, index) + [{"contentBlockStop": {"contentBlockIndex": index}}])
        index += draw.randint(1, 3)
    events = [{"messageStart": {"role": "assistant"}}]
    while queues:
        at = draw.randrange(min(len(queues), draw.choice([1, 1, 3])))
        events.append(queues[at].pop(0))
        queues = [queue for queue in queues if queue]
        if draw.random() < 0.05:
            events.append({"somethingNew": {"x": 1}})
    events.append({"messageStop": {"stopReason": draw.choice(STOP_REASONS)}})
    if draw.random() < 0.8:
        events.append({"metadata": {"usage": usage(draw), "metrics": {"latencyMs": 1}}})
    return events


def parameters(draw):
    kinds = {"f": "function", "g": "external", "h": "unapproved"}
    tools = [
        ToolDefinition(name=name, kind=kind, tool_kind=draw.choice([None, None, "tool-search"]))
        for name, kind in kinds.items()
        if draw.random() < 0.6
    ]
    output = [ToolDefinition(name="final_result", kind="output")] if draw.random() < 0.5 else []
    return ModelRequestParameters(
        function_tools=tools, output_tools=output, allow_text_output=draw.random() < 0.7, output_mode="tool"
    )


def content(draw):
    """One block of an answer."""
    kind = draw.randrange(6)
    if kind == 0:
        return {"text": text(draw)}
    if kind == 1:
        return {"reasoningContent": {"reasoningText": {"text": text(draw), **draw.choice([{}, {"signature": ascii_text(draw)}])}}}
    if kind == 2:
        return {"reasoningContent": {"redactedContent": ascii_text(draw).encode()}}
    if kind == 3:
        extra = draw.choice([{}, {"type": "tool_use"}])
        return {"toolUse": {"toolUseId": "t1", "name": draw.choice(TOOLS), "input": {"a": text(draw)}, **extra}}
    if kind == 4:
        return {"toolUse": {"toolUseId": "t1", "name": "nova_code_interpreter", "input": {}, "type": "server_tool_use"}}
    items = draw.choice([[], [{"json": {"stdOut": text(draw)}}]])
    status = draw.choice([{}, {"status": "success"}])
    return {"toolResult": {"toolUseId": "t1", "type": "nova_code_interpreter_result", "content": items, **status}}


def wire(value):
    """As the service writes it."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: wire(member) for name, member in value.items()}
    return [wire(item) for item in value] if isinstance(value, list) else value


def message(response):
    return json.loads(ModelMessagesTypeAdapter.dump_json([response]))[0]


async def streamed(events, parameters, ignore):
    response = BedrockStreamedResponse(
        model_request_parameters=parameters,
        _model_name=MODEL,
        _model_profile={"ignore_streamed_leading_whitespace": ignore},
        _event_stream=events,
        _provider_name="bedrock",
        _model_id_namespace="bedrock",
        _provider_url="https://bedrock-runtime.us-east-1.amazonaws.com",
        _timestamp=datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc),
        _provider_response_id="request-1",
    )
    told = [json.loads(EVENT.dump_json(event, warnings=False)) async for event in response]
    return told, message(response.get())


async def main(count, seed):
    draw = random.Random(seed)
    provider = BedrockProvider(region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    model = BedrockConverseModel(MODEL, provider=provider)
    for _ in range(count):
        events, wanted, ignore = stream(draw), parameters(draw), draw.random() < 0.5
        told, response = await streamed(events, wanted, ignore)
        wanted = json.loads(PARAMETERS.dump_json(wanted))
        print(json.dumps({"events": wire(events), "parameters": wanted, "ignore": ignore, "told": told, "response": response}))

        body = {
            "output": {"message": {"role": "assistant", "content": [content(draw) for _ in range(draw.randint(0, 6))]}},
            "stopReason": draw.choice(STOP_REASONS),
            "usage": usage(draw),
        }
        answer = {**body, "ResponseMetadata": {"RequestId": "request-1"}}
        print(json.dumps({"answer": wire(body), "response": message(await model._process_response(answer))}))


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
