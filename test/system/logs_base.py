"""The lines of a log in JSON, each of which is what it should be."""

import json
import os
import re

PARTS = {"node", "http", "connection", "cluster", "access", "caf"}
LEVELS = {"debug", "info", "warning", "error"}
TIME = re.compile(r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d\Z")
MAX_LINE = 4096


def refuse_constant(name):
    raise AssertionError(f"{name} is no JSON")


def entries(relay):
    """Returns the lines of a log in JSON; fails where one is none."""
    size = os.fstat(relay.errors.fileno()).st_size
    result = []
    for line in os.pread(relay.errors.fileno(), size, 0).split(b"\n")[:-1]:
        if len(line) + 1 > MAX_LINE:
            raise AssertionError(f"a line of {len(line)} bytes")
        text = line.decode()  # all of it is UTF-8
        if re.search(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e]", text):
            raise AssertionError(f"a character that commands: {text!r}")
        pairs = json.loads(text, parse_constant=refuse_constant,
                           object_pairs_hook=list)
        found = dict(pairs)
        if len(found) != len(pairs):
            raise AssertionError(f"a member twice: {text}")
        if [name for name, _ in pairs[:4]] != ["time", "level", "part",
                                               "message"]:
            raise AssertionError(f"members: {text}")
        if (not TIME.match(found["time"]) or found["level"] not in LEVELS
                or found["part"] not in PARTS or not found["message"]):
            raise AssertionError(f"values: {text}")
        result.append(found)
    return result
