"""A loopback HTTP server that plays a script of answers and keeps what it was asked."""

from __future__ import annotations

import base64
import binascii
import json
import re
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = Any


@dataclass
class Request:
    method: str
    path: str
    headers: list[tuple[str, str]]
    raw: bytes

    def header(self, name: str) -> list[str]:
        return [v for k, v in self.headers if k.lower() == name.lower()]


@dataclass
class Script:
    """The n-th request gets the n-th answer, further ones the last.

    An answer has `status`, `headers` and one of `body` (JSON or text), `body_b64` and `frames`; `chunk: n` sends it in
    pieces of n bytes, `drop_after: n` closes the connection after n bytes of the body. `downloads` maps a URL to
    `{"content_type", "body_b64", "status"?}`.
    """

    answers: list[Json]
    downloads: dict[str, Json] = field(default_factory=dict)


def frame(headers: dict[str, str], payload: Json) -> bytes:
    """One event-stream message with string headers."""
    headers = {':message-type': 'event', ':content-type': 'application/json', **headers}
    head = b''.join(
        struct.pack('>B', len(k)) + k.encode() + struct.pack('>BH', 7, len(v.encode())) + v.encode()
        for k, v in headers.items()
    )
    if payload is None:
        body = b''
    else:
        body = payload.encode() if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False).encode()
    start = struct.pack('>II', 16 + len(head) + len(body), len(head))
    start += struct.pack('>I', binascii.crc32(start))
    message = start + head + body
    return message + struct.pack('>I', binascii.crc32(message))


def render(answer: Json) -> tuple[int, dict[str, str], bytes]:
    headers = dict(answer.get('headers') or {})
    kind = 'application/json'
    if 'frames' in answer:
        data = b''.join(frame(f.get('headers') or {}, f.get('payload')) for f in answer['frames'])
        kind = 'application/vnd.amazon.eventstream'
    elif 'body_b64' in answer:
        data = base64.b64decode(answer['body_b64'])
    elif isinstance(answer.get('body'), str):
        data = answer['body'].encode()
    else:
        data = json.dumps(answer.get('body'), ensure_ascii=False).encode()
    if not any(k.lower() == 'content-type' for k in headers):
        headers['content-type'] = kind
    return answer.get('status', 200), headers, data


class Loopback:
    """Serves one script at a time: `play` it, let the client talk to `base`, then read `requests` and `gets`."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.play(Script([]))
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            # Without this every answer waits for the peer's delayed acknowledgement.
            disable_nagle_algorithm = True
            wbufsize = -1

            def log_message(self, *args: Any) -> None:
                pass

            def answer(self) -> None:
                owner._answer(self)

            do_GET = do_POST = do_PUT = answer

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *args: Any) -> None:
                pass  # a client that goes away is its own business

        self.server = Server(('127.0.0.1', 0), Handler)
        self.base = f'http://127.0.0.1:{self.server.server_port}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def play(self, script: Script) -> None:
        with self.lock:
            self.script = script
            self.requests: list[Request] = []
            self.gets: list[str] = []

    def rewrite(self, o: Json) -> Json:
        """Point every URL of `downloads` at this server; the last path segment stays, media types depend on it."""
        if isinstance(o, list):
            return [self.rewrite(v) for v in o]
        if not isinstance(o, dict):
            return o
        table, url = list(self.script.downloads), o.get('url')
        if isinstance(url, str) and url in table and str(o.get('kind', '')).endswith('-url'):
            name = url.split('?')[0].rsplit('/', 1)[-1]
            return {**o, 'url': f'{self.base}/download/{table.index(url)}/{name}', 'force_download': 'allow-local'}
        return {k: self.rewrite(v) for k, v in o.items()}

    def _answer(self, h: BaseHTTPRequestHandler) -> None:
        raw = h.rfile.read(int(h.headers.get('content-length') or 0))
        urls = list(self.script.downloads)
        found = re.match(r'/download/(\d+)/', h.path)
        if h.command == 'GET' and found and int(found[1]) < len(urls):
            url = urls[int(found[1])]
            with self.lock:
                self.gets.append(url)
            d = self.script.downloads[url]
            kind = {'content-type': d['content_type']} if d.get('content_type') else {}
            return self._send(h, d.get('status', 200), kind, base64.b64decode(d['body_b64']), {})
        with self.lock:
            n = len(self.requests)
            self.requests.append(Request(h.command, h.path, list(h.headers.items()), raw))
            answers = self.script.answers
        answer = answers[min(n, len(answers) - 1)] if answers else {'status': 500, 'body': {'message': 'no script'}}
        self._send(h, *render(answer), answer)

    @staticmethod
    def _send(h: BaseHTTPRequestHandler, status: int, headers: dict[str, str], data: bytes, how: Json) -> None:
        h.send_response(status)
        for k, v in headers.items():
            h.send_header(k, v)
        cut, size = how.get('drop_after'), how.get('chunk')
        sent = data if cut is None else data[:cut]
        h.close_connection = h.close_connection or cut is not None
        if size:
            h.send_header('transfer-encoding', 'chunked')
            h.end_headers()
            for i in range(0, len(sent), size):
                piece = sent[i : i + size]
                h.wfile.write(b'%x\r\n' % len(piece) + piece + b'\r\n')
                h.wfile.flush()
            if cut is None:
                h.wfile.write(b'0\r\n\r\n')
        else:
            h.send_header('content-length', str(len(data)))
            h.end_headers()
            h.wfile.write(sent)
        h.wfile.flush()
