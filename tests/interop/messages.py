"""Random histories drawn with pydantic-ai's own types, and its word on those that are written here.

    messages.py draw COUNT SEED   JSON lines: what pydantic-ai writes, and what its types say about it
    messages.py load              messages on stdin, one list a line -> as pydantic-ai writes them after loading

Needs a Python with pydantic-ai-slim[bedrock]==2.33.0.
"""

import json
import random
import sys
import warnings
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from pydantic import TypeAdapter
from pydantic_ai import messages as m
from pydantic_ai.exceptions import UserError
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models._tool_choice import resolve_tool_choice
from pydantic_ai.settings import ToolOrOutput
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage

HISTORY = m.ModelMessagesTypeAdapter
PART = TypeAdapter(m.ModelResponsePart)
DELTA = TypeAdapter(m.ModelResponsePartDelta)
PARAMETERS = TypeAdapter(ModelRequestParameters)

TEXTS = [
    '', ' ', 'Hello', 'two\nlines', 'naïve café', '日本語', '🦀 crab', '"quoted" \\ back', '\x00\x1f', 'a' * 300, '{}', '{"a": 1}',
]
NUMBERS = [0, -1, 7, 2**53 + 1, 2**63 - 1, -(2**63), 0.1, -0.0, 1.5e300, 1e16, 1e-7]
MEDIA_TYPES = ['image/png', 'image/jpeg', 'audio/wav', 'video/mp4', 'application/pdf', 'text/plain', 'text/x-odd', 'odd']
FILES = ['s3://b/k.pdf', 's3://b/k', 'file-123', 's3://b/v.MP4']
REASONS = ['stop', 'length', 'content_filter', 'tool_call', 'error']
URLS = {
    m.ImageUrl: ['https://example.com/a.png', 'http://h/b.JPEG', 's3://bucket/c/d.webp', 'https://example.com/e.gif'],
    m.DocumentUrl: ['https://h/a.pdf', 's3://bucket/x.docx', 'https://h/y.csv', 'https://h/z.md', 'https://h/w.xlsx'],
    m.VideoUrl: ['https://youtu.be/abc', 'https://www.youtube.com/watch?v=1', 's3://b/v.mkv', 'https://h/v.three_gp'],
    m.AudioUrl: ['https://h/a.mp3', 'https://h/a.wav', 'https://h/a.flac', 'https://h/a.aiff', 'https://h/a.oga'],
}


