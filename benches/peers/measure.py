#!/usr/bin/env python3
"""Measures the peers side by side and prints the table; Python's standard library only.

usage: measure.py [--rounds 7] [--only stream,unary,…] [--sizes] [--build-cpu] [--json FILE] [--svg FILE]
       measure.py --linear [--rounds 7]

The programs take turns within a round, so that a busy moment of the machine meets them all; the table has medians, and
ratios of those, which hold where the absolute figures don't. CPU is user and system time of a whole process, less that
of the same process with one call, so that what is set up once, at the start or with the first call, counts for nobody.
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
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
LABELS = {
    'floor': 'bare reqwest',
    'handroll': 'by hand with smithy',
    'sdk': 'AWS SDK',
    'ours': 'bedrock-converse',
    'model': '… its model',
}
PROGRAMS = list(LABELS)


@dataclass
class Row:
    """What is measured. Goals are for ours: at most so many times what another program has, or, with '', so much."""

    label: str
    unit: str
    digits: int
    goals: dict[str, float]
    count: int = 0  # of calls in a process
    offline: bool = False
    one_core: bool = False  # client and server
    programs: list[str] = field(default_factory=lambda: PROGRAMS)


ROWS = {
    'size': Row('stripped program that streams one answer', 'MB', 2, {'floor': 1.20, 'sdk': 0.40}),
    'crates': Row('crates in its tree', '', 0, {}),
    'default': Row('crates that the library needs by default', '', 0, {'': 125}),
    'core': Row('crates that its pure core needs', '', 0, {'': 25}),
    'build': Row('clean release build, CPU', 's', 0, {'sdk': 0.45}, programs=PROGRAMS[:4]),
    # The floor is the checksum alone. By hand is decoder and parser; the SDK and ours are whole streams of their clients.
    'decode': Row('decode a 200-byte delta frame to its text', 'ns', 0, {'floor': 4, 'sdk': 0.10}, 1_000_000, True),
    'stream': Row('CPU per streamed answer of 100 deltas', 'µs', 0, {'floor': 1.30, 'sdk': 0.40}, 2000),
    'unary': Row('CPU per unary call', 'µs', 0, {'floor': 1.35}, 5000),
    # From the caller's strings up to the call of the HTTP stack. The floor is the SHA-256 of the body alone.
    'short': Row('build, serialise, sign a short request', 'µs', 1, {'sdk': 0.05}, 20_000, True, PROGRAMS[1:]),
    'long': Row('the same, 100 turns of 4 KB and 20 tools', 'µs', 0, {'sdk': 0.37}, 500, True),
    'open': Row('peak memory, 1,000 open streams', 'MB', 1, {'floor': 1.07}, 1000),
    # On two cores most of it is the time in which a core is woken up, which no client can shorten; on one there is none.
    'first': Row('call to first delta, warm', 'µs', 0, {'sdk': 0.45}, 1000),
    'first_one_core': Row('the same, server and client on one core', 'µs', 0, {'sdk': 0.45}, 1000, one_core=True),
}
IN_ROUNDS = [name for name, row in ROWS.items() if row.count]
LINEAR = {  # mode: (label, unit, sizes)
    'client': ('streamed answer, by `Client`', 'MB', [1, 10, 100, 1000]),
    'model': ('streamed answer, by the model, text kept', 'MB', [1, 10, 100, 1000]),
    'history': ('request, turns of 690 bytes', 'turn', [1, 10, 100, 1000, 10_000]),
}
Figures = dict[str, dict[str, float]]


def cargo(*arguments: str, **options) -> str:
    return subprocess.run(['cargo', *arguments], cwd=HERE, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def crates(*arguments: str) -> int:
    tree = cargo('tree', '-e', 'normal', '--prefix', 'none', *arguments)
    return len({line.removesuffix(' (*)') for line in tree.splitlines() if line})


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


def on_one_core() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def run(program: str, *arguments: str, prepare: Callable[[], None] | None = None) -> tuple[float, int, str]:
    """CPU seconds, peak resident KiB and output of one run."""
    command = [HERE / 'target' / 'release' / f'peer-{program}', *arguments]
    with tempfile.TemporaryFile('w+') as out:
        environment = {'PATH': os.environ['PATH'], 'NO_PROXY': '*'}
        process = subprocess.Popen(command, stdout=out, env=environment, preexec_fn=prepare)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f'peer-{program} {" ".join(arguments)} failed with {status}')
        out.seek(0)
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, out.read().strip()


def measure(name: str, program: str, urls: dict[bool, str]) -> float:
    row = ROWS[name]
    mode = name.removesuffix('_one_core')
    command = ('offline', program, mode) if row.offline else (program, urls[row.one_core], mode)
    if mode == 'first':
        return float(run(*command, str(row.count), prepare=on_one_core if row.one_core else None)[2]) / 1e3
    if name == 'open':
        _, peak, _ = run(*command, str(row.count))
        # A child's peak starts as its parent's, whose memory it has until it executes the program.
        if peak <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
            sys.exit(f'the peak of peer-{program} cannot be told from that of this script')
        return peak * 1024 / 1e6
    one, many = (run(*command, str(count))[0] for count in (1, 1 + row.count))
    return (many - one) / row.count * (1e9 if row.unit == 'ns' else 1e6)


def in_rounds(rounds: int, names: list[str]) -> Figures:
    for program in ['server', 'offline', *PROGRAMS]:
        cargo('build', '-q', '--release', '-p', f'peer-{program}')
    command = [HERE / 'target' / 'release' / 'peer-server', '100']
    servers = {
        one_core: subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=on_one_core if one_core else None)
        for one_core in (False, True)
    }
    try:
        urls = {one_core: server.stdout.readline().strip() for one_core, server in servers.items()}
        samples = {name: {program: [] for program in ROWS[name].programs} for name in names}
        for round_ in range(rounds):
            start = time.monotonic()
            for name, programs in samples.items():
                for program, values in programs.items():
                    values.append(measure(name, program, urls))
            print(f'round {round_ + 1} of {rounds}: {time.monotonic() - start:.1f} s', file=sys.stderr)
    finally:
        for server in servers.values():
            server.kill()
            server.wait()
    return {name: {p: statistics.median(v) for p, v in programs.items()} for name, programs in samples.items()}


def linear(rounds: int) -> str:
    """How time and memory grow with an answer and with a history; each size in a process of its own."""
    cargo('build', '-q', '--release', '-p', 'peer-offline')
    samples = {(mode, size): [] for mode, (_, _, sizes) in LINEAR.items() for size in sizes}
    for _ in range(rounds):
        for (mode, size), values in samples.items():
            values.append([int(text) for text in run('linear', mode, str(size))[2].split()])
    lines = ['| | size | CPU | per unit | allocations | most allocated at once | peak of the process |', '|---|' + '--:|' * 6]
    for (mode, size), values in samples.items():
        label, unit, _ = LINEAR[mode]
        nanoseconds, allocations, allocated, peak = map(statistics.median, zip(*values))
        cells = [
            f'{size:,} {unit}{"s" if unit == "turn" and size > 1 else ""}',
            f'{nanoseconds / 1e6:,.2f} ms',
            f'{nanoseconds / size / 1e3:,.1f} µs/{unit}',
            f'{allocations:,.0f}',
            f'{allocated / 1e6:,.2f} MB',
            f'{peak / 1e6:,.1f} MB',
        ]
        lines.append('| ' + ' | '.join([label, *cells]) + ' |')
    return '\n'.join(lines)


def table(figures: Figures) -> str:
    head = ['', *LABELS.values(), 'goal', 'ours ÷ bare', 'ours ÷ SDK', 'met']
    lines = ['| ' + ' | '.join(head) + ' |', '|---|' + '--:|' * (len(head) - 1)]
    for name, values in figures.items():
        row = ROWS[name]
        ours = values['ours']
        cells = [f'{values[p]:,.{row.digits}f} {row.unit}'.strip() if p in values else '–' for p in PROGRAMS]
        short = {'floor': ' × bare', 'sdk': ' × SDK', '': ''}
        goal = ', '.join(f'≤ {factor:g}{short[of]}' for of, factor in row.goals.items())
        ratios = [f'{ours / values[p]:.2f}' if p in values else '–' for p in ('floor', 'sdk')]
        met = all(ours <= factor * values.get(of, 1) for of, factor in row.goals.items())
        verdict = ('yes' if met else 'no') if row.goals else '–'
        lines.append('| ' + ' | '.join([row.label, *cells, goal or '–', *ratios, verdict]) + ' |')
    return '\n'.join(lines)


def chart(figures: Figures) -> str:
    """Bars as shares of the AWS SDK's figure; a line where the goal is."""
    colours = {'floor': '#9aa0a6', 'handroll': '#a142f4', 'sdk': '#f29900', 'ours': '#1a73e8', 'model': '#8ab4f8'}
    bar, left, full, width = 15, 300, 440, 860
    parts, y = [], 44
    for name, values in figures.items():
        row = ROWS[name]
        if 'sdk' not in values:
            continue
        middle = y + len(values) * bar / 2 + 4
        parts.append(f'<text x="{left - 10}" y="{middle}" class="l" text-anchor="end">{row.label}</text>')
        goal = min((factor * values[of] / values['sdk'] for of, factor in row.goals.items()), default=0)
        for program in (p for p in PROGRAMS if p in values):
            share = values[program] / values['sdk']
            length = share * full
            parts.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar - 2}" fill="{colours[program]}"/>')
            figure = f'{values[program]:,.{row.digits}f} {row.unit}'.strip()
            after = left + (max(length, goal * full) if program == 'ours' else length) + 6
            parts.append(f'<text x="{after:.1f}" y="{y + bar - 4}" class="n">{share:.2f} ({figure})</text>')
            if program == 'ours' and goal:
                x = left + goal * full
                parts.append(f'<path d="M{x:.1f} {y - 2}v{bar + 2}" stroke="#d93025" stroke-width="2"/>')
            y += bar
        y += 16
    x = 10
    for program, label in LABELS.items():
        parts.append(f'<rect x="{x}" y="12" width="12" height="12" fill="{colours[program]}"/>')
        parts.append(f'<text x="{x + 17}" y="22" class="l">{label}</text>')
        x += 40 + 7 * len(label)
    parts.append(f'<path d="M{x + 4} 10v16" stroke="#d93025" stroke-width="2"/>')
    parts.append(f'<text x="{x + 12}" y="22" class="l">goal; bars are shares of the SDK</text>')
    style = '<style>text{font-family:sans-serif;fill:#333}.l{font-size:12px}.n{font-size:11px}</style>'
    page = f'<rect width="{width}" height="{y}" fill="#fff"/>'
    size = f'width="{width}" height="{y}" viewBox="0 0 {width} {y}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{page}{"".join(parts)}</svg>\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--only', default=','.join(IN_ROUNDS), help='the rows to measure in rounds')
    parser.add_argument('--sizes', action='store_true', help='also program size and crate counts')
    parser.add_argument('--build-cpu', action='store_true', help='also the CPU of one clean release build each (minutes)')
    parser.add_argument('--linear', action='store_true', help='instead, how time and memory grow with the size of a call')
    parser.add_argument('--json', type=Path)
    parser.add_argument('--svg', type=Path)
    arguments = parser.parse_args()
    if not shutil.which('cargo'):
        parser.error('cargo is not on the PATH')
    if arguments.linear:
        print(linear(arguments.rounds))
        return
    figures: Figures = {}
    if arguments.sizes:
        figures['size'] = {p: size(p) for p in PROGRAMS}
        figures['crates'] = {p: crates('-p', f'peer-{p}') for p in PROGRAMS}
        library = ['--manifest-path', '../../Cargo.toml']
        figures['default'] = {'ours': crates(*library) - 1}  # itself not counted
        figures['core'] = {'ours': crates(*library, '--no-default-features') - 1}
    if arguments.build_cpu:
        figures['build'] = {p: build_cpu(p) for p in ROWS['build'].programs}
    figures |= in_rounds(arguments.rounds, arguments.only.split(','))
    figures = {name: figures[name] for name in ROWS if name in figures}
    print(table(figures))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + '\n')
    if arguments.svg:
        arguments.svg.write_text(chart(figures))


if __name__ == '__main__':
    main()
