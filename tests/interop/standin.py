"""Stands in for the program in `selftest.py`: does what the file beside its input says, by the program's contract."""

import base64
import http.client
import json
import sys
import urllib.parse
import urllib.request


def main(argv):
    source, base = argv[argv.index('--input') + 1], argv[argv.index('--endpoint-url') + 1]
    with open(source + '.outcome') as f:
        outcome = json.load(f)
    for url in outcome['gets']:
        urllib.request.urlopen(url).read()
    for request in outcome['requests']:
        peer = http.client.HTTPConnection(urllib.parse.urlsplit(base).netloc)
        peer.request(request['method'], request['path'], base64.b64decode(request['raw']), dict(request['headers']))
        try:
            peer.getresponse().read()
        except http.client.HTTPException:
            pass  # an answer that is cut
    for event in outcome['events']:
        print(json.dumps(event))
    if outcome['error']:
        print(json.dumps({'error': outcome['error']}), file=sys.stderr)
        return 1
    result = outcome['result']
    print(json.dumps({'event_kind': 'response', 'response': result} if '--stream' in argv else result))
    return 0


sys.exit(main(sys.argv))
