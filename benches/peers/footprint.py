#!/usr/bin/env python3
"""Weighs what there is to choose from, and draws the tables in Markdown; Python's standard library only.

usage: footprint.py [--features] [--parts] [--flags]     (all three, where none is named)

--features  the stripped program `ours` with other features, and the crates of the library with them
--parts     what the parts of the library and the credential sources weigh in that program, by its line table
--flags     the same program with one of the profile's flags left out or one more

Needs binutils (`objdump`, `nm`) for the parts. Every build is one of the profile `min-size`, in a folder of its own.
"""

import argparse
import os
import re
import subprocess
import tempfile
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGET = HERE / 'target' / 'footprint'
LINES = ['bedrock-converse', 'peer-ours']  # the crates that have their lines in the line table
OWN = rf'(?:{re.escape(str(ROOT))}/)?src/(.*)\.rs'  # the library's own there

FEATURES = [  # label, features of the library
    ('`client` and `rustls`, the default', 'rustls'),
    ('`native-tls` in place of `rustls`', 'native-tls'),
    ('`webpki-roots` besides', 'rustls,webpki-roots'),
    ('`http2` besides', 'rustls,http2'),
]
FLAGS = [  # label, settings of the profile, flags of the linker
    ('all of `min-size`', {}, ''),
    ('`opt-level = "s"`', {'opt-level': '"s"'}, ''),
    ('`opt-level = 3`', {'opt-level': '3'}, ''),
    ('without `lto`', {'lto': 'false'}, ''),
    ('`lto = "thin"`', {'lto': '"thin"'}, ''),
    ('without `codegen-units = 1`', {'codegen-units': '16'}, ''),
    ('without `panic = "abort"`', {'panic': '"unwind"'}, ''),
    ('without `strip`', {'strip': '"none"'}, ''),
    ('besides, `-C link-arg=-Wl,--icf=all`', {}, '-Wl,--icf=all'),
    ('besides, `-C link-arg=-Wl,-z,pack-relative-relocs`', {}, '-Wl,-z,pack-relative-relocs'),
]
SOURCES = [  # label, files under src/credentials
    ('environment variables', 'environment'),
    ('shared files and profiles', 'config_file shared_config profile'),
    ('`credential_process`', 'process'),
    ('roles and web identity (STS)', 'sts web_identity xml'),
    ('SSO', 'sso'),
    ('container (ECS, EKS)', 'container'),
    ('instance metadata (EC2)', 'imds'),
    ('the chain, its cache, what the sources share', 'mod cache context document'),
]
PARTS = [  # label, paths under src
    ('types of the wire, JSON', 'wire'),
    ('event stream', 'eventstream'),
    ('calls, retries, endpoints', 'client retry endpoint provider environment error'),
    ('signatures', 'sign'),
    ('HTTP and TLS', 'transport'),
]


def cargo(*arguments: str, cwd: Path = HERE) -> str:
    environment = {**os.environ, 'CARGO_TARGET_DIR': str(TARGET)}
    return subprocess.run(['cargo', *arguments], cwd=cwd, env=environment, check=True, text=True, stdout=subprocess.PIPE).stdout


def build(program: str, *arguments: str, settings: dict[str, str] = {}, link: str = '') -> Path:
    config = [f'--config=profile.min-size.{name}={value}' for name, value in settings.items()]
    flags = ['--', '-C', f'link-arg={link}'] if link else []
    cargo('rustc', '-q', '--profile=min-size', f'--package=peer-{program}', *config, *arguments, *flags)
    return TARGET / 'min-size' / f'peer-{program}'


def size(*arguments, **options) -> int:
    return build(*arguments, **options).stat().st_size


def crates(*arguments: str) -> int:
    """Distinct crates under the library, itself not counted."""
    tree = cargo('tree', '-e', 'normal', '--prefix', 'none', '--no-default-features', *arguments, cwd=ROOT)
    return len({line.removesuffix(' (*)') for line in tree.splitlines() if line}) - 1


def empty() -> int:
    """A program that does nothing."""
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder, 'empty.rs'), Path(folder, 'empty')
        source.write_text('fn main() {}\n')
        flags = ['opt-level=z', 'lto', 'codegen-units=1', 'panic=abort', 'strip=symbols']
        subprocess.run(['rustc', *(f'-C{flag}' for flag in flags), '-o', program, source], check=True)
        return program.stat().st_size


