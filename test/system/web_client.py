"""The client for browsers against a relay: it comes back after a drain, not before
it may, and learns why it was refused. Its own tests are web.client."""

import json
import shutil
import signal
import unittest

from support import (HERE, Program, Relay, echo_config, endpoint, router,
                     wait_until)

NPM = HERE / "npm"
NODE = shutil.which("node")
DRAIN = dict(drain="{lead: off, spread: 100ms, deadline: 8s}")


@unittest.skipUnless(NODE, "node is not installed")
@unittest.skipUnless((NPM / "node_modules/ws").is_dir(),
                     "no node_modules: run `npm ci` in test/system/npm")
class WebClient(unittest.TestCase):
    def start_relay(self):
        relay = Relay(echo_config(DRAIN)
                      + router("soft", "/soft", refuse="accept_then_close")
                      + endpoint("nobody", "/nobody",
                                 "relay: {target_pid: nobody}", "soft"),
                      "--drain", "on")
        self.addCleanup(relay.end)
        return relay

    def start_client(self, *urls):
        client = Program(NODE, NPM / "web_client.mjs", *urls)
        self.addCleanup(client.end)
        return client

    def seen(self, client):
        lines = client.stdout.splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def wait_for(self, client, state):
        def found():
            lines = [each for each in self.seen(client)
                     if each["state"] == state]
            self.assertTrue(lines or client.alive(), client.stderr)
            return lines and lines[-1]
        return wait_until(found, f"the client is {state}")

    def test_it_comes_back_elsewhere_after_a_drain(self):
        first, second = self.start_relay(), self.start_relay()
        client = self.start_client(*(f"ws://{relay.host}/ws/echo"
                                     for relay in (first, second)))
        self.wait_for(client, "message")
        first.signal(signal.SIGTERM)
        self.assertEqual(client.wait(30), 0, client.stderr)
        seen = self.seen(client)
        # What `open` listeners send goes first, then what has waited.
        self.assertEqual(
            [each.get("text", each["state"]) for each in seen],
            ["open", "hello", "queued", "closed", "waiting", "open", "hello",
             "closed", "ended"])
        waiting, again = seen[4:6]
        self.assertEqual(waiting["code"], 1012)
        asked = int(waiting["reason"].removeprefix("retry="))
        self.assertGreaterEqual(asked, 500)
        self.assertTrue(asked <= waiting["wait"] <= asked + 100, waiting)
        # Timers of Node.js may be a millisecond early.
        self.assertGreaterEqual(again["at"] - waiting["at"], asked - 2)
        self.assertTrue(again["again"])
        self.assertEqual((seen[-1]["code"], seen[-1]["local"]), (4000, True))

    def test_it_comes_back_to_a_target_that_is_not_there_yet(self):
        relay = self.start_relay()
        client = self.start_client(f"ws://{relay.host}/soft/nobody",
                                   f"ws://{relay.host}/ws/echo")
        self.assertEqual(client.wait(30), 0, client.stderr)
        refused = self.wait_for(client, "waiting")
        self.assertEqual(refused["code"], 4503)
        self.assertEqual(json.loads(refused["reason"])["check"], "target")
        self.assertEqual(self.seen(client)[-1]["state"], "ended")

    def test_a_refused_upgrade_is_tried_again(self):
        relay = self.start_relay()
        client = self.start_client(f"ws://{relay.host}/none",
                                   f"ws://{relay.host}/ws/echo")
        self.assertEqual(client.wait(30), 0, client.stderr)
        self.assertEqual([each["code"] for each in self.seen(client)
                          if each["state"] == "closed"], [1006, 4000])


if __name__ == "__main__":
    unittest.main()
