"""What a Python server needs to be an http.target of wsrelay, to copy: it checks and
reads events and writes answers. At other times it says things by wsrelay_api.py.

`serve` calls a function with each `Event`, on a thread of a connection that the relay
keeps: it may wait, and of one client and target the next event comes only behind its
`Answer`. If it raises that is logged, and the relay closes the client with 1011.
"""

import argparse
import base64
import hmac
import json
import logging
import signal
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable
from urllib.parse import quote, unquote

MAX_BODY = 4 << 20  # bytes of an event; the relay lets clients send 1 MiB
log = logging.getLogger("wsrelay")


@dataclass(frozen=True)
class Event:
    kind: str        # connected, message, heartbeat or disconnected
    target: str      # which of the relay's targets has heard it
    pid: str         # of the connection, as the server API takes it
    state: str       # what the last answer has set, "" = nothing
    text: str | None # the body, None where it is binary
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What becomes of the connection; without anything the event is just taken."""
    body: str | bytes = b""      # one message to the client
    status: int = 204            # 200 where there is a body; 410 closes, 403 fails
    state: str | None = None     # comes with every later event, "" ends it
    target: str = ""             # it moves there, behind the message
    join: tuple[str, ...] = ()   # groups
    leave: tuple[str, ...] = ()


def envelope(topic: str, data: Any) -> str:
    """Returns the text that wsrelay.js tells its `on(topic)`."""
    return json.dumps({"topic": topic, "data": data})


def key_of(secret: str) -> bytes:
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    if len(key) < 24:
        raise ValueError("a secret has 24 bytes or more, in base64 behind whsec_")
    return key


def is_genuine(headers, body: bytes, key: bytes) -> bool:
    """Returns whether the relay has signed it, within the last five minutes."""
    name, second = headers["webhook-id"], headers["webhook-timestamp"] or ""
    if not (name and second.isdecimal() and len(second) < 12
            and abs(time.time() - int(second)) <= 300):
        return False
    mac = hmac.digest(key, f"{name}.{second}.".encode() + body, "sha256")
    wanted = b"v1," + base64.b64encode(mac)
    signatures = (headers["webhook-signature"] or "").encode().split()
    return any(hmac.compare_digest(wanted, each) for each in signatures)


def read_event(headers, body: bytes) -> Event:
    is_text = (headers["Content-Type"] or "").startswith("text/")
    return Event(kind=headers["ce-type"].rpartition(".")[2],
                 target=unquote(headers["ce-source"]).rpartition("/")[2],
                 pid=headers["ce-connectionid"],
                 state=unquote(headers["ce-state"] or ""),
                 text=body.decode() if is_text else None, body=body)


def serve(listen: str, on_event: Callable[[Event], Answer], secret: str = "") -> None:
    """Serves until SIGINT or SIGTERM, and answers what is under way then. Without a
    secret whoever reaches the port is believed. Port 0 is one that is free."""
    key, stops = key_of(secret) if secret else None, threading.Event()
    class Hook(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"   # connections are kept,
        timeout = 30                    # for longer than the relay does
        wbufsize = 1 << 16              # a response is one write
        disable_nagle_algorithm = True

        def do_HEAD(self):              # the relay asks while we count as down
            self.reply(Answer())

        def do_POST(self):
            length = self.headers["Content-Length"] or ""
            if not (length.isdecimal() and len(length) < 9 and int(length) <= MAX_BODY):
                self.close_connection = True  # what follows is no request
                return self.reply(Answer(status=413))
            self.reply(self.handle_event(self.rfile.read(int(length))))

        def handle_event(self, body: bytes) -> Answer:
            try:
                if key and not is_genuine(self.headers, body, key):
                    return Answer(status=403)
                return on_event(read_event(self.headers, body))
            except Exception:
                log.exception("an event has failed: %s", self.headers["ce-id"])
                return Answer(status=500)

        def reply(self, answer: Answer):
            is_text = isinstance(answer.body, str)
            body = answer.body.encode() if is_text else answer.body
            status = 200 if body and answer.status == 204 else answer.status
            self.send_response(status)
            for name, value in (("Connection", "close" if stops.is_set() else None),
                                ("Content-Type", "text/plain" if is_text else None),
                                ("Content-Length", None if status == 204 else len(body)),
                                ("ce-state", answer.state and quote(answer.state)),
                                ("wsrelay-target", answer.target or None),
                                ("wsrelay-join-groups", ",".join(answer.join) or None),
                                ("wsrelay-leave-groups", ",".join(answer.leave) or None)):
                if value is not None:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_): ...  # the relay has an access log

    host, _, port = listen.rpartition(":")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ThreadingHTTPServer.request_queue_size = 256  # many connect at once; 5 by default
    with ThreadingHTTPServer((host, int(port)), Hook) as server:
        server.daemon_threads = False   # the end waits for them
        print(f"listening on http://{host}:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            stops.set()


def read_options(description: str) -> argparse.Namespace:
    """Reads listen, api and secret from the command line."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--listen", default="127.0.0.1:8000", metavar="HOST:PORT")
    options.add_argument("--api", default="http://127.0.0.1:9090", metavar="URL")
    options.add_argument("--secret", default="", metavar="whsec_...")
    return options.parse_args()
