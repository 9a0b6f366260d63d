"""What tests of the admin listener share: a client of its API, a reader of its
events, relays that have one."""

import json
import re
import select
import socket
import time
import urllib.parse

from raw_client import Connection, WebSocket
from support import DEADLINE, RelayTest, echo_config, endpoint, wait_until

JSON = ("Content-Type", "application/json")
PROBLEM = "application/problem+json"


def admin(*, addr="127.0.0.1:0", **keys):
    """Returns the entry of an admin.service."""
    lines = "".join(f"  {key}: {value}\n" for key, value in keys.items())
    return f"- name: admin\n  kind: admin.service\n  addr: \"{addr}\"\n{lines}"


def config(options=None, **keys):
    """Returns /ws/echo, /ws/chat and an admin.service with these keys."""
    return (echo_config(**(options or {}))
            + endpoint("chat", "/chat", "relay: {target_pid: chat, "
                       "metadata: {place: hall, floor: 3, open: true}}")
            + admin(**keys))


def admin_port(relay):
    found = wait_until(
        lambda: re.search(r"admin on https?://[0-9.]+:(\d+)\n", relay.stdout),
        "the admin listener's address")
    return int(found[1])


def quoted(pid):
    return urllib.parse.quote(pid, safe="")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.type = response.get("Content-Type")
        self.get, self.text = response.get, response.body.decode()

    @property
    def json(self):
        return json.loads(self.text)


class Api:
    """Asks an admin listener; each question has a connection of its own."""

    def __init__(self, port, token=None):
        self.port, self.token = port, token

    def connect(self, **keys):
        return Connection(self.port, **keys)

    def ask(self, method, path, body=None, fields=(), host=None, head=None):
        fields = list(fields)
        if self.token:
            fields.append(("Authorization", f"Bearer {self.token}"))
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            fields.append(JSON)
        with self.connect() as client:
            return Answer(client.request(method, path, fields, body or b"",
                                         host=host, head=head))

    def get(self, path, **keys):
        return self.ask("GET", f"/api/v1/{path}", **keys)

    def post(self, path, body=None, **keys):
        return self.ask("POST", f"/api/v1/{path}", {} if body is None else body,
                        **keys)

    def connections(self, **query):
        """Returns the answer, once the listing is newer than this call."""
        time_of_listing = 1.05
        wait_for(time_of_listing)
        return self.get("connections?" + urllib.parse.urlencode(query)).json

    def ready(self):
        return self.ask("GET", "/readyz")

    def events(self, path="/events", **keys):
        return Events(self, path, **keys)


def wait_for(seconds):
    """A listing is good for a second: there is nothing else to wait for."""
    select.select([], [], [], seconds)


class UnixConnection(Connection):
    def __init__(self, path):
        self.port, self.input = 0, bytearray()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(str(path))


class UnixApi(Api):
    def connect(self):
        return UnixConnection(self.port)


class Events:
    """A stream of Server-Sent Events in chunks; `seen` are (name, data)."""

    def __init__(self, api, path, receive_buffer=None):
        keys = {"receive_buffer": receive_buffer} if receive_buffer else {}
        self.client = api.connect(**keys)
        token = (f"Authorization: Bearer {api.token}\r\n" if api.token else "")
        self.client.send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                         f"{token}\r\n")
        head = self.client.read_until(b"\r\n\r\n").decode().lower()
        self.status = int(head.split(" ", 2)[1])
        self.is_stream = "content-type: text/event-stream" in head
        self.text, self.seen, self.ended = "", [], False

    def read_chunk(self):
        size = int(self.client.read_until(b"\r\n"), 16)
        self.text += self.client.read(size).decode()
        self.client.read(2)
        self.ended = size == 0
        *whole, self.text = self.text.split("\n\n")
        for block in whole:
            found = re.fullmatch(r"event: (\S+)\ndata: (.*)", block)
            if found:  # else it is a comment
                self.seen.append((found[1], json.loads(found[2])))
            elif not block.startswith(":"):
                raise AssertionError(f"no event: {block!r}")

    def wait_for(self, name, condition=lambda data: True):
        """Returns the data of the first event that is one; takes out what came
        before."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            while self.seen:
                found, data = self.seen.pop(0)
                if found == name and condition(data):
                    return data
            if self.ended:
                break
            self.read_chunk()
        raise AssertionError(f"no event {name}")

    def read_to_end(self):
        while not self.ended:
            self.read_chunk()
        return self.seen

    def close(self):
        self.client.close()


class AdminTest(RelayTest):
    CONFIG = config()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api = Api(admin_port(cls.relay))
        wait_until(lambda: cls.api.ready().status == 200, "it is ready")

    def connect(self, path="/ws/echo", fields=(), relay=None):
        client = WebSocket((relay or self.relay).port, path, fields)
        self.addCleanup(client.close)
        return client

    def connect_known(self, path="/ws/echo"):
        """Returns a client and the PID of its connection."""
        events = self.api.events()
        events.wait_for("state")
        client = self.connect(path)
        pid = events.wait_for("opened")["pid"]
        events.close()
        return client, pid

    def assert_problem(self, answer, status, check=None):
        self.assertEqual((answer.status, answer.type), (status, PROBLEM),
                         answer.text)
        self.assertEqual(answer.json["status"], status)
        self.assertTrue(answer.json["detail"])
        if check:
            self.assertEqual(answer.json["check"], check)
