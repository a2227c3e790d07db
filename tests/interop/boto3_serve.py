"""boto3 against the local server: right keys get answers, wrong requests get 403.

    python boto3_serve.py http://127.0.0.1:PORT

Prints one line per check and, when all went as expected, "all as expected".
"""

import sys
from urllib.parse import unquote

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
COLON = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/mi1dadi0g15f"
BARE = "anthropic.claude-sonnet-4-20250514-v1:0"
HELLO = [{"role": "user", "content": [{"text": "Hello from boto3"}]}]


def client(secret=SECRET, **config):
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=sys.argv[1],
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=secret,
        config=Config(**{"retries": {"max_attempts": 0}, **config}),
    )


def spoiled(change, secret=SECRET):
    """A client whose requests are changed after they were signed."""
    it = client(secret)
    it.meta.events.register("before-send.bedrock-runtime.*", lambda request, **_: change(request))
    return it


def with_fault(fault, **config):
    it = client(**config)
    it.meta.events.register(
        "before-sign.bedrock-runtime.*", lambda request, **_: request.headers.add_header("x-converse-fault", fault)
    )
    return it


def check(what, condition, seen):
    print(f"{'ok    ' if condition else 'FAILED'} {what}: {seen}")
    if not condition:
        sys.exit(1)


def refused(what, call, status, code):
    try:
        call()
    except ClientError as error:
        seen = (error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"])
        check(what, seen == (status, code), seen)
    else:
        check(what, False, "an answer")


def text_of(stream):
    return "".join(event["contentBlockDelta"]["delta"]["text"] for event in stream if "contentBlockDelta" in event)


print("boto3", boto3.__version__, "botocore", botocore.__version__)
for model in (COLON, PROFILE):
    answer = client().converse(modelId=model, messages=HELLO)
    text = answer["output"]["message"]["content"][0]["text"]
    check(f"converse {model}", text == "You said: Hello from boto3", (text, answer["usage"]))
    text = text_of(client().converse_stream(modelId=model, messages=HELLO)["stream"])
    check(f"converse_stream {model}", text == "You said: Hello from boto3", text)
count = client().count_tokens(modelId=BARE, input={"converse": {"messages": HELLO}})["inputTokens"]
check(f"count_tokens {BARE}", count == 3, count)
refused(
    "count_tokens of a profile",
    lambda: client().count_tokens(modelId=PROFILE, input={"converse": {"messages": HELLO}}),
    400,
    "ValidationException",
)


def change_body(request):
    request.body = request.body.replace(b"boto3", b"Boto3")


def unencode(request):
    request.url = unquote(request.url)


for what, spoil, secret in (
    ("wrong secret", lambda _: None, "wrong"),
    ("changed body byte", change_body, SECRET),
    ("unencoded path", unencode, SECRET),
):
    for model in (COLON, PROFILE):
        for name in ("converse", "converse_stream"):
            call = getattr(spoiled(spoil, secret), name)
            refused(f"{what}, {name} {model}", lambda: call(modelId=model, messages=HELLO), 403, "InvalidSignatureException")

answer = with_fault("throttle times=2", retries={"total_max_attempts": 3, "mode": "standard"}).converse(modelId=COLON, messages=HELLO)
check("two throttles, then an answer", answer["ResponseMetadata"]["RetryAttempts"] == 2, answer["ResponseMetadata"]["RetryAttempts"])
refused("a throttle without retries", lambda: with_fault("throttle").converse(modelId=COLON, messages=HELLO), 429, "ThrottlingException")
events = []
try:
    for event in with_fault("exception type=throttlingException at=3").converse_stream(modelId=COLON, messages=HELLO)["stream"]:
        events.append(event)
    check("exception in a stream", False, events)
except EventStreamError as error:
    check("exception in a stream", len(events) == 3 and error.response["Error"]["Code"] == "throttlingException", str(error))
print("all as expected")
