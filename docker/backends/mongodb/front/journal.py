"""A file of all commands that changed something. A restarted server replays it."""

import os

import bson

from .wire import CODEC


class Journal:
    def __init__(self, folder):
        self.path = os.path.join(folder, "journal.bson")
        self.file = None

    def replay(self, run):
        """Runs the commands of the file. The last one may be cut off, if the writer was killed."""
        count = 0
        if os.path.exists(self.path):
            with open(self.path, "rb") as file:
                whole = 0
                while document := read_document(file):
                    run(bson.decode(document, CODEC))
                    whole, count = file.tell(), count + 1
            os.truncate(self.path, whole)
        self.file = open(self.path, "ab", buffering=0)
        return count

    def append(self, command):
        self.file.write(bson.encode(command, codec_options=CODEC))


def read_document(file):
    size = file.read(4)
    if len(size) < 4:
        return None
    length = int.from_bytes(size, "little")
    rest = file.read(length - 4)
    return size + rest if len(rest) == length - 4 else None
