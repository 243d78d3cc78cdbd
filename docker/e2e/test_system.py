"""The whole system in containers, on its production adapters, disturbed while it works. No event may be lost or counted twice.

usage: python3 docker/e2e/test_system.py Disturbed|Replaced    (after docker/images.sh and docker/backend-images.sh)

The two have a system each, so they can run side by side.
"""

import json
import subprocess
import time
import unittest
from contextlib import contextmanager

from oracle import Oracle
from system import System, run, wait_until

NETWORKS = ["tonic", "crossroads", "sedo", "airfind"]
ROWS = 40
OTHER_TAG = "e2e-other"


class Steps:
    """Steps that run in order. Each begins with the system of the step before, and ends with all work done."""

    @classmethod
    def setUpClass(cls):
        cls.system, cls.oracle, cls.seed = System(f"efflux-e2e-{cls.__name__.lower()}"), Oracle(), int(time.time())
        # An undisturbed service must not send an event twice; a killed one may, under the same id.
        cls.repeated = 0
        cls.system.down()
        cls.addClassCleanup(cls.clean)
        cls.system.up_backends()
        # Before the services start, because a running one learns of new campaigns and pixels some seconds later.
        rows = [row for network in NETWORKS for row in json.loads(cls.sample(network, 400, seed=1))]
        cls.system.efflux("subscriptions", "add", *sorted({row["campaign_id"] for row in rows}))
        for pixel in sorted({row["pixel_id"] for row in rows}):
            cls.system.efflux("pixels", "add", pixel, "--tokens", "-", text="token-of-the-test\n")
        cls.system.up()
        for service in ("filter-svc", "reporter-svc"):
            # Another image of the same program: only its name and a label differ.
            build = ["docker", "build", "--quiet", "--label", "e2e=other", "--tag", f"efflux/{service}:{OTHER_TAG}", "-"]
            subprocess.run(build, input=f"FROM efflux/{service}:latest\n", text=True, check=True, capture_output=True)
        # Slow answers, so that each disturbance hits work in flight.
        cls.system.sandbox("faults", '[{"action": {"latency_ms": 500}}]')

    @classmethod
    def clean(cls):
        """After a failure, prints the services' logs. Then removes everything."""
        if cls.failed:
            print(cls.system.compose("logs", "--tail", "60", check=False).stdout[-20000:])
        cls.system.down()

    failed = False

    def run(self, result=None):
        """After a failure the later steps are skipped."""
        if type(self).failed:
            result.startTest(self)
            result.addSkip(self, "an earlier step failed")
            result.stopTest(self)
            return
        before = len(result.failures) + len(result.errors)
        super().run(result)
        type(self).failed |= len(result.failures) + len(result.errors) > before

    @classmethod
    def sample(cls, network, rows, seed):
        """A file of clean rows, made by the program."""
        made = cls.system.efflux("sample", "--network", network, "--rows", str(rows), "--seed", str(seed))
        return made.stdout

    def send(self, files):
        """Puts this many files of all networks where their interpreters would."""
        paths = []
        for _ in range(files):
            type(self).seed += 1
            network = NETWORKS[self.seed % len(NETWORKS)]
            text = self.sample(network, ROWS, self.seed)
            self.oracle.expect(text)
            paths.append(self.system.put(f"{network}-{self.seed}.json", text))
        type(self).accepted = self.system.accepted()
        self.system.efflux("ingest", *paths)

    def settle(self, quiet):
        """Waits until all work is done and checks the results. `quiet`: no event may have been sent twice in this step."""
        wait_until("all work done", lambda: self.oracle.is_done(self.system))
        repeated = self.oracle.check(self.system, repeats_allowed=True)
        if quiet:
            self.assertEqual(repeated, self.repeated, "events were sent twice without need")
        print(f"{self.id().rsplit('.', 1)[1]}: {self.oracle.rows} rows, {self.oracle.total()} events, {repeated} sent again under the same ids")
        type(self).repeated = repeated

    def wait_for_work(self):
        """Waits until Meta has accepted some of the last events, so that the next disturbance hits work in flight."""
        wait_until("work has begun", lambda: self.system.accepted() > self.accepted or self.accepted)

    @contextmanager
    def paused(self, service, seconds):
        """Pauses a backend for a while: connections stay open and get no answers."""
        (container,) = self.system.containers(service)
        run("docker", "pause", container)
        try:
            yield
            time.sleep(seconds)
        finally:
            run("docker", "unpause", container)

    def crash(self, service, index=0):
        """Kills a container without warning and starts it again, as the engine does with one that has crashed."""
        container = self.system.containers(service)[index]
        run("docker", "kill", "--signal", "KILL", container)
        run("docker", "start", container)


class Disturbed(Steps, unittest.TestCase):
    """Services and databases crash, hang, and come back."""

    def test_1_undisturbed(self):
        self.send(4)
        self.settle(quiet=True)

    def test_2_services_are_killed(self):
        self.system.scale("reporter-svc", 3)
        self.send(6)
        self.wait_for_work()
        for service, index in (("reporter-svc", 0), ("filter-svc", 0), ("reporter-svc", 1)):
            self.crash(service, index)
        self.send(2)
        self.settle(quiet=False)

    def test_3_databases_are_killed(self):
        self.send(4)
        self.wait_for_work()
        for service in ("mongodb", "postgres", "clickhouse"):
            self.crash(service)
        self.send(2)
        self.settle(quiet=False)

    def test_4_backends_hang(self):
        for service in ("mongodb", "clickhouse", "aws"):
            self.send(2)
            with self.paused(service, seconds=8):
                pass
        self.settle(quiet=False)


class Replaced(Steps, unittest.TestCase):
    """Services are scaled, cut off, replaced by others, and stopped."""

    def test_1_three_reporters(self):
        self.system.scale("reporter-svc", 3)
        self.send(4)
        self.settle(quiet=True)

    def test_2_the_network_to_meta_is_cut(self):
        network = self.system.network("meta")
        self.send(2)
        self.wait_for_work()
        reporters = self.system.containers("reporter-svc")
        for reporter in reporters:
            run("docker", "network", "disconnect", network, reporter)
        self.send(2)
        wait_until("conversions wait for Meta", lambda: self.system.status(1)["ledger"].get("retry", 0) > 0 or self.system.status(1))
        for reporter in reporters:
            run("docker", "network", "connect", network, reporter)
        self.settle(quiet=False)

    def test_3_the_reporters_are_replaced_under_load(self):
        self.send(6)
        self.wait_for_work()
        self.system.roll("reporter-svc", "REPORTER_TAG", OTHER_TAG, 3)
        self.settle(quiet=True)

    def test_4_the_filter_is_replaced_under_load(self):
        self.send(6)
        self.system.roll("filter-svc", "FILTER_TAG", OTHER_TAG, 1)
        self.settle(quiet=True)

    def test_5_all_services_stop_in_order(self):
        containers = [c for s in ("filter-svc", "reporter-svc", "optimizer-svc") for c in self.system.containers(s)]
        run("docker", "stop", "--time", "30", *containers)
        for container in containers:
            self.assertEqual(self.system.inspect(container, "{{.State.ExitCode}}"), "0")


if __name__ == "__main__":
    unittest.main()
