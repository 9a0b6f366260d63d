"""Configurations that change nothing, each of the ways to ask for another one,
and all of them at a time."""

import itertools
import re
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from admin_base import PROBLEM, quoted
from authority import Authority
from healthy_clients import HealthyClients
from operate_base import REFUSED, run
from raw_client import Connection
from reload_base import CHAT, ECHO, ReloadTest, base
from support import (BUILD, DEADLINE, Relay, endpoint, service, wait_until)

WAYS = ("cli", "api", "signal")


def other(addr="127.0.0.1:0", **keys):
    """Returns another service."""
    return service(**keys).replace("gateway", "other").replace(
        "127.0.0.1:0", addr)


class Refused(ReloadTest):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        self.addCleanup(self.folder.cleanup)
        self.node = self.start(base())
        self.client = self.connect(self.node)

    def path(self, name, text=""):
        path = Path(self.folder.name, name)
        path.write_text(text)
        return path

    def bad_files(self):
        """Returns what is wrong, and a part of what is told of it; whether
        `--check` can know."""
        authority = Authority(self.addCleanup)
        certificate, key = authority.sign("a", "DNS:a.example")
        broken = self.path("broken.pem", "broken")
        tls = "tls: {{certificate: {}, key: {}}}"
        used = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(used.close)
        files = ("- {name: files, kind: http.static, path: /, "
                 "meta: {server: gateway}, root: ")
        both = base() + CHAT
        return (
            ("- name: [", "relay.yaml:", True),
            (both + "  unknown: 1\n", "unknown", True),
            (both.replace("threads: 2", "threads: many"), "threads", True),
            (both.replace("threads: 2", "threads: 300"), "threads", True),
            (both.replace("router: ws}", "router: nobody}"), "nobody", True),
            (both.replace("server: gateway", "server: nobody"), "nobody",
             True),
            (both + ECHO, "echo", True),
            (both + other() + other(), "other", True),
            (both + other(f"127.0.0.1:{used.getsockname()[1]}"),
             "cannot listen on", False),
            (both + other("unix:/nowhere/there/x.sock"), "/nowhere/there",
             True),
            (both + other(tls=tls.format(certificate, broken)[5:]), "key",
             True),
            (both + other(tls=tls.format(broken, key)[5:]), "certificate",
             True),
            (both + other(tls=tls.format("/nowhere.pem", key)[5:]),
             "nowhere.pem", True),
            (both + files + "/nowhere/there}\n", "/nowhere/there", True),
            (both + endpoint("up", "/up", "upstream: nonsense"), "upstream",
             True),
            (both + endpoint("up", "/up", "upstream: https://127.0.0.1:1\n"
                             f"ca: {broken}"), "ca", True),
            (both.replace("kind: admin.service", "kind: admin.service\n"
                          "  token_file: /nowhere.token"), "token_file", True),
            (both.replace("kind: admin.service", "kind: admin.service\n"
                          "  required_peers: [x]"), "cluster.node", True),
            ("a: &a [*a]\n", "relay.yaml", True),
            ("\x00", "relay.yaml", True))

    def state(self):
        api = self.node.api
        return (api.get("config").text, api.get("node").json["services"][0][
            "urls"], self.node.descriptors())

    def ask(self, way):
        """Returns the text of the error."""
        if way == "cli":
            done = self.node.wsrelay("reload", "--json")
            self.assertEqual((done.code, done.text), (REFUSED, ""))
            self.assertEqual(done.error["exit"], REFUSED)
            return done.error["text"]
        if way == "api":
            found = self.node.api.post("reload")
            self.assertEqual((found.status, found.type), (409, PROBLEM))
            return found.json["detail"]
        count = len(self.node.lines("configuration refused"))
        self.node.signal(signal.SIGHUP)
        return wait_until(lambda: self.node.lines("configuration refused")
                          [count:], "it is told")[0]

    def check(self, part, can_be_checked):
        done = run_check(self.node.file)
        self.assertEqual(done.returncode, 1 if can_be_checked else 0,
                         done.stderr)
        if can_be_checked:
            self.assertIn(part, done.stderr.decode())

    def test_a_bad_file_changes_nothing_and_says_why(self):
        self.assertEqual(self.node.wsrelay("ps").code, 0)
        before = self.state()
        ways = itertools.cycle(WAYS)
        for text, part, can_be_checked in self.bad_files():
            with self.subTest(part=part, text=text[-60:]):
                self.node.write(text)
                way = next(ways)
                self.assertIn(part, self.ask(way))
                self.check(part, can_be_checked)
                self.assertTrue(self.node.lines("configuration refused: .*"
                                                + re.escape(part)))
                self.assertEqual(self.state()[:2], before[:2])
                self.assertEqual(self.status(self.node, "/ws/chat"), 404)
                self.assertEqual(self.client.echo("x"), "x")
        wait_until(lambda: self.state()[2] <= before[2] + 3, "all is closed")
        self.assertEqual(self.node.reload(base() + CHAT)["changed"],
                         ["http.endpoint chat: added"])
        self.node.stop()

    def test_a_file_that_is_not_there(self):
        before = self.state()
        self.node.file.unlink()
        for way in WAYS:
            self.assertIn("relay.yaml", self.ask(way))
        self.assertEqual(self.state()[:2], before[:2])
        self.node.file.mkdir()
        self.assertIn("relay.yaml", self.ask("api"))
        self.assertEqual(self.client.echo("x"), "x")
        self.node.stop()

    def test_certificates_that_break_later(self):
        authority = Authority(self.addCleanup)
        certificate, key = authority.sign("a", "DNS:a.example")
        tls = f"{{certificate: {certificate}, key: {key}}}"
        self.node.reload(base() + other(tls=tls))
        kept = key.read_text()
        key.write_text("broken")
        self.node.write(base() + other(tls=tls) + CHAT)
        self.assertIn("key", self.ask("cli"))
        self.assertEqual(self.status(self.node, "/ws/chat"), 404)
        key.write_text(kept)
        self.node.reload()
        self.assertEqual(self.status(self.node, "/ws/chat"), 101)
        self.node.stop()

    def test_all_that_is_wrong_is_told(self):
        self.node.write(base() + "  one: 1\n  two: 2\n")
        told = self.ask("cli")
        self.assertRegex(told, r"one.*; .*two")
        self.assertEqual(len(self.node.lines("configuration refused")), 2)
        done = self.node.wsrelay("reload")
        self.assertRegex(done.errors, r"\Awsrelay: .*one.*two.*\n\Z")
        self.node.stop()

    def test_warnings_are_told_and_refuse_nothing(self):
        text = base(max_message_size="1KiB", window="64")
        folder = self.path("x.txt", "x").parent
        done = self.node.reload(text + (
            "- {name: files, kind: http.static, path: /ws, "
            f'meta: {{server: gateway}}, root: "{folder}"}}\n'))
        self.assertIn("http.static files: added", done["changed"])
        self.node.stop()


