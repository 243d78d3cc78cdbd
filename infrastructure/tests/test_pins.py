"""`docker/pin.sh` writes what an image means today beside its name, with a Docker that only pretends."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from source import ROOT

DOCKER = """#!/bin/sh
case "$*" in
"pull --quiet "*) echo "$3" >>"$CALLS" ;;
"image inspect --format "*) echo "library/${5%%:*}@sha256:$(printf '%064d' 7)" ;;
*) exit 1 ;;
esac
"""
FILE = """# A comment stays.
MONGODB_IMAGE=mongo:8.0
MONGODB_DATA=/data/db
RUNTIME_IMAGE=debian:bookworm-slim@sha256:old
"""


class Pins(unittest.TestCase):
    """Of docker/pin.sh, and the files that it pins."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_names_get_digests_and_all_else_stays(self):
        docker, file = self.folder / "docker", self.folder / "images.env"
        docker.write_text(DOCKER)
        docker.chmod(0o755)
        file.write_text(FILE)
        path = f"{self.folder}:{os.environ['PATH']}"
        calls = self.folder / "calls"
        environment = {**os.environ, "PATH": path, "CALLS": str(calls)}
        subprocess.run([ROOT / "docker/pin.sh", file], env=environment, check=True, capture_output=True)
        digest = "sha256:" + "7".zfill(64)
        expected = FILE.replace("mongo:8.0", f"mongo:8.0@{digest}").replace("sha256:old", digest)
        self.assertEqual(file.read_text(), expected)
        self.assertEqual(calls.read_text().split(), ["mongo:8.0", "debian:bookworm-slim"])

    def test_what_ours_are_made_from_is_named_once(self):
        bases = dict(line.split("=", 1) for line in (ROOT / "docker/bases.env").read_text().splitlines() if "_IMAGE=" in line)
        dockerfile = (ROOT / "docker/Dockerfile").read_text()
        for name, image in bases.items():
            self.assertIn(f"ARG {name}={image.split('@')[0]}\n", dockerfile)
        for path in ("infrastructure/Makefile", "infrastructure/delivery.yaml", "docker/images.sh"):
            self.assertIn("docker/bases.env", (ROOT / path).read_text(), path)


if __name__ == "__main__":
    unittest.main()
