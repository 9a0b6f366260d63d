"""What the tests of limits share: clients with an address, and refusals."""

import itertools
import json
import time

from plain_http import PlainTest
from proxy_protocol import Sender
from raw_client import CLOSE, elapsed, upgrade_fields
from support import endpoint, router, wait_until

RETRY = range(1, 11)  # seconds

_numbers = itertools.count(1)


def fresh_address(network="127.1"):
    """Returns one that no client has had."""
    number = next(_numbers)
    return f"{network}.{number >> 8}.{number & 255}"


def told(address):
    """Returns what a proxy tells of its client."""
    return [("X-Forwarded-For", address)]


def echo_at(name, *keys, **options):
    """Returns a router with one endpoint that echoes, at /NAME."""
    return router(name, f"/{name}", **options) + endpoint(
        name, "", "\n".join([*keys, "relay: {target_pid: echo}"]), name)


class Client(Sender):
    """One that comes from `source`; a WebSocket once it was let in."""

    def get(self, path="/none", fields=()):
        return self.request("GET", path, fields)

    def upgrade(self, path="/ws/echo", fields=()):
        return self.get(path, [*upgrade_fields(), *fields])


def break_a_rule(client):
    """Has the relay close a WebSocket: opcode 3 is reserved."""
    client.send_frame(3)
    client.read_close()
    client.close()


ENDS = (Client.leave, Client.close, Client.abort, break_a_rule)


class LimitTest(PlainTest):
    """Each test has an address of its own."""

    def setUp(self):
        self.address = fresh_address()

    def connect(self, source=None, start=b""):
        client = Client(self.relay.port, start, source or self.address)
        self.addCleanup(client.close)
        return client

    def open(self, path="/ws/echo", fields=(), **keys):
        """Returns a WebSocket."""
        client = self.connect(**keys)
        self.assertEqual(client.upgrade(path, fields).status, 101)
        return client

    def newcomer(self, path="/ws/echo", fields=(), **keys):
        """Returns a WebSocket, which waits for a place."""
        def try_it():
            client = self.connect(**keys)
            if client.upgrade(path, fields).status == 101:
                return client
            return client.close()
        return wait_until(try_it, "there is a place")

    def upgraded(self, path="/ws/echo", fields=(), **keys):
        """Returns the answer to a WebSocket."""
        return self.connect(**keys).upgrade(path, fields)

    def spend(self, ask, depth, rate):
        """Asks until it is refused: behind `depth`, and `rate` a second.
        Returns the refusal."""
        start = time.monotonic()
        for count in range(depth * 100):
            response = ask()
            if response.status == 429:
                self.assertGreaterEqual(count, depth)
                self.assertLessEqual(count, depth + rate * elapsed(start))
                return response
        raise AssertionError("it was never refused")

    def assert_limited(self, response, status, check):
        """Returns after how many seconds to come again."""
        self.assert_problem(response, status, check)
        retry = int(response.get("Retry-After"))
        self.assertIn(retry, RETRY)
        return retry

    def assert_turned_away(self, client, data=b""):
        """At its socket, for its address; it may send `data`."""
        if data:
            client.send(data)
        response = client.response()
        self.assert_limited(response, 429, "address")
        self.assertEqual(response.get("Connection"), "close")
        self.assertEqual(client.read_to_end(), b"")

    def assert_closed_at_once(self, client, status, check):
        """Behind its 101: what a page can read."""
        found = client.read_frame()
        self.assertEqual((found.opcode, found.code), (CLOSE, 4000 + status))
        reason = json.loads(found.payload[2:])
        self.assertIn(reason.pop("retry"), RETRY)
        self.assertEqual(reason, {"status": status, "check": check})
        client.send_close(found.code)
        self.assertEqual(client.read_to_end(), b"")