def run_check(file):
    return subprocess.run([BUILD / "wsrelayd", "--check", file],
                          capture_output=True, timeout=DEADLINE, check=False)


class Ways(ReloadTest):
    def ask(self, node, way):
        if way == "cli":
            return node.wsrelay("reload").code == 0
        if way == "api":  # one at a time
            found = wait_until(lambda: (lambda each: each if each.status != 409
                                        else None)(node.api.post("reload")),
                               "it is our turn")
            return found.status == 200
        node.signal(signal.SIGHUP)
        return True

    def test_each_does_the_same(self):
        node = self.start(base())
        for way in WAYS:
            node.reload(base())
            node.write(base() + CHAT)
            self.assertTrue(self.ask(node, way))
            wait_until(lambda: self.status(node, "/ws/chat") == 101,
                       f"by {way}")
        for text in ("changed=1\n", "configuration reloaded: changed="):
            self.assertIn(text, node.stderr)
        node.stop()

    def test_who_listens_and_asks_goes_on(self):
        node = self.start(base())
        events = node.api.events()
        self.addCleanup(events.close)
        events.wait_for("state")
        client = self.connect(node)
        pid = events.wait_for("opened")["pid"]
        feed = node.api.events(f"/api/v1/connections/{quoted(pid)}/events")
        self.addCleanup(feed.close)
        with Connection(node.api.port) as asking:
            for i in range(3):
                self.assertEqual(node.api.post("reload").status, 200)
                found = asking.request("GET", "/api/v1/node")
                self.assertEqual(found.status, 200)
                self.connect(node)
                self.assertNotEqual(events.wait_for("opened")["pid"], pid)
                client.echo("x")
                feed.wait_for("out")
        node.stop()

    def test_people_read_what_has_changed(self):
        node = self.start(base())
        self.assertEqual(node.wsrelay("reload").text, "nothing has changed\n")
        node.write(base().replace("threads: 2", "threads: 1") + CHAT)
        self.assertEqual(node.wsrelay("reload").text,
                         "http.endpoint chat: added\n"
                         "gateway.threads: needs a restart\n")
        node.stop()

    def test_all_at_a_time(self):
        node = self.start(base())
        clients = HealthyClients(node.port, count=50, pause=0.1)
        self.addCleanup(clients.end)
        results, threads = [], []

        def ask(way, i):
            for j in range(8):
                if way == "write":
                    node.write(base() + (CHAT + other() if j % 2 else ""))
                else:
                    results.append(self.ask(node, way))
        for i, way in enumerate((*WAYS, "cli", "api", "api")):
            threads.append(threading.Thread(target=ask, args=(way, i)))
        threads.append(threading.Thread(target=ask, args=("write", 0)))
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertEqual(results, [True] * 48)
        self.assertEqual(clients.finish(), [])
        node.reload(base() + CHAT)
        self.assertEqual(self.status(node, "/ws/chat"), 101)
        self.assertEqual(node.lines(r"\[error\]"), [])
        node.stop()

    def test_the_built_in_configuration_has_nothing_to_change(self):
        relay = Relay()
        self.addCleanup(relay.end)
        done = run("reload")
        self.assertEqual(done.text, "nothing has changed\n", done.errors)
        relay.stop()


class Late(ReloadTest):
    DRAIN = "{lead: 3s, spread: 100ms, deadline: 15s}"

    def test_a_reload_while_it_drains_is_refused(self):
        node = self.start(base(dict(drain=self.DRAIN)), "--drain", "on")
        client = self.connect(node)
        node.signal(signal.SIGTERM)
        wait_until(lambda: "draining: lead=" in node.stderr, "it drains")
        node.write(base(dict(drain=self.DRAIN)) + CHAT + other())
        done = node.wsrelay("reload")
        found = node.api.post("reload")
        node.signal(signal.SIGHUP)  # is no end of it
        client.read_close()
        client.close()
        self.assertEqual(node.wait(), 0, node.stderr)
        self.assertEqual(node.stderr.count("configuration reloaded"), 0)
        self.assertEqual((done.code, found.status), (REFUSED, 409))

    def test_reloads_while_it_stops_do_no_harm(self):
        for way in WAYS:
            node = self.start(base())
            asking = threading.Thread(
                target=lambda: [Ways.ask(self, node, way) for _ in range(5)]
                if way == "signal" else node.wsrelay("reload"))
            asking.start()
            node.stop()
            asking.join()


if __name__ == "__main__":
    unittest.main()
