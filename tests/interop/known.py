"""Differences from the reference that are meant, each with the reason that the README gives.

A rule changes what the reference is given (`before`) or what it sent (`after`) into what is expected of us instead, so
that the rest of such a case is still compared member by member. A rule about answers can't do that: it says which
differences are its own (`applies`).
"""

from __future__ import annotations

import copy
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from pydantic_ai.messages import AudioUrl, DocumentUrl, ImageUrl, VideoUrl
from pydantic_ai.models._tool_choice import resolve_tool_choice
from pydantic_ai.providers._bedrock_model_names import split_bedrock_model_id

from compare import normal
from loopback import Json
from reference import Outcome, Reference


def same_instructions(change: Callable[[Json], None]) -> Callable[[Json], None]:
    """The instructions are those of the last requests as they were given, not as a rule changes them."""

    def before(case: Json) -> None:
        was = json.dumps(case)
        last, second = last_requests(case)
        found = last.get('instructions')
        if found is None and all(p.get('part_kind') in ('tool-return', 'retry-prompt') for p in last.get('parts') or []):
            found = second.get('instructions')
        change(case)
        if json.dumps(case) != was:
            last, second = last_requests(case)
            last['instructions'], second['instructions'] = found, None

    return before


def last_requests(case: Json) -> list[Json]:
    """The last request and the one before it; without them, empty ones."""
    return [*[m for m in reversed(case['messages']) if m.get('kind') == 'request'], {}, {}][:2]


@dataclass(frozen=True)
class Known:
    name: str
    reason: str
    before: Callable[[Json], None] | None = None
    """Changes the case."""
    after: Callable[[Json, Json], None] | None = None
    """Changes the body of a Converse request; the second argument is the case."""
    applies: Callable[[Json, str, Outcome, Outcome], bool] | None = None
    """Whether a difference in the answers is of this rule: trial, difference, what each side did."""


# A foundation model or a cross-region inference profile in an ARN.
NAMED = re.compile(r'arn:[^:]*:bedrock:[^:]*:[^:]*:(?:foundation-model|inference-profile)/(.+)')
URLS = {'image-url': ImageUrl, 'document-url': DocumentUrl, 'video-url': VideoUrl, 'audio-url': AudioUrl}
COMPRESSED = ('.gz', '.bz2', '.xz', '.Z', '.br')
UNANSWERED = 'The tool call was not answered.'
EMPTY_TURN = '.'


def parts(message: Json, *kinds: str) -> list[Json]:
    return [p for p in message.get('parts') or [] if p.get('part_kind') in kinds]


def capabilities_of_arn(case: Json) -> None:
    if named := NAMED.fullmatch(case['model']):
        settings = case['settings'] = case.get('settings') or {}
        settings['bedrock_inference_profile'] = settings.get('bedrock_inference_profile') or case['model']
        case['model'] = named[1]


def family(model: str | None) -> str | None:
    named = NAMED.fullmatch(model or '')
    model = named[1] if named else model or ''
    return None if model.startswith('arn:') else split_bedrock_model_id(model)[0]


def foreign_thinking(case: Json) -> None:
    """To another family of Bedrock, thinking is that of another provider."""
    for message in case['messages']:
        one, other = family(message.get('model_name')), family(case['model'])
        if one and other and one != other:
            for part in parts(message, 'thinking'):
                part['provider_name'] = None


def answer_open_calls(case: Json) -> None:
    messages = case['messages']
    for index in range(len(messages) - 1, -1, -1):
        behind = [p for m in messages[index + 1 :] for p in parts(m, 'tool-return', 'retry-prompt')]
        answered = {p.get('tool_call_id') for p in behind if p.get('tool_name')}
        calls = [c for c in parts(messages[index], 'tool-call') if c.get('tool_call_id') not in answered]
        answers = [{'part_kind': 'tool-return', 'tool_name': c['tool_name'], 'tool_call_id': c.get('tool_call_id'),
                    'content': UNANSWERED, 'outcome': 'failed'} for c in calls]  # fmt: skip
        if not answers:
            continue
        if index + 1 < len(messages) and messages[index + 1].get('kind') == 'request':
            messages[index + 1]['parts'][:0] = answers
        else:
            messages.insert(index + 1, {'kind': 'request', 'parts': answers})