def table(rows: Iterator[list]) -> None:
    """Each row is printed when it is there: the builds take their time."""
    for index, row in enumerate(rows):
        print('| ' + ' | '.join(f'{cell:,}' if isinstance(cell, int) else cell for cell in row) + ' |', flush=True)
        if index == 0:
            print('|---' + '|--:' * (len(row) - 1) + '|')
    print()


def features() -> Iterator[list]:
    yield ['features', 'program, bytes', 'more', 'crates', 'more']
    base = None
    for label, names in FEATURES:
        weight, count = size('ours', '--no-default-features', f'--features={names}'), crates(f'--features={names}')
        more = [f'{weight - base[0]:+,}', f'{count - base[1]:+}'] if base else ['', '']
        base = base or (weight, count)
        yield [label, weight, more[0], count, more[1]]
    yield ['the pure core alone, decoding', size('core'), '', crates(), '']
    yield ['for comparison: bare reqwest with rustls', size('floor'), '', '', '']
    yield ['for comparison: a program that does nothing', empty(), '', '', '']


def lines(program: Path) -> list[tuple[int, str]]:
    """Where the code of each address comes from: starting addresses in order, and paths."""
    dump = subprocess.run(['objdump', '-WL', program], check=True, text=True, stdout=subprocess.PIPE, errors='replace').stdout
    found, path = {}, ''
    for line in dump.splitlines():
        if row := re.match(r'\S+ +(?:\d+|-) +0x([0-9a-f]+)(.*)', line):
            found[int(row[1], 16)] = '' if 'END' in row[2] else path
        elif line.endswith((':', ':[++]')):
            path = line.removesuffix('[++]').removesuffix(':')
    return sorted(found.items())


def functions(program: Path) -> list[tuple[int, int]]:
    symbols = subprocess.run(['nm', '-S', '--defined-only', program], check=True, text=True, stdout=subprocess.PIPE).stdout
    rows = (line.split() for line in symbols.splitlines())
    return sorted({(int(row[0], 16), int(row[1], 16)) for row in rows if len(row) == 4 and row[2] in 'tTwW'})


def own_code(program: Path) -> Counter:
    """Bytes of machine code by file under src. What the compiler puts from elsewhere into a function of ours counts with
    the line of ours before it."""
    places = lines(program)
    starts = [start for start, _ in places]
    weights: Counter = Counter()
    for start, length in functions(program):
        own, early = None, 0
        first, end = bisect_right(starts, start) - 1, start + length
        for index in range(max(first, 0), len(places)):
            address = max(places[index][0], start)
            if address >= end:
                break
            following = places[index + 1][0] if index + 1 < len(places) else end
            if (found := re.fullmatch(OWN, places[index][1])) and (ROOT / 'src' / f'{found[1]}.rs').exists():
                own = found[1]
            if own:
                weights[own] += min(following, end) - address + early
                early = 0
            else:
                early += min(following, end) - address
    return weights


def parts() -> Iterator[list]:
    settings = {f'package.{crate}.debug': '"line-tables-only"' for crate in LINES}
    weights = own_code(build('ours', settings={'strip': '"none"', **settings}))

    def weigh(prefix: str, names: str) -> int:
        paths = [f'{prefix}{name}' for name in names.split()]
        return sum(n for file, n in weights.items() if any(file == path or file.startswith(f'{path}/') for path in paths))

    yield ['machine code of', 'bytes']
    for label, names in PARTS:
        yield [label, weigh('', names)]
    yield ['credentials', weigh('', 'credentials')]
    for label, names in SOURCES:
        yield [f'… {label}', weigh('credentials/', names)]
    yield ['all of the library', sum(weigh('', names) for names in [*(names for _, names in PARTS), 'credentials'])]


def flags() -> Iterator[list]:
    yield ['profile', 'program, bytes', 'change']
    base = None
    for label, settings, link in FLAGS:
        weight = size('ours', settings=settings, link=link)
        yield [label, weight, f'{weight / base - 1:+.0%}' if base else '']
        base = base or weight


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = [features, parts, flags]
    for draw in every:
        parser.add_argument(f'--{draw.__name__}', action='store_true')
    chosen = vars(parser.parse_args())
    for draw in [draw for draw in every if chosen[draw.__name__]] or every:
        table(draw())


if __name__ == '__main__':
    main()
