"""Subprotocols: who chooses, what is wrong with a choice, who hears of it, and
clients that others have written."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from foreign_clients import NPM
from http_upstream import Upstream, answer, relay_answer
from raw_client import Connection, WebSocket, upgrade_fields
from support import (BUILD, Program, Relay, RelayTest, endpoint, router,
                     service, wait_until)

DIALECTS = "test/wsrelay_dialects"
PROTOCOL = "Sec-WebSocket-Protocol"
NODE = shutil.which("node")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TERMS = "relay: {target_pid: terms}"


class Dialects(Relay):
    """A node with the targets of test/dialects."""

    def __init__(self, config):
        self.folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        path = Path(self.folder.name, "relay.yaml")
        path.write_text(config)
        Program.__init__(self, DIALECTS, path)
        try:
            self.port = wait_until(self._port, "the node listens")
        except BaseException:
            self.end()
            raise


@unittest.skipUnless((BUILD / DIALECTS).is_file(), "no wsrelay_dialects")
class DialectsTest(RelayTest):
    """Tests against one node with these targets."""

    @classmethod
    def setUpClass(cls):
        cls.relay = Dialects(cls.config())
        cls.addClassCleanup(cls.relay.stop)

    def ask(self, path, *fields):
        """Returns the response to an upgrade that goes no further."""
        with Connection(self.relay.port) as client:
            return client.request("GET", path, [*upgrade_fields(), *fields])

    def offer(self, path, *offers):
        """The same with a field for each of these offers."""
        return self.ask(path, *((PROTOCOL, each) for each in offers))

    def assert_problem(self, response, status, check):
        self.assertEqual(response.status, status, response)
        self.assertEqual(response.get("Content-Type"),
                         "application/problem+json")
        self.assertEqual(json.loads(response.body)["check"], check)
        self.assertEqual(response.all(PROTOCOL), [])


def needs_npm(*packages):
    missing = [each for each in packages
               if not (NPM / "node_modules" / each).is_dir()]
    return unittest.skipIf(
        not NODE or missing, f"node and {', '.join(packages)} are needed: run "
        "`npm ci` in test/system/npm")


def needs_browser(test):
    test = unittest.skipUnless(CHROMIUM, "chromium is not installed")(test)
    return needs_npm("playwright-core")(test)


def run_node(*command, **keys):
    """Returns what a program of npm/ printed; it must end with status 0."""
    done = subprocess.run([NODE, *map(str, command)], capture_output=True,
                          text=True, timeout=60, cwd=NPM, **keys)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return done.stdout


def in_page(relay, sockets):
    """Returns what npm/in_page.mjs sees of these in Chromium, in a page that
    came from a relay with `page_files`."""
    return json.loads(run_node(NPM / "in_page.mjs", f"http://{relay.host}/",
                               json.dumps(sockets), CHROMIUM))


def page_files(clean_up):
    """Returns the entry of a page without anything."""
    folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
    clean_up(folder.cleanup)
    Path(folder.name, "index.html").write_text("<title>a page</title>")
    return (f"- {{name: files, kind: http.static, meta: {{server: gateway}}, "
            f"path: /, root: \"{folder.name}\"}}\n")


class Route(DialectsTest):
    """What a route's own list decides."""

    CONFIG = (service() + router()
              + endpoint("ordered", "/ordered",
                         f"subprotocols: [v2, v1]\n{TERMS}")
              + endpoint("required", "/required",
                         "subprotocols: [v2, v1]\nrequire_subprotocol: true\n"
                         f"{TERMS}")
              + endpoint("without", "/without", TERMS)
              + endpoint("without_too", "/without_too", TERMS))

    def assert_agreed(self, path, offers, wanted):
        """The 101 and the target's ws_join have the same one."""
        fields = [(PROTOCOL, each) for each in offers]
        with self.subTest(path=path, offers=offers), \
                WebSocket(self.relay.port, path, fields) as client:
            self.assertEqual(client.handshake.all(PROTOCOL),
                             [wanted] if wanted else [])
            self.assertEqual(json.loads(client.read_text()),
                             {"subprotocol": wanted})
            self.assertEqual(client.echo("hello"), "hello")

    # Known failure 19: no subprotocol could be agreed on.
    def test_the_routes_order_wins_over_the_clients(self):
        for offers, wanted in ((["v1, v2"], "v2"), (["v2, v1"], "v2"),
                               (["v1"], "v1"), (["x, v1, y"], "v1"),
                               (["x,v2,\tv1 ,"], "v2"), (["x"], ""),
                               (["V2, v1"], "v1"), (["V2"], ""), ([], "")):
            self.assert_agreed("/ws/ordered", offers, wanted)

    def test_several_fields_are_one_list(self):
        self.assert_agreed("/ws/ordered", ["v1", "x", "v2, y"], "v2")
        self.assert_agreed("/ws/ordered", ["x", "v1"], "v1")
        self.assert_agreed("/ws/ordered", ["", "v1"], "v1")

    def test_what_is_offered_twice_or_is_no_token_is_400(self):
        for offers in (["v1, v1"], ["v1", "v1"], ["x, v2, x"], ["v 1"],
                       ["v1, (x)"], ["v1; q=1"], ['"v1"'], ["v1, größe"],
                       ["v1/v2"]):
            for path in ("/ws/ordered", "/ws/required", "/ws/without"):
                with self.subTest(path=path, offers=offers):
                    self.assert_problem(self.offer(path, *offers), 400,
                                        "subprotocol")

    def test_a_required_one_that_is_not_offered_is_400(self):
        for offers in ([], ["x"], ["x", "y"], [""], ["V1"]):
            found = self.offer("/ws/required", *offers)
            self.assert_problem(found, 400, "subprotocol")
            self.assertIn("v2, v1", json.loads(found.body)["detail"])
        self.assert_agreed("/ws/required", ["x, v1"], "v1")

    def test_offers_without_a_choice_warn_once_for_each_endpoint(self):
        for _ in range(5):
            self.assert_agreed("/ws/without", ["x, y"], "")
            self.assert_agreed("/ws/without_too", ["x"], "")
            self.assert_agreed("/ws/without", [], "")
        lines = [line for line in self.relay.log().splitlines()
                 if "offers subprotocols" in line]
        for name in ("without", "without_too"):
            mine = [each for each in lines
                    if each.endswith(f"endpoint={name}")]
            self.assertEqual(len(mine), 1, lines)
            self.assertRegex(mine[0], r"\bwarn")

    def test_a_plain_answer_has_none(self):
        for path in ("/ws/ordered", "/ws/required", "/ws/none"):
            with Connection(self.relay.port) as client:
                found = client.request("GET", path, [(PROTOCOL, "v1, v2")])
            self.assertIn(found.status, (404, 426))
            self.assertEqual(found.all(PROTOCOL), [])


