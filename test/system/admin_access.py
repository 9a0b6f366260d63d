"""Who reaches the admin listener and how, and what it says of the node's life:
tokens, unix sockets, TLS, peers that are away, drains."""

import os
import re
import stat
import tempfile
import unittest
from pathlib import Path

from admin_base import (AdminTest, Api, UnixApi, admin, admin_port, config,
                        quoted)
from authority import Authority
from cluster_probe import Probe, node
from http_upstream import Upstream, answer
from https_base import client_context
from operate_base import NOT_FOUND, OK, REFUSED, UNREACHABLE, USAGE, run
from raw_client import Connection, WebSocket
from support import Relay, echo_config, wait_until

TOKEN = "a-token-of-this-test"
OPEN = ("/healthz", "/readyz", "/", "/index.html", "/admin.css",
        "/openapi.json")
CLOSED = ("/metrics", "/events", "/api/v1/node", "/api/v1/connections",
          "/api/v1/connections/1/events", "/api/v1/nothing", "/api",
          "/apix", "/api%2Fv1/node")


def start(test, text, *arguments):
    relay = Relay(text, *arguments)
    test.addCleanup(relay.end)
    return relay


class Token(AdminTest):
    @classmethod
    def config(cls):
        file = tempfile.NamedTemporaryFile("w", suffix=".token")
        cls.addClassCleanup(file.close)
        file.write(f"{TOKEN}\n")
        file.flush()
        return (echo_config() + node("relay1", listen='"127.0.0.1:0"')
                + admin(token_file=file.name, required_peers="[far]"))

    @classmethod
    def setUpClass(cls):
        super(AdminTest, cls).setUpClass()
        cls.api = Api(admin_port(cls.relay))

    def test_without_it_only_the_page_and_health_are_open(self):
        for path in OPEN:
            self.assertIn(self.api.ask("GET", path).status, (200, 503), path)
        for path in CLOSED:
            found = self.api.ask("GET", path)
            self.assert_problem(found, 401, "token")
            self.assertEqual(found.get("WWW-Authenticate"), "Bearer")
        for path in ("drain", "reload", "log", "connections/1/close"):
            self.assert_problem(self.api.post(path), 401, "token")

    def test_another_spelling_of_a_path_opens_nothing(self):
        for path in ("/%61pi/v1/node", "//api/v1/node", "/./api/v1/node",
                     "/x/../api/v1/node", "/API/v1/node", "/%6detrics",
                     "/metrics/", "/healthz/../metrics",
                     "http://127.0.0.1/api/v1/node"):
            self.assertIn(self.api.ask("GET", path).status, (400, 401, 404))

    def test_a_wrong_one_is_none(self):
        for value in (f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer",
                      "Bearer ", f"Basic {TOKEN}", TOKEN, f"Bearer{TOKEN}",
                      f"Bearer {TOKEN.upper()}", f"Bearer {TOKEN}, x"):
            found = self.api.ask("GET", "/metrics",
                                 fields=[("Authorization", value)])
            self.assertEqual(found.status, 401, value)

    def test_the_right_one_opens_everything(self):
        for scheme in ("Bearer", "bearer", "BEARER"):
            found = self.api.ask("GET", "/api/v1/node", fields=[
                ("Authorization", f"{scheme} {TOKEN}")])
            self.assertEqual(found.status, 200)
        api = Api(self.api.port, TOKEN)
        self.assertEqual(api.get("node", host="relay.example").status, 200)
        self.assertEqual(api.post("log", {"level": "info"}).status, 200)
        events = api.events()
        self.addCleanup(events.close)
        self.assertEqual(events.wait_for("state"), {"state": "ready"})

    def test_why_it_is_not_ready_is_for_those_who_know(self):
        def told(api):
            return api.ready().status, api.ready().text
        wait_until(lambda: told(Api(self.api.port, TOKEN))
                   == (503, "peer far is away\n"), "it is told")
        self.assertEqual(told(self.api), (503, "not ready\n"))

    def test_neither_the_token_nor_a_wrong_one_is_logged(self):
        self.api.ask("GET", "/metrics?token=OTHER", fields=[
            ("Authorization", "Bearer WRONG-TOKEN")])
        wait_until(lambda: "check=token" in self.relay.stderr, "a line")
        for text in (TOKEN, "WRONG", "OTHER"):
            self.assertNotIn(text, self.relay.stderr)
        self.assertNotIn(TOKEN, Api(self.api.port, TOKEN).get("config").text)


