"""An AWS emulator and a copy of this folder, for tests that run the README's commands."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3

from source import INFRASTRUCTURE, ROOT

TOOLS = Path(sys.executable).parent
# No registry is available, so this Docker only records its calls.
DOCKER = """#!/bin/sh
{ [ "$1" = login ] && cat && echo; echo "$*"; } >>"$(dirname "$0")/docker.log"
"""


class Emulator:
    """AWS on a free port of this machine, until closed."""

    def __init__(self):
        server = ROOT / "docker/backends/aws/server.py"
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-W", "ignore", server, "127.0.0.1", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        self.url = None
        for line in self.process.stdout:
            if served := re.match(r"serving AWS on (\S+)", line):
                self.url = served[1]
                break
        self.environment = {
            **os.environ, "AWS_ENDPOINT_URL": self.url or "", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_MAX_ATTEMPTS": "1",
        }

    def client(self, service):
        """A client of the emulator."""
        return boto3.client(
            service, endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )

    def close(self):
        """Stops the emulator; its data are lost."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Checkout:
    """A copy of this folder, where an operator writes environments and runs make."""

    def __init__(self, emulator):
        self.emulator, self.folder = emulator, Path(tempfile.mkdtemp())
        self.infrastructure = self.folder / "infrastructure"
        shutil.copytree(INFRASTRUCTURE, self.infrastructure, ignore=shutil.ignore_patterns("tests", "__pycache__", "*.pyc"))
        (self.folder / "docker").write_text(DOCKER, encoding="utf-8")
        (self.folder / "docker").chmod(0o755)

    def environment(self, name, **values):
        """Fills a copy of the example in; every value must have a line there."""
        text = (self.infrastructure / "environments/example.mk").read_text(encoding="utf-8")
        for variable, value in values.items():
            text, lines = re.subn(rf"^{variable} =.*$", f"{variable} = {value}", text, flags=re.MULTILINE)
            assert lines == 1, variable
        (self.infrastructure / f"environments/{name}.mk").write_text(text, encoding="utf-8")

    def command(self, *arguments):
        """Runs make as an operator does."""
        environment = {name: value for name, value in self.emulator.environment.items() if not name.startswith("MAKE")}
        environment["PATH"] = os.pathsep.join([str(self.folder), str(TOOLS), environment["PATH"]])
        return {"args": ["make", *arguments], "cwd": self.infrastructure, "env": environment, "text": True}

    def make(self, *arguments, answers="", fails=False):
        """Runs a target to its end and returns what it printed."""
        done = subprocess.run(
            **self.command(*arguments), input=answers, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False
        )
        assert (done.returncode != 0) is fails, f"{arguments} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def docker_calls(self):
        """All calls of Docker."""
        return (self.folder / "docker.log").read_text(encoding="utf-8").splitlines()

    def close(self):
        """Removes the copy."""
        shutil.rmtree(self.folder)