class Draw(random.Random):
    def maybe(self, draw, chance=0.3):
        return draw() if self.random() < chance else None

    def text(self):
        return self.choice(TEXTS)

    def some(self, draw, most=3):
        return [draw() for _ in range(self.randrange(most + 1))]

    def number(self):
        return self.choice([*NUMBERS, self.random(), self.random() * 1e9])

    def json(self, depth=2):
        draws = [self.text, self.number, lambda: self.choice([True, False, None])]
        if depth:
            draws += [lambda: self.some(lambda: self.json(depth - 1)), lambda: self.object(depth - 1)]
        return self.choice(draws)()

    def object(self, depth=2):
        names = ['a', 'b', 'ключ', 'kind', 'url', 'content', 'part_kind', '']
        return {self.choice(names): self.json(depth) for _ in range(self.randrange(4))}

    def time(self):
        zone = self.choice([timezone.utc, timezone(timedelta(hours=2)), timezone(-timedelta(hours=3, minutes=30))])
        day = self.randrange(1970, 2100), self.randrange(1, 13), self.randrange(1, 29)
        return datetime(*day, self.randrange(24), 5, 6, self.choice([0, 1, 120000, 999999]), zone)

    def binary(self):
        return m.BinaryContent.narrow_type(m.BinaryContent(
            self.randbytes(self.randrange(9)), media_type=self.choice(MEDIA_TYPES),
            vendor_metadata=self.maybe(self.object), identifier=self.maybe(self.text),
        ))

    def media(self):
        kind = self.choice([*URLS, m.BinaryContent, m.UploadedFile])
        common = {'vendor_metadata': self.maybe(self.object), 'identifier': self.maybe(self.text)}
        if kind is m.BinaryContent:
            return self.binary()
        common['media_type'] = self.maybe(lambda: self.choice(MEDIA_TYPES))
        if kind is m.UploadedFile:
            return kind(self.choice(FILES), self.choice(['bedrock', 'openai']), **common)
        return kind(self.choice(URLS[kind]), force_download=self.choice([True, False, 'allow-local']), **common)

    def user_content(self):
        return self.choice([
            self.text, self.media, lambda: m.TextContent(self.text(), metadata=self.maybe(self.json)),
            lambda: m.CachePoint(ttl=self.choice(['5m', '1h'])),
        ])()

    def tool_content(self):
        def item(depth=1):
            nested = [lambda: self.some(lambda: item(depth - 1)), lambda: {'file': self.media(), 'x': self.json()}]
            return self.choice([self.media, self.json, *(nested if depth else [])])()
        return self.choice([item, lambda: self.some(item, 4)])()

    def error(self):
        loc = tuple(self.choice(['x', 0, 12]) for _ in range(self.randrange(4)))
        error = {'type': self.text(), 'loc': loc, 'msg': self.text(), 'input': self.json()}
        if self.random() < 0.5:
            error['ctx'] = self.object()
        if self.random() < 0.5:
            error['url'] = self.text()
        return error

    def provider(self):
        return {'provider_name': self.maybe(self.text), 'provider_details': self.maybe(self.object)}

    def tool_return(self, kind):
        typed = self.random()
        common = {
            'tool_call_id': self.text(), 'metadata': self.maybe(self.json), 'timestamp': self.time(),
            'outcome': self.choice(['success', 'failed', 'denied', 'interrupted']),
        }
        if kind is m.NativeToolReturnPart:
            common |= self.provider()
            if typed < 0.1:
                return m.NativeToolSearchReturnPart(content={'discovered_tools': [{'name': 'x'}]}, **common)
        elif typed < 0.1:
            return m.ToolSearchReturnPart(content={'discovered_tools': [], 'message': self.text()}, **common)
        elif typed < 0.2:
            return m.LoadCapabilityReturnPart(content={'instructions': self.text()}, **common)
        return kind(self.text(), self.tool_content(), **common)

    def tool_call(self, kind):
        common = {'tool_call_id': self.text(), 'id': self.maybe(self.text), **self.provider()}
        typed = self.random()
        if typed < 0.1:
            kind = m.ToolSearchCallPart if kind is m.ToolCallPart else m.NativeToolSearchCallPart
            return kind(args={'queries': ['q']}, **common)
        args = self.choice([None, self.object(), self.text(), json.dumps(self.json()), '{"a":', '[]', ' {"a": 1.0} '])
        return kind(self.text(), args, **common)

    def speech(self, speaker):
        return m.SpeechPart(
            speaker=speaker, transcript=self.maybe(self.text), audio=self.maybe(self.binary),
            interrupted_at_ms=self.maybe(lambda: 5), id=self.maybe(self.text), **self.provider(),
        )

    def request_part(self):
        return self.choice([
            lambda: m.SystemPromptPart(self.text(), timestamp=self.time(), dynamic_ref=self.maybe(self.text)),
            lambda: m.UserPromptPart(self.text(), timestamp=self.time()),
            lambda: m.UserPromptPart(self.some(self.user_content, 4), timestamp=self.time()),
            lambda: self.tool_return(m.ToolReturnPart),
            lambda: m.RetryPromptPart(
                self.choice([self.text(), self.some(self.error)]), tool_name=self.maybe(self.text, 0.6),
                tool_call_id=self.text(), timestamp=self.time(),
            ),
            lambda: m.ToolAvailabilityDeltaPart(tools_added=self.some(self.text), tool_call_id=self.maybe(self.text)),
            lambda: self.speech('user'),
        ])()

    def response_part(self):
        provided = {'id': self.maybe(self.text), **self.provider()}
        return self.choice([
            lambda: m.TextPart(self.text(), **provided),
            lambda: m.ThinkingPart(self.text(), signature=self.maybe(self.text), **provided),
            lambda: m.CompactionPart(self.maybe(self.text), **provided),
            lambda: m.FilePart(self.binary(), **provided),
            lambda: self.tool_call(m.ToolCallPart),
            lambda: self.tool_call(m.NativeToolCallPart),
            lambda: self.tool_return(m.NativeToolReturnPart),
            lambda: self.speech('assistant'),
        ])()

    def count(self):
        return self.choice([0, 1, 250, 2**40])

    def usage(self):
        extra = {'odd_tokens': self.count()} if self.random() < 0.2 else {}
        return RequestUsage(
            input_tokens=self.count(), output_tokens=self.count(), cache_read_tokens=self.count(),
            cache_write_tokens=self.count(), details={self.choice(['a', 'b']): self.count() for _ in range(2)},
            cost=self.maybe(lambda: Decimal('0.00012')), **extra,
        )

    def message(self):
        ids = {'run_id': self.maybe(self.text), 'conversation_id': self.maybe(self.text)}
        common = {'metadata': self.maybe(self.object), **ids}
        if self.random() < 0.5:
            return m.ModelRequest(
                self.some(self.request_part, 4), timestamp=self.maybe(self.time), instructions=self.maybe(self.text),
                state=self.choice(['complete', 'interrupted']), **common,
            )
        return m.ModelResponse(
            self.some(self.response_part, 4), usage=self.usage(), model_name=self.maybe(self.text), timestamp=self.time(),
            provider_url=self.maybe(self.text), provider_response_id=self.maybe(self.text),
            finish_reason=self.maybe(lambda: self.choice(REASONS)), **self.provider(),
            state=self.choice(['complete', 'incomplete', 'suspended', 'interrupted']), **common,
        )

    def tool(self, name, kind):
        return ToolDefinition(
            name=name, description=self.maybe(self.text), kind=kind, defer_loading=self.random() < 0.3,
            strict=self.maybe(lambda: True), metadata=self.maybe(self.object), timeout=self.maybe(self.random),
        )

    def parameters(self):
        functions = [self.tool(name, 'function') for name in self.sample('abc', self.randrange(4))]
        outputs = [self.tool(name, 'output') for name in self.sample('yz', self.randrange(3))]
        levels = ['visible', 'deferred', 'withheld', 'via_history']
        visibility = {name: self.choice(levels) for name in self.sample('abcyz', 2)}
        instructions = self.some(lambda: m.InstructionPart(self.text(), dynamic=self.random() < 0.5))
        return ModelRequestParameters(
            function_tools=functions, output_tools=outputs, tool_visibility=self.choice([None, visibility]),
            allow_text_output=self.random() < 0.5, allow_image_output=self.random() < 0.2,
            instruction_parts=self.choice([None, instructions]), thinking=self.choice([None, True, False, 'high']),
            prompted_output_template=self.choice([None, False, 'x']),
        )

    def tool_choice(self):
        names = self.sample('abcyzq', self.randrange(4))
        return self.choice([None, 'auto', 'none', 'required', names, ToolOrOutput(names)])

    def args(self):
        return self.choice([None, self.text(), self.object()])

    def delta_and_part(self):
        part = self.choice([
            lambda: m.TextPart(self.text(), **self.provider()),
            lambda: m.ThinkingPart(self.text(), signature=self.maybe(self.text), **self.provider()),
            lambda: m.ToolCallPart(self.text(), self.args(), self.text(), **self.provider()),
        ])()
        delta = self.choice([
            lambda: m.TextPartDelta(self.text(), **self.provider()),
            lambda: m.ThinkingPartDelta(
                content_delta=self.maybe(self.text), signature_delta=self.maybe(self.text), **self.provider()
            ),
            lambda: m.ToolCallPartDelta(
                tool_name_delta=self.maybe(self.text), args_delta=self.args(), tool_call_id=self.maybe(self.text),
                **self.provider(),
            ),
        ])()
        return delta, part


