"""Differences from the reference that are meant, each with the reason that the README gives under "Differences"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loopback import Json
from reference import Outcome


@dataclass(frozen=True)
class Known:
    name: str
    reason: str
    # Called with the trial (`op`, `case`, `answers`), the difference found, and what each side did.
    applies: Callable[[Json, str, Outcome, Outcome], bool]


KNOWN: list[Known] = []


def find(trial: Json, difference: str, want: Outcome, got: Outcome) -> str | None:
    return next((k.name for k in KNOWN if k.applies(trial, difference, want, got)), None)
