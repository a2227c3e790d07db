"""Random cases through pydantic-ai and through `converse request`: the same requests, or a difference.

    differential.py --cli PATH [--count 5000] [--seed 1] [--responses] [--coverage]
    differential.py --cli PATH --replay FILE...
    differential.py --coverage                               no program: what the draws cover
    differential.py --self-check [CASES]

With `--responses` the requests are plain and the answers random: what the caller gets is compared, too. Exit status 1
when a difference is not in `known.py`; each is shrunk, printed by JSON path and written to a file that replays it.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import self_check
from answers import Answers
from cases import Cases, family
from compare import signature
from census import Census, tags
from program import Nothing, Program
from shrink import size
from trial import Bench, Trial

bench: Bench


def draw(key: str, responses: bool) -> Trial:
    if responses:
        a = Answers(key)
        return Trial(a.op, a.case, {}, a.answers)
    c = Cases(key)
    return Trial(c.op, c.case, c.downloads)


def start(cli: Path | None) -> None:
    global bench
    bench = Bench(Program, cli) if cli else Bench(Nothing)


def run(seed: int, indexes: Iterable[int], responses: bool) -> list[dict[str, Any]]:
    """One worker's share. What comes back is small, the trials themselves can be drawn again."""
    results = []
    for i in indexes:
        trial = draw(f'{seed}/{i}', responses)
        verdict = bench.judge(trial)
        outcome = verdict.want.error['kind'] if verdict.want.error else 'accepted'
        results.append({
            'index': i, 'difference': verdict.difference, 'known': verdict.known, 'outcome': outcome,
            'family': family(trial.case['model']), 'tags': tags(trial),
        })  # fmt: skip
    return results


def report(trial: Trial, name: str, folder: Path) -> None:
    verdict = bench.judge(trial)
    small = bench.shrink(trial, verdict)
    verdict = bench.judge(small)
    file = folder / f'{name}.json'
    file.write_text(json.dumps({**small.json(), 'difference': verdict.difference}, indent=1, ensure_ascii=False))
    print(f'FAIL {name} ({small.op}, {small.case.get("model")}): {verdict.difference}')
    print(f'     shrunk from {size(trial.json())} to {size(small.json())} values; replay with --replay {file}', flush=True)


def replay(files: list[Path]) -> int:
    bad = 0
    for file in files:
        verdict = bench.judge(Trial.read(file))
        bad += verdict.failed
        print(f'{"FAIL" if verdict.failed else "ok  "} {file.stem}: {verdict.difference or "equal"}')
        if verdict.failed:
            for side, out in (('reference', verdict.want), ('program', verdict.got)):
                sent = [f'{r.path} {r.raw.decode("utf-8", "replace")}' for r in out.requests]
                print(f'  {side}: sent {sent}\n    events {json.dumps(out.events)}\n    result {json.dumps(out.result)}'
                      f'\n    error {json.dumps(out.error)}')  # fmt: skip
    return 1 if bad else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cli', type=Path, help='the program')
    parser.add_argument('--count', type=int, default=5000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--responses', action='store_true', help='random answers instead of random requests')
    parser.add_argument('--coverage', action='store_true', help='print what the draws covered')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('--shrink', type=int, default=10, help='how many kinds of difference to shrink and print')
    parser.add_argument('--out', type=Path, default=Path(tempfile.gettempdir()), help='folder for replayable files')
    parser.add_argument('--replay', type=Path, nargs='+', metavar='FILE')
    parser.add_argument('--self-check', type=Path, nargs='?', const=self_check.CASES, metavar='CASES')
    args = parser.parse_args()
    if args.self_check:
        return self_check.main(args.self_check)
    if not args.cli and not args.coverage or args.cli and not os.access(args.cli, os.X_OK):
        parser.error('--cli must name the program')
    if args.replay:
        start(args.cli)
        return replay(args.replay)

    chunks = [range(i, min(i + 25, args.count)) for i in range(0, args.count, 25)]
    with concurrent.futures.ProcessPoolExecutor(args.jobs, initializer=start, initargs=(args.cli,)) as pool:
        shares = [pool.submit(run, args.seed, chunk, args.responses) for chunk in chunks]
        results = [r for share in shares for r in share.result()]
    if args.coverage:
        Census(results).print()
    counted = Counter(name for r in results for name in set(r['known']))
    groups: dict[str, list[int]] = defaultdict(list)
    for r in results:
        if r['difference']:
            groups[signature(r['difference'])].append(r['index'])
    start(args.cli)
    args.out.mkdir(parents=True, exist_ok=True)
    common = sorted(groups.items(), key=lambda g: -len(g[1]))
    for place, indexes in common[: args.shrink]:
        report(draw(f'{args.seed}/{indexes[0]}', args.responses), f'{args.seed}-{indexes[0]}', args.out)
        print(f'     {len(indexes)} draws differ at {place}: {indexes[:8]}')
    for name, n in counted.items():
        print(f'known difference, {n} draws: {name}')
    unequal = sum(len(g) for g in groups.values())
    outcomes = Counter(r['outcome'] for r in results)
    what = 'answers' if args.responses else 'requests'
    print(f'differential: {len(results)} {what} drawn (seed {args.seed}; {dict(outcomes)}), '
          f'{sum(bool(r["known"]) for r in results)} with known differences, {unequal} unequal in {len(groups)} kinds')  # fmt: skip
    return 1 if unequal else 0


if __name__ == '__main__':
    sys.exit(main())
