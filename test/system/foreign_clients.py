"""Clients that others have written: Python's websockets, npm's ws, Java's
java.net.http, curl. Each is skipped where it is not installed."""

import asyncio
import json
import shutil
import subprocess
import unittest
from pathlib import Path

from support import HERE, RelayTest, echo_config

try:
    import websockets
except ImportError:
    websockets = None

NPM = HERE / "npm"


class Foreign(RelayTest):
    CONFIG = echo_config() + """\
- name: demo
  kind: http.static
  meta: {server: gateway}
  path: /
  root: builtin:demo
"""

    @property
    def url(self):
        return f"ws://{self.relay.host}/ws/echo"

    def run_client(self, *command, deadline=60):
        """Returns what the program printed; it must end with status 0."""
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=deadline, cwd=HERE)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout


@unittest.skipIf(websockets is None, "python3-websockets is not installed")
class PythonWebsockets(Foreign):
    def run_async(self, scenario, **keys):
        async def run():
            async with websockets.connect(self.url, **keys) as client:
                await scenario(client)
        asyncio.run(asyncio.wait_for(run(), 20))

    def test_messages_come_back(self):
        async def scenario(client):
            for data in ("text", "größe \U0001f600", "", b"", b"\0\xff" * 100,
                         "x" * 500_000, b"y" * 500_000):
                await client.send(data)
                self.assertEqual(await client.recv(), data)
            await client.send(["in ", "three ", "fragments"])
            self.assertEqual(await client.recv(), "in three fragments")
        self.run_async(scenario)

    def test_pings_are_answered(self):
        async def scenario(client):
            for data in (b"", b"payload", b"p" * 125):
                await asyncio.wait_for(await client.ping(data), 5)
        self.run_async(scenario)

    def test_its_own_pings_keep_it_content(self):
        async def scenario(client):
            for i in range(8):
                await asyncio.sleep(0.1)  # in which it pings by itself
                await client.send(str(i))
                self.assertEqual(await client.recv(), str(i))
        self.run_async(scenario, ping_interval=0.05, ping_timeout=2)

    def test_close_codes_come_back(self):
        for code in (1000, 1001, 3000, 4999):
            async def scenario(client, code=code):
                await client.close(code, "bye")
                self.assertEqual(client.close_code, code)
            self.run_async(scenario)

    def test_messages_of_many_clients_are_not_mixed_up(self):
        async def one(number):
            async with websockets.connect(self.url) as client:
                for i in range(50):
                    await client.send(f"{number} {i}")
                for i in range(50):
                    self.assertEqual(await client.recv(), f"{number} {i}")

        async def run():
            await asyncio.gather(*(one(number) for number in range(50)))
        asyncio.run(asyncio.wait_for(run(), 30))

    def test_an_offer_of_compression_is_declined_and_works(self):
        async def scenario(client):
            self.assertEqual(client.extensions, [])
            await client.send("x" * 1000)
            self.assertEqual(await client.recv(), "x" * 1000)
        self.run_async(scenario, compression="deflate")

    def test_a_refusal_is_seen_as_one(self):
        async def run():
            async with websockets.connect(self.url, origin="https://evil.com"):
                pass
        with self.assertRaises(websockets.InvalidStatusCode) as found:
            asyncio.run(run())
        self.assertEqual(found.exception.status_code, 403)


@unittest.skipUnless(shutil.which("node"), "node is not installed")
@unittest.skipUnless((NPM / "node_modules/ws").is_dir(),
                     "no node_modules: run `npm ci` in test/system/npm")
class NpmWs(Foreign):
    def test_ws(self):
        seen = json.loads(self.run_client("node", NPM / "ws_client.js",
                                          self.url))
        # A close frame without a code may be answered with one or without.
        self.assertIn(seen["codes"].pop(), (1000, 1005))
        self.assertEqual(seen, {
            "text": True, "empty": True, "binary": True, "large": True,
            "pong": "are you there", "fragments": "one two", "closed": 1000,
            "codes": [1000, 4321]})


@unittest.skipUnless(shutil.which("java"), "java is not installed")
class Java(Foreign):
    def test_java_net_http(self):
        out = self.run_client("java", "-Xshare:auto", "-XX:TieredStopAtLevel=1",
                              HERE / "java/WebSocketClient.java", self.url)
        seen = dict(line.split("=", 1) for line in out.splitlines())
        self.assertEqual(seen, {
            "text": "text:hello from Java", "fragments": "text:one two",
            "binary": "binary:100000", "pong": "pong:3",
            "close": "close:4321"})


@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class Curl(Foreign):
    def curl(self, path, *options):
        return self.run_client("curl", "--silent", "--show-error",
                               "--max-time", "15", *options,
                               f"http://{self.relay.host}{path}")

    def test_get(self):
        page = self.curl("/", "--fail")
        self.assertIn("<title>wsrelay", page)
        self.assertEqual(page, Path(HERE.parents[1], "tools/web/demo/"
                                    "index.html").read_text())

    def test_statuses(self):
        for path, status in (("/", "200"), ("/none", "404"),
                             ("/ws/echo", "426")):
            found = self.curl(path, "--output", "/dev/null", "--write-out",
                              "%{http_code}")
            self.assertEqual(found, status)

    def test_head(self):
        self.assertIn("HTTP/1.1 200", self.curl("/", "--head"))

    def test_post_with_expect(self):
        found = self.curl("/", "--data", "x=1", "-H", "Expect: 100-continue",
                          "--output", "/dev/null", "--write-out",
                          "%{http_code}")
        self.assertEqual(found, "405")

    def test_one_connection_for_several_requests(self):
        found = self.run_client(
            "curl", "--silent", "--max-time", "15", "--write-out",
            "%{num_connects} ", *(part for _ in range(3) for part in (
                "--output", "/dev/null", f"http://{self.relay.host}/")))
        self.assertEqual(found, "1 0 0 ")


if __name__ == "__main__":
    unittest.main()
