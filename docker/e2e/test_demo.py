"""The first steps of a newcomer: the compose file as it is, with queues, buckets and table made by `provision`, and a sample.

usage: python3 -m unittest discover --start-directory docker/e2e    (after docker/images.sh and docker/backend-images.sh)
"""

import json
import unittest

from system import COMPOSE, DOCKER, remove_volumes, run

# Any free port, so that nothing on this machine conflicts.
PORTS = {"SANDBOX_HOST_PORT": "0", "AWS_HOST_PORT": "0"}
PROJECT = [*COMPOSE, "--project-name", "efflux-demo"]


def compose(*arguments, check=True):
    """Runs compose as `make up` and `make down` do."""
    return run(*PROJECT, "--file", str(DOCKER / "compose.yaml"), *arguments, check=check, env=PORTS)


class Demo(unittest.TestCase):
    """`make up`, `make demo-compose` twice, `make down`."""

    def setUp(self):
        self.clean()
        self.addCleanup(self.clean)

    def clean(self):
        """Removes containers, networks and volumes."""
        compose("--profile", "tools", "down", "--volumes", "--remove-orphans", "--timeout", "5", check=False)
        remove_volumes("efflux-demo")

    def demo(self):
        """Sends a sample; the script fails unless all files reconcile and no row is open."""
        printed = run(str(DOCKER / "demo.sh"), env={**PORTS, "COMPOSE": " ".join(PROJECT), "ROWS": "50"}).stdout
        print(printed)
        return printed

    def test_a_sample_is_reported(self):
        compose("up", "--detach", "--no-build")
        for _ in range(2):
            self.assertIn("reported", self.demo())
        status = compose("run", "--rm", "-T", "efflux", "status", "--json").stdout
        files = json.loads(status)["files"]
        self.assertEqual(len(files), 8)
        for file in files:
            rows = {count["outcome"]: count["rows"] for count in file["receipt"]["outcomes"]}
            self.assertGreater(rows.get("reported", 0), 0, file)


if __name__ == "__main__":
    unittest.main()
