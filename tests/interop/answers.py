"""Random answers of the service: replies, event streams and errors, with a plain request before each."""

from __future__ import annotations

import base64
import json

from loopback import Json, render
from values import Draw

MODELS = [
    'us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'us.amazon.nova-micro-v1:0', 'us.amazon.nova-2-lite-v1:0',
    'qwen.qwen3-32b-v1:0', 'us.deepseek.r1-v1:0', 'openai.gpt-oss-120b-1:0', 'us.meta.llama4-scout-17b-instruct-v1:0',
]  # fmt: skip
STOP_REASONS = [
    'end_turn', 'tool_use', 'max_tokens', 'stop_sequence', 'guardrail_intervened', 'content_filtered',
    'malformed_model_output', 'malformed_tool_use', 'model_context_window_exceeded',
]  # fmt: skip
ERRORS = {
    400: 'ValidationException', 403: 'AccessDeniedException', 404: 'ResourceNotFoundException', 408: 'ModelTimeoutException',
    424: 'ModelErrorException', 429: 'ThrottlingException', 500: 'InternalServerException', 503: 'ServiceUnavailableException',
}  # fmt: skip
STREAM_ERRORS = ['internalServerException', 'modelStreamErrorException', 'validationException', 'throttlingException',
                 'serviceUnavailableException', 'somethingNewException']  # fmt: skip
TOOLS = ['get_weather', 'final_result', 'approve', 'unknown_tool']