class Handlers(DialectsTest):
    """What actors and upstreams choose. A fault is logged once in a while for
    each endpoint: so each test that looks for it has its own."""

    @classmethod
    def config(cls):
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.close)
        listed = "subprotocols: [v2, v1]\n"
        return (service() + router()
                + endpoint("tickets", "/tickets", listed + "func: tickets")
                + endpoint("bad_ticket", "/bad_ticket", "func: tickets")
                + "".join(endpoint(name, f"/{name}",
                                   f"{listed}upstream: {cls.upstream.url}")
                          for name in ("up", "up_unoffered", "up_two")))

    def answer(self, name, command=None, *fields):
        self.upstream.answers[f"/ws/{name}"] = relay_answer(
            {"target_pid": "terms", **(command or {})}, fields)

    def assert_chosen(self, path, wanted, offers="v1, v2, v3"):
        with WebSocket(self.relay.port, path, [(PROTOCOL, offers)]) as client:
            self.assertEqual(client.handshake.all(PROTOCOL), [wanted])
            self.assertEqual(json.loads(client.read_text()),
                             {"subprotocol": wanted})

    def assert_logged(self, endpoint_name, reason):
        self.assertRegex(self.relay.log(), r"\[warning\] relay command cannot "
                         f'be followed: endpoint={endpoint_name} reason=".*'
                         f'{reason}"')

    def test_an_actor_chooses(self):
        for name in ("v1", "v2", "v3"):
            self.assert_chosen(f"/ws/tickets?subprotocol={name}", name)
        self.assert_chosen("/ws/tickets", "v2")

    def test_an_actors_choice_that_was_not_offered_is_500(self):
        path = "/ws/bad_ticket?subprotocol=v9"
        self.assert_problem(self.offer(path, "v1"), 500, "subprotocol")
        self.assert_problem(self.offer(path), 500, "subprotocol")
        self.assert_logged("bad_ticket", "chose a subprotocol that was not "
                                         "offered")

    def test_an_upstream_chooses_by_the_command(self):
        for name in ("v1", "v3"):
            self.answer("up", {"subprotocol": name})
            self.assert_chosen("/ws/up", name)

    def test_an_upstream_chooses_by_the_field(self):
        self.answer("up", None, (PROTOCOL, "v3"))
        self.assert_chosen("/ws/up", "v3")
        self.answer("up", {"subprotocol": "v1"}, (PROTOCOL, "v1"))
        self.assert_chosen("/ws/up", "v1")
        self.answer("up")
        self.assert_chosen("/ws/up", "v2")

    def test_an_upstream_sees_the_offer(self):
        self.answer("up")
        self.upstream.asked.clear()
        self.offer("/ws/up", "x, v1", "v3")
        offers = ",".join(self.upstream.asked[-1].all(PROTOCOL))
        self.assertEqual(re.split(r"\s*,\s*", offers), ["x", "v1", "v3"])

    def test_an_upstreams_choice_that_was_not_offered_is_502(self):
        for command, fields in (({"subprotocol": "v9"}, []),
                                (None, [(PROTOCOL, "v9")]),
                                (None, [(PROTOCOL, "v1, v2")])):
            with self.subTest(command=command, fields=fields):
                self.answer("up_unoffered", command, *fields)
                self.assert_problem(self.offer("/ws/up_unoffered", "v1, v2"),
                                    502, "subprotocol")
        self.assert_logged("up_unoffered", "was not offered")

    def test_two_different_choices_are_502(self):
        self.answer("up_two", {"subprotocol": "v1"}, (PROTOCOL, "v2"))
        self.assert_problem(self.offer("/ws/up_two", "v1, v2"), 502,
                            "subprotocol")
        self.assert_logged("up_two", "chose two subprotocols")
        self.answer("up_two", None, (PROTOCOL, "v1"), (PROTOCOL, "v2"))
        self.assert_problem(self.offer("/ws/up_two", "v1, v2"), 502,
                            "subprotocol")

    def test_what_is_no_token_is_an_invalid_command(self):
        self.answer("up", {"subprotocol": "v 1"})
        self.assert_problem(self.offer("/ws/up", "v1"), 502, "command")

    def test_a_plain_answer_of_an_upstream_has_none(self):
        for status in (200, 401, 404):
            self.upstream.answers["/ws/up"] = answer(
                status, b"plain", [(PROTOCOL, "v1"), ("X-Extra", "x")])
            found = self.offer("/ws/up", "v1")
            self.assertEqual((found.status, found.body), (status, b"plain"))
            self.assertEqual(found.get("X-Extra"), "x")
            self.assertEqual(found.all(PROTOCOL), [])
        found = self.offer("/ws/tickets?status=403&subprotocol=v1", "v1")
        self.assertEqual((found.status, found.all(PROTOCOL)), (403, []))


