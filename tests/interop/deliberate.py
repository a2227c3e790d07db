"""The differences from the reference that are meant, each under its name in the README's "Differences from pydantic-ai".

A difference counts as meant only if the reference, given these changes and nothing else, does exactly what the program
did. So a case may show several of them, and nothing hides behind one.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic_ai.messages import AudioUrl, DocumentUrl, ImageUrl, VideoUrl

from compare import compare
from loopback import Json, Request
from reference import Outcome

if TYPE_CHECKING:
    from trial import Bench, Trial

COMPRESSED = ('.gz', '.bz2', '.xz', '.Z', '.br')
URLS = {'image-url': ImageUrl, 'document-url': DocumentUrl, 'video-url': VideoUrl, 'audio-url': AudioUrl}
UNANSWERED = 'The tool call was not answered.'
COMPANION = {'text': 'See attached document(s).'}


def explain(bench: Bench, trial: Trial, got: Outcome) -> str | None:
    """The names of the differences that make both sides equal; None when they don't."""
    names: set[str] = set()
    case = copy.deepcopy(trial.case)
    answer_open_calls(case, names)
    number_calls(case, names)
    fill_blanks(case, names)
    type_urls(case['messages'], names)
    arn = name_the_model(case, names)
    want = bench.run_reference(trial, case)
    changed = []
    for request in want.requests:
        body = json.loads(request.raw)
        conversation = body['input']['converse'] if trial.op == 'count-tokens' else body
        keep_tools(conversation, bench, trial, case, names)
        wrap_results(conversation, names)
        drop_blanks(conversation, names)
        path = request.path
        if arn and trial.op != 'count-tokens' and not (case.get('settings') or {}).get('bedrock_inference_profile'):
            path = path.replace(quote(case['model'], safe=''), quote(arn, safe=''))
        changed.append(replace(request, path=path, raw=json.dumps(body).encode()))
    want.requests = changed
    found = compare(want, got, trial.case, answers=trial.answers is not None)
    return None if found else ', '.join(sorted(names)) or None


def parts(message: Json) -> list[Json]:
    return message.get('parts') or []


def answer_open_calls(case: Json, names: set[str]) -> None:
    messages = case['messages']
    for index in reversed(range(len(messages))):
        if messages[index]['kind'] != 'response':
            continue
        answered = {
            p.get('tool_call_id') or ''
            for m in messages[index + 1 :]
            if m['kind'] == 'request'
            for p in parts(m)
            if p['part_kind'] == 'tool-return' or (p['part_kind'] == 'retry-prompt' and p.get('tool_name') is not None)
        }
        calls = [p for p in parts(messages[index]) if p['part_kind'] == 'tool-call']
        answers = [
            {'part_kind': 'tool-return', 'tool_name': c['tool_name'], 'content': UNANSWERED,
             'tool_call_id': c.get('tool_call_id'), 'outcome': 'failed'}
            for c in calls if (c.get('tool_call_id') or '') not in answered
        ]  # fmt: skip
        if not answers:
            continue
        names.add('open calls')
        if index + 1 < len(messages) and messages[index + 1]['kind'] == 'request':
            messages[index + 1]['parts'] = [*answers, *parts(messages[index + 1])]
        else:
            messages.insert(index + 1, {'kind': 'request', 'parts': answers})


def number_calls(case: Json, names: set[str]) -> None:
    """Calls and answers without an id are matched by their order."""
    counts = {'call': 0, 'answer': 0}

    def number(part: Json, side: str) -> None:
        if not part.get('tool_call_id'):
            counts[side] += 1
            part['tool_call_id'] = f'pyd_ai_{counts[side]}'
            names.add('missing ids')

    for message in case['messages']:
        for p in parts(message):
            kind = p['part_kind']
            ours = p.get('provider_name') == 'bedrock' and p.get('tool_name') == 'code_execution'
            if kind == 'tool-return' or (kind == 'retry-prompt' and p.get('tool_name') is not None):
                number(p, 'answer')
            elif kind == 'builtin-tool-return' and ours:
                number(p, 'answer')
            elif kind == 'tool-call' or (kind == 'builtin-tool-call' and ours):
                number(p, 'call')


