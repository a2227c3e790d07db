# What the code and the program are held to.

pure_core() {
    cargo clippy -q --no-default-features --lib -- -D warnings
    local tree
    tree=$(cargo tree -e normal --no-default-features --prefix none | sed 's/ (\*)//' | sort -u)
    if grep -E '^(tokio|reqwest|hyper|aws-)' <<<"$tree"; then echo "the pure core must not pull these"; return 1; fi
    budget "crates in the pure core" "$(wc -l <<<"$tree")" 25
}

# Links lead somewhere, and the versions and features that the README names are the real ones.
readme() {
    python3 .ci/links.py
    local fact
    for fact in "$(sed -n 's/^rust-version = "\(.*\)"/(\1)/p' Cargo.toml)" \
        "pydantic-ai $(sed -n 's/^pydantic-ai.*==//p' tests/interop/requirements.txt)" \
        $(sed -n '/^\[features\]/,/^\[dep/s/^\([a-z0-9-]*\) = .*/`\1`/p' Cargo.toml | grep -v '`default`'); do
        grep -qF "$fact" README.md || { echo "the README does not say: $fact"; return 1; }
    done
}

crate_count() {
    if cargo tree --features cli -e all --prefix none | grep -E '^[a-z0-9_-]+-sys v|^native-tls v'; then
        echo "the program and the tests must not need a system library"; return 1
    fi
    budget "crates with default features" \
        "$(cargo tree -e normal --prefix none | sed 's/ (\*)//' | sort -u | grep -vc '^bedrock-converse ')" 125
}

# What the whole chain of credentials and both operations weigh in a program; see benches/peers.
size_budget() {
    cargo build -q --profile min-size --manifest-path benches/peers/Cargo.toml -p peer-ours
    budget "bytes of a stripped program" "$(stat -c %s benches/peers/target/min-size/peer-ours)" 2600000
}

# Each feature, each two of them, and all: no code asks for three.
feature_powerset() {
    debian "pkg-config --exists openssl" pkg-config libssl-dev # what native-tls builds on
    cargo hack check -q --feature-powerset --depth 2 --exclude-features default
    cargo check -q --all-features
}
