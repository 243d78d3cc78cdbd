#!/usr/bin/env bash
# Makes the base images that the Dockerfiles name, for a machine that can reach Debian's packages and no image registry.
# If the registry answers, or an image of that name exists, it makes nothing. It needs root, mmdebstrap and, for the
# build image, the Rust toolchain that is installed here.
set -euo pipefail

RUNTIME_IMAGE=${RUNTIME_IMAGE:-debian:bookworm-slim}
BUILD_IMAGE=${BUILD_IMAGE:-rust:1.95-bookworm}

usage() {
    echo "usage: docker/base-images.sh [runtime] [build]    (both when none is named)" >&2
    exit 64
}

is_there() {
    docker image inspect "$1" >/dev/null 2>&1 || docker pull --quiet "$1" >/dev/null 2>&1
}

# A Debian with the packages named, in folder $1.
system() {
    local folder=$1
    shift
    # The tests' servers may install packages at the same time.
    command -v mmdebstrap >/dev/null ||
        apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends mmdebstrap >/dev/null
    # As in the official image, dpkg does not wait for the disk after each file.
    mmdebstrap --variant=apt --dpkgopt=force-unsafe-io --include=usr-is-merged --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
        "${@/#/--include=}" bookworm "$folder" >"$folder.log" 2>&1 ||
        { tail -n 20 "$folder.log" >&2; exit 1; }
    # Files that a slim image leaves out, and files of this machine only.
    rm -rf "$folder"/var/cache/apt/* "$folder"/var/lib/apt/lists/* "$folder"/var/log/* "$folder"/usr/share/{doc,man,info,lintian}/*
    find "$folder/usr/share/locale" -mindepth 1 -maxdepth 1 ! -name 'en*' -exec rm -rf {} +
    : >"$folder/etc/resolv.conf"
    : >"$folder/etc/hostname"
    # This machine's additional certificates; without them no package could be fetched inside.
    mkdir -p "$folder/usr/local/share/ca-certificates"
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$folder/usr/local/share/ca-certificates/" \;
    [[ ! -x $folder/usr/sbin/update-ca-certificates ]] || chroot "$folder" update-ca-certificates >/dev/null 2>&1
}

make_image() {
    local image=$1 folder=$2
    shift 2
    tar --create --one-file-system --numeric-owner --directory "$folder" . | docker import "$@" - "$image" >/dev/null
    echo "$image: made here, $(docker image inspect --format '{{.Size}}' "$image" | numfmt --to=iec)"
}

runtime_image() {
    system "$scratch/runtime"
    make_image "$RUNTIME_IMAGE" "$scratch/runtime" --change 'CMD ["bash"]'
}

build_image() {
    local toolchain
    toolchain=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && rustc --print sysroot)
    system "$scratch/build" ca-certificates,gcc,libc6-dev,make
    mkdir -p "$scratch/build/usr/local/rust" "$scratch/build/usr/local/cargo"
    tar --create --directory "$toolchain" --exclude './share' --exclude './lib/rustlib/src' . |
        tar --extract --no-same-owner --directory "$scratch/build/usr/local/rust"
    make_image "$BUILD_IMAGE" "$scratch/build" --change 'CMD ["bash"]' --change 'ENV CARGO_HOME=/usr/local/cargo' \
        --change 'ENV PATH=/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
[[ $# -gt 0 ]] || set -- runtime build
for which in "$@"; do
    case $which in
    runtime) is_there "$RUNTIME_IMAGE" || runtime_image ;;
    build) is_there "$BUILD_IMAGE" || build_image ;;
    *) usage ;;
    esac
done
