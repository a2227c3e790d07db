"""Random conversations that a request can carry, in the JSON of pydantic-ai's `ModelMessagesTypeAdapter`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from loopback import Json
from values import Draw

TIME = '2026-01-02T03:04:05.678901Z'
TOOLS = ['get_weather', 'final_result', 'Lookup-2', 'search docs', 'äöü', 'x' * 70]
ERRORS = [
    {'type': 'missing', 'loc': ['city'], 'msg': 'Field required', 'input': {'country': 'FR'}},
    {'type': 'int_parsing', 'loc': ['items', 0, 'n'], 'msg': 'Input should be a valid integer', 'input': 'x'},
    {'type': 'value_error', 'loc': [], 'msg': 'Value error, no "q"', 'input': None, 'ctx': {'error': 'bad'}},
    {'type': 'greater_than', 'loc': ['a', 'b'], 'msg': 'é > 1', 'input': [1, {'z': 1.5}], 'ctx': {'gt': 1},
     'url': 'https://errors.pydantic.dev/2/v/greater_than'},
]  # fmt: skip


class Histories:
    def __init__(self, draw: Draw, *, tools: Iterable[str] = TOOLS) -> None:
        self.d, self.tools = draw, list(tools) or TOOLS

    # User content

    def user_items(self) -> Iterator[Json]:
        d = self.d
        for i in range(d.few(0.1, 3, 4, 3, 1)):
            kind = d.weighted({'text': 5, 'tagged': 1, 'media': 4, 'cache': 0.4 if i == 0 else 2})
            if kind == 'text':
                yield d.text()
            elif kind == 'tagged':
                yield {'kind': 'text-content', 'content': d.text(), **d.members({'metadata': d.json()})}
            elif kind == 'media':
                yield d.media()
                if d.chance(0.2):
                    yield d.media()
            else:
                yield {'kind': 'cache-point', **d.members({'ttl': d.pick(['5m', '1h'])})}

    def user(self) -> Json:
        d = self.d
        content = d.text() if d.chance(0.45) else list(self.user_items())
        if isinstance(content, list):
            # Two cache points without content between them are refused; keep that rare.
            while d.chance(0.9) and (i := double_cache(content)) is not None:
                del content[i]
        return {'part_kind': 'user-prompt', 'content': content, **d.members({'timestamp': TIME}, 0.3)}

    def system(self) -> Json:
        return {'part_kind': 'system-prompt', 'content': self.d.text(), **self.d.members({'dynamic_ref': 'ref'}, 0.1)}

    # Tools

    def returned(self) -> Json:
        d = self.d
        kind = d.weighted({'text': 4, 'object': 3, 'list': 2, 'scalar': 2, 'media': 2, 'mixed': 2, 'nested': 0.7})
        if kind == 'text':
            return d.text()
        if kind == 'object':
            return d.object()
        if kind == 'list':
            return [d.json() for _ in range(d.few(1, 2, 3, 1))]
        if kind == 'scalar':
            return d.scalar()
        if kind == 'media':
            return d.media()
        if kind == 'mixed':
            return [d.weighted({d.media: 3, d.text: 3, d.json: 2})() for _ in range(d.few(0, 1, 3, 2))]
        return d.pick([{'photo': d.binary(), 'note': d.text()}, [[d.binary('image')], d.url()], {'kind': 'binary'},
                       {'kind': 'binary', 'media_type': 'text/plain'}, {'files': [d.uploaded()]}])  # fmt: skip

    def answer(self, name: str, call: str) -> Json:
        """A tool return or a retry prompt for a call."""
        d = self.d
        if d.chance(0.15):
            return {**self.retry(), 'tool_name': name, 'tool_call_id': call}
        part = {'part_kind': 'tool-return', 'tool_name': name, 'content': self.returned(), 'tool_call_id': call}
        if d.chance(0.5):
            part['outcome'] = d.weighted({'success': 2, 'failed': 3, 'denied': 1, 'interrupted': 1})
        return {**part, **d.members({'metadata': d.json(), 'timestamp': TIME}, 0.15)}

    def retry(self) -> Json:
        d = self.d
        content = d.text() if d.chance(0.5) else [d.pick(ERRORS) for _ in range(d.few(0.1, 3, 2, 1))]
        # Without a call the identifier is not sent; it is written down because a default one would be random.
        return {'part_kind': 'retry-prompt', 'content': content, 'tool_call_id': d.identifier('retry')}

    def arguments(self) -> Json:
        d = self.d
        kind = d.weighted({'object': 5, 'text': 4, 'empty': 1, 'none': 1, 'broken': 1})
        if kind == 'object':
            return d.object()
        if kind == 'text':
            return json.dumps(d.object(), ensure_ascii=d.chance(0.5), indent=d.pick([None, 1]))
        if kind == 'broken':
            return d.pick(['{"city": "Par', 'not json', '[1, 2]', '"text"', '12', ' {"a":1} ', '{"a":1}}', 'null'])
        return '' if kind == 'empty' else None

    def call(self, name: str, call: str) -> Json:
        part = {'part_kind': 'tool-call', 'tool_name': name, 'args': self.arguments(), 'tool_call_id': call}
        return {**part, **self.d.members({'id': 'item', 'provider_name': 'bedrock'}, 0.05)}

    def native(self) -> Iterator[Json]:
        d, call = self.d, self.d.identifier('native')
        name = d.weighted({'code_execution': 8, 'web_search': 1})
        provider = {'provider_name': d.weighted({'bedrock': 8, 'anthropic': 1, None: 1})}
        args = d.pick([{'snippet': '1 + 1'}, '{"snippet": "print(1)"}', None])
        yield {'part_kind': 'builtin-tool-call', 'tool_name': name, 'args': args, 'tool_call_id': call, **provider}
        if d.chance(0.9):
            content = d.pick([{'stdOut': '2', 'stdErr': '', 'exitCode': 0, 'isError': False}, d.object(), None, 'text'])
            details = d.pick([{'status': 'success'}, {'status': 'error'}, {'other': 1}, {}, None])
            yield {'part_kind': 'builtin-tool-return', 'tool_name': name, 'content': content, 'tool_call_id': call,
                   'provider_details': details, **provider}  # fmt: skip

    # Responses

    def thinking(self) -> Json:
        d = self.d
        part = {'part_kind': 'thinking', 'content': d.text(0.1)}
        if d.chance(0.75):
            part['signature'] = d.pick(['c2lnbmF0dXJl', 'sig-ä', ''])
        part['provider_name'] = d.weighted({'bedrock': 7, 'anthropic': 1, 'openai': 1, None: 1})
        if d.chance(0.2):
            part |= {'id': 'redacted_content', 'content': ''}
        return part

    def odd_part(self) -> Json:
        d = self.d
        file = {'part_kind': 'file', 'content': d.binary('image'), **d.members({'provider_name': 'bedrock'})}
        compaction = {'part_kind': 'compaction', 'content': d.pick([None, d.text()]), 'provider_name': 'anthropic'}
        return d.pick([file, file, compaction])

    def response(self, calls: list[tuple[str, str]]) -> Json:
        d, parts = self.d, []
        parts += [self.thinking() for _ in range(d.few(6, 3, 0.5))]
        parts += [{'part_kind': 'text', 'content': d.text(0.08)} for _ in range(d.few(2 if calls else 0.2, 5, 1))]
        if d.chance(0.07):
            parts += self.native()
        parts += [self.call(*c) for c in calls]
        if d.chance(0.04):
            parts.append(self.odd_part())
        if d.chance(0.1):
            d.rng.shuffle(parts)
        if d.chance(0.03):
            parts = []
        usage = {'input_tokens': 12, 'output_tokens': 3, 'cache_read_tokens': 4, 'details': {'cacheDetails': 1}}
        rest = {
            'usage': usage, 'model_name': 'us.amazon.nova-micro-v1:0', 'timestamp': TIME, 'provider_name': 'bedrock',
            'provider_url': 'https://bedrock-runtime.us-east-1.amazonaws.com', 'provider_response_id': d.identifier('r'),
            'provider_details': {'finish_reason': 'end_turn'}, 'finish_reason': d.pick(['stop', 'length', 'tool_call']),
            'run_id': 'run', 'conversation_id': 'talk', 'metadata': d.object(), 'state': d.pick(['complete', 'interrupted']),
        }  # fmt: skip
        return {'kind': 'response', 'parts': parts, **d.members(rest, 0.15)}

    # Requests and whole histories

    def request(self, parts: list[Json]) -> Json:
        d = self.d
        rest = {'timestamp': TIME, 'run_id': 'run', 'conversation_id': 'talk', 'metadata': d.object(),
                'state': d.pick(['complete', 'interrupted'])}  # fmt: skip
        message = {'kind': 'request', 'parts': parts, **d.members(rest, 0.05)}
        if d.chance(0.25):
            message['instructions'] = d.text()
        return message

    def answers(self, calls: list[tuple[str, str]]) -> list[Json]:
        d = self.d
        parts = [self.answer(*c) for c in calls if not d.chance(0.04)]
        if d.chance(0.15):
            d.rng.shuffle(parts)
        if d.chance(0.25):
            parts.append(self.user())
        if d.chance(0.03):
            parts.append(self.retry())
        return parts

    def history(self) -> list[Json]:
        d, messages = self.d, []
        calls: list[tuple[str, str]] = []
        first = [self.system() for _ in range(d.few(5, 4, 1))]
        first += [self.user() for _ in range(d.few(0.3, 8, 0.7))]
        if not d.chance(0.04):
            messages.append(self.request(first))
        for _ in range(d.few(4, 4, 3, 1.5, 0.7)):
            names = [d.pick(self.tools) for _ in range(d.few(4, 4, 2, 0.6))]
            calls = [(n, d.identifier('tooluse')) for n in names]
            messages.append(self.response(calls))
            if d.chance(0.05):
                messages.append(self.response([]))  # two responses in a row
            if not d.chance(0.05):
                if calls:
                    parts = self.answers(calls)
                else:
                    parts = [self.user() if d.chance(0.9) else self.retry()]
                if d.chance(0.05):
                    parts.insert(d.number(0, len(parts)), self.system())  # not leading
                messages.append(self.request(parts))
                if d.chance(0.06):
                    messages.append(self.request([self.user()]))  # two requests in a row
        if d.chance(0.03) and len(messages) > 1:
            d.rng.shuffle(messages)
        return messages


def double_cache(items: list[Json]) -> int | None:
    cache = [isinstance(x, dict) and x['kind'] == 'cache-point' for x in items]
    return next((i for i in range(len(items)) if cache[i] and (i == 0 or cache[i - 1])), None)
