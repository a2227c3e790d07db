"""Prove that the differential test finds and shrinks differences, with a stand-in that errs in a chosen way.

The stand-in repeats what the reference did, changed by one of the mistakes below. A mistake must be reported for
exactly those draws that it changes, and the first one must shrink to a case that still shows it.
"""

from __future__ import annotations

import base64
import copy
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from differential import draw
from known import KNOWN
from loopback import Json, Request
from program import Program
from reference import Outcome
from shrink import size
from trial import Bench


def walk(o: Json) -> Iterator[dict[str, Json]]:
    if isinstance(o, dict):
        yield o
    for v in o.values() if isinstance(o, dict) else o if isinstance(o, list) else ():
        yield from walk(v)


def body(change: Callable[[Json], None]) -> Callable[[Outcome], None]:
    def mistake(out: Outcome) -> None:
        for r in out.requests:
            o = json.loads(r.raw)
            change(o)
            r.raw = json.dumps(o).encode()

    return mistake


def status(o: Json) -> None:
    for d in walk(o):
        if 'toolUseId' in d and 'content' in d:
            d.pop('status', None)


def arguments(o: Json) -> None:
    for d in walk(o):
        if isinstance(d.get('toolUse'), dict):
            d['toolUse']['input'].pop('INVALID_JSON', None)


def points(o: Json) -> None:
    for d in walk(o):
        if isinstance(d.get('cachePoint'), dict):
            d['cachePoint'].pop('ttl', None)


def schema(o: Json) -> None:
    for d in walk(o):
        if isinstance(d.get('jsonSchema'), dict):
            d['jsonSchema']['schema'] = d['jsonSchema']['schema'].replace('"additionalProperties":false', '"x":false')


def order(o: Json) -> None:
    for m in (o.get('input') or {}).get('converse', o)['messages']:
        m['content'].sort(key=lambda b: 'toolResult' not in b)


def path(out: Outcome) -> None:
    for r in out.requests:
        r.path = r.path.replace('%3A', ':')


def header(out: Outcome) -> None:
    for r in out.requests:
        r.headers = [h for h in r.headers if h[0].lower() != 'x-custom']


def kind(out: Outcome) -> None:
    if out.error and out.error['kind'] == 'user':
        out.error['kind'] = 'api'


def signature(out: Outcome) -> None:
    for d in walk([out.result, out.events]):
        if 'signature' in d:
            d['signature'] = None


def last_event(out: Outcome) -> None:
    del out.events[-1:]


def tokens(out: Outcome) -> None:
    for d in walk(out.result):
        if d.get('cache_read_tokens'):
            d['cache_read_tokens'] = 0


REQUESTS: list[Callable[[Outcome], None]] = [
    lambda out: None, *map(body, (status, arguments, points, schema, order)), path, header, kind,
]  # fmt: skip
NAMES = ['none', 'status', 'arguments', 'points', 'schema', 'order', 'path', 'header', 'kind']
RESPONSES = {'none': REQUESTS[0], 'signature': signature, 'last event': last_event, 'tokens': tokens}


MASKING = {k.name for k in KNOWN if k.applies}


class StandIn(Program):
    """Its mistake is made here, so that the test knows which outcomes it changed."""

    mistake: Callable[[Outcome], None]
    changed = False

    def __init__(self, script: Path) -> None:
        super().__init__(script)
        self.command = [sys.executable, '-IS', *self.command]

    def prepare(self, want: Outcome) -> None:
        out = copy.deepcopy(want)
        self.mistake(out)
        self.changed = visible(out) != visible(want)
        if out.error and out.error['kind'] == 'crash':
            out.error['kind'] = 'api'
        Path(f'{self.input}.outcome').write_text(json.dumps({
            'requests': [{'method': r.method, 'path': r.path, 'raw': base64.b64encode(r.raw).decode(),
                          'headers': [h for h in r.headers if h[0].lower() not in ('content-length', 'host')]}
                         for r in out.requests],
            'gets': [], 'events': out.events, 'result': out.result, 'error': out.error,
        }))  # fmt: skip


def visible(out: Outcome) -> Json:
    def sent(r: Request) -> Json:
        return [r.path, json.loads(r.raw), r.header('x-custom')]

    return [[sent(r) for r in out.requests], out.error and out.error['kind'], out.events, out.result]


def test(bench: Bench, name: str, mistake: Callable[[Outcome], None], responses: bool, count: int) -> bool:
    stand_in = bench.program
    assert isinstance(stand_in, StandIn)
    stand_in.mistake = mistake
    changed, found, wrong = 0, 0, 0
    first = None
    for i in range(count):
        trial = draw(f'selftest/{i}', responses)
        trial.downloads and trial.downloads.clear()  # it fetches nothing
        verdict = bench.judge(trial)
        if MASKING & set(verdict.known):
            continue  # such a rule takes over all that is different
        crash = verdict.want.error is not None and verdict.want.error['kind'] == 'crash'
        expected = stand_in.changed and not crash
        changed += expected
        found += verdict.failed
        if verdict.failed != expected:
            wrong += 1
            print(f'     draw {i}: {verdict.difference}, changed: {expected}')
        first = first or (verdict.failed and (trial, verdict)) or None
    text = f'{changed} of {count} draws changed, {found} reported'
    good = wrong == 0 and (changed > 0) == (name != 'none')
    if first:
        small = bench.shrink(*first, budget=100)
        good = good and bench.judge(small).failed and size(small.json()) < size(first[0].json())
        text += f'; {first[1].difference}; shrunk from {size(first[0].json())} to {size(small.json())} values'
    print(f'{"ok  " if good else "FAIL"} {name}: {text}')
    return good


def main() -> int:
    bench = Bench(StandIn, Path(__file__).with_name('standin.py'))
    good = [test(bench, n, m, False, 60) for n, m in zip(NAMES, REQUESTS)]
    good += [test(bench, n, m, True, 60) for n, m in RESPONSES.items()]
    return 0 if all(good) else 1


if __name__ == '__main__':
    sys.exit(main())