def plain(adapter, value):
    return json.loads(adapter.dump_json(value))


def items(items):
    return [{'file': item.identifier} if m.is_multi_modal_content(item) else {'value': item} for item in items]


def media_format(media):
    try:
        return media.format
    except (KeyError, ValueError):
        return None


def facts_of(part):
    """What pydantic-ai's types say about a part, after loading."""
    if isinstance(part, m.ToolReturnPart):
        return {
            'str': [part.model_response_str(wrap_if_error=wrap) for wrap in (True, False)],
            'object': [part.model_response_object(wrap_if_error=wrap) for wrap in (True, False)],
            'items': [
                items(part.content_items(mode=mode, wrap_if_error=wrap))
                for mode in ('str', 'jsonable')
                for wrap in (True, False)
            ],
            'files': [[file.identifier, media_format(file)] for file in part.files],
        }
    if isinstance(part, m.RetryPromptPart):
        return {'text': part.model_response()}
    if isinstance(part, (m.ToolCallPart, m.NativeToolCallPart)):
        if isinstance(part.args, str) and part.args.isspace():
            return {'args': {}, 'text': '{}'}  # a deliberate difference: blank text is no arguments
        try:
            return {'args': part.args_as_dict(raise_if_invalid=True), 'text': part.args_as_json_str()}
        except (ValueError, AssertionError):
            return {'args': None, 'text': None}
    return None


def draw_line(draw, number):
    if number % 5 == 3:
        delta, part = draw.delta_and_part()
        line = {'delta': plain(DELTA, delta), 'part': plain(PART, part), 'applied': None}
        try:
            line['applied'] = plain(PART, delta.apply(part))
        except Exception:
            pass
        return line
    if number % 5 == 4:
        parameters, choice = draw.parameters(), draw.tool_choice()
        try:
            resolved = resolve_tool_choice({'tool_choice': choice}, parameters)
            resolved = [resolved[0], sorted(resolved[1])] if isinstance(resolved, tuple) else resolved
        except (UserError, AssertionError):
            resolved = None
        return {
            'parameters': plain(PARAMETERS, parameters),
            'resolved': resolved,
            'declared': list(parameters.declared_tool_defs),
            'tool_choice': asdict(choice) if isinstance(choice, ToolOrOutput) else choice,
        }
    history = HISTORY.dump_json(draw.some(draw.message, 6))
    loaded = HISTORY.validate_json(history)
    return {
        'history': json.loads(history),
        'facts': [[facts_of(part) for part in message.parts] for message in loaded],
        'text': [message.text for message in loaded if isinstance(message, m.ModelResponse)],
    }


def main():
    warnings.simplefilter('ignore')
    match sys.argv[1:]:
        case ['draw', count, seed]:
            draw = Draw(int(seed))
            for number in range(int(count)):
                print(json.dumps(draw_line(draw, number)))
        case ['load']:
            for line in sys.stdin:
                print(HISTORY.dump_json(HISTORY.validate_json(line)).decode())
        case _:
            sys.exit(__doc__)


if __name__ == '__main__':
    main()
