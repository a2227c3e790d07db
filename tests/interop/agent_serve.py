"""pydantic-ai's own `Agent` with `BedrockConverseModel` against `converse serve`.

    agent_serve.py http://127.0.0.1:PORT

The server must run with its defaults: the example key, the built-in model, no faults. One line per check; exit status 1
when one fails. The checks of boto3 alone are in `boto3_serve.py`.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
import uuid
from collections.abc import Awaitable, Callable

from botocore.config import Config
from boto3 import Session
from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent, CachePoint, NativeOutput, ToolOutput, UsageLimits
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError, UsageLimitExceeded
from pydantic_ai.messages import (
    FinalResultEvent,
    ModelMessagesTypeAdapter,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    ThinkingPart,
    ToolCallPart,
)
from pydantic_ai.models.bedrock import BedrockConverseModel, BedrockModelSettings
from pydantic_ai.providers.bedrock import BedrockProvider

CLAUDE, NOVA = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'us.amazon.nova-micro-v1:0'
KEY, SECRET = 'AKIDEXAMPLE', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
WEATHER = 'Tell me, with get_weather {"city": "Paris"}'
CHECKS: list[Callable[[], Awaitable[None]]] = []


class City(BaseModel):
    name: str
    inhabitants: int


def check(f: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    CHECKS.append(f)
    return f


def model(name: str = CLAUDE, attempts: int = 1) -> BedrockConverseModel:
    config = Config(retries={'total_max_attempts': attempts, 'mode': 'standard'}, read_timeout=20)
    client = Session(KEY, SECRET, region_name='us-east-1').client('bedrock-runtime', endpoint_url=sys.argv[1], config=config)
    return BedrockConverseModel(name, provider=BedrockProvider(bedrock_client=client))


def fault(script: str) -> BedrockModelSettings:
    return {'extra_headers': {'x-converse-fault': script}}


def with_tool(name: str = CLAUDE) -> tuple[Agent, list[str]]:
    agent, cities = Agent(model(name)), []

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """The weather in a city."""
        cities.append(city)
        return f'sunny in {city}'

    return agent, cities


def equal(seen: object, wanted: object) -> None:
    assert seen == wanted, f'saw {seen!r}, wanted {wanted!r}'


@check
async def plain() -> None:
    for name in (CLAUDE, NOVA):
        result = await Agent(model(name), instructions='Be brief.').run('Hello there')
        equal(result.output, 'You said: Hello there')
        assert result.usage.input_tokens > 0 and result.usage.output_tokens > 0, result.usage
        response = result.all_messages()[-1]
        assert isinstance(response, ModelResponse)
        equal(response.finish_reason, 'stop')
        assert response.provider_response_id, 'no request id'


@check
async def conversation_through_json() -> None:
    agent = Agent(model())
    first = await agent.run('One')
    history = ModelMessagesTypeAdapter.validate_json(first.all_messages_json())
    second = await agent.run('Two', message_history=history)
    equal(second.output, 'You said: Two')
    assert second.usage.input_tokens > first.usage.input_tokens, 'the history was not sent'


@check
async def streaming() -> None:
    async with Agent(model()).run_stream('one two three four') as stream:
        pieces = [piece async for piece in stream.stream_text(delta=True, debounce_by=None)]
        assert len(pieces) > 3, pieces
        equal(''.join(pieces), 'You said: one two three four')
        assert stream.usage.output_tokens > 0, stream.usage


@check
async def tool_loop() -> None:
    for name in (CLAUDE, NOVA):
        agent, cities = with_tool(name)
        result = await agent.run(WEATHER)
        equal(cities, ['Paris'])
        equal(result.output, 'The tool says: sunny in Paris')
        equal(result.usage.requests, 2)


@check
async def tool_loop_streamed() -> None:
    agent, cities = with_tool()
    starts, deltas, final = [], 0, 0
    async with agent.run_stream_events(WEATHER) as events:
        async for event in events:
            starts += [event.part.part_kind] if isinstance(event, PartStartEvent) else []
            deltas += isinstance(event, PartDeltaEvent)
            final += isinstance(event, FinalResultEvent)
    equal(cities, ['Paris'])
    equal(starts, ['tool-call', 'text'])
    equal(final, 1)
    assert deltas > 3, deltas


@check
async def structured_output_by_tool() -> None:
    for output in (City, ToolOutput(City, name='city', strict=True)):
        for name in (CLAUDE, NOVA):
            result = await Agent(model(name), output_type=output).run('Name a city')
            assert isinstance(result.output, City), result.output
            calls = [p for m in result.all_messages() for p in m.parts if isinstance(p, ToolCallPart)]
            equal(len(calls), 1)


@check
async def structured_output_native() -> None:
    result = await Agent(model(), output_type=NativeOutput(City)).run('Name a city')
    assert isinstance(result.output, City), result.output
    equal([p.part_kind for p in result.response.parts], ['text'])


@check
async def structured_output_streamed() -> None:
    async with Agent(model(), output_type=City).run_stream('Name a city') as stream:
        assert isinstance(await stream.get_output(), City)


@check
async def thinking() -> None:
    agent, settings = Agent(model()), BedrockModelSettings(thinking='low')
    first = await agent.run('Hello', model_settings=settings)
    parts = [p for p in first.response.parts if isinstance(p, ThinkingPart)]
    assert len(parts) == 1 and parts[0].content and parts[0].signature, first.response.parts
    # The signed block goes back with the history; a server that checks it would refuse a changed one.
    second = await agent.run('Again', message_history=first.all_messages(), model_settings=settings)
    equal(second.output, 'You said: Again')
    async with agent.run_stream('Hello', model_settings=settings) as stream:
        await stream.get_output()
        streamed = [p for p in stream.response.parts if isinstance(p, ThinkingPart)]
    equal([(p.content, p.signature) for p in streamed], [(parts[0].content, parts[0].signature)])


@check
async def cache_usage() -> None:
    # Words that no earlier run has put into the cache.
    instructions = ' '.join(uuid.uuid4().hex for _ in range(40))
    settings = BedrockModelSettings(bedrock_cache_instructions=True)
    agent = Agent(model(), instructions=instructions, model_settings=settings)
    first, second = await agent.run('One'), await agent.run('Two')
    assert first.usage.cache_write_tokens >= 40 and first.usage.cache_read_tokens == 0, first.usage
    assert second.usage.cache_read_tokens >= 40 and second.usage.cache_write_tokens == 0, second.usage
    part = await agent.run(['A long text.', CachePoint(), 'A question.'])
    assert part.usage.cache_read_tokens >= 40 and part.usage.cache_write_tokens > 0, part.usage


@check
async def attachment() -> None:
    agent = Agent(model())
    without = await agent.run(['What is this?'])
    image = await agent.run(['What is this?', BinaryContent(b'\x89PNG', media_type='image/png')])
    assert image.usage.input_tokens > without.usage.input_tokens, image.usage


@check
async def count_tokens() -> None:
    limits = UsageLimits(count_tokens_before_request=True, input_tokens_limit=50)
    agent = Agent(model('us.anthropic.claude-sonnet-4-20250514-v1:0'))
    equal((await agent.run('Hello there', usage_limits=limits)).output, 'You said: Hello there')
    try:
        await agent.run('word ' * 100, usage_limits=limits)
    except UsageLimitExceeded:
        return
    raise AssertionError('100 words passed a limit of 50 tokens')


@check
async def limits_of_the_answer() -> None:
    result = await Agent(model()).run('one two three four five', model_settings={'max_tokens': 3})
    equal(result.response.finish_reason, 'length')
    assert result.response.provider_details, result.response
    equal(result.response.provider_details['finish_reason'], 'max_tokens')


@check
async def refusals() -> None:
    for script, status in (('throttle', 429), ('http status=403 code=AccessDeniedException', 403), ('html', 503)):
        for stream in (False, True):
            try:
                if stream:
                    async with Agent(model()).run_stream('Hello', model_settings=fault(script)) as run:
                        await run.get_output()
                else:
                    await Agent(model()).run('Hello', model_settings=fault(script))
            except ModelHTTPError as e:
                equal(e.status_code, status)
            else:
                raise AssertionError(f'{script}: an answer')


@check
async def retries() -> None:
    # The header is on every attempt; the server counts those of this text, which no earlier run has used.
    patient, sent = model(attempts=3), []
    patient.client.meta.events.register('before-send.bedrock-runtime.Converse', lambda **_: sent.append(1))
    result = await Agent(patient).run('Hello', model_settings=fault(f'throttle times=2 message={uuid.uuid4().hex}'))
    equal(result.output, 'You said: Hello')
    equal(len(sent), 3)


@check
async def fault_in_a_stream() -> None:
    pieces: list[str] = []
    script = 'exception type=throttlingException message=slow at=4'
    try:
        async with Agent(model()).run_stream('one two three four', model_settings=fault(script)) as stream:
            async for piece in stream.stream_text(delta=True, debounce_by=None):
                pieces.append(piece)
    except ModelAPIError as e:
        assert 'throttlingException' in str(e) and 'slow' in str(e), e
        assert pieces, 'nothing came before the fault'
    else:
        raise AssertionError('the stream ended as if it were whole')


async def main() -> int:
    bad = 0
    for f in CHECKS:
        try:
            await f()
            print(f'ok   {f.__name__}')
        except Exception as e:
            bad += 1
            line = traceback.extract_tb(e.__traceback__)[-1].lineno
            print(f'FAIL {f.__name__}: {type(e).__name__}: {e} (line {line})')
    print(f'agent_serve: {len(CHECKS) - bad}/{len(CHECKS)} ok')
    return 1 if bad else 0


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main()))
