"""pydantic-ai's own `Agent` against the local server: the built-in model is enough to drive it.

    python pydantic_ai_serve.py http://127.0.0.1:PORT

Prints one line per check and, when all went as expected, "all as expected".
"""

import asyncio
import sys

from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.bedrock import BedrockConverseModel
from pydantic_ai.providers.bedrock import BedrockProvider

provider = BedrockProvider(
    base_url=sys.argv[1],
    region_name="us-east-1",
    aws_access_key_id="AKIDEXAMPLE",
    aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
)
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


class City(BaseModel):
    name: str
    inhabitants: int


def agent(**arguments):
    return Agent(BedrockConverseModel(CLAUDE, provider=provider), **arguments)


def check(what, condition, seen):
    print(f"{'ok    ' if condition else 'FAILED'} {what}: {seen!r}")
    if not condition:
        sys.exit(1)


async def main():
    result = await agent(instructions="Be brief.").run("Hello there")
    check("plain", result.output == "You said: Hello there", result.output)
    again = await agent().run("And again", message_history=result.all_messages())
    check("history", again.output == "You said: And again", again.output)

    async with agent().run_stream("Hello there") as stream:
        pieces = [piece async for piece in stream.stream_text(delta=True, debounce_by=None)]
    check("streaming", "".join(pieces) == "You said: Hello there" and len(pieces) == 4, pieces)

    called = []
    helper = agent()

    @helper.tool_plain
    def get_weather(city: str) -> str:
        called.append(city)
        return f"sunny in {city}"

    question = 'Please get_weather {"city": "Paris"}'
    result = await helper.run(question)
    check("tool loop", (called, result.output) == (["Paris"], "The tool says: sunny in Paris"), result.output)
    async with helper.run_stream(question) as stream:
        output = await stream.get_output()
    check("tool loop, streaming", (called, output) == (["Paris"] * 2, "The tool says: sunny in Paris"), output)

    for name, kind in [("by tool", City), ("native", NativeOutput(City))]:
        result = await agent(output_type=kind).run("A city")
        check(f"structured output, {name}", result.output == City(name="name", inhabitants=0), result.output)

    thinking = {"bedrock_additional_model_requests_fields": {"thinking": {"type": "enabled", "budget_tokens": 1024}}}
    result = await agent().run("Hello", model_settings=thinking)
    kinds = [part.part_kind for part in result.all_messages()[-1].parts]
    check("thinking", kinds == ["thinking", "text"], kinds)
    again = await agent().run("On", message_history=result.all_messages(), model_settings=thinking)
    check("thinking, sent back", again.output == "You said: On", again.output)

    cached = agent(instructions="These are long instructions", model_settings={"bedrock_cache_instructions": True})
    usages = [(await cached.run("Hello")).usage for _ in range(2)]
    usages = [usage() if callable(usage) else usage for usage in usages]
    seen = [(usage.cache_write_tokens, usage.cache_read_tokens) for usage in usages]
    check("cache usage", seen == [(4, 0), (0, 4)], seen)


asyncio.run(main())
print("all as expected")
