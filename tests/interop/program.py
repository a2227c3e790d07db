"""Our side: the program `converse`, by its command line, talking to the same loopback server."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from loopback import Json, Loopback
from reference import ACCESS_KEY, REGION, SECRET_KEY, Outcome

FLAGS = {'converse': [], 'converse-stream': ['--stream'], 'count-tokens': ['--count-tokens']}


def last_json(text: str) -> Json:
    lines = [line for line in text.split('\n') if line.strip()]
    try:
        return json.loads(lines[-1])
    except (IndexError, ValueError):
        return None


class Program:
    """Runs the program once per case. A way to run many cases in one process would be another class with this `run`."""

    def __init__(self, cli: Path, timeout: float = 10) -> None:
        self.command, self.timeout = [str(cli.resolve())], timeout
        self.folder = tempfile.TemporaryDirectory(prefix='interop-')
        home = Path(self.folder.name, 'home')
        home.mkdir()
        self.input = Path(self.folder.name, 'input.json')
        self.environment = {
            'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'HOME': str(home), 'AWS_ACCESS_KEY_ID': ACCESS_KEY,
            'AWS_SECRET_ACCESS_KEY': SECRET_KEY, 'AWS_REGION': REGION, 'AWS_EC2_METADATA_DISABLED': 'true',
            'AWS_MAX_ATTEMPTS': '1', 'NO_PROXY': '*',
        }  # fmt: skip

    def prepare(self, want: Outcome) -> None:
        """For the stand-in; the program itself never sees what the reference did."""

    def run(self, op: str, case: Json, server: Loopback, want: Outcome) -> Outcome:
        self.input.write_text(json.dumps(server.rewrite(case), ensure_ascii=False))
        self.prepare(want)
        command = [*self.command, 'request', '--input', self.input, *FLAGS[op], '--endpoint-url', server.base]
        out = Outcome()
        try:
            done = subprocess.run(
                command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=self.timeout
            )
        except subprocess.TimeoutExpired:
            out.error = {'kind': 'unexpected', 'message': f'still running after {self.timeout} s'}
        else:
            text = done.stdout.decode('utf-8', 'replace'), done.stderr.decode('utf-8', 'replace')
            read(out, op, done.returncode, *text)
        out.requests, out.gets = server.requests, server.gets
        return out


class Nothing:
    """No program at all: does what the reference did, to see what the draws cover."""

    def run(self, op: str, case: Json, server: Loopback, want: Outcome) -> Outcome:
        return want


def read(out: Outcome, op: str, status: int, stdout: str, stderr: str) -> None:
    """Take the program's output apart, by its contract."""
    if status != 0:
        line = last_json(stderr)
        error = line.get('error') if isinstance(line, dict) else None
        fallback = {'kind': 'unexpected', 'message': f'exit {status}: {stderr[-300:]}'}
        out.error = error if isinstance(error, dict) and status == 1 else fallback
    try:
        lines = [json.loads(line) for line in stdout.split('\n') if line.strip()]
    except ValueError as e:
        out.error = out.error or {'kind': 'unexpected', 'message': f'stdout is not JSON lines: {e}'}
        return
    if op != 'converse-stream':
        out.result = lines[-1] if lines else None
        if len(lines) != (status == 0):
            out.error = {'kind': 'unexpected', 'message': f'{len(lines)} lines on stdout and exit {status}'}
        return
    if lines and lines[-1].get('event_kind') == 'response':
        out.result = lines.pop()['response']
    out.events = lines
    if (out.result is None) == (status == 0):
        out.error = {'kind': 'unexpected', 'message': f'exit {status} disagrees with the last line of stdout'}
