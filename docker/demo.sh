#!/usr/bin/env bash
# Sends a sample of each network through the running system of compose.yaml and prints the table of outcomes. The sandbox accepts
# any token, so the one below is not a secret.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
rows=${ROWS:-250}
read -r -a compose <<<"${COMPOSE:-docker compose}"

efflux() {
    "${compose[@]}" --file compose.yaml --profile tools run --rm -T efflux "$@"
}

for pixel in 1 2 3; do
    echo a-token-for-the-sandbox | efflux pixels add "11100000000000$pixel" --tokens -
done
# Eighteen of the samples' twenty campaigns: the rows of the others end at the filter.
# shellcheck disable=SC2046
efflux subscriptions add $(seq 120210000000100000 120210000000100017)
files=()
seed=$(date +%s)
for network in tonic crossroads sedo airfind; do
    # Another seed makes other visitors; the same ones would be duplicates.
    seed=$((seed + 1))
    file=/var/lib/efflux/$network-$seed.json
    efflux sample --network "$network" --rows "$rows" --seed "$seed" --dirty 0.05 --out "$file"
    files+=("$file")
done
# The services learn of new campaigns and pixels within the 5 s that compose.yaml sets; earlier rows would not be subscribed.
sleep 6
efflux ingest "${files[@]}" --wait
