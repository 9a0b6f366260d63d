"""Handlers on another node: what they are asked, what their answers may hold,
and what is left of targets that nobody comes to."""

import threading
import unittest

from cluster_probe import Probe, node
from http_base import ConnectionTest
from raw_client import Connection, WebSocket, request_bytes, upgrade_fields
from support import endpoint, router, service, wait_until

REFUSED = 6000
EVIL = ("Origin", "https://evil.example")


class HandlerTest(ConnectionTest):
    HANDLERS = ("spawner spawner", "seer seer", "handler named far@app1",
                "long_winded short 1000", "long_winded limit 65535",
                "long_winded long 65536", "long_winded longer 300000")

    @classmethod
    def setUpClass(cls):
        cls.app = Probe("app1")
        cls.addClassCleanup(cls.app.end)
        cls.app.register("far")
        for line in cls.HANDLERS:
            name = line.split()[1]
            cls.app.do(line, rf"registered {name} (\S+)")
        super().setUpClass()
        cls.app.wait_for_peer("relay1")

    @classmethod
    def config(cls):
        names = [line.split()[1] for line in cls.HANDLERS]
        return (service() + router()
                + "".join(endpoint(name, f"/{name}", f"func: {name}@app1")
                          for name in names)
                + node("relay1", peers=f'["127.0.0.1:{cls.app.cluster_port}"]'))

    def ask(self, name, fields=()):
        return self.connect().request("GET", f"/ws/{name}", fields)


class Answers(HandlerTest):
    def test_a_field_of_64_kib_is_500_and_others_are_served(self):
        for _ in range(4):  # on each loop
            for name in ("long", "longer"):
                for fields in ((), upgrade_fields()):
                    self.assertEqual(self.ask(name, fields).status, 500)
            self.assertEqual(self.ask("short").status, 200)
            self.assertIn(self.ask("limit").status, (200, 500))
            self.assertEqual(self.ask("seer").status, 200)

    def test_a_handler_is_told_whether_it_could_be_a_websocket(self):
        for fields, expected in ((), b"plain"), (upgrade_fields(),
                                                 b"websocket"):
            response = self.ask("seer", fields)
            self.assertEqual(response.body.split()[-1], expected)


class Unfit(HandlerTest):
    """Upgrades that cannot be."""

    def asked(self):
        return len(self.app.find("request named .*"))

    def test_a_handler_is_not_asked_for_one(self):
        before = self.asked()
        for fields in ([*upgrade_fields(), EVIL],
                       upgrade_fields(version="8"),
                       upgrade_fields(key="short"), upgrade_fields()[:3]):
            with self.subTest(fields=fields):
                self.assertIn(self.ask("named", fields).status,
                              (400, 403, 426))
        self.assertEqual(self.asked(), before)
        with WebSocket(self.relay.port, "/ws/named") as client:
            self.assertEqual(client.echo("x"), "far 1 x")
        self.assertEqual(self.asked(), before + 1)


class Leftovers(HandlerTest):
    def actors(self):
        return int(self.app.do("count", r"count (\d+)")[1])

    def refuse(self, fields, statuses, count=REFUSED):
        """Many requests at once, each of which is refused."""
        data = request_bytes("GET", "/ws/spawner", fields)
        wrong = []

        def run(count):
            with Connection(self.relay.port) as client:
                for _ in range(count):
                    client.send(data)
                    status = client.response().status
                    if status not in statuses:
                        wrong.append(status)
        threads = [threading.Thread(target=run, args=(count // 10,))
                   for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def check_nothing_is_left(self, before):
        wait_until(lambda: self.actors() <= before,
                   f"no more than {before} actors are left")

    def test_nothing_is_left_of_refused_upgrades(self):
        with WebSocket(self.relay.port, "/ws/spawner") as client:
            self.assertEqual(client.echo("x"), "spawner 1 x")
            client.leave()
        wait_until(lambda: self.actors() == self.actors(), "it is quiet")
        before = self.actors()
        for fields, statuses in (([*upgrade_fields(), EVIL], {403}),
                                 ([], {426})):
            with self.subTest(fields=fields):
                self.refuse(fields, statuses)
                self.check_nothing_is_left(before)

    def test_nothing_is_left_of_clients_that_leave_meanwhile(self):
        before = self.actors()
        data = request_bytes("GET", "/ws/spawner", upgrade_fields())
        for i in range(600):
            client = Connection(self.relay.port)
            client.send(data)
            client.abort() if i % 2 else client.close()
        self.check_nothing_is_left(before)
        with WebSocket(self.relay.port, "/ws/spawner") as client:
            self.assertEqual(client.echo("x"), "spawner 1 x")


if __name__ == "__main__":
    unittest.main()