def number_calls(case: Json) -> None:
    """Calls and answers without an id are matched by their order."""
    counts = {'call': 0, 'answer': 0}

    def number(part: Json, side: str) -> None:
        if not part.get('tool_call_id'):
            counts[side] += 1
            part['tool_call_id'] = f'pyd_ai_{counts[side]}'

    for message in case['messages']:
        for p in message.get('parts') or []:
            kind = p['part_kind']
            ours = p.get('provider_name') == 'bedrock' and p.get('tool_name') == 'code_execution'
            if kind == 'tool-return' or (kind == 'retry-prompt' and p.get('tool_name') is not None):
                number(p, 'answer')
            elif kind == 'builtin-tool-return' and ours:
                number(p, 'answer')
            elif kind == 'tool-call' or (kind == 'builtin-tool-call' and ours):
                number(p, 'call')


def type_urls(o: Json) -> None:
    """The type of a file is that of the URL's path; Python 3.11 looks at the query, too, and into compressed files."""
    for inner in o.values() if isinstance(o, dict) else o if isinstance(o, list) else ():
        type_urls(inner)
    url = o.get('url') if isinstance(o, dict) else None
    if not isinstance(url, str) or not url.startswith('s3://') or o.get('media_type') or o.get('kind') not in URLS:
        return
    path = re.split('[?#]', url)[0]
    try:
        if path.endswith(COMPRESSED):
            o['media_type'] = 'none/none'
        elif path != url:
            o['media_type'] = URLS[o['kind']](url=path).media_type
    except ValueError:
        pass


def answers_first(case: Json) -> None:
    """A turn of the user begins with what answers calls."""
    # A response of nothing divides no turns.
    case['messages'] = [m for m in case['messages'] if m.get('kind') == 'request' or m.get('parts')]
    requests = itertools.groupby(case['messages'], lambda m: m.get('kind') == 'request')
    for turn in [list(messages) for is_user, messages in requests if is_user]:
        said = [p for m in turn for p in m.get('parts') or []]
        ordered = sorted(said, key=lambda p: p.get('part_kind') not in ('tool-return', 'retry-prompt') or not p.get('tool_name'))
        if ordered != said:
            for message in turn:
                message['parts'] = []
            turn[0]['parts'] = ordered


def keep_tools(case: Json) -> None:
    """Call none: the tools stay when the history has calls, and only the choice is left to the model."""
    choice = (case.get('settings') or {}).get('tool_choice')
    history = [p for m in case['messages'] for p in parts(m, 'tool-call', 'tool-return', 'retry-prompt')]
    if choice not in ('none', [], {'function_tools': []}) or not any(p.get('tool_name') for p in history):
        return
    try:
        model, _, settings, parameters = Reference.load(case, object())
        settings, parameters = model.prepare_request(settings, parameters)
        if resolve_tool_choice(settings, parameters) != 'none':
            return
        model._map_tool_config(parameters, settings)
    except Exception:
        return  # the reference will refuse it
    case['settings']['tool_choice'] = 'auto'
    (case.get('parameters') or {}).pop('native_tools', None)


def tools_of_history(body: Json, case: Json) -> None:
    uses = [b['toolUse'] for m in body['messages'] for b in m['content'] if 'toolUse' in b]
    names = dict.fromkeys(u['name'] for u in uses if 'type' not in u)
    if body.get('toolConfig') or not names:
        return
    schema = {'json': {'type': 'object', 'properties': {}}}
    body['toolConfig'] = {'tools': [{'toolSpec': {'name': n, 'inputSchema': schema}} for n in names]}


def files_last(body: Json, case: Json) -> None:
    """Files that stand beside results follow all of them."""
    for message in body['messages']:
        content = message['content']
        if message['role'] != 'user' or 'toolResult' not in content[0]:
            continue
        ordered = sorted(content, key=lambda b: 'toolResult' not in b)
        if ordered != content and 'cachePoint' in ordered[-1] and ordered[-2].keys() & {'document', 'video'}:
            ordered.insert(-1, ordered.pop())
        message['content'] = ordered


def no_point_behind_results(body: Json, case: Json) -> None:
    """Nova takes no cache point right behind a result: it goes to the end of the user's turn before."""
    if family(case['model']) != 'amazon' or 'nova' not in case['model']:
        return
    for i, message in enumerate(body['messages']):
        content = message['content']
        for at in reversed(range(1, len(content))):
            if message['role'] != 'user' or 'cachePoint' not in content[at] or 'toolResult' not in content[at - 1]:
                continue
            point, is_setting = content.pop(at), at == len(content)
            # The turn that leads a conversation without one comes last, so it gets none.
            led = body['messages'][0]['content'] == [{'text': EMPTY_TURN}]
            before = [m['content'] for m in body['messages'][led:i] if m['role'] == 'user' and 'toolResult' not in m['content'][-1]]
            if before:
                put_point(before[-1], point, replace=not is_setting)


