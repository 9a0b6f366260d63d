"""What may be done to an admin listener, and that none of it is felt by its
other callers, or by those whom the node is there for."""

import threading
import time
import unittest

from admin_base import JSON, AdminTest, config
from healthy_clients import HealthyClients
from raw_client import Closed, Connection, request_bytes
from support import DEADLINE, SANITIZED, wait_until

MIB = 1 << 20


def asked(method, path, fields=()):
    return request_bytes(method, path, fields, host="127.0.0.1")


class Requests(AdminTest):
    def test_half_requests_hold_nobody(self):
        halves = [Connection(self.api.port) for _ in range(100)]
        for i, client in enumerate(halves):
            self.addCleanup(client.close)
            client.send(asked("GET", "/api/v1/node")[:10 + i % 30])
        begin = time.monotonic()
        for _ in range(20):
            self.assertEqual(self.api.get("node").status, 200)
        self.assertLess(time.monotonic() - begin, 5)
        for client in halves:  # 408, or an end; none of them stays
            client.read_to_end()

    def test_huge_bodies_are_refused_and_take_no_memory(self):
        before = self.relay.resident_bytes()
        for claimed in (MIB + 1, 1 << 40, (1 << 64) - 1, 1 << 64):
            with Connection(self.api.port) as client:
                client.send(asked("POST", "/api/v1/log", [
                    JSON, ("Content-Length", claimed)]))
                self.assertIn(client.response().status, (400, 413))
        bodies = [Connection(self.api.port) for _ in range(30)]
        for client in bodies:
            self.addCleanup(client.close)
            client.send(asked("POST", "/api/v1/log", [
                JSON, ("Content-Length", MIB)]))
        self.assertEqual(self.api.get("node").status, 200)
        self.assert_grown_less(before, 16 * MIB)

    def test_a_body_up_to_the_limit_is_read(self):
        whole = b'{"level":"info"' + b" " * (MIB - 16) + b"}"
        found = self.api.ask("POST", "/api/v1/log", whole, [JSON])
        self.assertEqual(found.status, 200)
        found = self.api.ask("POST", "/api/v1/log", whole + b" ", [JSON])
        self.assertEqual(found.status, 413)

    def test_deep_json_is_refused(self):
        for body in (b"[" * 500_000, b'{"a":' * 100_000,
                     b'{"level":' + b"[" * 100_000 + b"]" * 100_000 + b"}"):
            found = self.api.ask("POST", "/api/v1/log", body, [JSON])
            self.assert_problem(found, 400)

    def test_headers_have_limits(self):
        for fields in ([("X", "x" * 20_000)], [("X", "x")] * 200):
            self.assertEqual(self.api.ask("GET", "/healthz",
                                          fields=fields).status, 431)

    def test_floods_of_refusals_do_not_fill_the_log(self):
        for _ in range(300):
            self.api.ask("GET", "/", host="evil.example")
            self.api.ask("POST", "/api/v1/log", b"{}")
        self.assertLess(len(self.relay.stderr.splitlines()), 60)


class Connections(AdminTest):
    COUNT = 300
    CONFIG = config(max_connections=100)

    def test_so_many_and_no_more_and_they_go(self):
        before = self.relay.sockets()
        events = self.api.events()
        self.addCleanup(events.close)
        events.wait_for("state")
        clients = [Connection(self.api.port) for _ in range(self.COUNT)]
        refused = 0
        for client in clients:
            self.addCleanup(client.close)
            try:
                client.send(asked("GET", "/healthz"))
                refused += client.response().status == 503
            except (Closed, OSError):
                refused += 1
        self.assertEqual(refused, self.COUNT - 99)
        self.assertEqual(self.connect().echo("x"), "x")  # another service
        events.wait_for("opened")
        for client in clients:
            client.close()
        wait_until(lambda: self.relay.sockets() <= before + 2, "they are gone")
        wait_until(lambda: self.api.ready().status == 200, "it answers")


class Flood:
    """Asks the same again and again on some connections."""

    def __init__(self, api, paths, threads=3):
        self.api, self.paths = api, paths
        self.stopping, self.answers, self.failures = False, 0, []
        self.threads = [threading.Thread(target=self._run)
                        for _ in range(threads)]

    def __enter__(self):
        for each in self.threads:
            each.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        for each in self.threads:
            each.join()

    def _run(self):
        try:
            with Connection(self.api.port) as client:
                while not self.stopping:
                    for path in self.paths:
                        status = client.request("GET", path).status
                        if status != 200:
                            self.failures.append((path, status))
                        self.answers += 1
        except (Closed, OSError, AssertionError) as error:
            self.failures.append(error)


class Scrapes(AdminTest):
    """Without pause, by several: a loop of its own does not keep the kernel
    from sharing the processors with whoever asks and scrapes."""

    def test_echoes_take_no_longer_while_many_scrape(self):
        clients = HealthyClients(self.relay.port, count=100, pause=0.1)
        self.addCleanup(clients.end)

        def phase():
            clients.next_phase()
            end = time.monotonic() + 1.5
            wait_until(lambda: time.monotonic() > end, "the phase has passed")
            return clients.next_phase()
        for attempt in range(3):  # the machine has other things to do, too
            before = phase()
            with Flood(self.api, ["/metrics", "/api/v1/connections",
                                  "/readyz"], threads=1) as flood:
                during = phase()
            self.assertEqual(flood.failures, [])
            self.assertGreater(flood.answers, 30)
            print(f"p99 {before.p99 * 1e6:.0f} us, {during.p99 * 1e6:.0f} us "
                  f"with {flood.answers} questions")
            if SANITIZED or during.p99 <= max(2 * before.p99, 0.005):
                break
        else:
            self.fail("the clients' p99 is more than doubled")
        self.assertEqual(clients.finish(), [])

    def test_too_many_questions_are_refused_not_kept(self):
        asking = [Connection(self.api.port) for _ in range(200)]
        for client in asking:
            self.addCleanup(client.close)
            client.send(asked("GET", "/api/v1/connections?limit=0"))
        statuses = [client.response().status for client in asking]
        self.assertLessEqual(set(statuses), {200, 503})
        self.assertGreater(statuses.count(200), 60)
        self.assertEqual(self.api.get("node").status, 200)

    def test_questions_that_nobody_waits_for_are_not_asked(self):
        for _ in range(300):
            client = Connection(self.api.port)
            client.send(asked("GET", "/api/v1/targets"))
            client.abort()
        begin = time.monotonic()
        wait_until(lambda: self.api.get("node").status == 200, "it answers")
        self.assertLess(time.monotonic() - begin, DEADLINE / 2)


if __name__ == "__main__":
    unittest.main()
