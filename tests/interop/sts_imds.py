"""The program's credential chain against moto's server, which checks every signature: AssumeRole, roles in a row, a web
identity, and the instance metadata.

    python sts_imds.py PATH/converse

Run it with a Python that has `moto[server]` (5.2) installed. Prints one line per check and, when all went as expected,
"all as expected".
"""

import datetime
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config

REGION = "eu-west-1"


class Moto:
    """A server on a free port of loopback."""

    def __init__(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        server = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        self.process = subprocess.Popen(server, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                self.call("/moto-api/")
                return
            except OSError:
                time.sleep(0.1)
        sys.exit("moto's server did not start")

    def call(self, path, body=None):
        request = urllib.request.Request(self.url + path, data=body, headers={"content-type": "text/plain"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def check_signatures(self):
        """From now on, signatures and permissions are checked."""
        self.call("/moto-api/reset-auth", b"0")

    def client(self, service, key="setup", secret="setup", token=None):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"max_attempts": 0}, proxies={}),
        )


def statement(**members):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **members}]})


def set_up(iam):
    """A user who may assume the first role, which may assume the second."""
    iam.create_user(UserName="alice")
    iam.put_user_policy(UserName="alice", PolicyName="assume", PolicyDocument=statement(Resource="*"))
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    arns = []
    for name in ("first", "second"):
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=statement(Principal={"AWS": "*"}))
        iam.put_role_policy(RoleName=name, PolicyName="assume", PolicyDocument=statement(Resource="*"))
        arns.append(role["Role"]["Arn"])
    return key["AccessKeyId"], key["SecretAccessKey"], *arns


class Program:
    """Runs `converse credentials --show` with a home folder of its own."""

    def __init__(self, path, home, url):
        self.path, self.home, self.url = path, Path(home), url

    def write(self, name, text):
        path = self.home / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return str(path)

    def run(self, **variables):
        """Credentials, or the text of the error."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL_STS": self.url,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.url,
            # A proxy that isn't there: what goes to the machine itself must not notice.
            "HTTP_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1",
            **variables,
        }
        run = subprocess.run(
            [self.path, "credentials", "--show"], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        return json.loads(run.stdout) if run.returncode == 0 else run.stderr


def check(what, condition, seen):
    print(f"{'ok    ' if condition else 'FAILED'} {what}: {seen}")
    if not condition:
        sys.exit(1)


def check_found(what, found):
    check(what, isinstance(found, dict), found["source"] if isinstance(found, dict) else found)


def identity(moto, found):
    """Who the server takes these credentials for, by a request that botocore signs with them."""
    sts = moto.client("sts", found["access_key_id"], found["secret_access_key"], found.get("session_token"))
    return sts.get_caller_identity()["Arn"]


def expires_in_an_hour(found):
    expiration = found["expiration"]
    if isinstance(expiration, str):
        expiration = datetime.datetime.fromisoformat(expiration.replace("Z", "+00:00")).timestamp()
    return 3500 < expiration - time.time() < 3700


def main():
    moto = Moto()
    try:
        with tempfile.TemporaryDirectory() as home:
            checks(moto, Program(os.path.abspath(sys.argv[1]), home, moto.url))
    finally:
        moto.process.terminate()
        moto.process.wait()
    print("all as expected")


def checks(moto, program):
    key, secret, first, second = set_up(moto.client("iam"))
    moto.check_signatures()
    off = {"AWS_EC2_METADATA_DISABLED": "true"}
    program.write(
        ".aws/credentials",
        f"[user]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
        f"[forger]\naws_access_key_id = {key}\naws_secret_access_key = {secret[:-1]}x\n"
        f"[stranger]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {secret}\n",
    )
    roles = [("one", first, "user"), ("two", second, "one"), ("forged", first, "forger"), ("strange", first, "stranger")]
    program.write(
        ".aws/config",
        "".join(
            f"[profile {name}]\nrole_arn = {arn}\nsource_profile = {source}\nrole_session_name = {name}\n"
            for name, arn, source in roles
        ),
    )

    for name, role in (("one", "first"), ("two", "second")):
        found = program.run(AWS_PROFILE=name, **off)
        check_found(f"role {role}", found)
        arn = identity(moto, found)
        check("    is whom the server knows", arn.endswith(f":assumed-role/{role}/{name}"), arn)
        check("    expires in an hour", expires_in_an_hour(found), found["expiration"])

    for name, code in (("forged", "SignatureDoesNotMatch"), ("strange", "InvalidClientTokenId")):
        refused = program.run(AWS_PROFILE=name, **off)
        check(f"{name} is refused", isinstance(refused, str) and code in refused, refused.strip())
        check("    without the secret in the error", isinstance(refused, str) and secret[:-1] not in refused, "not there")

    # moto knows no unsigned action once it checks signatures.
    moto.call("/moto-api/reset-auth", b"inf")
    token = program.write("token", "header.payload.signature")
    web = {"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": first, "AWS_ROLE_SESSION_NAME": "pod"}
    found = program.run(**web, **off)
    check_found("web identity", found)
    moto.check_signatures()
    arn = identity(moto, found)
    check("    is whom the server knows", arn.endswith(":assumed-role/first/pod"), arn)

    found = program.run(NO_PROXY="")
    check("instance metadata", isinstance(found, dict) and found["access_key_id"] == "test-key", found)
    gone = program.run(**off)
    check("instance metadata switched off", isinstance(gone, str) and "AWS_EC2_METADATA_DISABLED" in gone, gone.strip())


if __name__ == "__main__":
    main()
