"""The images keep their promises: small, quick to start, no root, no shell needed, and a read-only root file system.

usage: python3 docker/test_images.py    (after docker/images.sh)
"""

import datetime
import json
import os
import subprocess
import time
import unittest
from pathlib import Path

# A pipeline's copy of the files has no commit.
IS_CHECKOUT = (Path(__file__).resolve().parents[1] / ".git").exists()
TAG = os.environ.get("TAG", "latest")
RUNTIME_IMAGE = os.environ.get("RUNTIME_IMAGE", "debian:bookworm-slim")
# Image -> its arguments, on the embedded backends.
COMMANDS = {"filter-svc": [], "reporter-svc": [], "optimizer-svc": [], "efflux": ["run", "--sandbox"]}
MOST_BYTES_ABOVE_BASE = 60_000_000
MOST_SECONDS_TO_START = 2.0
LONGEST_SECONDS = 60


def docker(*arguments, check=True):
    """Runs docker and returns what it printed."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"docker {' '.join(arguments)}: {done.stderr}")
    return done


def inspect(name):
    """The properties of an image or a container."""
    return json.loads(docker("inspect", name).stdout)[0]


def moment(text):
    """Seconds of a time as docker writes it, with nanoseconds."""
    seconds, _, rest = text.rstrip("Z").partition(".")
    whole = datetime.datetime.fromisoformat(seconds + "+00:00").timestamp()
    return whole + float(f"0.{rest or 0}")


def watch(what, done):
    """Polls until `done` returns a result; fails after a while."""
    give_up = time.monotonic() + LONGEST_SECONDS
    while not (result := done()):
        if time.monotonic() > give_up:
            raise AssertionError(f"{what}: not within {LONGEST_SECONDS} s")
        time.sleep(0.1)
    return result


class Images(unittest.TestCase):
    """Each of the four."""

    def start(self, service):
        """A container as strict as production's; it is removed after the test."""
        name = f"efflux-image-test-{service}"
        docker("rm", "--force", "--volumes", name, check=False)
        strict = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        docker("run", "--detach", "--name", name, *strict, f"efflux/{service}:{TAG}", *COMMANDS[service])
        self.addCleanup(docker, "rm", "--force", "--volumes", name)
        return name

    def listening_after(self, name):
        """Seconds from the start of a container to the line that says that it listens."""
        def line():
            logs = docker("logs", "--timestamps", name).stderr.splitlines()
            return next((entry for entry in logs if '"message":"listening"' in entry), None)

        return moment(watch("listening", line).split()[0]) - moment(inspect(name)["State"]["StartedAt"])

    def test_they_are_small(self):
        base = inspect(RUNTIME_IMAGE)["Size"]
        for service in COMMANDS:
            above = inspect(f"efflux/{service}:{TAG}")["Size"] - base
            print(f"{service}: {above / 1e6:.1f} MB above {RUNTIME_IMAGE}")
            self.assertLess(above, MOST_BYTES_ABOVE_BASE, service)

    def test_they_say_what_they_are(self):
        for service in COMMANDS:
            config = inspect(f"efflux/{service}:{TAG}")["Config"]
            self.assertEqual(config["Labels"]["org.opencontainers.image.title"], service)
            unknown = {label for label, value in config["Labels"].items() if value == "unknown"}
            self.assertEqual(unknown, set() if IS_CHECKOUT else unknown & {"org.opencontainers.image.revision"}, service)
            self.assertEqual(config["User"], "10001:10001")
            self.assertEqual(config["Healthcheck"]["Test"], ["CMD", "/usr/local/bin/service", "--healthcheck"])

    def test_they_list_what_they_are_made_of(self):
        for service in COMMANDS:
            text = docker("run", "--rm", "--entrypoint", "cat", f"efflux/{service}:{TAG}", f"/usr/share/sbom/{service}.cdx.json").stdout
            bill = json.loads(text)
            self.assertEqual((bill["bomFormat"], bill["metadata"]["component"]["name"]), ("CycloneDX", service))
            crates = {component["name"]: component for component in bill["components"]}
            self.assertRegex(crates["tokio"]["hashes"][0]["content"], "^[0-9a-f]{64}$")
            self.assertEqual("mongodb" in crates, service in ("reporter-svc", "efflux"), service)

    def test_they_start_quickly_get_healthy_and_stop_in_order(self):
        # All at once, because the engine checks health only every ten seconds.
        names = {service: self.start(service) for service in COMMANDS}
        for service, name in names.items():
            with self.subTest(service):
                seconds = self.listening_after(name)
                print(f"{service}: listens after {seconds:.2f} s")
                self.assertLess(seconds, MOST_SECONDS_TO_START)
                # The health check as the engine runs it, without waiting for its interval.
                self.assertEqual(docker("exec", name, "/usr/local/bin/service", "--healthcheck").returncode, 0)
                watch("healthy", lambda name=name: inspect(name)["State"]["Health"]["Status"] == "healthy")
                docker("stop", "--time", "30", name)
                self.assertEqual(inspect(name)["State"]["ExitCode"], 0, docker("logs", name).stderr)

    def test_nobody_is_root_and_nobody_writes_outside_of_what_is_given(self):
        name = self.start("filter-svc")
        self.listening_after(name)
        pid = inspect(name)["State"]["Pid"]
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        self.assertEqual(status["Uid"].split(), ["10001"] * 4)
        self.assertEqual(int(status["CapEff"], 16), 0)
        self.assertTrue(inspect(name)["HostConfig"]["ReadonlyRootfs"])
        self.assertNotEqual(docker("exec", name, "touch", "/usr/local/bin/x", check=False).returncode, 0)
        self.assertEqual(docker("exec", name, "touch", "/var/lib/efflux/x", "/tmp/x").returncode, 0)

    def test_wrong_configuration_ends_at_once(self):
        done = docker("run", "--rm", "--env", "ENVIRONMENT_LOCATION=aws", f"efflux/reporter-svc:{TAG}", check=False)
        self.assertEqual(done.returncode, 64)
        self.assertIn("MONGODB_URI", done.stderr)


if __name__ == "__main__":
    unittest.main()
