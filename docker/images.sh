#!/usr/bin/env bash
# Builds the images efflux/filter-svc, efflux/reporter-svc, efflux/optimizer-svc and efflux/efflux.
#   docker/images.sh full               compiles inside the build: what a user or a pipeline does
#   docker/images.sh packaged [FOLDER]  copies binaries that are already built (default: target/release): quick, for tests
# CERTIFICATES_IMAGE is the image that `packaged` copies the certificates from: any image with Debian's ca-certificates (default: the one that compiles).
# TAG names the result (default: latest), REVISION the commit if this is not a checkout.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

SERVICES=(filter-svc reporter-svc optimizer-svc efflux)
TAG=${TAG:-latest}
revision=$(git rev-parse --short=12 HEAD 2>/dev/null || echo "${REVISION:-unknown}")
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
mapfile -t bases < <(sed -n 's/^[A-Z_]*_IMAGE=/--build-arg=&/p' docker/bases.env)
build=(docker build --quiet --build-arg "REVISION=$revision" --build-arg "VERSION=$version")

full() {
    for service in "${SERVICES[@]}"; do
        "${build[@]}" "${bases[@]}" --file docker/Dockerfile --build-arg "SERVICE=$service" --tag "efflux/$service:$TAG" . >/dev/null
        echo "efflux/$service:$TAG"
    done
}

packaged() {
    local binaries=$1 context
    context=$(mktemp -d)
    # The names are known now; later they would be gone.
    # shellcheck disable=SC2064
    trap "rm -rf '$context'" EXIT
    local certificates=()
    [[ -z ${CERTIFICATES_IMAGE:-} ]] || certificates=(--build-arg "CERTIFICATES_IMAGE=$CERTIFICATES_IMAGE")
    "${build[@]}" "${certificates[@]}" --file docker/Dockerfile --target base --tag efflux/base:latest . >/dev/null
    for service in "${SERVICES[@]}"; do
        strip --strip-all -o "$context/$service" "$binaries/$service"
        cargo run --quiet --package xtask -- sbom "$service" >"$context/$service.cdx.json"
        "${build[@]}" --file docker/packaged.Dockerfile --build-arg "SERVICE=$service" --tag "efflux/$service:$TAG" "$context" >/dev/null
        echo "efflux/$service:$TAG"
    done
}

case ${1:-} in
full) full ;;
packaged) packaged "${2:-${CARGO_TARGET_DIR:-target}/release}" ;;
*) sed -n 's/^#   //p' "$0" >&2; exit 64 ;;
esac
