"""The HTTP server of wsrelay_webhooks.py, to copy with it: Python's own, with bounds for
strangers who drip bytes, open connections or send large bodies. A thread for each.
"""

import contextlib
import io
import logging
import re
import signal
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Iterable

PATIENCE = 10           # seconds for a whole request, for a response, and for the end
IDLE = 30               # seconds between two requests, more than the relay keeps it
MAX_CONNECTIONS = 256   # what is beyond is closed
SMALL = 1 << 16         # bytes of a body that there is always place for
MAX_LARGE = 64 << 20    # bytes of all the larger bodies at a time
Response = tuple[int, Iterable[tuple[str, str]], bytes]  # status, headers, body


class _Input(io.RawIOBase):
    """Reads of a connection until a time, however often a byte comes."""

    readable = lambda self: True

    def __init__(self, connection: socket.socket):
        self._connection, self.until, self.is_idle = connection, 0.0, True

    def readinto(self, buffer: Any) -> int:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        count = self._connection.recv_into(buffer)
        if self.is_idle:  # the first byte of a request
            self.is_idle, self.until = False, time.monotonic() + PATIENCE
        return count


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"   # connections are kept
    disable_nagle_algorithm = True
    server: "Server"

    def setup(self) -> None:
        super().setup()
        self.input, self.wfile = _Input(self.connection), io.BytesIO()
        self.rfile = io.BufferedReader(self.input, SMALL)
        self.server.connections[self.connection] = self.input

    def handle_one_request(self) -> None:
        self.input.is_idle = True
        self.input.until = time.monotonic() + (1 if self.server.is_ending else IDLE)
        super().handle_one_request()
        self.flush()

    def flush(self) -> None:  # one write, with a timeout that is for all of it
        self.connection.settimeout(PATIENCE)
        self.connection.sendall(self.wfile.getvalue())
        self.wfile = io.BytesIO()

    def handle_request(self) -> None:
        length, *more = self.headers.get_all("Content-Length", ["0"])
        if (more or "Transfer-Encoding" in self.headers or self.headers.defects
                or not re.fullmatch("[0-9]{1,11}", length)):
            return self.reply(400, is_last=True)  # where would the next one begin?
        if (size := int(length)) > self.server.max_body:
            return self.reply(413, is_last=True)
        if not self.server.take(size):
            return self.reply(503, [("Retry-After", "1")], is_last=True)
        try:
            body = self.rfile.read(size)
            self.close_connection |= len(body) < size  # it has gone
            if len(body) == size:
                self.reply(*self.server.answer(
                    self.command, self.path, self.headers, body))
        finally:
            self.server.take(-size)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request

    def reply(self, status: int, headers: Iterable[tuple[str, str]] = (),
              body: bytes = b"", is_last: bool = False) -> None:
        self.send_response(status)
        length = [] if status == 204 else [("Content-Length", str(len(body)))]
        last = [("Connection", "close")] if is_last or self.server.is_ending else []
        for name, value in (*headers, *length, *last):
            self.send_header(name, value)  # of `Connection` http.server closes it
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...  # the relay has an access log


class Server(ThreadingHTTPServer):
    request_queue_size = 256  # many connect at once; 5 by default
    daemon_threads = True     # run() waits for them, but not for ever

    def __init__(self, listen: str, max_body: int,
                 answer: Callable[[str, str, Any, bytes], Response]):
        host, _, port = listen.rpartition(":")
        super().__init__((host, int(port)), _Handler)
        self.max_body, self.answer, self.is_ending = max_body, answer, False
        self._large = 0
        self.connections: dict[Any, _Input | None] = {}
        self._changed = threading.Condition()

    def take(self, size: int) -> bool:
        """Of the place for large bodies; a negative size gives it back."""
        with self._changed:
            is_place = abs(size) <= SMALL or self._large + size <= MAX_LARGE
            self._large += size if is_place and abs(size) > SMALL else 0
        return is_place

    def verify_request(self, request: Any, client_address: Any) -> bool:
        with self._changed:
            is_place = len(self.connections) < MAX_CONNECTIONS
            if is_place:
                self.connections[request] = None
        return is_place

    def shutdown_request(self, request: Any) -> None:
        with self._changed:
            self.connections.pop(request, None)
            self._changed.notify_all()
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        logging.getLogger("wsrelay").debug("a connection failed", exc_info=True)

    def run(self) -> None:
        """Until SIGINT or SIGTERM; what is under way then is answered."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self.serve_forever()
        except KeyboardInterrupt:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.is_ending = True
        self.socket.close()
        with self._changed:
            for each, bytes_of in self.connections.items():
                if bytes_of is None or bytes_of.is_idle:
                    with contextlib.suppress(OSError):
                        each.shutdown(socket.SHUT_RD)  # what has come is read
            self._changed.wait_for(lambda: not self.connections, PATIENCE + 1)
