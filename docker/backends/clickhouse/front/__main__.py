"""Serves until it is stopped: python -m front --port PORT --data FOLDER [--bind ADDRESS]."""

import argparse
import signal
import sys
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .engine import Engine, Refused
from .request import Cut, Request


class Handler(BaseHTTPRequestHandler):
    """One connection, in its own thread."""

    protocol_version = "HTTP/1.1"
    server_version = "efflux-test-clickhouse"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        self.serve()

    def do_POST(self):
        self.serve()

    def serve(self):
        try:
            request = Request.read(self)
        except Cut:
            # As in the real server: an insert whose client disconnected is dropped.
            self.close_connection = True
            return
        if request.is_ping:
            return self.answer(200, b"Ok.\n")
        headers = {"X-ClickHouse-Query-Id": request.settings.get("query_id", str(uuid.uuid4()))}
        try:
            done = self.server.engine.run(request)
        except Refused as refused:
            headers["X-ClickHouse-Exception-Code"] = str(refused.code)
            return self.answer(refused.status, f"{refused}\n".encode(), headers)
        headers["X-ClickHouse-Format"] = done.format
        headers["X-ClickHouse-Timezone"] = "UTC"
        headers["X-ClickHouse-Summary"] = done.summary
        self.answer(200, done.body, headers)

    def answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        """Logs nothing: errors are in the answers."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address, engine):
        super().__init__(address, Handler)
        self.engine = engine

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    arguments = argparse.ArgumentParser(prog="front")
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--data", required=True)
    arguments.add_argument("--bind", default="127.0.0.1")
    arguments = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = Server((arguments.bind, arguments.port), Engine(arguments.data))
    print(f"listening on {arguments.bind}:{arguments.port}")
    server.serve_forever()


main()