def fill_blanks(case: Json, names: set[str]) -> None:
    """botocore refuses empty text in the system prompt, but not blank text, which is dropped below."""
    given = (case.get('parameters') or {}).get('instruction_parts') or []
    for place, key in [*((p, 'content') for p in given), *((m, 'instructions') for m in case['messages'])]:
        if place.get(key) == '':
            place[key] = ' '
            names.add('blank text')


def type_urls(o: Json, names: set[str]) -> None:
    """The type of a file is that of the URL's path; Python 3.11 looks at the query, too."""
    for inner in o.values() if isinstance(o, dict) else o if isinstance(o, list) else ():
        type_urls(inner, names)
    url = o.get('url') if isinstance(o, dict) else None
    if not isinstance(url, str) or not url.startswith('s3://') or o.get('media_type') or o.get('kind') not in URLS:
        return
    path = re.split('[?#]', url)[0]
    try:
        o['media_type'] = 'none/none' if path.endswith(COMPRESSED) else URLS[o['kind']](url=path).media_type
    except ValueError:
        return
    if path != url:
        names.add('URLs with a query')
    if path.endswith(COMPRESSED):
        names.add('compressed files')


def name_the_model(case: Json, names: set[str]) -> str | None:
    """An ARN that holds a model's name has the capabilities of that model. Gives the ARN."""
    found = re.fullmatch(r'arn:[^:]*:bedrock:[^:]*:[^:]*:(?:foundation-model|inference-profile)/(.+)', case['model'])
    if not found:
        return None
    arn, case['model'] = case['model'], found[1]
    names.add('models of ARNs')
    return arn


def keep_tools(conversation: Json, bench: Bench, trial: Trial, case: Json, names: set[str]) -> None:
    """A history that holds calls or results needs tools to go with it."""
    blocks = [b for m in conversation['messages'] for b in m['content']]
    calls = [b['toolUse'] for b in blocks if 'toolUse' in b and 'type' not in b['toolUse']]
    results = [b['toolResult'] for b in blocks if 'toolResult' in b and 'type' not in b['toolResult']]
    if 'toolConfig' in conversation or not (calls or results):
        return
    free = copy.deepcopy(case)
    (free.get('settings') or {}).pop('tool_choice', None)
    requests = bench.run_reference(trial, free).requests
    again = json.loads(requests[0].raw) if requests else {}
    again = again['input']['converse'] if trial.op == 'count-tokens' and again else again
    config = again.get('toolConfig') or {'tools': []}
    if 'toolChoice' in config:
        config['toolChoice'] = {'auto': {}}
    config['tools'] = [t for t in config['tools'] if 'systemTool' not in t]
    if any('toolSpec' in t for t in config['tools']):
        conversation['messages'] = again['messages']
    else:
        tools = dict.fromkeys(c['name'] for c in calls)
        schema = {'json': {'type': 'object', 'properties': {}}}
        config = {'tools': [{'toolSpec': {'name': name, 'inputSchema': schema}} for name in tools]}
    if config['tools']:
        conversation['toolConfig'] = config
        names.add('tools of the history')


def wrap_results(conversation: Json, names: set[str]) -> None:
    for message in conversation['messages']:
        for block in message['content']:
            result = block.get('toolResult') or {}
            for item in result.get('content', []) if 'type' not in result else []:
                if 'json' in item and not isinstance(item['json'], dict):
                    item['json'] = {'result': item['json']}
                    names.add('results are objects')


def drop_blanks(conversation: Json, names: set[str]) -> None:
    def cleaned(blocks: list[Json]) -> list[Json]:
        kept: list[Json] = []
        for block in (b for b in blocks if not blank(b)):
            if 'cachePoint' in block and (not kept or 'cachePoint' in kept[-1]):
                continue
            kept.append(block)
        return kept

    def blank(block: Json) -> bool:
        return isinstance(block.get('text'), str) and not block['text'].strip()

    if any(map(blank, conversation.get('system') or [])):
        conversation['system'] = cleaned(conversation['system'])
        names.add('blank text')
    for message in conversation['messages']:
        if not any(map(blank, message['content'])):
            continue
        names.add('blank text')
        content = cleaned(message['content'])
        has = {k for b in content for k in b}
        if message['role'] == 'user' and 'document' in has and not has & {'text', 'toolResult'}:
            content.insert(0, COMPANION)
        message['content'] = content or [{'text': '.'}]
