"""A request to ClickHouse's HTTP interface: a statement, its data, settings and values to bind."""

import base64
import email.parser
import email.policy
import struct
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import lz4.block

# Between two blocks of ClickHouse's own compression: a checksum, then method, compressed and plain size.
CHECKSUM, HEADER = 16, struct.Struct("<BII")
PLAIN = 0x02


class Cut(Exception):
    """The client disconnected before its request had ended."""


@dataclass
class Request:
    statement: str = ""
    data: bytes = b""
    settings: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    user: str = "default"
    password: str = ""
    is_ping: bool = False

    @classmethod
    def read(cls, handler):
        """Reads the whole request before anything is executed."""
        address = urlsplit(handler.path)
        given = dict(parse_qsl(address.query, keep_blank_values=True))
        self = cls(is_ping=address.path == "/ping" or handler.command == "GET" and not given)
        body = b"".join(chunks(handler))
        self.read_credentials(handler.headers, given)
        self.statement = given.pop("query", "")
        self.take(given)
        content_type = handler.headers.get("Content-Type") or ""
        if content_type.startswith("multipart/form-data"):
            self.read_form(content_type, body)
        else:
            self.data = decompressed(body) if self.settings.pop("decompress", "0") == "1" else body
        if not self.statement:
            self.statement, self.data = self.data.decode(), b""
        return self

    def take(self, given):
        for name, value in given.items():
            if name.startswith("param_"):
                self.values[name.removeprefix("param_")] = value
            else:
                self.settings[name] = value

    def read_credentials(self, headers, given):
        self.user = headers.get("X-ClickHouse-User") or given.pop("user", self.user)
        self.password = headers.get("X-ClickHouse-Key") or given.pop("password", self.password)
        kind, _, coded = (headers.get("Authorization") or "").partition(" ")
        if kind.lower() == "basic":
            self.user, _, self.password = base64.b64decode(coded).decode().partition(":")

    def read_form(self, content_type, body):
        """Values to bind may come as the fields of a form."""
        parser = email.parser.BytesParser(policy=email.policy.HTTP)
        form = parser.parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
        fields = {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True).decode()
            for part in form.iter_parts()
        }
        self.statement += fields.pop("query", "")
        self.take(fields)


def chunks(handler):
    """The body, by length or in chunks."""
    if "chunked" not in (handler.headers.get("Transfer-Encoding") or ""):
        length = int(handler.headers.get("Content-Length") or 0)
        if length:
            yield exactly(handler.rfile, length)
        return
    while True:
        line = handler.rfile.readline()
        if not line:
            raise Cut
        length = int(line.split(b";")[0], 16)
        if length == 0:
            while handler.rfile.readline().strip():
                pass
            return
        yield exactly(handler.rfile, length)
        handler.rfile.readline()


def exactly(stream, length):
    data = stream.read(length)
    if len(data) < length:
        raise Cut
    return data


def decompressed(body):
    plain, at = [], 0
    while at < len(body):
        method, compressed_size, plain_size = HEADER.unpack_from(body, at + CHECKSUM)
        block = body[at + CHECKSUM + HEADER.size : at + CHECKSUM + compressed_size]
        plain.append(block if method == PLAIN else lz4.block.decompress(block, uncompressed_size=plain_size))
        at += CHECKSUM + compressed_size
    return b"".join(plain)
