"""What the draws covered: how often each part, setting and parameter was there, and how often the case was accepted."""

from __future__ import annotations

from collections import Counter
from typing import Any

from loopback import Json
from trial import Trial


KINDS = ('text-content', 'binary', 'image-url', 'document-url', 'video-url', 'audio-url', 'uploaded-file', 'cache-point')


def inner(o: Json, found: set[str]) -> None:
    """The kinds of content within a part."""
    if isinstance(o, list):
        for v in o:
            inner(v, found)
    elif isinstance(o, dict):
        if o.get('kind') in KINDS:
            found.add(o['kind'])
        for v in o.values():
            inner(v, found)


def tags(trial: Trial) -> list[str]:
    case, found = trial.case, {f'op {trial.op}'}
    for message in case['messages']:
        for part in message['parts']:
            kinds: set[str] = set()
            inner(part.get('content'), kinds)
            found |= {f'part {part["part_kind"]}'} | {f'part {part["part_kind"]} with {k}' for k in kinds}
            if part['part_kind'] == 'tool-return':
                content = part['content']
                found |= {f'tool-return {part.get("outcome", "success")}', f'tool-return of {type(content).__name__}'}
            if part['part_kind'] == 'retry-prompt':
                found.add(f'retry-prompt {"of a tool" if part.get("tool_name") else "without a tool"}')
    settings, parameters = case.get('settings') or {}, case.get('parameters') or {}
    found |= {f'setting {k}' for k in settings}
    if 'tool_choice' in settings:
        choice = settings['tool_choice']
        found.add(f'tool_choice {choice if not isinstance(choice, dict | list) else type(choice).__name__}')
    found |= {f'parameter {k}' for k, v in parameters.items() if v not in ([], None)}
    found.add(f'output {parameters.get("output_mode", "text")}')
    found |= {f'profile {k}' for k in case.get('profile') or {}}
    for answer in trial.answers or []:
        found.add(f'answer {answer.get("status", 200)}{" stream" if "frames" in answer else ""}')
        names: set[str] = set()
        members(answer.get('body'), names)
        members([f.get('payload') for f in answer.get('frames') or []], names)
        found |= {f'answer {n}' for n in names}
    return sorted(found)


WATCHED = {'text', 'toolUse', 'toolResult', 'reasoningContent', 'redactedContent', 'signature', 'citationsContent', 'image',
           'citation'}  # fmt: skip


def members(o: Json, found: set[str]) -> None:
    if isinstance(o, list):
        for v in o:
            members(v, found)
    elif isinstance(o, dict):
        for k, v in o.items():
            if k in WATCHED:
                found.add(k)
            if k == 'stopReason':
                found.add(f'stopReason {v}')
            members(v, found)


class Census:
    def __init__(self, results: list[dict[str, Any]]) -> None:
        self.rows: dict[str, Counter[str]] = {}
        for r in results:
            for tag in [f'family {r["family"]}', *r['tags']]:
                self.rows.setdefault(tag, Counter())[r['outcome']] += 1

    def print(self) -> None:
        outcomes = sorted({o for row in self.rows.values() for o in row}, key=lambda o: (o != 'accepted', o))
        print(f'{"":<66}' + ''.join(f'{o:>10}' for o in outcomes))
        for tag, row in sorted(self.rows.items()):
            print(f'{tag:<66}' + ''.join(f'{row[o] or "":>10}' for o in outcomes))
