"""Starts, disturbs and queries the compose file's system, under its own project name."""

import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path

DOCKER = Path(__file__).resolve().parents[1]
COMPOSE = os.environ.get("COMPOSE", "docker-compose").split()
# No step takes this long unless something is wrong.
LONGEST_SECONDS = 240
# The exit status of `efflux` when a backend cannot be reached.
UNAVAILABLE = 69

# Short waits, so that another container soon takes over from a killed one.
SETTINGS = {
    "QUEUE_VISIBILITY_SECONDS": "6",
    "LEASE_SECONDS": "20",
    "META_REQUEST_TIMEOUT_MS": "3000",
    "META_CONNECT_TIMEOUT_MS": "1000",
    "RETRY_FIRST_SECONDS": "1",
    "RETRY_LONGEST_SECONDS": "5",
    # Any free port, so that nothing on this machine conflicts.
    "SANDBOX_HOST_PORT": "0",
    "AWS_HOST_PORT": "0",
}


def run(*command, check=True, env=None, text=None):
    """Runs a command, with a text as its input, and returns its result. When it fails, the error shows its output."""
    environment = {**os.environ, **(env or {})}
    done = subprocess.run(command, capture_output=True, text=True, check=False, input=text, env=environment)
    if check and done.returncode != 0:
        raise AssertionError(failure(command, done))
    return done


def failure(command, done):
    """What a failed command was and what it printed."""
    return f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"


def wait_until(what, done, seconds=LONGEST_SECONDS):
    """Polls until `done` returns True. After a while it fails and shows the last state."""
    give_up = time.monotonic() + seconds
    while True:
        state = done()
        if state is True:
            return
        if time.monotonic() > give_up:
            raise AssertionError(f"not within {seconds} s: {what}; last state: {state}")
        # Each poll starts a process in a container; more polls would slow down the work that the test waits for.
        time.sleep(1)


def remove_volumes(project):
    """Removes the volumes of a project. Compose keeps them when it cannot remove a network, when the engine still counts a killed
    container. A later run would use the data that they hold."""
    left = run("docker", "volume", "ls", "--quiet", "--filter", f"label=com.docker.compose.project={project}").stdout.split()
    if left:
        run("docker", "volume", "rm", "--force", *left)


