# Cargo's own tools, of these versions, outside the checkout; a machine that has them builds nothing.
tools=${CARGO_HOME:-$HOME/.cargo}/bedrock-converse-ci
export PATH="$tools/bin:$PATH"

tool() { # NAME VERSION; without optimisation, for it is built more often than it runs
    if ! grep -qs "^\"$1 $2 " "$tools/.crates.toml"; then
        RUSTFLAGS='' CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR="$work/tools" \
            cargo install -q --debug --locked --root "$tools" "$1@$2"
    fi
    echo "$1 $2"
}

tools() {
    tool cargo-hack 0.6.46
    tool cargo-deny 0.20.2
    tool cargo-machete 0.9.2
    tool cargo-public-api 0.52.0 # reads the JSON of rustdoc 1.95, format 57
}

debian() { # COMMAND PACKAGE...: installs them unless the command works
    local works=$1; shift
    $works >/dev/null 2>&1 || { apt-get update -q && apt-get install -qy "$@"; } >/dev/null
}
