"""Fails if the version in Cargo.toml promises more than tests/public-api.txt keeps since a tag: semver.py TAG

An item that is gone or changed breaks its users; an item more, or a newer `rust-version`, is a minor change. In 0.y.z a
break raises y and anything else z. An item more that breaks (a method that a trait requires, say) is for the reader to see.
"""

import re
import subprocess
import sys

BREAKING, MINOR, PATCH = 2, 1, 0
NAMES = {BREAKING: "breaking", MINOR: "minor", PATCH: "patch"}
LISTING = "tests/public-api.txt"


def tagged(path):
    return subprocess.check_output(["git", "show", f"{sys.argv[1]}:{path}"], text=True)


def current(path):
    with open(path) as file:
        return file.read()


def field(manifest, name):
    return re.search(rf'^{name} = "(.*)"', manifest, re.M)[1]


def raised(old, new):
    """What a step from version `old` to `new` allows."""
    old, new = ([int(n) for n in v.split("-")[0].split(".")] for v in (old, new))
    if new < old:
        sys.exit("the version is lower than the tag's")
    first = next((i for i in range(3) if old[i] != new[i]), 3)
    return max(BREAKING - first, PATCH) if old[0] else {0: BREAKING, 1: BREAKING, 2: MINOR, 3: PATCH}[first]


before, now = tagged("Cargo.toml"), current("Cargo.toml")
old, new = (set(text.splitlines()) for text in (tagged(LISTING), current(LISTING)))
needed = PATCH
if new - old or field(before, "rust-version") != field(now, "rust-version"):
    needed = MINOR
if old - new:
    needed = BREAKING
allowed = raised(field(before, "version"), field(now, "version"))
print(*sorted(f"- {line}" for line in old - new), *sorted(f"+ {line}" for line in new - old), sep="\n")
print(f"since {sys.argv[1]} the change is {NAMES[needed]}, the version allows {NAMES[allowed]}")
sys.exit(needed > allowed)
