#!/bin/sh
# Copies the workspace in the current folder to folder $1 without its code: what cargo needs to build the dependencies, and no more.
set -eu
to=$1
find . -name target -prune -o \( -name Cargo.toml -o -name Cargo.lock -o -name rust-toolchain.toml -o -path './.cargo/*' \) -type f -print |
    while read -r file; do
        mkdir -p "$to/$(dirname "$file")"
        cp "$file" "$to/$file"
    done
# Roots of libraries, programs, benchmarks and tests. The same text serves both: an unused `main` in a library does no harm.
find . -name target -prune -o \( -path '*/src/lib.rs' -o -path '*/src/main.rs' -o -path '*/src/bin/*.rs' -o -path '*/benches/*.rs' \
    -o -path '*/examples/*.rs' -o -path '*/tests/it/main.rs' -o -path '*/tests/*.rs' \) -type f -print |
    while read -r file; do
        mkdir -p "$to/$(dirname "$file")"
        echo 'fn main() {}' >"$to/$file"
    done
