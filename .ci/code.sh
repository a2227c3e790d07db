# What the code and the program are held to.

crates() { # FLAGS...: how many are linked with these features, this one not counted
    cargo tree -e normal --prefix none "$@" | sed 's/ (\*)//' | sort -u | grep -vc '^bedrock-converse '
}

pure_core() {
    cargo clippy -q --no-default-features --lib -- -D warnings
    if cargo tree -e normal --no-default-features --prefix none | grep -E '^(tokio|reqwest|hyper|aws-)'; then
        echo "the pure core must not pull these"; return 1
    fi
    budget "crates in the pure core" "$(crates --no-default-features)" 24
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
    budget "crates with default features" "$(crates)" 125
    local feature said flags
    while read -r feature said; do # the README's table of features
        case $feature in
            none) flags=--no-default-features ;;
            client | rustls | native-tls) flags="--no-default-features --features $feature" ;;
            *) flags="--features $feature" ;;
        esac
        # shellcheck disable=SC2086
        [ "$(crates $flags)" -eq "$said" ] || { echo "$feature: $(crates $flags) crates, the README says $said"; return 1; }
    done < <(sed -n '/^## Features/,/^Without/s/^| `\?\([a-z0-9-]*\)`\? |.* \([0-9]*\) |$/\1 \2/p' README.md)
}

# What the whole chain of credentials and both operations weigh in a program; see benches/peers.
size_budget() {
    cargo build -q --profile min-size --manifest-path benches/peers/Cargo.toml -p peer-ours
    budget "bytes of a stripped program" "$(stat -c %s benches/peers/target/min-size/peer-ours)" 2490000
}

# Each feature, each two of them, and all: no code asks for three, and none for `http2`.
feature_powerset() {
    debian "pkg-config --exists openssl" pkg-config libssl-dev # what native-tls builds on
    cargo hack check -q --feature-powerset --depth 2 --exclude-features default,http2
    cargo check -q --all-features
}
