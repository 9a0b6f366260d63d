"""A tiny HTTP server for the tests: what it answers is raw bytes, so that it
can answer anything, and what it was asked is kept."""

import json
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


class Upstream:
    """Answers every request of a path by `answers[path]`: bytes, or a function
    of the request and the socket that returns bytes. Then it closes."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
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
                self.open.add(client)
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        try:
            request = self._read(client)
            self.asked.append(request)
            path = request.target.split("?")[0]
            found = self.answers.get(path, answer(404))
            client.sendall(found(request, client) if callable(found) else found)
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(client)
                client.close()

    @staticmethod
    def _read(client):
        stream = client.makefile("rb")
        method, target, _ = stream.readline().decode("latin-1").split(" ")
        fields = []
        while (line := stream.readline().decode("latin-1").strip()):
            name, value = line.split(":", 1)
            fields.append((name, value.strip()))
        request = Asked(method, target, fields, b"")
        size = request.all("Content-Length")
        if size:
            request.body = stream.read(int(size[0]))
        return request
