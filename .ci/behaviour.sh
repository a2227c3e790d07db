# What the program and the library do, beside the reference, its services' stand-ins and random input.

readme_command() { # N: the N-th command of the README's "Two commands"
    awk '/^## Two commands/ {on=1} on && /^cargo / {print; n++} n == '"$1"' {exit}' README.md | tail -n 1
}

first_command() {
    local command answer
    command=$(readme_command 1)
    echo "\$ $command"
    answer=$(eval "$command" 2>"$work/stderr") || { cat "$work/stderr"; return 1; }
    echo "$answer"
    grep -q '[a-z]' <<<"$answer" && grep -q 'tokens' "$work/stderr"
}

reference() { # a venv with pydantic-ai and boto3 of the versions that everything is compared with
    python3 -m venv "$work/reference"
    "$work/reference/bin/pip" install -q --disable-pip-version-check -r tests/interop/requirements.txt
    export REFERENCE_PYTHON=$work/reference/bin/python
}

coverage() { # a report: whether the tests pass is told elsewhere
    .ci/coverage || skip "coverage" "the tests did not pass while their lines were counted"
}

http2() {
    cargo test -q --features cli,http2 --test it -- http_2
}

fuzz() { # libFuzzer is C++
    debian "c++ --version" g++
    tests/fuzz/run 10
}

differential() {
    "$REFERENCE_PYTHON" tests/interop/differential.py --cli target/release/converse --count 500
}

moto() { # STS and instance metadata, with signatures checked
    python3 -m venv "$work/moto"
    "$work/moto/bin/pip" install -q --disable-pip-version-check 'moto[server]==5.2.5'
    "$work/moto/bin/python" tests/interop/sts_imds.py target/release/converse
}

conformance() {
    local suite=../shared/conformance cli=$PWD/target/release/converse
    if [ ! -d "$suite" ]; then echo "SKIPPED: $suite is not there"; return; fi
    python3 "$suite/run.py" --self-check
    python3 "$suite/eventstream_check.py" --cli "$cli" "$suite/eventstream"
    python3 "$suite/run.py" --cli "$cli" "$suite/cases"
    python3 "$suite/credentials/credchain.py" --cli "$cli"
}