class System:
    """A project of compose."""

    def __init__(self, name):
        self.name = name
        self.tags = {}
        self.settings = {}

    def compose(self, *arguments, check=True):
        """Runs compose on this project."""
        files = ["--file", str(DOCKER / "compose.yaml"), "--file", str(DOCKER / "e2e/compose.quick.yaml")]
        return run(*COMPOSE, "--project-name", self.name, *files, *arguments, check=check, env={**SETTINGS, **self.settings, **self.tags})

    def up_backends(self):
        """Starts and prepares the backends. Queues, buckets and table are those of the CloudFormation templates."""
        self.compose("up", "--detach", "--no-build", "aws")
        self.wait_healthy("aws")
        self.settings = self.deploy_templates()
        self.compose("run", "--rm", "migrate")

    def up(self):
        """Starts everything else, and waits until it is healthy."""
        self.compose("up", "--detach", "--no-build")
        for service in ("filter-svc", "reporter-svc", "optimizer-svc"):
            self.wait_healthy(service)

    def deploy_templates(self):
        """Deploys infrastructure/ to the AWS emulator, with the Python of its image; returns the settings that point to them."""
        printed = run(
            "docker", "run", "--rm", "--network", self.network("backends"), "--volume", f"{DOCKER.parent}/infrastructure:/infrastructure:ro",
            "--env", "AWS_ENDPOINT_URL=http://aws:4566", "efflux/backend-aws",
            "/opt/venv/bin/python", "-B", "/infrastructure/local.py", "--stack-name", self.name,
        ).stdout
        return dict(line.split("=", 1) for line in printed.splitlines())

    def down(self):
        """Removes containers, networks and volumes."""
        run("docker", "rm", "--force", "--volumes", f"{self.name}-tools", check=False)
        self.compose("--profile", "tools", "down", "--volumes", "--remove-orphans", "--timeout", "5", check=False)
        remove_volumes(self.name)

    def containers(self, service):
        """Ids of the running containers of a service, in the order of their numbers."""
        listed = run(
            "docker", "ps", "--filter", f"label=com.docker.compose.project={self.name}",
            "--filter", f"label=com.docker.compose.service={service}", "--filter", "label=com.docker.compose.oneoff=False",
            "--format", '{{.Label "com.docker.compose.container-number"}} {{.ID}}',
        )
        numbered = sorted((int(number), name) for number, name in (line.split() for line in listed.stdout.splitlines()))
        return [name for _, name in numbered]

    def inspect(self, container, template):
        """One fact about a container."""
        return run("docker", "inspect", "--format", template, container).stdout.strip()

    def wait_healthy(self, service, count=1):
        """Waits until `count` containers of a service are healthy."""
        def healthy():
            states = [self.inspect(c, "{{.State.Health.Status}}") for c in self.containers(service)]
            return states == ["healthy"] * count or states

        wait_until(f"{count} x {service} healthy", healthy)

    def scale(self, service, count):
        """Scales a service to `count` containers."""
        self.compose("up", "--detach", "--no-build", "--no-deps", "--scale", f"{service}={count}", service)
        self.wait_healthy(service, count)

    def roll(self, service, variable, tag, count):
        """Replaces the containers of a service by ones of another image, as compose does it: each gets SIGTERM and finishes."""
        before = self.containers(service)
        self.tags[variable] = tag
        self.compose("up", "--detach", "--no-build", "--no-deps", "--scale", f"{service}={count}", service)
        self.wait_healthy(service, count)
        assert not set(before) & set(self.containers(service)), f"{service} still runs old containers"

    def network(self, name):
        """The full name of a network."""
        return f"{self.name}_{name}"

    def tools(self):
        """The container for the operator's tool; an unused sandbox keeps it running."""
        name = f"{self.name}-tools"
        if run("docker", "ps", "--quiet", "--filter", f"name=^{name}$").stdout.strip() == "":
            self.compose("--profile", "tools", "run", "--detach", "--rm", "--name", name, "efflux", "sandbox")
        return name

    def efflux(self, *arguments, check=True, text=None):
        """Runs the operator's tool and returns what it printed. While a backend cannot be reached it runs again, as an operator would."""
        command = ["docker", "exec", "--interactive", self.tools(), "/usr/local/bin/service", *arguments]
        give_up = time.monotonic() + LONGEST_SECONDS
        while True:
            done = run(*command, check=False, text=text)
            if not check or done.returncode == 0:
                return done
            if done.returncode != UNAVAILABLE or time.monotonic() > give_up:
                raise AssertionError(failure(command, done))
            print(f"a backend could not be reached: {done.stderr[-500:]}")
            time.sleep(1)

    def put(self, name, text):
        """Puts a file into the container of the operator's tool; returns its path there."""
        path = f"/var/lib/efflux/{name}"
        run("docker", "exec", "--interactive", self.tools(), "tee", path, text=text)
        return path

    def status(self, files):
        """The output of `efflux status`, with this many of the latest files."""
        return json.loads(self.efflux("status", "--json", "--files", str(files)).stdout)

    def status_if_reachable(self, files):
        """Like `status`; None while a backend, for example one that has just been killed, cannot be reached yet."""
        done = self.efflux("status", "--json", "--files", str(files), check=False)
        if done.returncode == UNAVAILABLE:
            return None
        assert done.returncode == 0, failure(["efflux", "status"], done)
        return json.loads(done.stdout)

    def sandbox(self, path, body=None):
        """The sandbox's answer to a GET, or to a POST of `body`."""
        (container,) = self.containers("sandbox")
        address = run("docker", "port", container, "8787/tcp").stdout.splitlines()[0]
        data = body.encode() if body else None
        with urllib.request.urlopen(f"http://{address}/_sandbox/{path}", data, timeout=60) as answer:
            return answer.read().decode()

    def accepted(self):
        """How many events the sandbox has accepted."""
        pixels = json.loads(self.sandbox("stats"))["pixels"].values()
        return sum(name["accepted"] for pixel in pixels for name in pixel["names"].values())
