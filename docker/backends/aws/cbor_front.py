"""Translates Smithy RPC v2 with CBOR, which newer SDKs speak to CloudWatch, to moto's JSON."""

import datetime
import gzip
import io
import json
import re

import cbor2

OPERATION = re.compile(r"/service/([^/]+)/operation/(\w+)$")

# JSON has no type for times, CBOR has: these members are times.
TIME_MEMBER = re.compile(r"(Timestamp|Timestamps|StartTime|EndTime|LastModified)$")
EPOCH_SECONDS = 1


class Front:
    """Translates requests for an operation; passes the rest on as they are."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        operation = OPERATION.match(environ.get("PATH_INFO", ""))
        if not operation:
            return self.application(environ, start_response)
        answer = {}

        def note(status, headers, _=None):
            answer.update(status=status, headers=headers)

        body = b"".join(self.application(as_json(environ, *operation.groups()), note))
        cbor = cbor2.dumps(with_times(json_of(body)))
        replaced = ("content-type", "content-length")
        headers = [(name, value) for name, value in answer["headers"] if name.lower() not in replaced]
        headers += [
            ("Content-Type", "application/cbor"),
            ("Content-Length", str(len(cbor))),
            ("smithy-protocol", "rpc-v2-cbor"),
        ]
        start_response(answer["status"], headers)
        return [cbor]


def as_json(environ, service, operation):
    """The same request in the protocol that moto knows."""
    raw = read_body(environ)
    if environ.pop("HTTP_CONTENT_ENCODING", "") == "gzip":
        raw = gzip.decompress(raw)
    body = json.dumps(without_times(cbor2.loads(raw)) if raw else {}).encode()
    environ.pop("HTTP_SMITHY_PROTOCOL", None)
    environ.update(
        {
            "PATH_INFO": "/",
            "RAW_URI": "/",
            "REQUEST_URI": "/",
            "HTTP_X_AMZ_TARGET": f"{service}.{operation}",
            "CONTENT_TYPE": "application/x-amz-json-1.0",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
    )
    return environ


def read_body(environ):
    """The body, with a given length or in chunks."""
    if environ.get("HTTP_TRANSFER_ENCODING") == "chunked":
        return environ["wsgi.input"].read()
    return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def json_of(body):
    """The answer; one that is not JSON is a failure of moto."""
    try:
        return json.loads(body) if body else {}
    except ValueError:
        return {"__type": "InternalFailure", "message": body[:200].decode(errors="replace")}


def without_times(value):
    """Times as seconds."""
    if isinstance(value, dict):
        return {name: without_times(member) for name, member in value.items()}
    if isinstance(value, list):
        return [without_times(member) for member in value]
    return value.timestamp() if isinstance(value, datetime.datetime) else value


def with_times(value, name=""):
    """Seconds as times, where a member is one."""
    if isinstance(value, dict):
        return {key: with_times(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [with_times(member, name) for member in value]
    if TIME_MEMBER.search(name) and isinstance(value, (int, float)):
        return cbor2.CBORTag(EPOCH_SECONDS, float(value))
    return value
