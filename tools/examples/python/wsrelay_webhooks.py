"""What a Python server needs to be an http.target of wsrelay, to copy with
wsrelay_http.py: it checks and reads events and writes answers. At other times it says
things by wsrelay_api.py.

`serve` calls a function with each `Event`, on a thread of a connection that the relay
keeps: it may wait, and of one client and target the next event comes only behind its
`Answer`. If it raises that is logged, and the relay closes the client with 1011.
"""

import argparse
import base64
import hmac
import json
import logging
import re
import time
from dataclasses import dataclass
from typing import Any, Callable
from urllib.parse import quote, unquote

from wsrelay_http import Response, Server

MAX_BODY = 1 << 20  # bytes of an event; the relay lets clients send 1 MiB
ID = re.compile(r"([^/]+)/(?:([0-9]+)|(connected|heartbeat|disconnected)/[0-9]+)")
log = logging.getLogger("wsrelay")


@dataclass(frozen=True)
class Event:
    """`target` and `state` are not signed: https, where an attacker is on the way."""
    id: str          # the same in every try (`at_least_once`): remember the last ones
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
    """Raises where it is none. PID and kind stand in the id, which is signed."""
    pid, number, kind = ID.fullmatch(headers["ce-id"]).groups()
    if headers["ce-count"]:
        raise ValueError("`batch` is not for this server")
    is_text = (headers["Content-Type"] or "").startswith("text/")
    return Event(id=headers["ce-id"], kind="message" if number else kind, pid=pid,
                 target=unquote(headers["ce-source"].partition("/targets/")[2]),
                 state=unquote(headers["ce-state"] or ""),
                 text=body.decode() if is_text else None, body=body)


def write(answer: Answer) -> Response:
    is_text = isinstance(answer.body, str)
    body = answer.body.encode() if is_text else answer.body
    status = 200 if body and answer.status == 204 else answer.status
    fields = (("Content-Type", "text/plain" if is_text and body else None),
              ("ce-state", answer.state and quote(answer.state)),
              ("wsrelay-target", answer.target or None),
              ("wsrelay-join-groups", ",".join(answer.join) or None),
              ("wsrelay-leave-groups", ",".join(answer.leave) or None))
    return status, [each for each in fields if each[1] is not None], body


def serve(listen: str, on_event: Callable[[Event], Answer], secret: str = "",
          on_request: Callable[[str, str, Any, bytes], Response] | None = None,
          max_body: int = MAX_BODY) -> None:
    """Serves until SIGINT or SIGTERM, and answers what is under way then. Without a
    secret whoever reaches the port is believed. Port 0 is one that is free. What is no
    event is for `on_request`, with method, path, headers and body: so an endpoint's
    `upstream` may be the same server. It returns status, headers (pairs) and body."""
    key = key_of(secret) if secret else None

    def answer(method: str, path: str, headers: Any, body: bytes) -> Response:
        try:
            if method == "HEAD":  # the relay asks while we count as down
                return 204, [], b""
            is_event = method == "POST" and (headers["ce-id"] or headers["webhook-id"])
            if on_request and not is_event:
                return on_request(method, path, headers, body)
            if method != "POST":
                return 405, [("Allow", "HEAD, POST")], b""
            if key and not (headers["ce-id"] == headers["webhook-id"]
                            and is_genuine(headers, body, key)):
                return 403, [], b""
            try:
                event = read_event(headers, body)
            except (AttributeError, TypeError, ValueError) as why:
                log.error("no event: %s: %s", headers["ce-id"], why)
                return 400, [], b""
            return write(on_event(event))
        except Exception:
            log.exception("a request has failed: %s %s", path, headers["ce-id"])
            return 500, [], b""

    with Server(listen, max_body, answer) as server:
        print(f"listening on http://{listen.rpartition(':')[0]}:{server.server_port}",
              flush=True)
        server.run()


def read_options(description: str) -> argparse.Namespace:
    """Reads listen, api and secret from the command line."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--listen", default="127.0.0.1:8000", metavar="HOST:PORT")
    options.add_argument("--api", default="http://127.0.0.1:9090", metavar="URL")
    options.add_argument("--secret", default="", metavar="whsec_...")
    return options.parse_args()
