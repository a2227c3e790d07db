"""Comparing what the two sides did: the first difference, by JSON path."""

from __future__ import annotations

import json
import re

from loopback import Json, Request
from reference import Outcome

VOLATILE = {'timestamp', 'provider_url', 'run_id', 'conversation_id'}
PAYLOADS = {'args', 'content', 'provider_details', 'metadata', 'vendor_metadata'}
USAGE = ('input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens')


def short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f'{text[:160]}... ({len(text)} characters)'


def difference(want: Json, got: Json, path: str = '$') -> str | None:
    """The first difference as `PATH: text`. Numbers compare by value, and a boolean is no number."""
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (want, got))
    if not numbers and type(want) is not type(got):
        return f'{path}: want {short(want)}, got {short(got)}'
    if isinstance(want, dict):
        for k, v in want.items():
            here = f'{path}.{k}' if re.fullmatch(r'\w+', k) else f'{path}[{json.dumps(k)}]'
            if k not in got:
                return f'{here}: missing, want {short(v)}'
            if found := difference(v, got[k], here):
                return found
        extra = next((k for k in got if k not in want), None)
        return None if extra is None else f'{path}.{extra}: not expected, got {short(got[extra])}'
    if isinstance(want, list):
        for i, (a, b) in enumerate(zip(want, got)):
            if found := difference(a, b, f'{path}[{i}]'):
                return found
        if len(want) != len(got):
            return f'{path}: want {len(want)} items, got {len(got)}'
        return None
    if want == got:
        return None
    if isinstance(want, str) and len(want) > 80:
        i = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b), min(len(want), len(got)))
        a, b = want[max(0, i - 30) : i + 50], got[max(0, i - 30) : i + 50]
        return f'{path}: text differs at character {i}: want ...{short(a)}, got ...{short(b)}'
    return f'{path}: want {short(want)}, got {short(got)}'


def read_body(raw: bytes) -> Json:
    """The body as JSON, with the schema of native output, which travels as JSON text, parsed in its place."""
    body = json.loads(raw)
    try:
        target = body['outputConfig']['textFormat']['structure']['jsonSchema']
        target['schema'] = json.loads(target['schema'])
    except (KeyError, TypeError, ValueError):
        pass
    return body


def compare_request(want: Request, got: Request, extra_headers: Json) -> str | None:
    for name in ('method', 'path'):
        a, b = getattr(want, name), getattr(got, name)
        if a != b:
            return f'{name}: want {a}, got {b}'
    for name in ('content-type', *(extra_headers or {})):
        if want.header(name) != got.header(name):
            return f'header {name}: want {want.header(name)}, got {got.header(name)}'
    try:
        return difference(read_body(want.raw), read_body(got.raw), 'body')
    except ValueError as e:
        return f'body: not JSON: {e}'


def normal(o: Json) -> Json:
    """Without what changes from run to run, and without members that are null or empty."""
    if isinstance(o, list):
        return [normal(v) for v in o]
    if not isinstance(o, dict):
        return o
    out = {}
    for k, v in o.items():
        if k in VOLATILE or v is None:
            continue
        if k == 'usage' and isinstance(v, dict):
            v = {name: v.get(name) or 0 for name in USAGE}
        elif k not in PAYLOADS:
            v = normal(v)
        if v in ({}, []) and k not in ('args', 'content', 'parts'):
            continue
        out[k] = v
    return out


def compare_errors(want: Json, got: Json) -> str | None:
    if want is None and got is None:
        return None
    if want is None:
        return f'error: accepted by the reference, refused here: {short(got)}'
    if want['kind'] == 'crash':  # nothing to agree with, but we must not break either
        return f'error: {short(got)}' if got and got['kind'] == 'unexpected' else None
    if got is None:
        return f'error: {want["kind"]} by the reference ({want["name"]}: {want["message"][:200]}), accepted here'
    if want['kind'] != got['kind']:
        return f'error.kind: want {want["kind"]} ({want["name"]}: {want["message"][:200]}), got {short(got)}'
    if 'status' in want and want['status'] != got.get('status'):
        return f'error.status: want {want["status"]}, got {got.get("status")}'
    return None


def compare(want: Outcome, got: Outcome, case: Json, *, answers: bool) -> str | None:
    """The first difference of a case: the error, the requests and downloads, then (if `answers`) what came back."""
    if found := compare_errors(want.error, got.error):
        return found
    if want.error and want.error['kind'] == 'crash':
        return None
    if len(want.requests) != len(got.requests):
        return f'requests: want {len(want.requests)}, got {len(got.requests)}'
    extra = (case.get('settings') or {}).get('extra_headers')
    for a, b in zip(want.requests, got.requests):
        if found := compare_request(a, b, extra):
            return found
    # Both sides may stop at the first of several downloads that fails.
    if want.error is None and set(want.gets) != set(got.gets):
        return f'downloads: want {sorted(set(want.gets))}, got {sorted(set(got.gets))}'
    if not answers:
        return None
    found = difference(normal(want.events), normal(got.events), 'events')
    return found or difference(normal(want.result), normal(got.result), 'response')


def signature(found: str) -> str:
    """What makes two differences the same one: its place without indexes, its sort without values."""
    place, _, text = found.partition(': ')
    sort = re.sub(r'".*|\d+.*|\[.*|\{.*|(true|false|null).*', '', text)
    return f'{re.sub(r"[0-9]+", "", place)}: {sort}'
