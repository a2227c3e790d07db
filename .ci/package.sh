# What the package registry would get.

package() {
    local dirty=() crate unpacked
    [ "${CI:-}" = true ] || dirty=(--allow-dirty)
    rm -rf target/package
    cargo publish --dry-run --locked -q "${dirty[@]}"
    crate=$(find target/package -name '*.crate')
    budget "bytes of the package" "$(stat -c %s "$crate")" 600000
    tar -tf "$crate" | cut -d / -f 2 | sort | uniq -c
    # Its own tests, which find no file of the checkout's there.
    unpacked=target/package/$(basename "$crate" .crate)
    CARGO_TARGET_DIR=target cargo test -q --locked --lib --features cli --manifest-path "$unpacked/Cargo.toml"
}
