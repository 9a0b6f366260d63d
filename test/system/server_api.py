"""What a backend does with connections and names of the cluster, by plain
requests to the admin listener."""

import json
import unittest
import urllib.parse

from admin_base import AdminTest, Api, admin, admin_port, quoted
from cluster import cluster_port
from cluster_probe import node
from raw_client import BINARY, Connection, WebSocket, upgrade_fields
from support import Relay, echo_config, endpoint, wait_until

TEXT = ("Content-Type", "text/plain")
# Of a node that nobody knows.
NOBODY = "999999@" + "0" * 40 + "-1"


class Connections(AdminTest):
    def ask(self, method, pid, path="", body=None, fields=(TEXT,)):
        return self.api.ask(method, f"/@connections/{pid}{path}", body,
                            fields=fields)

    def connect_by_url(self):
        """Returns a client, and its PID as it stands in a URL."""
        client, pid = self.connect_known()
        return client, pid.replace("#", "-")

    def test_a_body_reaches_the_client(self):
        client, pid = self.connect_by_url()
        for name in (pid, quoted(pid.replace("-", "#"))):
            self.assertEqual(self.ask("POST", name, body="grüße".encode())
                             .status, 200)
            self.assertEqual(client.read_text(), "grüße")
        for kind in ("application/octet-stream", "image/png"):
            self.ask("POST", pid, body=b"\xff\0",
                     fields=[("Content-Type", kind)])
            self.assertEqual(client.read_message(), (BINARY, b"\xff\0"))
        self.ask("POST", pid, body=b'{"a":1}',
                 fields=[("Content-Type", "application/json; charset=utf-8")])
        self.assertEqual(client.read_text(), '{"a":1}')
        self.assertEqual(self.ask("POST", pid, "?wait=0", b"later").status,
                         202)
        self.assertEqual(client.read_text(), "later")

    def test_what_is_told_of_one(self):
        client, pid = self.connect_by_url()
        client.echo("x")
        found = self.ask("GET", pid)
        self.assertEqual((found.status, found.json["pid"],
                          found.json["messages_in"], found.json["endpoint"]),
                         (200, pid.replace("-", "#"), 1, "echo"))
        client.leave()
        gone = wait_until(lambda: (lambda each: each.status == 410 and each)(
            self.ask("GET", pid)), "it is told as ended")
        self.assertEqual(gone.json["cause"], "client_closed")

    def test_a_close_has_its_code_and_reason(self):
        client, pid = self.connect_by_url()
        reason = urllib.parse.quote("bis bald, ä")
        self.assertEqual(self.ask("DELETE", pid,
                                  f"?code=4005&reason={reason}").status, 204)
        close = client.read_close()
        self.assertEqual((close.code, close.payload[2:].decode()),
                         (4005, "bis bald, ä"))
        client.close()

    def test_a_connection_moves_and_changes(self):
        client, pid = self.connect_by_url()
        done = self.ask("POST", pid, "/control", json.dumps({
            "target": "chat", "topic": "room", "heartbeat": "30s",
            "metadata": {"name": "ann"}}).encode())
        self.assertEqual(done.status, 204, done.text)
        found = self.ask("GET", pid).json
        self.assertEqual((found["metadata"], found["message_topic"],
                          found["heartbeat_interval_ms"]),
                         ({"name": "ann"}, "room", 30_000))
        self.ask("POST", pid, "/control", b'{"heartbeat":"off"}')
        self.assertEqual(self.ask("GET", pid).json["heartbeat_interval_ms"], 0)
        for body in ({"target": "nobody"}, {"heartbeat": "soon"},
                     {"topic": "ws.mine"}):
            done = self.ask("POST", pid, "/control", json.dumps(body).encode())
            self.assertEqual(done.status, 422, done.text)
        for body in (b"", b"[]", b'{"target":1}', b'{"metadata":[]}',
                     b'{"unknown":"x"}'):
            self.assertEqual(self.ask("POST", pid, "/control", body).status,
                             400)

    def test_404_never_was_and_410_was_here(self):
        client, pid = self.connect_by_url()
        client.leave()
        wait_until(lambda: self.ask("GET", pid).status == 410, "it has ended")
        nobody = "999999@" + pid.split("@")[1]
        for method in ("POST", "DELETE"):
            self.assert_problem(self.ask(method, pid, body=b"x"), 410, "ended")
            self.assert_problem(self.ask(method, nobody, body=b"x"), 404,
                                "pid")
            self.assert_problem(self.ask(method, NOBODY, body=b"x"), 503,
                                "no_such_peer")
        self.assert_problem(self.ask("GET", nobody), 404, "pid")
        for nonsense in ("nobody", "1", "%", "%2F", "@"):
            self.assertIn(self.ask("POST", nonsense, body=b"x").status,
                          (404, 422), nonsense)

    def test_bad_requests(self):
        _, pid = self.connect_by_url()
        self.assert_problem(self.ask("POST", pid, body=b"\xff"), 422,
                            "invalid_utf8")
        for query in ("?wait=2", "?wait=no", "?x=1"):
            self.assertEqual(self.ask("POST", pid, query, b"x").status, 400)
        for query in ("?code=5000", "?code=x", "?cod=1000"):
            self.assertEqual(self.ask("DELETE", pid, query).status, 400)
        self.assert_problem(self.ask("DELETE", pid, "?code=1006"), 422,
                            "invalid_close")
        found = self.ask("PUT", pid, body=b"x")
        self.assert_problem(found, 405, "method")
        self.assertEqual(found.get("Allow"), "POST, GET, HEAD, DELETE")
        for path in ("/@", "/@connections", "/@connections/", "/@other/x",
                     f"/@connections/{pid}/x", "/@names", "/@names/a/b"):
            self.assertEqual(self.api.ask("POST", path).status, 404, path)

    def test_a_client_that_does_not_read_is_429(self):
        relay = self.start_relay(echo_config(output_limit="64KiB",
                                             overflow="drop_newest")
                                 + admin())
        api = Api(admin_port(relay))
        client = WebSocket(relay.port, receive_buffer=4096)
        pid = api.connections()["connections"][0]["pid"].replace("#", "-")

        def ask():
            return api.ask("POST", f"/@connections/{pid}?wait=0", b"x" * 32000,
                           fields=[TEXT]).status
        wait_until(lambda: [ask() for _ in range(20)] and api.ask(
            "POST", f"/@connections/{pid}", b"y" * 32000, fields=[TEXT]
        ).status == 429, "it is full")
        self.assertEqual(api.ask("POST", f"/@connections/{pid}", b"y" * 99999,
                                 fields=[TEXT]).status, 413)
        client.close()
        relay.stop()

    def test_another_site_may_do_nothing(self):
        _, pid = self.connect_by_url()
        foreign = [TEXT, ("Origin", "https://evil.example.com")]
        for method in ("POST", "DELETE"):
            self.assert_problem(self.ask(method, pid, body=b"x",
                                         fields=foreign), 403, "origin")