def put_point(content: list[Json], point: Json, replace: bool) -> None:
    at = len(content)
    while at and content[at - 1].keys() & {'document', 'video'}:
        at -= 1
    if at and 'cachePoint' not in content[at - 1]:
        content.insert(at, point)
    elif at and replace:
        content[at - 1] = point


def wrap_results(body: Json, case: Json) -> None:
    for message in body['messages']:
        for block in message['content']:
            for item in (block.get('toolResult') or {}).get('content', []):
                if 'json' in item and not isinstance(item['json'], dict):
                    item['json'] = {'result': item['json']}


def merge_answers(body: Json, case: Json) -> None:
    merged: list[Json] = []
    for message in body['messages']:
        if merged and message['role'] == merged[-1]['role'] == 'assistant':
            merged[-1]['content'] = merged[-1]['content'] + message['content']
        else:
            merged.append(message)
    body['messages'] = merged


def drop_blank_text(body: Json, case: Json) -> None:
    body['system'] = drop_from(body.get('system') or [])
    for message in body['messages']:
        content = drop_from(message['content'])
        if content == message['content']:
            continue
        kinds = {k for b in content for k in b}
        if message['role'] == 'user' and 'document' in kinds and not kinds & {'text', 'toolResult'}:
            content.insert(0, {'text': 'See attached document(s).'})
        message['content'] = content or [{'text': EMPTY_TURN}]


def drop_from(blocks: list[Json]) -> list[Json]:
    rest = [b for b in blocks if 'text' not in b or b['text'].strip()]
    if len(rest) == len(blocks):
        return blocks
    return [b for i, b in enumerate(rest) if 'cachePoint' not in b or i and 'cachePoint' not in rest[i - 1]]


def cut_short(trial: Json, difference: str, want: Outcome, got: Outcome) -> bool:
    """Everything that came is there, and then the error."""
    frames = [f for a in trial['answers'] or [] for f in a.get('frames') or []]
    whole = any(f.get('headers', {}).get(':event-type') == 'messageStop' for f in frames)
    began = normal(want.events)[: len(got.events)] == normal(got.events)
    return not whole and want.error is None and bool(got.error) and got.error['kind'] == 'stream' and began


def cited(trial: Json, difference: str, want: Outcome, got: Outcome) -> bool:
    answers = json.dumps(trial['answers'])
    return ('"citationsContent"' in answers or '"citation"' in answers) and got.error is None


KNOWN = [
    Known('ARN of a model', 'an ARN that names a model has its capabilities', before=capabilities_of_arn),
    Known('foreign thinking', 'no other family can read encrypted thinking or its signature', before=foreign_thinking),
    Known('results first', 'the service wants results before anything else', before=same_instructions(answers_first)),
    Known('open calls', 'the service refuses a history with a call that nobody answered', before=same_instructions(answer_open_calls)),
    Known('missing ids', 'random ids would match nothing', before=number_calls),
    Known('types of URLs', 'the type is that of the file at the path', before=lambda case: type_urls(case['messages'])),
    Known('tools kept', 'the service refuses tool blocks without the tools', before=keep_tools),
    Known('files last', 'the service wants results before anything else', after=files_last),
    Known('points moved', 'Nova takes no cache point right behind a result', after=no_point_behind_results),
    Known('results wrapped', 'the service takes nothing but objects as JSON of a result', after=wrap_results),
    Known('tools of the history', 'the service refuses tool blocks without the tools', after=tools_of_history),
    Known('cut stream', 'a stream without `messageStop` is not whole', applies=cut_short),
    Known('citations', 'the text and the sources of citations are kept', applies=cited),
    Known('answers in a row', 'the service refuses two messages of one role in a row', after=merge_answers),
    Known('blank text', 'the service refuses blank text', after=drop_blank_text),
]


def adjust_case(case: Json) -> tuple[Json, list[str]]:
    """The case to give to the reference, and the rules that changed it."""
    case, used = copy.deepcopy(case), []
    for known in KNOWN:
        if known.before:
            was = json.dumps(case)
            known.before(case)
            if json.dumps(case) != was:
                used.append(known.name)
    return case, used


def adjust_outcome(out: Outcome, case: Json) -> list[str]:
    """Change what the reference sent into what is expected of us."""
    used = []
    for request in out.requests:
        body = json.loads(request.raw)
        for known in KNOWN:
            if known.after:
                was = json.dumps(body)
                known.after((body.get('input') or {}).get('converse', body), case)
                if json.dumps(body) != was:
                    used.append(known.name)
        request.raw = json.dumps(body).encode()
    return used


def find(trial: Json, difference: str, want: Outcome, got: Outcome) -> list[str]:
    return [k.name for k in KNOWN if k.applies and k.applies(trial, difference, want, got)]