class UnixSocket(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "admin.sock")

    def start(self, *arguments, **keys):
        relay = start(self, echo_config()
                      + admin(addr=f"unix:{self.path}", **keys), *arguments)
        wait_until(lambda: f"admin on unix:{self.path}\n" in relay.stdout,
                   "it says where")
        return relay

    def test_all_of_it_is_there_for_the_owner_only(self):
        relay = self.start()
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        api = UnixApi(self.path)
        wait_until(lambda: api.ready().status == 200, "it is ready")
        for host in ("relay", "evil.example"):  # whoever reaches it
            self.assertEqual(api.get("node", host=host).status, 200)
        events = api.events()
        events.wait_for("state")
        client = WebSocket(relay.port)
        pid = events.wait_for("opened")["pid"]
        found = api.post(f"connections/{quoted(pid)}/send", {"data": "hi"})
        self.assertEqual(found.status, 200, found.text)
        self.assertEqual(client.read_text(), "hi")
        client.leave()
        self.assertEqual(events.wait_for("ended")["pid"], pid)
        events.close()
        relay.stop()
        self.assertFalse(self.path.exists())

    def test_another_mode(self):
        relay = self.start(socket_mode='"0660"')
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o660)
        relay.stop()


class Listener(unittest.TestCase):
    def test_the_option_adds_moves_and_removes(self):
        relay = start(self, echo_config(), "--admin", "127.0.0.1:0")
        api = Api(admin_port(relay))
        self.assertEqual(api.ask("GET", "/healthz").text, "ok\n")
        relay.stop()
        with tempfile.TemporaryDirectory() as folder:
            relay = start(self, config(), "--admin", f"unix:{folder}/a.sock")
            self.assertIn(f"admin on unix:{folder}/a.sock\n", relay.stdout)
            relay.stop()
        relay = start(self, config(), "--admin", "off")
        self.assertNotIn("admin on", relay.stdout)
        relay.stop()

    def test_it_speaks_tls(self):
        authority = Authority(self.addCleanup)
        certificate, key = authority.sign("relay", "IP:127.0.0.1")
        relay = start(self, config(
            tls=f"{{certificate: {certificate}, key: {key}}}"))
        api = Api(admin_port(relay))
        self.assertRegex(relay.stdout, r"admin on https://")
        self.addCleanup(setattr, Connection, "tls", None)
        Connection.tls = client_context(authority)
        self.assertEqual(api.get("node").json["name"], "gateway")
        Connection.tls = None
        relay.stop()


class CommandLine(unittest.TestCase):
    """What `wsrelay --admin` says of a listener that does not let it in, and of
    what is none."""

    def assert_says(self, code, text, *arguments):
        done = run(*arguments)
        self.assertEqual((done.code, done.text), (code, ""), done.errors)
        self.assertIn(text, done.errors)

    def test_a_token_that_is_missing_or_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            right, wrong = Path(folder, "right"), Path(folder, "wrong")
            right.write_text(TOKEN)
            wrong.write_text(f"{TOKEN}x")
            relay = start(self, config(token_file=right))
            url = f"http://127.0.0.1:{admin_port(relay)}"
            for more in ((), ("--token-file", wrong)):
                self.assert_says(REFUSED, " (--token-file or "
                                 "WSRELAY_TOKEN_FILE)\n", "--admin", url, *more,
                                 "ps")
            self.assertEqual(run("--admin", url, "--token-file", right,
                                 "ps").code, OK)
            relay.stop()

    def test_a_listener_of_clients_is_none(self):
        relay = start(self, config())
        url = f"http://127.0.0.1:{relay.port}"
        for command in (["ps"], ["reload"], ["inspect", "1@x"]):
            self.assert_says(UNREACHABLE, f"{url} is no admin listener",
                             "--admin", url, *command)
        relay.stop()

    def test_what_speaks_no_json_is_none(self):
        upstream = Upstream()
        self.addCleanup(upstream.close)
        upstream.answers["/api/v1/log"] = answer(200, b"<html>")
        upstream.answers["/api/v1/peers"] = answer(404, b"<html>")
        for command in ("log", "peers"):
            self.assert_says(UNREACHABLE, f"{upstream.url} is no admin listener",
                             "--admin", upstream.url, command)

    def test_a_certificate_that_nobody_knows(self):
        authority = Authority(self.addCleanup)
        certificate, key = authority.sign("relay", "IP:127.0.0.1")
        relay = start(self, config(
            tls=f"{{certificate: {certificate}, key: {key}}}"))
        url = f"https://127.0.0.1:{admin_port(relay)}"
        self.assert_says(UNREACHABLE, " (--tls-ca or WSRELAY_TLS_CA names who "
                         "signs it)\n", "--admin", url, "ps")
        self.assertEqual(run("--admin", url, "--tls-ca", authority.file,
                             "ps").code, OK)
        relay.stop()

    def test_who_is_not_there_is_said_as_by_the_node(self):
        relay = start(self, config())
        port = admin_port(relay)
        client = WebSocket(relay.port)
        self.addCleanup(client.close)
        client.echo("x")
        pid = Api(port).connections()["connections"][0]["pid"]
        url = f"http://127.0.0.1:{port}"
        self.assert_says(NOT_FOUND, f"wsrelay: {pid} to nosuch: no such target",
                         "--admin", url, "transfer", pid, "nosuch")
        for text in ("50", "foo", "foo@app1", "@x", "1@"):
            self.assert_says(USAGE, f"wsrelay: {text} is no PID (see wsrelay "
                             "ps)\n", "--admin", url, "inspect", text)
        relay.stop()


