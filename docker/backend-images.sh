#!/usr/bin/env bash
# Builds the images of the backends for a laptop and for tests: efflux/backend-aws, -mongodb, -clickhouse and -postgres.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

build() {
    local name=$1 port=$2
    docker build --quiet --build-arg "BACKEND=$name" --build-arg "PORT=$port" --tag "efflux/backend-$name" "${BACKENDS:-backends}" >/dev/null
    echo "efflux/backend-$name"
}

# The first build makes the shared layers; the others reuse them and install their packages side by side.
build aws 4566
building=()
for backend in mongodb:27017 clickhouse:8123 postgres:5432; do
    build "${backend%:*}" "${backend#*:}" &
    building+=("$!")
done
for job in "${building[@]}"; do
    wait "$job"
done