class Names(AdminTest):
    def test_an_actor_of_a_name_answers(self):
        self.assert_problem(self.api.ask("POST", "/@names/nobody", b"x"), 404,
                            "name")
        self.assert_problem(self.api.ask("POST", "/@names/echo", b"x"), 422,
                            "unexpected_message")
        self.assertEqual(self.api.ask("GET", "/@names/echo").status, 405)


def groups_config(**keys):
    """Returns /ws/room/{room}, whose connections are in two groups."""
    return (echo_config(close_timeout="500ms", **keys) + admin()
            + endpoint("room", "/room/{room}",
                       "relay: {target_pid: echo, groups: "
                       "[all, \"room-{room}\"]}"))


class Groups(AdminTest):
    def setUp(self):
        self.relay = self.start_relay(groups_config())
        self.api = Api(admin_port(self.relay))

    def connect(self, room):
        """Returns a client, and its PID as it stands in a URL."""
        before = self.pids()
        client = WebSocket(self.relay.port, f"/ws/room/{room}")
        self.addCleanup(client.close)
        [pid] = wait_until(lambda: self.pids() - before, "it is listed")
        return client, pid

    def pids(self):
        return {each["pid"].replace("#", "-")
                for each in self.api.connections()["connections"]}

    def ask(self, method, path, body=None, fields=(TEXT,)):
        return self.api.ask(method, f"/@groups/{path}", body, fields=fields)

    def members(self, group):
        found = self.ask("GET", group)
        self.assertEqual((found.status, found.json["complete"]), (200, True))
        return found.json["members"]

    def test_a_body_reaches_all_of_a_group(self):
        (ann, pid), (bob, _) = self.connect(1), self.connect(2)
        self.assertEqual(self.ask("POST", "all", b"a").status, 202)
        self.assertEqual(self.ask("POST", "room-2", b"b").status, 202)
        self.assertEqual(self.ask("POST", f"all?except={pid}", b"c").status,
                         202)
        self.assertEqual(self.ask("POST", "nobody", b"d").status, 202)
        self.ask("POST", "room-1", b"\xff", fields=[
            ("Content-Type", "application/octet-stream")])
        self.assertEqual(ann.read_text(), "a")
        self.assertEqual(ann.read_message(), (BINARY, b"\xff"))
        self.assertEqual([bob.read_text() for _ in range(3)], list("abc"))

    def test_who_is_in_changes(self):
        client, pid = self.connect(1)
        self.assertEqual(self.ask("PUT", f"vip/{pid}").status, 204)
        self.assertEqual(self.ask("PUT", f"vip/{quoted(pid)}").status, 204)
        self.assertEqual(self.api.ask("GET", f"/@connections/{pid}")
                         .json["groups"], ["all", "room-1", "vip"])
        self.assertEqual(self.members("vip"), 1)
        self.assertEqual(self.ask("DELETE", f"vip/{pid}").status, 204)
        self.assertEqual(self.ask("DELETE", f"vip/{pid}").status, 204)
        self.assertEqual(self.members("vip"), 0)
        client.leave()
        wait_until(lambda: self.members("room-1") == 0, "it is out of it")
        self.assert_problem(self.ask("PUT", f"vip/{pid}"), 410, "ended")

    def test_a_group_is_closed(self):
        (ann, pid), (bob, _) = self.connect(1), self.connect(1)
        self.assertEqual(self.ask(
            "DELETE", f"room-1?code=4001&reason=bye&except={pid}").status, 202)
        self.assertEqual(bob.read_close().code, 4001)
        self.assertEqual(ann.echo("still"), "still")

    def test_bad_requests(self):
        _, pid = self.connect(1)
        self.assert_problem(self.ask("POST", "all", b"\xff"), 422,
                            "invalid_utf8")
        self.assert_problem(self.ask("DELETE", "all?code=1006"), 422,
                            "invalid_close")
        for name in ("a%20b", "a%2Cb", "x" * 129, "%"):
            self.assertIn(self.ask("POST", name, b"x").status, (404, 422))
        for path in ("all?x=1", f"all/{pid}?x=1"):
            self.assertEqual(self.ask("DELETE", path).status, 400)
        self.assertEqual(self.ask("POST", f"all/{pid}", b"x").status, 405)
        self.assertEqual(self.ask("PUT", "all", b"x").status, 405)
        for path in ("", f"all/{pid}/x", "all/"):
            self.assertEqual(self.ask("POST", path, b"x").status, 404)
        self.assert_problem(self.ask("PUT", f"vip/{NOBODY}"), 503,
                            "no_such_peer")
        foreign = [("Origin", "https://evil.example.com")]
        for method, path in (("POST", "all"), ("PUT", f"all/{pid}"),
                             ("DELETE", "all")):
            self.assert_problem(self.ask(method, path, b"x", foreign), 403,
                                "origin")

    def test_a_path_that_is_no_name_opens_nothing(self):
        with Connection(self.relay.port) as client:
            self.assertEqual(client.request("GET", "/ws/room/a%20b",
                                            upgrade_fields()).status, 400)

    def test_a_connection_has_at_most_so_many(self):
        _, pid = self.connect(1)
        for i in range(62):
            self.assertEqual(self.ask("PUT", f"g{i}/{pid}").status, 204)
        self.assertEqual(self.ask("PUT", f"one-more/{pid}").status, 422)
        self.assertEqual(self.ask("PUT", f"g0/{pid}").status, 204)


