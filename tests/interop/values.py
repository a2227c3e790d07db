"""Random values that the other generators are made of: text, JSON, files, JSON schemas."""

from __future__ import annotations

import base64
import random
from collections.abc import Sequence
from typing import Any

from loopback import Json

WORDS = 'weather city Paris tool answer night river seven cache model left green sum token gate'.split()
ODD_TEXTS = [
    'naïve café ☕ 日本語',
    'emoji 👩‍👩‍👧 and \u202eRTL',
    'line one\nline two\r\n\ttab',
    '"quoted" \\ back\\slash / slash',
    'control \u0001 \u007f \u2028 end',
    '{"looks": "like JSON"}',
    '<system>not a tag</system> & {braces} %s',
    '  leading and trailing  ',
]
BLANK_TEXTS = ['', ' ', '\n', '.']

IMAGES = {'png': 'image/png', 'jpg': 'image/jpeg', 'jpeg': 'image/jpeg', 'gif': 'image/gif', 'webp': 'image/webp'}
DOCUMENTS = {
    'pdf': 'application/pdf',
    'txt': 'text/plain',
    'csv': 'text/csv',
    'docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'html': 'text/html',
    'htm': 'text/html',
    'md': 'text/markdown',
    'doc': 'application/msword',
    'xls': 'application/vnd.ms-excel',
}
VIDEOS = {
    'mkv': 'video/x-matroska',
    'mov': 'video/quicktime',
    'mp4': 'video/mp4',
    'webm': 'video/webm',
    'flv': 'video/x-flv',
    'mpeg': 'video/mpeg',
    'mpg': 'video/mpeg',
    'wmv': 'video/x-ms-wmv',
    'three_gp': 'video/3gpp',
}
FILES = {'image': IMAGES, 'document': DOCUMENTS, 'video': VIDEOS}
# What a file may claim to be and Bedrock has no format for.
ODD_MEDIA_TYPES = [
    'image/bmp', 'image/svg+xml', 'video/avi', 'audio/mpeg', 'application/octet-stream', 'application/json',
    'text/plain; charset=utf-8', 'IMAGE/PNG', 'application/rtf',
]  # fmt: skip


