"""Fails if a dependency declares a newer Rust than VERSION: rust_versions.py VERSION"""

import json
import subprocess
import sys

declared = sys.argv[1]
command = "cargo metadata --format-version 1 --all-features --locked"
packages = json.loads(subprocess.check_output(command.split()))["packages"]


def number(version):
    return [int(part) for part in (version + ".0.0").split(".")[:3]]


silent = [p["name"] for p in packages if not p["rust_version"]]
newer = [
    f"{p['name']} {p['version']} needs Rust {p['rust_version']}, more than the declared {declared}"
    for p in packages
    if p["rust_version"] and number(p["rust_version"]) > number(declared)
]
print(*newer, sep="\n", end="\n" if newer else "")
print(f"{len(packages) - len(silent)} crates declare at most Rust {declared}, {len(silent)} declare nothing")
sys.exit(bool(newer))
