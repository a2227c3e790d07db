"""Making a failing case small: greedy removal of members while the difference stays."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from loopback import Json

Path = tuple[str | int, ...]

# Without them a case is no case, or gets a random value in their place.
KEPT = ('model', 'messages', 'kind', 'part_kind', 'parts', 'tool_call_id', 'tool_name')


def paths(o: Json, depth: int, here: Path = ()) -> Iterator[Path]:
    """The members at this depth, last ones first: removing one leaves the paths still to come as they are."""
    if not isinstance(o, dict | list):
        return
    members = list(o.items()) if isinstance(o, dict) else list(enumerate(o))
    for key, value in reversed(members):
        if depth == 1:
            yield (*here, key)
        else:
            yield from paths(value, depth - 1, (*here, key))


def without(o: Json, path: Path) -> Json:
    o = copy.deepcopy(o)
    inner = o
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return o


def size(o: Json) -> int:
    """The number of values in it."""
    members = o.values() if isinstance(o, dict) else o if isinstance(o, list) else ()
    return 1 + sum(size(v) for v in members)


def shrink(case: Json, same: Callable[[Json], bool], budget: int = 400) -> Json:
    """The smallest case found within `budget` tries for which `same` holds."""
    progress = True
    while progress:
        progress = False
        for depth in range(1, 12):
            for path in list(paths(case, depth)):
                if path[-1] in KEPT:
                    continue
                budget -= 1
                if budget < 0:
                    return case
                smaller = without(case, path)
                if same(smaller):
                    case, progress = smaller, True
    return case
