# What the package registry would get.

package() {
    local dirty=() version unpacked
    [ "${CI:-}" = true ] || dirty=(--allow-dirty)
    cargo publish --dry-run --locked -q "${dirty[@]}"
    version=$(sed -n '0,/^version/s/^version = "\(.*\)"/\1/p' Cargo.toml)
    unpacked=target/package/bedrock-converse-$version
    budget "bytes of the package" "$(stat -c %s "$unpacked.crate")" 600000
    tar -tf "$unpacked.crate" | cut -d / -f 2 | sort | uniq -c
    # Its own tests, which find no file of the checkout's there.
    CARGO_TARGET_DIR=target cargo test -q --locked --lib --features cli --manifest-path "$unpacked/Cargo.toml"
}
