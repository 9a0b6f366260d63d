"""Requests with mistakes: number `i` of a seed is always the same bytes."""

import random

from raw_client import request_bytes, upgrade_fields

_CHUNKED = ("Transfer-Encoding", "chunked")

# What is changed: each kind of request that a relay knows. Those of `plain`
# go to a static file, of `ws` to a relay, of `up` to an upstream.
SEEDS = [
    request_bytes("GET", "/plain.txt"),
    request_bytes("HEAD", "/plain.txt", [("If-None-Match", '"a", W/"b"')]),
    request_bytes("GET", "/plain.txt", [("Range", "bytes=0-9, 20-"),
                                        ("If-Range", '"a"')]),
    request_bytes("GET", "/none?query=1&b=%20"),
    request_bytes("GET", "http://relay:80/plain.txt"),
    request_bytes("OPTIONS", "*"),
    b"GET /plain.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    request_bytes("GET", "/ws/echo", upgrade_fields()),
    request_bytes("GET", "/ws/echo", [
        *upgrade_fields(), ("Origin", "http://relay"),
        ("Sec-WebSocket-Protocol", "chat, superchat"),
        ("Sec-WebSocket-Extensions", "permessage-deflate")])
    + b"\x81\x82\0\0\0\0hi\x88\x80\0\0\0\0",
    request_bytes("POST", "/plain.txt", body=b"0123456789"),
    request_bytes("POST", "/up/x", [
        ("Cookie", "a=1"), ("Content-Type", "text/plain")], b"b" * 300),
    request_bytes("POST", "/up/x", [_CHUNKED, ("Trailer", "X-Sum")])
    + b"5;name=\"value\"\r\nhello\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
    request_bytes("PUT", "/ws/echo", [_CHUNKED]) + b"A\r\n0123456789\r\n0\r\n"
    b"\r\n",
    request_bytes("POST", "/plain.txt", [("Expect", "100-continue")],
                  b"body"),
    request_bytes("GET", "/up/../%2e%2e/x", [
        ("X-Forwarded-For", "192.0.2.1, 10.0.0.1"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", 'for="[2001:db8::1]:80";proto=https;host=a')]),
    request_bytes("GET", "/plain.txt") + request_bytes("GET", "/none"),
]

# What is put in: everything that means something to a parser.
_WORDS = [
    b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b",",
    b"=", b'"', b"\\", b"/", b"//", b"..", b"%", b"%2e", b"%00", b"?", b"#",
    b"@", b"[", b"[::1", b"\xff", b"\x80", b"\xc3\xa4", b"0", b"-1", b"+1",
    b"0x", b"ffffffffffffffff", b"10000000000000000",
    b"18446744073709551616", b"99999999999999999999", b"chunked",
    b"gzip, chunked", b"identity", b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Host: other\r\n",
    b"Connection: close\r\n", b"Connection: upgrade\r\n",
    b"Upgrade: websocket\r\n", b"Expect: 100-continue\r\n",
    b"X-WS-Relay: {\"target_pid\":\"echo\"}\r\n", b" folded\r\n",
    b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/0.9",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01", b"0\r\n\r\n",
    b"0" * 40, b"a" * 300, b"x" * 5000, b"A: b\r\n" * 150, b"y" * 70000,
]
# The long ones are dear and say the same each time.
_WEIGHTS = [1 if len(word) > 200 else 40 for word in _WORDS]
_WORD_TOTALS = [sum(_WEIGHTS[:i + 1]) for i in range(len(_WEIGHTS))]


def _flip(data, source):
    at = int(source() * len(data))
    return data[:at] + bytes([int(source() * 256)]) + data[at + 1:]


def _cut(data, source):
    at = int(source() * len(data))
    return data[:at] + data[at + 1 + int(source() * 12):]


def _truncate(data, source):
    return data[:1 + int(source() * len(data))]


def _repeat(data, source):
    at = int(source() * len(data))
    piece = data[at:at + 1 + int(source() * 40)]
    return data[:at] + piece * (2 + int(source() * 6)) + data[at:]


def _splice(data, source):
    other = SEEDS[int(source() * len(SEEDS))]
    return (data[:int(source() * len(data))]
            + other[int(source() * len(other)):])


def _swap_lines(data, source):
    lines = data.split(b"\r\n")
    one, two = (int(source() * len(lines)) for _ in range(2))
    lines[one], lines[two] = lines[two], lines[one]
    return b"\r\n".join(lines)


_CHANGES = (_flip, _flip, _cut, _truncate, _repeat, _splice, _swap_lines)


def mutated_request(seed, number):
    """Returns one request, or what is left of one; never empty."""
    generator = random.Random(seed << 40 | number)
    source = generator.random
    data = SEEDS[int(source() * len(SEEDS))]
    for _ in range(1 + int(source() * source() * 6)):
        if source() < 0.35:
            word, = generator.choices(_WORDS, cum_weights=_WORD_TOTALS)
            at = int(source() * (len(data) + 1))
            data = data[:at] + word + data[at:]
        else:
            data = _CHANGES[int(source() * len(_CHANGES))](data, source)
        data = data or b"\r"
    return data
