# What a user's code can rest on: the public items, whose types they show, and what may change between versions.

# The listing in tests/public-api.txt has all items but the impls that hold for every type.
public_api() {
    # Only rustdoc is told to be unstable: build scripts that look for it would have everything built again.
    printf '#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc "$@"\n' >"$work/rustdoc"
    chmod +x "$work/rustdoc"
    RUSTDOC="$work/rustdoc" cargo rustdoc -q --lib --features cli -- -Z unstable-options --output-format json
    cargo public-api --rustdoc-json target/doc/bedrock_converse.json -ss >target/public-api.txt
    if ! diff -u tests/public-api.txt target/public-api.txt; then
        echo "The public API has changed. If that is meant: cp target/public-api.txt tests/public-api.txt"
        return 1
    fi
    echo "$(wc -l <tests/public-api.txt) items"
    foreign_types target/public-api.txt
}

# Each crate that the listing names stands in .ci/foreign-types with its reason, and each that stands there is named.
foreign_types() { # LISTING
    local found=$work/crates
    grep -oP '(?<![\w:])[a-z_]\w*(?=::)' "$1" | sort -u | grep -vx 'bedrock_converse\|str' >"$found"
    if ! diff <(sed '/^#/d; s/ .*//' .ci/foreign-types | sort) "$found"; then
        echo "< is allowed but not in the public API, > is in the public API but not allowed; see .ci/foreign-types"
        return 1
    fi
    echo "types of $(paste -sd ' ' "$found")"
}

last_tag() { git describe --tags --abbrev=0 --match 'v*' HEAD 2>/dev/null; }

# By the listing that the tag has, so neither the old version nor a tool is built.
semver() {
    local tag
    if ! tag=$(last_tag); then skip "semver" "no tag v* yet"; return; fi
    python3 .ci/semver.py "$tag"
}
