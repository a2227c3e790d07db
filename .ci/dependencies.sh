# What the crate depends on: policy, need, and the oldest of each that does.

dependency_policy() {
    local deny=(cargo deny --locked --config .ci/deny.toml)
    "${deny[@]}" check --hide-inclusion-graph licenses bans sources
    if timeout 120 "${deny[@]}" fetch db 2>"$work/fetch"; then
        "${deny[@]}" check --hide-inclusion-graph advisories
    else
        skip "advisories" "the RustSec database is out of reach: $(sed -n "s/^fatal: //p" "$work/fetch")"
    fi
}

unused_dependencies() {
    cargo machete --skip-target-dir # of the peers and the fuzz targets too
}

# The lower bounds in Cargo.toml are true: it builds with the oldest version of each that they allow.
minimal_versions() {
    local copy=$work/minimal features
    mkdir -p "$copy/tests/it"
    cp -r Cargo.toml README.md src fixtures benches "$copy"
    touch "$copy/tests/layers.rs" "$copy/tests/it/main.rs"
    (
        cd "$copy" || exit
        export CARGO_TARGET_DIR="$work/minimal-target"
        RUSTC_BOOTSTRAP=1 cargo -Z direct-minimal-versions update -q
        for features in "--features cli" "--features default" "--no-default-features"; do
            # shellcheck disable=SC2086
            cargo check -q --locked --lib --bins $features
        done
    )
    rm -rf "$work/minimal-target"
}

# The declared compiler itself where there is one. Always: no dependency asks for a newer one, and no item of the standard
# library that is newer is used (Clippy's `incompatible_msrv`, proved to be on by code that must fail).
oldest_compiler() {
    local declared
    declared=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    python3 .ci/rust_versions.py "$declared"
    cargo new -q --lib --vcs none --name probe "$work/probe"
    cp .clippy.toml "$work/probe"
    {
        printf '[package]\nname = "probe"\nversion = "0.0.0"\nedition = "2024"\nrust-version = "1.85"\n'
        sed -n '/^\[lints\./,/^$/p' Cargo.toml
    } >"$work/probe/Cargo.toml"
    echo '//! Probe.
/// 1.87
pub fn probe(n: u32) -> bool { n.is_multiple_of(2) }' >"$work/probe/src/lib.rs"
    if cargo clippy -q --manifest-path "$work/probe/Cargo.toml" -- -D warnings 2>"$work/msrv"; then
        echo "Clippy did not notice what is newer than the declared compiler"; return 1
    fi
    grep -q 'incompatible_msrv\|incompatible-msrv' "$work/msrv" || { cat "$work/msrv"; return 1; }
    if rustup run "$declared" cargo --version 2>/dev/null; then
        CARGO_TARGET_DIR="$work/oldest" rustup run "$declared" cargo check -q --locked --features cli
    else
        skip "a build by Rust $declared" "that toolchain is not installed; dependencies and the standard library's items were checked"
    fi
}
