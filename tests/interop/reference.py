"""The reference: pydantic-ai's `BedrockConverseModel` on a real botocore client, talking to a loopback server."""

from __future__ import annotations

import asyncio
import json
import re
import warnings
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ParamValidationError
from pydantic import TypeAdapter
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError, UserError
from pydantic_ai.messages import ModelMessagesTypeAdapter, ModelResponse, ModelResponseStreamEvent
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.bedrock import BedrockConverseModel
from pydantic_ai.providers.bedrock import BedrockProvider
from pydantic_ai.settings import ToolOrOutput
from pydantic_ai.usage import RequestUsage

from loopback import Json, Loopback, Request

warnings.simplefilter('ignore')

ACCESS_KEY, SECRET_KEY, REGION = 'AKIDEXAMPLE', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', 'us-east-1'
OPERATIONS = ('converse', 'converse-stream', 'count-tokens')

PARAMETERS = TypeAdapter(ModelRequestParameters)
RESPONSE = TypeAdapter(ModelResponse)
USAGE = TypeAdapter(RequestUsage)
EVENT: TypeAdapter[Any] = TypeAdapter(ModelResponseStreamEvent)

EMPTY_TEXT = re.compile(r'Invalid length for parameter \S+\.text, value: 0,')

# Members of a profile whose values are sets or tuples and that JSON can only write as lists.
SETS = ('bedrock_supported_media_kinds_in_tool_returns', 'bedrock_tool_result_colocatable_content')
TUPLES = ('thinking_tags',)


@dataclass
class Outcome:
    """What one side did with a case. `error` is `{"kind", "status"?, "name", "message"}`.

    Kinds are those of the program's contract (`user`, `http`, `stream`, `timeout`, `api`, `unexpected`), and `crash`
    for an exception of the reference that no caller could mean, such as `KeyError`: it tells nothing about what is right.
    """

    requests: list[Request] = field(default_factory=list)
    gets: list[str] = field(default_factory=list)
    result: Json = None
    events: list[Json] = field(default_factory=list)
    error: Json = None


def load_profile(profile: Json) -> Json:
    loaded = dict(profile)
    for name in SETS:
        if loaded.get(name) is not None:
            loaded[name] = frozenset(loaded[name])
    for name in TUPLES:
        if loaded.get(name) is not None:
            loaded[name] = tuple(loaded[name])
    return loaded


def load_settings(settings: Json) -> Json:
    loaded = dict(settings or {})
    if isinstance(loaded.get('tool_choice'), dict):
        loaded['tool_choice'] = ToolOrOutput(**loaded['tool_choice'])
    return loaded


def dump(adapter: TypeAdapter[Any], value: Any) -> Json:
    return json.loads(adapter.dump_json(value))


class Reference:
    def __init__(self, server: Loopback) -> None:
        self.server = server
        session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)

        def client(**how: Any) -> Any:
            config = Config(retries={'total_max_attempts': 1}, connect_timeout=5, read_timeout=10, **how)
            return session.client('bedrock-runtime', endpoint_url=server.base, config=config)

        self.client, self.lenient = client(), client(parameter_validation=False)
        self.runner = asyncio.Runner()

    def run(self, op: str, case: Json) -> Outcome:
        """Run one case against the script that the server plays."""
        case, out = self.server.rewrite(case), Outcome()
        try:
            self.attempt(op, case, out, self.client)
        except Exception as e:
            out.error = classify(e, sent=bool(self.server.requests), streaming=op == 'converse-stream')
        out.requests, out.gets = self.server.requests, self.server.gets
        return out

    def attempt(self, op: str, case: Json, out: Outcome, client: Any) -> None:
        call = {'converse': self.converse, 'converse-stream': self.stream, 'count-tokens': self.count}[op]
        try:
            self.runner.run(call(out, *self.load(case, client)))
        except ParamValidationError as e:
            # Empty text is the one thing that botocore refuses and that is not wrong: see it on its way instead.
            complaints = str(e).split('\n')[1:]
            if client is self.lenient or not all(EMPTY_TEXT.match(line) for line in complaints):
                raise
            self.attempt(op, case, out, self.lenient)

    @staticmethod
    def load(case: Json, client: Any) -> tuple[BedrockConverseModel, Any, Any, ModelRequestParameters]:
        provider = BedrockProvider(bedrock_client=client)
        profile = load_profile(case['profile']) if case.get('profile') else None
        model = BedrockConverseModel(case['model'], provider=provider, profile=profile)
        messages = ModelMessagesTypeAdapter.validate_json(json.dumps(case['messages']))
        parameters = PARAMETERS.validate_json(json.dumps(case.get('parameters') or {}))
        return model, messages, load_settings(case.get('settings')), parameters

    @staticmethod
    async def converse(out: Outcome, model: BedrockConverseModel, *call: Any) -> None:
        out.result = dump(RESPONSE, await model.request(*call))

    @staticmethod
    async def count(out: Outcome, model: BedrockConverseModel, *call: Any) -> None:
        out.result = dump(USAGE, await model.count_tokens(*call))

    @staticmethod
    async def stream(out: Outcome, model: BedrockConverseModel, *call: Any) -> None:
        async with model.request_stream(*call) as response:
            # An event shares its part with the parts manager, so it is written down as it comes.
            async for event in response:
                out.events.append(dump(EVENT, event))
            out.result = dump(RESPONSE, response.get())


def classify(e: Exception, *, sent: bool, streaming: bool) -> Json:
    error: dict[str, Any] = {'name': type(e).__name__, 'message': str(e)}
    if isinstance(e, ModelHTTPError):
        return {**error, 'kind': 'http', 'status': e.status_code}
    refusals = (UserError, NotImplementedError, ValueError, ParamValidationError)
    if not sent:
        return {**error, 'kind': 'user' if isinstance(e, refusals) else 'crash'}
    if isinstance(e, ModelAPIError | BotoCoreError) or type(e).__module__.split('.')[0] in ('urllib3', 'botocore'):
        return {**error, 'kind': 'stream' if streaming else 'api'}
    return {**error, 'kind': 'crash'}
