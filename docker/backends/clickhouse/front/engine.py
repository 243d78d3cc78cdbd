"""Runs each request in its own connection of the engine."""

import json
import re
import time
from dataclasses import dataclass

from chdb.state.sqlitelike import Connection

# Settings of the HTTP interface, not of the engine.
NOT_THE_ENGINES = {
    "buffer_size",
    "client_protocol_version",
    "compress",
    "database",
    "decompress",
    "default_format",
    "enable_http_compression",
    "http_zlib_compression_level",
    "query_id",
    "quota_key",
    "role",
    "session_check",
    "session_id",
    "session_timeout",
    "wait_end_of_query",
}

# ClickHouse's statuses for some of its errors; any other is a 500.
STATUSES = {6: 400, 16: 404, 26: 400, 27: 400, 36: 400, 47: 404, 53: 400, 60: 404, 62: 400, 81: 404, 159: 408, 497: 403, 516: 403}

# An insert whose rows come as data: its head, its format, and data that begins in the statement.
INSERT = re.compile(r"^\s*(INSERT\s+INTO\s+.*?)(?:\s+FORMAT\s+(\w+))\s*;?\s*(?:\n(.*))?$", re.I | re.S)


class Refused(Exception):
    """An error in the engine's own words, which begin with its code."""

    def __init__(self, text):
        found = re.search(r"Code: (\d+)", text)
        super().__init__(text[found.start() :].strip() if found else text.strip())
        self.code = int(found.group(1)) if found else 1002
        self.status = STATUSES.get(self.code, 500)


@dataclass
class Done:
    body: bytes
    format: str
    summary: str


class Engine:
    def __init__(self, folder):
        self.folder = folder
        # The engine stops with its last connection; this one stays open.
        self.kept = Connection(folder)

    def run(self, request):
        check_password(request)
        began = time.monotonic_ns()
        connection = Connection(self.folder)
        try:
            prepare(connection, request)
            format = request.settings.get("default_format", "TabSeparated")
            body, read, written = execute(connection, request, format)
        except Exception as error:
            raise Refused(str(error)) from error
        finally:
            connection.close()
        summary = {
            "read_rows": str(read),
            "written_rows": str(written),
            "result_bytes": str(len(body)),
            "elapsed_ns": str(time.monotonic_ns() - began),
        }
        return Done(body, format, json.dumps(summary))


def check_password(request):
    """As on a newly installed server: there is one user, and it has no password."""
    if (request.user, request.password) != ("default", ""):
        raise Refused(
            f"Code: 516. DB::Exception: {request.user}: Authentication failed: password is incorrect, or there is no"
            " user with such name. (AUTHENTICATION_FAILED)"
        )


def prepare(connection, request):
    database = request.settings.get("database")
    if database:
        connection.query("USE `{}`".format(database.replace("`", "``")))
    settings = [f"{name} = {quoted(value)}" for name, value in request.settings.items() if name not in NOT_THE_ENGINES]
    if settings:
        connection.query("SET " + ", ".join(settings))


def quoted(text):
    return "'{}'".format(text.replace("\\", "\\\\").replace("'", "\\'"))


def execute(connection, request, format):
    """The answer, and how many rows were read and written."""
    insert = INSERT.match(request.statement)
    if insert:
        head, insert_format, begun = insert.groups()
        data = (begun or "").encode() + request.data
        if data:
            inserting = connection.send_insert(head, insert_format)
            inserting.append(data)
            return b"", 0, inserting.finish().rows_written
        return b"", 0, 0
    statement = request.statement
    if request.data:
        statement += "\n" + request.data.decode()
    result = connection.query(statement, format, params=request.values or None)
    return result.bytes() or b"", result.rows_read(), 0