class Draw:
    """A seeded source of everything random. The same seed and key give the same draws."""

    def __init__(self, seed: int | str, *, downloads: bool = True) -> None:
        self.rng = random.Random(seed)
        self.downloads: dict[str, Json] = {}
        self.allow_downloads = downloads

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def pick(self, options: Sequence[Any]) -> Any:
        return self.rng.choice(options)

    def weighted(self, options: dict[Any, float]) -> Any:
        return self.rng.choices(list(options), list(options.values()))[0]

    def number(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def few(self, *weights: float) -> int:
        """0, 1, 2, ... with these weights."""
        return self.rng.choices(range(len(weights)), weights)[0]

    def word(self) -> str:
        return self.pick(WORDS)

    def text(self, blank: float = 0.03) -> str:
        if self.chance(blank):
            return self.pick(BLANK_TEXTS)
        if self.chance(0.08):
            return self.pick(ODD_TEXTS)
        return ' '.join(self.word() for _ in range(self.number(1, 5)))

    def identifier(self, prefix: str) -> str:
        return f'{prefix}_{self.rng.getrandbits(32):08x}'

    def members(self, o: dict[str, Any], p: float = 0.5) -> dict[str, Any]:
        """Optional members: each is there with chance `p`."""
        return {k: v for k, v in o.items() if self.chance(p)}

    # JSON

    def scalar(self) -> Json:
        return self.weighted({
            None: 1, True: 1, False: 1, 0: 1, -7: 1, 42: 2, 2**53 + 1: 0.3, 2**63 - 1: 0.2, 1.5: 1, 0.1: 1, 1e22: 0.3,
            1.5e-07: 0.3, -0.0: 0.2, 100.0: 0.5,
        }) if self.chance(0.5) else self.text()  # fmt: skip

    def json(self, depth: int = 2) -> Json:
        kind = self.weighted({'scalar': 5, 'object': 3, 'list': 2}) if depth else 'scalar'
        if kind == 'object':
            return self.object(depth)
        if kind == 'list':
            return [self.json(depth - 1) for _ in range(self.few(1, 3, 3, 1))]
        return self.scalar()

    def object(self, depth: int = 2) -> dict[str, Json]:
        keys = {self.weighted({self.word(): 8, 'kind': 0.4, 'ключ "q"': 0.2}) for _ in range(self.few(1, 3, 3, 1))}
        return {k: self.json(depth - 1) for k in sorted(keys)}

    # Files

    def bytes64(self) -> str:
        return base64.b64encode(self.rng.randbytes(self.weighted({0: 0.2, 1: 1, 12: 4, 40: 1}))).decode()

    def common_file_members(self) -> Json:
        return self.members({'vendor_metadata': {'detail': 'low'}, 'identifier': self.identifier('file')}, 0.2)

    def binary(self, kind: str | None = None) -> Json:
        kind = kind or self.weighted({'image': 5, 'document': 4, 'video': 1.5})
        media_type = self.pick(ODD_MEDIA_TYPES) if self.chance(0.015) else self.pick(list(FILES[kind].values()))
        return {'kind': 'binary', 'data': self.bytes64(), 'media_type': media_type, **self.common_file_members()}

    def s3(self, extension: str) -> str:
        url = f's3://{self.word()}-bucket/{self.word()}/{self.word()}.{extension}'
        if self.chance(0.3):
            url += self.pick(['?bucketOwner=123456789012', '?x=1&bucketOwner=999999999999', '?bucketOwner=', '#part'])
        return url

    def url(self) -> Json:
        kind = self.weighted({'image': 5, 'document': 4, 'video': 2})
        extension, media_type = self.pick(list(FILES[kind].items()))
        members = self.common_file_members()
        if self.allow_downloads and self.chance(0.12):
            url = f'https://files.example.com/{self.number(0, 10**6)}/{self.word()}.{extension}'
            served = self.weighted({media_type: 6, 'application/octet-stream': 1, 'text/html': 0.5, None: 1})
            self.downloads[url] = {'content_type': served, 'body_b64': self.bytes64()}
            if self.chance(0.03):
                self.downloads[url]['status'] = self.pick([403, 404, 500])
            if self.chance(0.2):
                members['media_type'] = media_type
            return {'kind': f'{kind}-url', 'url': url, **members}
        url = self.s3(extension)
        if self.chance(0.02):
            url = self.weighted({
                'https://www.youtube.com/watch?v=abc': 1, 'gs://bucket/a.png': 1, 'http://127.0.0.1:9/a.png': 1,
                'http://169.254.169.254/latest/a.png': 1, 's3://bucket/no-extension': 2, 's3://bucket/page.asp': 1,
                'ftp://host/a.pdf': 1, 's3://bucket/UPPER.PNG': 1, 's3://bucket/table.csv.gz': 1,
            })  # fmt: skip
            if 'youtube' in url:
                kind = 'video'
        elif '?' in url or '#' in url or self.chance(0.3):
            # The type is not guessed past a query, so a URL without `media_type` is mostly refused.
            if self.chance(0.95):
                members['media_type'] = self.pick(ODD_MEDIA_TYPES) if self.chance(0.02) else media_type
        if self.chance(0.1):
            members['force_download'] = self.pick([True, False])
        return {'kind': f'{kind}-url', 'url': url, **members}

    def uploaded(self) -> Json:
        kind = self.weighted({'image': 4, 'document': 4, 'video': 2})
        extension, media_type = self.pick(list(FILES[kind].items()))
        file = {'kind': 'uploaded-file', 'file_id': self.s3(extension), 'provider_name': 'bedrock'}
        if self.chance(0.02):
            file['file_id'] = self.pick(['file-abc123', 'https://example.com/a.pdf', 's3://bucket/none'])
        if self.chance(0.01):
            file['provider_name'] = self.pick(['openai', 'anthropic'])
        if self.chance(0.4):
            file['media_type'] = self.pick(ODD_MEDIA_TYPES) if self.chance(0.03) else media_type
        return {**file, **self.common_file_members()}

    def media(self) -> Json:
        if self.chance(0.005):
            return {'kind': 'audio-url', 'url': 'https://example.com/a.mp3'}
        return self.weighted({self.binary: 6, self.url: 3, self.uploaded: 2})()

    # JSON schemas

    def schema_type(self, depth: int, defs: Sequence[str]) -> Json:
        if defs and self.chance(0.25):
            ref: Json = {'$ref': f'#/$defs/{self.pick(defs)}'}
            return {**ref, **self.members({'description': self.text(0), 'default': self.scalar()}, 0.2)}
        kind = self.weighted({'string': 4, 'integer': 2, 'number': 2, 'boolean': 1, 'null': 0.3, 'any': 0.3,
                              'enum': 1, 'array': 2, 'object': 2, 'union': 1.5}) if depth else 'string'  # fmt: skip
        if kind == 'string':
            o: Json = {'type': 'string', **self.members({'minLength': 1, 'maxLength': 9, 'pattern': '^a.*$',
                                                         'format': 'date'}, 0.12)}  # fmt: skip
        elif kind in ('integer', 'number'):
            limits = {'minimum': 0, 'maximum': 1.5, 'exclusiveMinimum': -3, 'exclusiveMaximum': 10, 'multipleOf': 0.5,
                      'default': 1}  # fmt: skip
            o = {'type': kind, **self.members(limits, 0.2)}
        elif kind in ('boolean', 'null'):
            o = {'type': kind}
        elif kind == 'any':
            o = self.pick([{}, {'type': ['string', 'null']}, {'const': 1}])
        elif kind == 'enum':
            o = {'enum': [self.word(), self.word()], **self.members({'type': 'string'}, 0.7)}
        elif kind == 'array':
            items = self.schema_type(depth - 1, defs)
            o = {'type': 'array', **self.members({'items': items}, 0.9)}
            o |= self.members({'minItems': self.number(0, 3), 'maxItems': 4, 'uniqueItems': True}, 0.2)
            if self.chance(0.1):
                o['prefixItems'] = [self.schema_type(depth - 1, defs)]
        elif kind == 'object':
            o = self.schema_object(depth - 1, defs)
        else:
            name = self.pick(['anyOf', 'oneOf', 'allOf'])
            o = {name: [self.schema_type(depth - 1, defs) for _ in range(self.few(0, 2, 3, 1))]}
            o |= self.members({'type': 'object'}, 0.1)
        return {**o, **self.members({'title': self.word().title(), 'description': self.text(0)}, 0.3)}

    def schema_object(self, depth: int, defs: Sequence[str]) -> Json:
        names = sorted({self.word() for _ in range(self.few(1, 3, 3, 1))})
        o: Json = {'type': 'object', 'properties': {n: self.schema_type(depth, defs) for n in names}}
        if self.chance(0.6):
            o['required'] = [n for n in names if self.chance(0.7)]
        if self.chance(0.4):
            o['additionalProperties'] = self.pick([True, False, {'type': 'string', 'title': 'Extra'}])
        if self.chance(0.05):
            o['patternProperties'] = {'^x': self.schema_type(0, defs)}
        return o

    def schema(self) -> Json:
        """The schema of a tool's arguments or of an output."""
        if self.chance(0.15):
            return self.pick([{'type': 'object', 'properties': {}}, {'type': 'object'}, {}])
        defs = sorted({self.word().title() for _ in range(self.few(6, 2, 1))})
        o = self.schema_object(2, defs)
        if defs:
            # A definition may name itself or another one, so some are recursive.
            o['$defs'] = {d: self.schema_type(2, defs if self.chance(0.4) else []) for d in defs}
            if self.chance(0.1):
                o = {'$defs': o['$defs'], '$ref': f'#/$defs/{defs[0]}'}
        return {**o, **self.members({'title': 'Args', '$schema': 'https://json-schema.org/draft/2020-12/schema',
                                     'description': self.text(0)}, 0.2)}  # fmt: skip
