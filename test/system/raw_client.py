"""Clients over a plain socket, which can break every rule: HTTP requests byte
by byte and WebSocket frames with any header (RFC 6455 section 5.2)."""

import base64
import hashlib
import os
import re
import socket
import struct
import time
from dataclasses import dataclass

from support import DEADLINE

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

SAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 section 1.3
ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key):
    digest = hashlib.sha1((key + ACCEPT_GUID).encode()).digest()
    return base64.b64encode(digest).decode()


def apply_mask(payload, mask):
    size = len(payload)
    whole = (mask * (size // 4 + 1))[:size]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")
    return mixed.to_bytes(size, "big")


def frame(opcode, payload=b"", *, fin=True, rsv=0, mask=b"\x37\xfa\x21\x3d",
          length_bytes=None, claimed=None):
    """Returns the bytes of a frame. `mask=None` leaves it unmasked,
    `length_bytes` (0, 2, 8) forces a form of the length, `claimed` is the
    length it says instead of the payload's."""
    payload = payload.encode() if isinstance(payload, str) else payload
    size = len(payload) if claimed is None else claimed
    if length_bytes is None:
        length_bytes = 0 if size < 126 else 2 if size < 65536 else 8
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    short = {0: size, 2: 126, 8: 127}[length_bytes]
    head = bytes([first, (0x80 if mask is not None else 0) | short])
    head += size.to_bytes(length_bytes, "big") if length_bytes else b""
    if mask is None:
        return head + payload
    return head + mask + apply_mask(payload, mask)


def close_payload(code=None, reason=""):
    if code is None:
        return b""
    reason = reason.encode() if isinstance(reason, str) else reason
    return struct.pack("!H", code) + reason


class Closed(Exception):
    """The peer ended the connection where more was expected."""


@dataclass
class Frame:
    fin: bool
    rsv: int
    opcode: int
    masked: bool
    payload: bytes

    @property
    def code(self):
        """The code of a close frame, None when it has none."""
        return int.from_bytes(self.payload[:2], "big") if self.payload else None


@dataclass
class Response:
    status: int
    version: str
    fields: list  # of (name, value), as they came
    body: bytes

    def all(self, name):
        return [value for key, value in self.fields
                if key.lower() == name.lower()]

    def get(self, name, default=None):
        return next(iter(self.all(name)), default)


class Connection:
    """A TCP connection to a relay; reads wait until the deadline at most. With
    a context in `tls`, its own or the class's, it speaks TLS."""

    tls = None

    def __init__(self, port, receive_buffer=None, source=None):
        self.socket = socket.socket()
        if source:
            self.socket.bind((source, 0))
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                   receive_buffer)
        self.socket.settimeout(DEADLINE)
        try:
            self.socket.connect(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = port
        self.input = bytearray()
        if self.tls:
            self.socket = self.tls.wrap_socket(self.socket,
                                               server_hostname="127.0.0.1")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def close(self):
        self.socket.close()

    def abort(self):
        """Closes with a reset instead of a FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def send_slowly(self, data):
        """One segment per byte."""
        for i in range(len(data)):
            self.socket.sendall(data[i:i + 1])

    def _receive(self, size=65536):
        try:
            data = self.socket.recv(size)
        except ConnectionError as error:
            raise Closed(f"reset: {error}") from None
        except TimeoutError:
            raise AssertionError("nothing came before the deadline") from None
        if not data:
            raise Closed("end of the stream")
        self.input += data

    def read(self, size):
        while len(self.input) < size:
            self._receive(max(65536, min(size - len(self.input), 1 << 20)))
        data = bytes(self.input[:size])
        del self.input[:size]
        return data

    def read_until(self, end):
        while end not in self.input:
            self._receive()
        return self.read(self.input.index(end) + len(end))

    def read_to_end(self):
        """Returns what comes until the peer closes."""
        try:
            while True:
                self._receive()
        except Closed:
            data = bytes(self.input)
            self.input.clear()
            return data

    def is_silent(self, seconds):
        """Returns whether nothing, not even an end, comes for that long."""
        if self.input:
            return False
        self.socket.settimeout(seconds)
        try:
            self.input += self.socket.recv(65536)
            return False
        except TimeoutError:
            return True
        except ConnectionError:
            return False
        finally:
            self.socket.settimeout(DEADLINE)

    # -- HTTP ----------------------------------------------------------------

    def request(self, method, target, fields=(), body=b"", *, head=None,
                host=None):
        """Sends a request and returns its response."""
        self.send(request_bytes(method, target, fields, body,
                                host=host or f"127.0.0.1:{self.port}"))
        return self.response(method == "HEAD" if head is None else head)

    def response(self, head=False):
        start, *lines = self.read_until(b"\r\n\r\n").decode(
            "latin-1").split("\r\n")[:-2]
        found = re.fullmatch(r"(HTTP/1\.[01]) (\d{3}) .*", start)
        if not found:
            raise AssertionError(f"no status line: {start!r}")
        fields = [tuple(part.strip() for part in line.split(":", 1))
                  for line in lines]
        result = Response(int(found[2]), found[1], fields, b"")
        if not head and result.status not in (100, 101, 204, 304):
            result.body = self.read(int(result.get("Content-Length", "0")))
        return result


def request_bytes(method, target, fields=(), body=b"", host="relay",
                  version="HTTP/1.1"):
    lines = [f"{method} {target} {version}"]
    lines += [f"Host: {host}"] if host is not None else []
    lines += [f"{name}: {value}" for name, value in fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def upgrade_fields(key=SAMPLE_KEY, version="13"):
    return [("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", key), ("Sec-WebSocket-Version", version)]


class WebSocket(Connection):
    """An open WebSocket. Frames are sent and read one by one."""

    answers_pings = False

    def __init__(self, port, path="/ws/echo", fields=(), receive_buffer=None,
                 together_with=b""):
        super().__init__(port, receive_buffer)
        key = base64.b64encode(os.urandom(16)).decode()
        self.send(request_bytes("GET", path, [*upgrade_fields(key), *fields],
                                host=f"127.0.0.1:{port}") + together_with)
        self.handshake = self.response()
        if self.handshake.status != 101:
            self.close()
            raise AssertionError(f"no upgrade: {self.handshake}")
        if self.handshake.get("Sec-WebSocket-Accept") != accept_key(key):
            raise AssertionError("wrong Sec-WebSocket-Accept")

    def send_frame(self, *arguments, **keys):
        self.send(frame(*arguments, **keys))

    def send_text(self, text):
        self.send(frame(TEXT, text))

    def send_until_held(self, text, most):
        """Sends a text again and again until the other side has not read for a
        second, or `most` bytes are sent. Returns how many are."""
        self.socket.settimeout(1)
        sent = 0
        try:
            while sent < most:
                self.send_text(text)
                sent += len(text)
        except OSError:
            pass
        return sent

    def send_close(self, code=None, reason=""):
        self.send(frame(CLOSE, close_payload(code, reason)))

    def read_frame(self):
        first, second = self.read(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(self.read(2 if size == 126 else 8), "big")
        mask = self.read(4) if second & 0x80 else None
        payload = self.read(size)
        return Frame(bool(first & 0x80), first >> 4 & 7, first & 15,
                     mask is not None,
                     apply_mask(payload, mask) if mask else payload)

    def read_message(self):
        """Returns the opcode and payload of the next data message."""
        found = self.read_frame()
        while found.opcode >= CLOSE:
            if found.opcode == CLOSE:
                raise Closed(f"close frame: {found}")
            if found.opcode == PING and self.answers_pings:
                self.send_frame(PONG, found.payload)
            found = self.read_frame()
        opcode, payload = found.opcode, found.payload
        while not found.fin:
            found = self.read_frame()
            if found.opcode == CONTINUATION:
                payload += found.payload
        return opcode, payload

    def read_text(self):
        opcode, payload = self.read_message()
        if opcode != TEXT:
            raise AssertionError(f"a message of opcode {opcode}")
        return payload.decode()

    def echo(self, text):
        """Sends a text and returns what comes back."""
        self.send_text(text)
        return self.read_text()

    def read_close(self):
        """Skips what comes before the close frame and returns that."""
        while True:
            found = self.read_frame()
            if found.opcode == CLOSE:
                return found

    def leave(self, code=1000):
        """Closes with the closing handshake."""
        self.send_close(code)
        found = self.read_close()
        self.read_to_end()
        self.close()
        return found


def elapsed(start):
    return time.monotonic() - start
