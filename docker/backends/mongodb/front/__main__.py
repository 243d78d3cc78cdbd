"""Serves until it is stopped: python -m front --port PORT --data FOLDER [--bind ADDRESS]."""

import argparse
import signal
import socketserver
import sys
import threading
import traceback

from .commands import WRITES, Commands, Refused
from .faults import Faults, error
from .journal import Journal
from .wire import answer, read_request


# These need no shared state, so they need not wait: a driver without an answer considers the server dead.
SMALL_TALK = {"hello", "isMaster", "ismaster", "ping", "endSessions"}


class Front:
    """All connections share one store, and use it one after the other."""

    def __init__(self, folder):
        self.lock = threading.Lock()
        self.commands = Commands()
        self.faults = Faults()
        self.journal = Journal(folder)
        print(f"{self.journal.replay(self.replayed)} changes read from {self.journal.path}")

    def replayed(self, command):
        try:
            self.commands.run(command)
        except Exception:
            # It failed the first time as well, after a part of it was applied.
            pass

    def reply(self, document):
        name = next(iter(document))
        try:
            if name in SMALL_TALK:
                return {**self.commands.run(document), "ok": 1.0}
            with self.lock:
                if name == "configureFailPoint":
                    self.faults.configure(document)
                    return {"ok": 1.0}
                return self.run(document, self.faults.of(document))
        except Refused as refused:
            return refused.document
        except Exception as error:
            print(f"{name}: {traceback.format_exc()}")
            return {"ok": 0.0, "errmsg": f"{type(error).__name__}: {error}", "code": 2, "codeName": "BadValue"}


    def run(self, document, fault):
        """Runs a command, or has it fail: before or after it was done, or after it was done by this server alone."""
        fails = fault is not None and "errorCode" in fault
        if fails and not fault.get("applied"):
            return error(fault)
        if next(iter(document)) in WRITES:
            # Before it runs, because mongomock keeps and changes the documents that it gets.
            self.journal.append(document)
        answer = {**self.commands.run(document), "ok": 1.0}
        if fails:
            return error(fault)
        if fault is not None:
            answer["writeConcernError"] = fault["writeConcernError"]
        return answer


class Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        try:
            while request := read_request(self.rfile):
                document = self.server.front.reply(request.body)
                if request.wants_answer:
                    self.wfile.write(answer(request, document))
        except ConnectionError:
            # The client has closed the connection.
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512


def main():
    parser = argparse.ArgumentParser(prog="front", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--bind", default="127.0.0.1")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    front = Front(arguments.data)
    with Server((arguments.bind, arguments.port), Connection) as server:
        server.front = front
        print(f"serving on {arguments.bind}:{arguments.port}")
        server.serve_forever()


main()