class Others(DialectsTest):
    """Clients that others have written."""

    @classmethod
    def config(cls):
        return (service() + router() + page_files(cls.addClassCleanup)
                + "".join(endpoint(
                    name, f"/{name}", f"subprotocols: [{protocol}]\n"
                    "require_subprotocol: true\nrelay: {target_pid: "
                    f"{target}}}") for name, protocol, target in (
                        ("graphql", "graphql-transport-ws", "graphql"),
                        ("mqtt", "mqtt", "mqtt"), ("page", "terms", "terms"),
                        ("cat", "mqtt", "terms"))))

    @needs_npm("graphql-ws", "ws")
    def test_graphql_ws(self):
        query = 'subscription { greeting(to: "größe") }'
        url = f"ws://{self.relay.host}/ws/graphql"
        seen = json.loads(run_node(NPM / "graphql_client.mjs", url, query))
        self.assertEqual(seen, {
            "protocol": "graphql-transport-ws",
            "results": [[query], [f"{query} 2"]],
            "close": {"code": 1000, "clean": True}})

    @needs_npm("mqtt")
    def test_mqtt_js(self):
        seen = json.loads(run_node(NPM / "mqtt_client.mjs",
                                   f"ws://{self.relay.host}/ws/mqtt"))
        self.assertEqual(seen, {"granted": [{"topic": "news", "qos": 0}],
                                "messages": [True] * 3})

    @needs_npm("wscat")
    def test_wscat(self):
        reader, writer = os.pipe()  # it ends with its standard input
        self.addCleanup(os.close, writer)
        self.addCleanup(os.close, reader)
        out = run_node(NPM / "node_modules/wscat/bin/wscat", "-s", "mqtt",
                       "-x", "hello", "-w", "0.5", "-c",
                       f"ws://{self.relay.host}/ws/cat", stdin=reader)
        self.assertEqual(out.splitlines(), ['{"subprotocol":"mqtt"}', "hello"])

    @needs_browser
    def test_chromium(self):
        agreed = ["terms", ['{"subprotocol":"terms"}'], 1000, "seen",
                  True]
        refused = [None, [], 1006, "", False]
        self.assertEqual(
            in_page(self.relay, [["/ws/page", each, True] for each in (
                ["x", "terms"], "terms", ["x"], [])]),
            [agreed, agreed, refused, refused])


if __name__ == "__main__":
    unittest.main()