class Peers(unittest.TestCase):
    def test_a_peer_goes_away_and_comes_back(self):
        app = Probe("app1")
        self.addCleanup(app.end)
        port = app.cluster_port
        relay = start(self, echo_config() + admin(required_peers="[app1]")
                      + node("relay1", peers=f'["127.0.0.1:{port}"]'))
        api = Api(admin_port(relay))
        wait_until(lambda: api.ready().status == 200, "it is ready")
        self.assertEqual([each["name"] for each in
                          api.get("peers").json["peers"]], ["app1"])
        app.quit()
        wait_until(lambda: api.ready().text == "peer app1 is away\n",
                   "it is not ready")
        self.assertEqual(api.ready().status, 503)
        found = api.get("node").json
        self.assertEqual((found["state"], found["not_ready"]),
                         ("ready", ["peer app1 is away"]))
        self.assertIn('wsrelay_peer_up{peer="app1"} 0\n',
                      api.ask("GET", "/metrics").text)
        self.assertEqual(api.ask("GET", "/healthz").status, 200)
        again = Probe("app1", listen=f"127.0.0.1:{port}")
        self.addCleanup(again.end)
        wait_until(lambda: api.ready().status == 200, "it is ready again")
        again.quit()
        relay.stop()

    def test_it_needs_a_cluster(self):
        with self.assertRaisesRegex(AssertionError,
                                    "required_peers.*needs a cluster.node"):
            start(self, echo_config() + admin(required_peers="[app1]"))


class Draining(unittest.TestCase):
    def test_a_drain_ends_the_program_and_is_seen(self):
        relay = start(self, echo_config(dict(
            drain="{lead: 1s, spread: 200ms, deadline: 15s}")) + admin())
        api = Api(admin_port(relay))
        wait_until(lambda: api.ready().status == 200, "it is ready")
        clients = [WebSocket(relay.port) for _ in range(5)]
        events = api.events()
        events.wait_for("state")
        found = api.post("drain")
        self.assertEqual((found.status, found.json), (202, {"ok": True}))
        events.wait_for("state", lambda data: data["state"] == "draining")
        self.assertEqual((api.ready().status, api.ready().text),
                         (503, "draining\n"))
        self.assertEqual(api.get("node").json["state"], "draining")
        self.assertIn("wsrelay_ready 0\n", api.ask("GET", "/metrics").text)
        self.assertEqual(api.ask("GET", "/healthz").status, 200)
        self.assertIn(api.post("drain").status, (202, 409))  # no more than once
        for client in clients:
            self.assertEqual(client.read_close().code, 1012)
            client.send_close(1012)
            client.close()
        rest = events.read_to_end()
        self.assertEqual(len([name for name, _ in rest if name == "ended"]), 5)
        self.assertIn(("state", {"state": "stopping"}), rest)
        events.close()
        self.assertEqual(relay.wait(), 0, relay.stderr)
        self.assertEqual(len(re.findall("draining: lead=", relay.stderr)), 1)

    def test_listeners_do_not_hold_the_end(self):
        relay = start(self, config())
        api = Api(admin_port(relay))
        streams = [api.events() for _ in range(20)]
        for each in streams:
            self.addCleanup(each.close)
            each.wait_for("state")
        relay.stop(deadline=5)
        for each in streams:
            self.assertIn(("state", {"state": "stopping"}),
                          each.read_to_end())


if __name__ == "__main__":
    unittest.main()
