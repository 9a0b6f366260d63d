"""A tiny HTTP server for the tests: what it answers is raw bytes, so that it
can answer anything, and what it was asked is kept."""

import json
import re
import select
import socket
import threading
from dataclasses import dataclass

RELAY_HEADER = "X-WS-Relay"


@dataclass
class Asked:
    method: str
    target: str
    fields: list
    body: bytes

    def all(self, name):
        return [value for key, value in self.fields
                if key.lower() == name.lower()]


def answer(status=200, body=b"", fields=(), reason="Reason"):
    """Returns the bytes of a response with a Content-Length."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} {reason}",
             *(f"{name}: {value}" for name, value in fields)]
    if status != 204:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def relay_answer(command, fields=(), body=b""):
    """Returns a response with a relay command: a dictionary, or text."""
    text = command if isinstance(command, str) else json.dumps(command)
    return answer(200, body, [*fields, (RELAY_HEADER, text)])


def stays(request, data):
    """Whether a connection can carry another request behind this answer: it
    has all the bytes that it says."""
    head, end, body = data.partition(b"\r\n\r\n")
    head = head.lower()
    if not end or not head.startswith(b"http/1.1") or b"close" in head:
        return False
    size = re.search(rb"content-length: *(\d+)", head)
    return size is not None and (request.method == "HEAD"
                                 or int(size[1]) == len(body))


class Upstream:
    """Answers every request of a path by `answers[path]`: bytes, or a function
    of the request and the socket that returns bytes. What `early` has for a
    path is sent before the body is read, which then never is. A connection
    stays open behind a whole answer in bytes; `connections` counts them. With
    `tls`, an ssl.SSLContext, it speaks https."""

    keeps = False  # connections, also behind what a function returns

    def __init__(self, tls=None, port=0, answers=()):
        self.answers = dict(answers)
        self.early = {}
        self.asked = []
        self.connections = 0
        self.tls = tls
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        self.open = set()
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        # Only a shutdown wakes a thread that waits in accept.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for each in self.open:
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.open.add(client)
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        plain = client
        try:
            if self.tls:
                client = self.tls.wrap_socket(client, server_side=True)
            stream = client.makefile("rb")
            while self._serve_one(client, stream):
                pass
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.open.discard(plain)
                client.close()

    def _serve_one(self, client, stream):
        request = self._read_head(stream)
        path = request.target.split("?")[0]
        if path in self.early:
            client.sendall(self.early[path])
            self.asked.append(request)
            self.wait_for_end(client)
            return False
        size = request.all("Content-Length")
        if size:
            request.body = stream.read(int(size[0]))
        self.asked.append(request)
        found = self.answers.get(path, answer(404))
        data = found(request, client) if callable(found) else found
        client.sendall(data)
        return (self.keeps or not callable(found)) and stays(request, data)

    @staticmethod
    def wait_for_end(client):
        """Waits for the other side's end without reading what it sent."""
        events = select.poll()
        events.register(client, select.POLLRDHUP)
        events.poll(20_000)

    @staticmethod
    def _read_head(stream):
        method, target, _ = stream.readline().decode("latin-1").split(" ")
        fields = []
        while (line := stream.readline().decode("latin-1").strip()):
            name, value = line.split(":", 1)
            fields.append((name, value.strip()))
        return Asked(method, target, fields, b"")
