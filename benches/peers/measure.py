#!/usr/bin/env python3
"""Measures the peers side by side and prints the table; Python's standard library only.

usage: measure.py [--rounds 7] [--only stream,unary,first,open] [--sizes] [--build-cpu] [--json FILE] [--svg FILE]

Every figure is of a whole process: CPU is user and system time from the kernel, memory its peak resident set. The
programs take turns within a round, so that a busy moment of the machine meets them all; the table has medians, and
ratios of those, which hold where the absolute figures don't.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = ['floor', 'handroll', 'sdk', 'ours', 'model']
LABELS = {'floor': 'bare reqwest', 'handroll': 'by hand with smithy', 'sdk': 'AWS SDK', 'ours': 'bedrock-converse', 'model': '… its model'}
COUNTS = {'stream': 2000, 'unary': 5000, 'first': 1000, 'open': 1000}
ROWS = {  # row: (label, unit, digits)
    'size': ('stripped program that streams one answer', 'MB', 2),
    'crates': ('crates in the tree', '', 0),
    'build': ('clean release build, CPU', 's', 0),
    'stream': ('CPU per streamed answer of 100 deltas', 'µs', 0),
    'unary': ('CPU per unary call', 'µs', 0),
    'open': ('peak memory, 1,000 open streams', 'MB', 1),
    'first': ('call to first delta, warm', 'µs', 0),
}


def cargo(*arguments: str, **options) -> str:
    return subprocess.run(['cargo', *arguments], cwd=HERE, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def crates(program: str) -> int:
    """Distinct crates, the program itself not counted."""
    tree = cargo('tree', '-p', f'peer-{program}', '-e', 'normal', '--prefix', 'none')
    return len({line.removesuffix(' (*)') for line in tree.splitlines() if line}) - 1


def size(program: str) -> float:
    cargo('build', '-q', '--profile', 'min-size', '-p', f'peer-{program}')
    return (HERE / 'target' / 'min-size' / f'peer-{program}').stat().st_size / 1e6


def build_cpu(program: str) -> float:
    """CPU seconds of a build from nothing, the compiler's own children included."""
    with tempfile.TemporaryDirectory() as target:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        cargo('build', '-q', '--release', '-p', f'peer-{program}', env={**os.environ, 'CARGO_TARGET_DIR': target})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run(program: str, url: str, mode: str, count: int) -> tuple[float, float, str]:
    """CPU seconds, peak resident bytes and output of one run."""
    command = [HERE / 'target' / 'release' / f'peer-{program}', url, mode, str(count)]
    with tempfile.TemporaryFile('w+') as out:
        process = subprocess.Popen(command, stdout=out, env={'PATH': os.environ['PATH'], 'NO_PROXY': '*'})
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f'peer-{program} {mode} failed with {status}')
        out.seek(0)
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, out.read().strip()


def measure(program: str, url: str, mode: str) -> float:
    count = COUNTS[mode]
    cpu, memory, out = run(program, url, mode, count)
    if mode == 'open':
        return memory / 1e6
    if mode == 'first':
        return float(out) / 1e3
    idle, _, _ = run(program, url, mode, 0)  # what starting the program costs
    return (cpu - idle) / count * 1e6


def table(figures: dict[str, dict[str, float]]) -> str:
    head = ['', *(LABELS[p] for p in PROGRAMS), 'ours ÷ bare', 'ours ÷ SDK']
    lines = ['| ' + ' | '.join(head) + ' |', '|---|' + '--:|' * (len(head) - 1)]
    for row, values in figures.items():
        label, unit, digits = ROWS[row]
        cells = [f'{values[p]:,.{digits}f} {unit}'.strip() for p in PROGRAMS]
        ratios = [f'{values["ours"] / values[p]:.2f}' for p in ('floor', 'sdk')]
        lines.append('| ' + ' | '.join([label, *cells, *ratios]) + ' |')
    return '\n'.join(lines)


def chart(figures: dict[str, dict[str, float]]) -> str:
    """Bars as shares of the AWS SDK's figure."""
    colours = {'floor': '#9aa0a6', 'handroll': '#c58af9', 'sdk': '#f29900', 'ours': '#1a73e8', 'model': '#8ab4f8'}
    width, bar, left = 760, 14, 290
    parts, y = [], 30
    for row, values in figures.items():
        parts.append(f'<text x="0" y="{y + 2 * bar}" class="l">{ROWS[row][0]}</text>')
        for program in PROGRAMS:
            share = values[program] / values['sdk']
            length = share * (width - left - 60)
            parts.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar - 2}" fill="{colours[program]}"/>')
            parts.append(f'<text x="{left + length + 4:.1f}" y="{y + bar - 4}" class="n">{share:.2f}</text>')
            y += bar
        y += 14
    x = 0
    for program in PROGRAMS:
        parts.append(f'<rect x="{x}" y="6" width="10" height="10" fill="{colours[program]}"/>')
        parts.append(f'<text x="{x + 14}" y="15" class="n">{LABELS[program]}</text>')
        x += 170
    style = '<style>text{font-family:sans-serif;fill:#555}.l{font-size:12px}.n{font-size:11px}</style>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}">{style}{"".join(parts)}</svg>\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--only', default='stream,unary,first,open')
    parser.add_argument('--sizes', action='store_true', help='also program size and crate count')
    parser.add_argument('--build-cpu', action='store_true', help='also the CPU of a clean release build (minutes)')
    parser.add_argument('--json', type=Path)
    parser.add_argument('--svg', type=Path)
    arguments = parser.parse_args()
    if not shutil.which('cargo'):
        parser.error('cargo is not on the PATH')
    figures: dict[str, dict[str, float]] = {}
    if arguments.sizes:
        figures['size'] = {p: size(p) for p in PROGRAMS}
        figures['crates'] = {p: crates(p) for p in PROGRAMS}
    if arguments.build_cpu:
        figures['build'] = {p: build_cpu(p) for p in PROGRAMS}
    for program in ['server', *PROGRAMS]:
        cargo('build', '-q', '--release', '-p', f'peer-{program}')
    server = subprocess.Popen([HERE / 'target' / 'release' / 'peer-server', '100'], stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().strip()
        modes = arguments.only.split(',')
        samples = {mode: {p: [] for p in PROGRAMS} for mode in modes}
        for round_ in range(arguments.rounds):
            start = time.monotonic()
            for mode in modes:
                for program in PROGRAMS:
                    samples[mode][program].append(measure(program, url, mode))
            print(f'round {round_ + 1} of {arguments.rounds}: {time.monotonic() - start:.1f} s', file=sys.stderr)
        for mode in modes:
            figures[mode] = {p: statistics.median(values) for p, values in samples[mode].items()}
    finally:
        server.kill()
        server.wait()
    print(table(figures))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + '\n')
    if arguments.svg:
        arguments.svg.write_text(chart(figures))


if __name__ == '__main__':
    main()
