"""The connection that moves, on the demo page in a real browser: first sight, two
tabs, moves under a stream of numbers, a killed actor, keyboard, phone, dark. The
environment's WSRELAY_SCREENSHOTS is a folder for pictures, demo.png of
tools/docs among them."""

import json
import os
import unittest

from demo_page import CHROMIUM, NODE, NPM, in_browser
from support import Program, RelayTest, endpoint, router, service

SCREENSHOTS = os.environ.get("WSRELAY_SCREENSHOTS")
MARKUP = "<img src=x onerror=document.title='broken'>"
WITHOUT_STAGE = (service() + router()
                 + "- {name: demo, kind: http.static, meta: {server: gateway}, "
                   "path: /, root: \"builtin:demo\"}\n"
                 + endpoint("echo", "/echo", "relay: {target_pid: echo}"))


class DemoStage(unittest.TestCase):
    start_relay = RelayTest.start_relay

    def see(self, program, relay, *arguments):
        """Runs a browser's program; returns what it has seen."""
        browser = Program(NODE, NPM / program, f"http://{relay.host}/", "-",
                          *arguments, environment={"CHROMIUM": CHROMIUM})
        self.addCleanup(browser.end)
        status = browser.wait(300)
        self.assertTrue(browser.stdout, browser.stderr)
        seen = json.loads(browser.stdout)
        self.assertEqual(seen["problems"], [], browser.stderr)
        self.assertEqual(status, 0, browser.stderr)
        return seen

    @in_browser
    def test_it_moves_and_is_killed_and_comes_back(self):
        relay = self.start_relay()
        seen = self.see("demo_stage.js", relay,
                        *([SCREENSHOTS] if SCREENSHOTS else []))
        self.assertEqual(seen["people"][0], "Ann")
        self.assertEqual(sorted(seen["people"]), sorted(["Ann", "Ben", MARKUP]))
        self.assertGreaterEqual(seen["sent"], 1000)
        self.assertEqual(seen["sent"], seen["heard"])
        for text in seen["text"], seen["life"]:
            self.assertIn('1011, the actor behind it failed '
                          '("target failed: connect again"): '
                          "a new connection gets a new one", text)
        self.assertIn("1011", seen["badge"])
        self.assertEqual((seen["images"], seen["title"]), (0, "wsrelay demo"))
        self.assertNotIn(MARKUP, relay.stderr)
        relay.stop()
        self.assertEqual(relay.wait(30), 0)

    @in_browser
    def test_a_node_without_a_stage_says_what_to_configure(self):
        relay = self.start_relay(WITHOUT_STAGE)
        seen = self.see("demo_without.js", relay)
        self.assertIn("`func: demo_stage`", seen["life"])


if __name__ == "__main__":
    unittest.main()
