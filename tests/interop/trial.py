"""One trial: the same case through the reference and through the program, and the first difference."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import known
from compare import compare, signature
from loopback import Json, Loopback, Script
from program import Nothing, Program
from reference import Outcome, Reference
from shrink import shrink

USAGE = {'inputTokens': 3, 'outputTokens': 2, 'totalTokens': 5}
REPLY = {'output': {'message': {'role': 'assistant', 'content': [{'text': 'ok'}]}}, 'stopReason': 'end_turn', 'usage': USAGE,
         'metrics': {'latencyMs': 1}}  # fmt: skip
FRAMES = [
    {'headers': {':event-type': 'messageStart'}, 'payload': {'role': 'assistant'}},
    {'headers': {':event-type': 'messageStop'}, 'payload': {'stopReason': 'end_turn'}},
    {'headers': {':event-type': 'metadata'}, 'payload': {'usage': USAGE, 'metrics': {'latencyMs': 1}}},
]
# The answers of trials that are about the request.
PLAIN = {'converse': [{'body': REPLY}], 'converse-stream': [{'frames': FRAMES}], 'count-tokens': [{'body': {'inputTokens': 3}}]}


@dataclass
class Trial:
    """What both sides get. `answers` is None when the request alone is compared."""

    op: str
    case: Json
    downloads: dict[str, Json]
    answers: list[Json] | None = None

    def json(self) -> Json:
        return {'op': self.op, 'input': self.case, 'downloads': self.downloads, 'answers': self.answers}

    @classmethod
    def read(cls, file: Path) -> Trial:
        o = json.loads(file.read_text())
        return cls(o['op'], o['input'], o.get('downloads') or {}, o.get('answers'))


@dataclass
class Verdict:
    difference: str | None
    """What is left of it after the known differences."""
    known: list[str]
    want: Outcome
    got: Outcome

    @property
    def failed(self) -> bool:
        return self.difference is not None


class Bench:
    def __init__(self, make_program: type[Program | Nothing], *args: object) -> None:
        self.server = Loopback()
        self.reference = Reference(self.server)
        self.program = make_program(*args)

    def judge(self, trial: Trial) -> Verdict:
        script = Script(trial.answers or PLAIN[trial.op], trial.downloads)
        case, used = known.adjust_case(trial.case)
        self.server.play(script)
        want = self.reference.run(trial.op, case)
        used += known.adjust_outcome(want, case)
        self.server.play(script)
        got = self.program.run(trial.op, trial.case, self.server, want)
        found = compare(want, got, trial.case, answers=trial.answers is not None)
        if found and (names := known.find(trial.json(), found, want, got)):
            found, used = None, used + names
        return Verdict(found, used, want, got)

    def shrink(self, trial: Trial, verdict: Verdict, budget: int = 200) -> Trial:
        """The smallest trial with the same difference; the case first, then the answers."""
        aim = signature(verdict.difference or '')

        def same(t: Trial) -> bool:
            v = self.judge(t)
            return v.failed and signature(v.difference or '') == aim

        def with_case(case: Json) -> Trial:
            return Trial(trial.op, case, trial.downloads, trial.answers)

        case = shrink(trial.case, lambda c: same(with_case(c)), budget)
        answers = trial.answers
        if answers:
            answers = shrink(answers, lambda a: bool(a) and same(Trial(trial.op, case, trial.downloads, a)), budget)
        return Trial(trial.op, case, trial.downloads, answers)
