#!/usr/bin/env bash
# Pins images by digest: docker/pin.sh [FILE...]    (default: docker/bases.env docker/official.env)
# Asks the registry for what each line NAME_IMAGE=image:tag means today, and writes image:tag@sha256:... in its place. Run it to move to newer
# images, look at the difference, and commit it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
[[ $# -gt 0 ]] || set -- bases.env official.env

for file; do
    pinned=$(mktemp)
    while IFS= read -r line; do
        if [[ $line =~ ^([A-Z_]+_IMAGE)=([^@]+) ]]; then
            image=${BASH_REMATCH[2]}
            docker pull --quiet "$image" >/dev/null
            digest=$(docker image inspect --format '{{index .RepoDigests 0}}' "$image")
            line="${BASH_REMATCH[1]}=$image@${digest#*@}"
        fi
        printf '%s\n' "$line" >>"$pinned"
    done <"$file"
    cat "$pinned" >"$file"
    rm -f "$pinned"
    grep '_IMAGE=' "$file"
done
