"""Prove the reference harness: it must reproduce every conformance case's requests, answers, events and errors."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from compare import compare_errors, difference, normal, read_body
from loopback import Json, Loopback, Script
from reference import Reference

CASES = Path(__file__).resolve().parents[2].parent / 'shared/conformance/cases'


def check(case: Json, server: Loopback, reference: Reference) -> dict[str, str | None]:
    server.play(Script(case['server'], case.get('downloads') or {}))
    out, expect = reference.run(case['op'], case['input']), case['expect']
    found: dict[str, str | None] = {'requests': None}
    if len(out.requests) != len(expect['requests']):
        found['requests'] = f'{len(out.requests)} requests, want {len(expect["requests"])}: {out.error}'
    for want, got in zip(expect['requests'], out.requests):
        headers = {k: got.header(k) for k in want.get('headers') or {}}
        a = [want['method'], want['path'], {k: [v] for k, v in (want.get('headers') or {}).items()}]
        bodies = difference(read_body(json.dumps(want['body']).encode()), read_body(got.raw), 'body')
        found['requests'] = found['requests'] or difference(a, [got.method, got.path, headers]) or bodies
    if 'error' in expect:
        got_error = out.error and {**out.error, 'message': ''}
        found['error'] = compare_errors({'name': '', 'message': '', **expect['error']}, got_error)
    else:
        want = expect['usage'] if 'usage' in expect else expect['response']
        key = 'usage' if 'usage' in expect else 'response'
        found[key] = difference(normal({key: want}), normal({key: out.result})) if out.result else f'{out.error}'
    if 'events' in expect:
        found['events'] = difference(normal(expect['events']), normal(out.events), 'events')
    return found


def main(folder: Path) -> int:
    files = sorted(folder.glob('*.json'))
    if not files:
        print(f'SKIPPED: no conformance cases in {folder}, the harness is NOT checked')
        return 0
    server = Loopback()
    reference = Reference(server)
    good, all_ = Counter[str](), Counter[str]()
    for file in files:
        case = json.loads(file.read_text())
        for key, found in check(case, server, reference).items():
            all_[key] += 1
            good[key] += found is None
            if found:
                print(f'FAIL {case["name"]} {key}: {found}')
    print('self-check: ' + ', '.join(f'{k} {good[k]}/{n}' for k, n in all_.items()) + f' in {len(files)} cases')
    return 0 if good == all_ else 1


if __name__ == '__main__':
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else CASES))