class Cluster(unittest.TestCase):
    def start(self, text):
        relay = Relay(text)
        self.addCleanup(relay.end)
        return relay

    def test_whichever_node_is_asked(self):
        own = echo_config(close_timeout="500ms") + admin()
        near = self.start(own + node("relay1", listen='"127.0.0.1:0"'))
        peers = f'["127.0.0.1:{cluster_port(near)}"]'
        far = self.start(own + node("relay2", peers=peers))
        api = Api(admin_port(near))
        wait_until(lambda: api.get("peers").json["peers"], "they have met")
        client = WebSocket(far.port)
        self.addCleanup(client.close)
        pid = Api(admin_port(far)).connections()["connections"][0]["pid"]
        path = "/@connections/" + pid.replace("#", "-")
        self.assertEqual(api.ask("POST", path, b"far", fields=[TEXT]).status,
                         200)
        self.assertEqual(client.read_text(), "far")
        self.assertEqual(api.ask("GET", path).json["pid"], pid)
        self.assertEqual(api.ask("DELETE", path).status, 204)
        self.assertEqual(client.read_close().code, 1000)
        far.stop()
        wait_until(lambda: not api.get("peers").json["peers"], "it has gone")
        self.assertEqual(api.ask("POST", path, b"x", fields=[TEXT]).status, 503)
        near.stop()

    def test_groups_are_of_the_whole_cluster(self):
        near = self.start(groups_config()
                          + node("relay1", listen='"127.0.0.1:0"'))
        peers = f'["127.0.0.1:{cluster_port(near)}"]'
        far = self.start(groups_config() + node("relay2", peers=peers))
        apis = [Api(admin_port(each)) for each in (near, far)]
        wait_until(lambda: apis[0].get("peers").json["peers"], "they have met")
        clients = [WebSocket(each.port, "/ws/room/1")
                   for each in (near, near, far)]
        for each in clients:
            self.addCleanup(each.close)

        def members(api):
            found = api.ask("GET", "/@groups/room-1").json
            return found["members"], found["nodes"], found["complete"]
        for api in apis:
            wait_until(lambda: members(api) == (3, 2, True), "all are in it")
            self.assertEqual(api.ask("POST", "/@groups/room-1", b"hi",
                                     fields=[TEXT]).status, 202)
            for each in clients:
                self.assertEqual(each.read_text(), "hi")
        # By the other node, and known at once where it was asked.
        pid = apis[1].connections()["connections"][0]["pid"].replace("#", "-")
        for i in range(50):
            self.assertEqual(apis[0].ask("PUT", f"/@groups/g{i}/{pid}").status,
                             204)
            apis[0].ask("POST", f"/@groups/g{i}", str(i).encode(),
                        fields=[TEXT])
            self.assertEqual(clients[2].read_text(), str(i))
        far.stop()
        wait_until(lambda: members(apis[0]) == (2, 1, True), "it has gone")
        near.stop()


if __name__ == "__main__":
    unittest.main()
