"""What a handler says to a connection while it decides on it: it has its PID, and
what was said comes behind the 101."""

import threading
import unittest

from admin_base import Api, admin, admin_port
from backend_base import BackendTest
from http_upstream import Upstream, answer, relay_answer
from raw_client import Connection, WebSocket, upgrade_fields
from support import Relay, endpoint, router, service, wait_until

TEXT = [("Content-Type", "text/plain")]
ECHO = {"target_pid": "echo"}


class ByRequests(unittest.TestCase):
    """An upstream that asks the server API within the request it is asked by."""

    def setUp(self):
        self.upstream = Upstream()
        self.addCleanup(self.upstream.close)
        self.relay = Relay(service() + router()
                           + endpoint("x", "/x",
                                      f"upstream: {self.upstream.url}")
                           + admin())
        self.addCleanup(self.relay.end)
        self.api = Api(admin_port(self.relay))
        self.pids = []
        self.seen = []

    def say(self, pid, body, query=""):
        self.seen.append(self.api.ask(
            "POST", f"/@connections/{pid}{query}", body, fields=TEXT).status)

    def decide(self, what):
        """`what(pid)` answers requests."""
        def asked(request, _):
            pid = (request.all("X-WS-Relay-Connection") or [None])[0]
            self.pids.append(pid)
            return what(pid)
        self.upstream.answers["/ws/x"] = asked

    def test_it_comes_before_all_else(self):
        def greet(pid):
            self.say(pid, b"1")
            self.say(pid, b"2", "?wait=0")
            self.say(pid, b"3")
            return relay_answer(ECHO)
        self.decide(greet)
        for _ in range(20):
            client = WebSocket(self.relay.port, "/ws/x")
            self.assertEqual([client.read_text() for _ in range(3)],
                             ["1", "2", "3"])
            client.echo("hello")
            found = self.api.ask("GET", f"/@connections/{self.pids[-1]}")
            self.assertEqual(found.json["phase"], "relaying")
            client.leave()
        self.assertEqual(set(self.seen), {200, 202})
        self.assertEqual(len(set(self.pids)), 20)

    def test_groups_and_closes_too(self):
        def close(pid):
            self.seen.append(self.api.ask(
                "PUT", f"/@groups/all/{pid}").status)
            self.seen.append(self.api.ask(
                "DELETE", f"/@connections/{pid}?code=4001&reason=no").status)
            return relay_answer(ECHO)
        self.decide(close)
        client = WebSocket(self.relay.port, "/ws/x")
        self.assertEqual(client.read_close().code, 4001)
        self.assertEqual(self.seen, [204, 204])
        client.close()

    def test_one_that_is_refused_is_gone(self):
        def refuse(pid):
            self.say(pid, b"x")
            return answer(403)
        self.decide(refuse)
        with Connection(self.relay.port) as client:
            self.assertEqual(client.request("GET", "/ws/x",
                                            upgrade_fields()).status, 403)
        self.assertEqual(self.seen, [200])
        wait_until(lambda: self.api.ask(
            "GET", f"/@connections/{self.pids[0]}").status == 404,
            "nobody has that PID")
        self.say(self.pids[0], b"x")
        self.assertEqual(self.seen[1:], [404])

    def test_no_more_than_so_much_waits(self):
        def flood(pid):
            for _ in range(65):
                self.say(pid, b"x")
            return relay_answer(ECHO)
        self.decide(flood)
        client = WebSocket(self.relay.port, "/ws/x")
        client.send_text("end")
        for _ in range(64):
            self.assertEqual(client.read_text(), "x")
        self.assertEqual(client.read_text(), "end")
        self.assertEqual(self.seen, [200] * 64 + [409])
        client.close()

    def test_a_request_for_no_websocket_has_none(self):
        self.decide(lambda pid: answer(200, "page"))
        with Connection(self.relay.port) as client:
            found = client.request("GET", "/ws/x", [
                ("X-WS-Relay-Connection", "1@forged")])
            self.assertEqual(found.body, b"page")
        self.assertEqual(self.pids, [None])


class ByABackend(BackendTest):
    def test_it_says_something_before_it_answers(self):
        relay = self.start()
        backend = self.backend(relay)
        backend.offer("game")
        got = []
        thread = threading.Thread(target=lambda: got.append(
            WebSocket(relay.port, "/ws/ask/x")))
        thread.start()
        asked = backend.hear("http", websocket=True)
        pid = asked["pid"]
        for text in ("early", "later"):
            self.assertEqual(backend.ask("send", to=pid, data=text)["type"],
                             "ok")
        self.assertEqual(backend.ask("monitor", to=pid)["type"], "ok")
        backend.say("response", ref=asked["ref"], relay={"target_pid": "echo"})
        thread.join()
        client, = got
        self.assertEqual([client.read_text(), client.read_text()],
                         ["early", "later"])
        client.echo("x")
        client.leave(4000)
        down = backend.hear("down")
        self.assertEqual((down["to"], down["reason"]), (pid, "normal"))
        self.stop(relay, backend)


if __name__ == "__main__":
    unittest.main()
