# What crates.io would get.

package() {
    local dirty=() version unpacked
    [ "${CI:-}" = true ] || dirty=(--allow-dirty)
    cargo publish --dry-run --locked -q "${dirty[@]}"
    version=$(sed -n 's/^version = "\(.*\)"/\1/p;T;q' Cargo.toml)
    unpacked=target/package/bedrock-converse-$version
    budget "bytes of the package" "$(stat -c %s "$unpacked.crate")" 1000000
    tar -tf "$unpacked.crate" | sed 's|[^/]*/||; s|/.*||' | sort | uniq -c
    (cd "$unpacked" && CARGO_TARGET_DIR="$OLDPWD/target" cargo test -q --locked --lib --features cli) # with no file of the checkout's
}