class Answers:
    def __init__(self, key: str) -> None:
        self.d = d = Draw(key)
        self.op = d.weighted({'converse': 4, 'converse-stream': 6, 'count-tokens': 0.7})
        text = d.chance(0.6)
        parameters = {
            'function_tools': [{'name': 'get_weather'}, {'name': 'approve', 'kind': d.pick(['external', 'unapproved'])}],
            'output_tools': [{'name': 'final_result', 'kind': 'output'}], 'output_mode': 'tool', 'allow_text_output': text,
        }  # fmt: skip
        prompt = {'kind': 'request', 'parts': [{'part_kind': 'user-prompt', 'content': 'hello'}]}
        self.case = {
            'model': d.pick(MODELS), 'messages': [prompt], 'settings': {}, 'parameters': d.pick([parameters, parameters, {}])
        }  # fmt: skip
        self.answers = [self.failure() if d.chance(0.1) else self.success()]

    def headers(self) -> Json:
        return self.d.members({'x-amzn-requestid': self.d.identifier('request')}, 0.7)

    def success(self) -> Json:
        d = self.d
        if self.op == 'count-tokens':
            return {'headers': self.headers(), 'body': {'inputTokens': d.pick([0, 1, 23, 10**6])}}
        if self.op == 'converse':
            content = [self.block() for _ in range(d.few(0.3, 5, 4, 2, 1))]
            body = {
                'output': {'message': {'role': 'assistant', 'content': content}}, 'stopReason': self.stop_reason(),
                'usage': self.usage(), 'metrics': {'latencyMs': 12},
            } | d.members({'trace': {'promptRouter': {'invokedModelId': 'x'}}, 'serviceTier': {'type': 'flex'},
                           'additionalModelResponseFields': d.json(), 'newMember': d.json()}, 0.08)  # fmt: skip
            if d.chance(0.01):
                body['output'] = {}
            return {'headers': self.headers(), 'body': body, **d.members({'chunk': 7}, 0.1)}
        return self.spoil({'headers': self.headers(), 'frames': self.frames(), **d.members({'chunk': d.number(1, 400)})})

    def failure(self) -> Json:
        d = self.d
        status = d.pick(list(ERRORS))
        named = f'{ERRORS[status]}:http://internal.amazon.com/coral/com.amazon.bedrock/'
        text = d.pick(['too bad', 'The provided model identifier is invalid.', 'Too many tokens per day, please wait'])
        body: Json = {d.pick(['message', 'Message', 'errorMessage']): text, **d.members({'__type': f'a#{ERRORS[status]}'})}
        answer: Json = {'status': status, 'headers': {**self.headers(), 'x-amzn-errortype': named}, 'body': body}
        if d.chance(0.2):
            answer['headers'] = {'content-type': 'text/html'}
            answer['body'] = d.pick(['<html>bad gateway</html>', ''])
        return answer

    def stop_reason(self) -> str:
        return 'brand_new' if self.d.chance(0.02) else self.d.pick(STOP_REASONS)

    def usage(self) -> Json:
        d = self.d
        usage = {'inputTokens': d.number(0, 5000), 'outputTokens': d.number(0, 5000), 'totalTokens': d.number(0, 9999)}
        usage |= d.members({'cacheReadInputTokens': d.number(0, 2000), 'cacheWriteInputTokens': d.number(0, 2000)}, 0.4)
        return usage | d.members({'cacheReadInputTokenCount': 1, 'serverToolUsage': {}, 'newTokens': 9,
                                  'cacheDetails': [{'ttl': '5m', 'inputTokens': 4}]}, 0.1)  # fmt: skip

    # Replies

    def redacted(self) -> str:
        d = self.d
        return base64.b64encode(d.rng.randbytes(9) if d.chance(0.1) else d.word().encode()).decode()

    def block(self) -> Json:
        d = self.d
        kind = d.weighted({'text': 5, 'tool': 4, 'thinking': 3, 'redacted': 1, 'code': 0.7, 'cited': 0.4, 'odd': 0.4})
        if kind == 'text':
            return {'text': d.text(0.08)}
        if kind == 'tool':
            use = {'toolUseId': d.identifier('tooluse'), 'name': d.pick(TOOLS), 'input': d.object()}
            if d.chance(0.03):
                use['input'] = d.pick(['', 'text', '{"a": 1}'])
            return {'toolUse': use | d.members({'type': 'tool_use'}, 0.2)}
        if kind == 'thinking':
            text = {'text': d.text(0.1), **d.members({'signature': d.pick(['c2ln', 'sig-ä', ''])}, 0.7)}
            return {'reasoningContent': {'reasoningText': text}}
        if kind == 'redacted':
            return {'reasoningContent': {'redactedContent': self.redacted()}}
        if kind == 'code':
            call = {'toolUseId': 'code', 'name': 'nova_code_interpreter', 'input': {'snippet': '1'}, 'type': 'server_tool_use'}
            content = d.pick([[{'json': {'stdOut': '1', 'exitCode': 0}}], [{'text': 'x'}], []])
            done = {'toolUseId': 'code', 'content': content, 'type': 'nova_code_interpreter_result'}
            return d.pick([{'toolUse': call}, {'toolResult': done | d.members({'status': d.pick(['success', 'error'])})}])
        if kind == 'cited':
            source = {'title': 'A', 'location': {'documentPage': {'documentIndex': 0, 'start': 1, 'end': 2}}}
            return {'citationsContent': {'content': [{'text': d.text(0)}], 'citations': [source]}}
        return d.pick([{'image': {'format': 'png', 'source': {'bytes': d.bytes64()}}}, {'brandNew': {'a': 1}},
                       {'guardContent': {'text': {'text': 'x'}}}])  # fmt: skip

    # Streams

    def pieces(self, text: str) -> list[str]:
        """The text in pieces, some of them empty."""
        d = self.d
        if d.chance(0.2):
            return [text]
        size = d.number(1, 9)
        out = [text[i : i + size] for i in range(0, len(text), size)] or ['']
        if d.chance(0.15):
            out.insert(d.number(0, len(out)), '')
        return out

    def stream_block(self) -> list[Json]:
        """The events of one block without its index: `start` and `delta` members."""
        d = self.d
        kind = d.weighted({'text': 6, 'tool': 4, 'thinking': 3, 'redacted': 1, 'code': 0.7, 'cited': 0.4, 'odd': 0.2})
        if kind == 'text':
            text = d.weighted({'': 8, ' ': 1, '\n\n': 2}) + d.text(0.05)
            return [{'delta': {'text': t}} for t in self.pieces(text)]
        if kind == 'tool':
            args = json.dumps(d.object(), ensure_ascii=d.chance(0.5)) if d.chance(0.85) else d.pick(['', '{}', '{"a', 'x'])
            start = {'toolUseId': d.identifier('tooluse'), 'name': d.pick(TOOLS), **d.members({'type': 'tool_use'}, 0.2)}
            deltas = [{'delta': {'toolUse': {'input': t}}} for t in self.pieces(args)]
            return [{'start': {'toolUse': start}}, *(deltas if d.chance(0.95) else [])]
        if kind == 'thinking':
            deltas = [{'delta': {'reasoningContent': {'text': t}}} for t in self.pieces(d.text(0.1))]
            if d.chance(0.15):
                deltas = []
            return deltas + ([{'delta': {'reasoningContent': {'signature': 'c2ln'}}}] if d.chance(0.7) or not deltas else [])
        if kind == 'redacted':
            return [{'delta': {'reasoningContent': {'redactedContent': self.redacted()}}} for _ in range(d.few(0, 4, 1))]
        if kind == 'code':
            use = {'toolUseId': 'code', 'name': 'nova_code_interpreter', 'type': 'server_tool_use'}
            done = {'toolUseId': 'code', 'type': 'nova_code_interpreter_result', **d.members({'status': 'success'})}
            call = [{'delta': {'toolUse': {'input': t}}} for t in self.pieces('{"snippet": "1 + 1"}')]
            result = [{'delta': {'toolResult': [{'json': {'stdOut': '2', 'exitCode': 0}}]}}]
            return d.pick([[{'start': {'toolUse': use}}, *call], [{'start': {'toolResult': done}}, *result]])
        if kind == 'cited':
            source = {'title': 'A', 'sourceContent': [{'text': 'x'}]}
            return [{'delta': {'text': d.text(0)}}, {'delta': {'citation': source}}]
        return [{'delta': {'brandNew': {'a': 1}}}]

    def frames(self) -> list[Json]:
        d, blocks = self.d, []
        index = d.pick([0, 0, 0, 0, 1, 5])
        for _ in range(d.few(0.3, 5, 4, 2, 1)):
            events = [(('contentBlockStart' if 'start' in e else 'contentBlockDelta'), {**e, 'contentBlockIndex': index})
                      for e in self.stream_block()]  # fmt: skip
            if d.chance(0.98):
                events.append(('contentBlockStop', {'contentBlockIndex': index}))
            blocks.append(events)
            index += 2 if d.chance(0.05) else 1
        body = [e for block in blocks for e in block]
        if d.chance(0.12):  # interleaved, each block in its order
            body = []
            while blocks := [b for b in blocks if b]:
                body.append(d.pick(blocks).pop(0))
        metadata = {'usage': self.usage(), 'metrics': {'latencyMs': 5}}
        events = [('messageStart', {'role': 'assistant'}), *body, ('messageStop', {'stopReason': self.stop_reason()})]
        if d.chance(0.97):
            events.append(('metadata', metadata))
        if d.chance(0.03):
            events.insert(d.number(0, len(events)), ('brandNewEvent', {'x': 1}))
        return [{'headers': {':event-type': name}, 'payload': {**payload, **d.members({'p': 'abcdef'})}}
                for name, payload in events]  # fmt: skip

    def spoil(self, answer: Json) -> Json:
        """Sometimes a stream that ends badly."""
        d, frames = self.d, answer['frames']
        kind = d.weighted({'good': 20, 'exception': 1, 'error': 0.4, 'short': 0.5, 'cut': 0.6, 'flipped': 0.6})
        at = d.number(0, len(frames))
        if kind == 'exception':
            name = d.pick(STREAM_ERRORS)
            payload = {'message': 'stop', **d.members({'originalStatusCode': 500, 'originalMessage': 'x'}, 0.3)}
            bad = {'headers': {':message-type': 'exception', ':exception-type': name}, 'payload': payload}
            frames[at:] = [bad]
        elif kind == 'error':
            head = {':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'boom'}
            frames[at:] = [{'headers': head, 'payload': None}]
        elif kind == 'short':
            del frames[at:]
        elif kind == 'cut':
            answer['drop_after'] = d.number(0, max(0, len(render(answer)[2]) - 1))
        elif kind == 'flipped':
            data = bytearray(render(answer)[2])
            data[d.number(0, len(data) - 1)] ^= 1 << d.number(0, 7)
            answer = {k: v for k, v in answer.items() if k != 'frames'} | {'body_b64': base64.b64encode(data).decode()}
            answer['headers'] = {**answer['headers'], 'content-type': 'application/vnd.amazon.eventstream'}
        return answer
