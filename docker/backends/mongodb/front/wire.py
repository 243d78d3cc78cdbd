"""MongoDB's wire protocol: OP_MSG, and the OP_QUERY that drivers still begin with."""

import struct

import bson
from bson.codec_options import CodecOptions

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
CHECKSUM_PRESENT, MORE_TO_COME = 1, 2

# Dates without a zone and UUIDs unchanged, so that reads return what was written.
CODEC = CodecOptions(tz_aware=False)


class Request:
    """One command, with the documents of its separate sections put into their fields."""

    def __init__(self, request_id, opcode, body, wants_answer):
        self.request_id = request_id
        self.opcode = opcode
        self.body = body
        self.wants_answer = wants_answer


def read_request(stream):
    """The next request of a connection; None at its end."""
    header = stream.read(16)
    if len(header) < 16:
        return None
    length, request_id, _, opcode = struct.unpack("<iiii", header)
    payload = stream.read(length - 16)
    if len(payload) < length - 16:
        return None
    if opcode == OP_QUERY:
        name_end = payload.index(b"\0", 4)
        return Request(request_id, opcode, bson.decode(payload[name_end + 9 :], CODEC), True)
    if opcode != OP_MSG:
        raise ValueError(f"unsupported opcode {opcode}")
    (flags,) = struct.unpack_from("<I", payload)
    end = len(payload) - (4 if flags & CHECKSUM_PRESENT else 0)
    return Request(request_id, opcode, read_sections(payload, 4, end), not flags & MORE_TO_COME)


def read_sections(payload, at, end):
    body = {}
    while at < end:
        kind = payload[at]
        at += 1
        (length,) = struct.unpack_from("<i", payload, at)
        if kind == 0:
            body.update(bson.decode(payload[at : at + length], CODEC))
        else:
            name_end = payload.index(b"\0", at + 4)
            name = payload[at + 4 : name_end].decode()
            body[name] = bson.decode_all(payload[name_end + 1 : at + length], CODEC)
        at += length
    return body


def answer(request, document):
    """The bytes that answer a request."""
    encoded = bson.encode(document, codec_options=CODEC)
    if request.opcode == OP_QUERY:
        body = struct.pack("<iqii", 8, 0, 0, 1) + encoded
        return struct.pack("<iiii", 16 + len(body), 1, request.request_id, OP_REPLY) + body
    body = struct.pack("<IB", 0, 0) + encoded
    return struct.pack("<iiii", 16 + len(body), 1, request.request_id, OP_MSG) + body
