"""WebSockets on which nobody says anything, behind proxies with their default
timeouts: pings keep them open. Not in ctest: it takes WSRELAY_IDLE seconds."""

import os
import select
import time
import unittest

from proxies_in_front import TIMEOUTS, TLS, FrontTest, Haproxy, Nginx
from proxy_programs import find_program
from raw_client import PING, PONG
from support import DEADLINE

SECONDS = float(os.environ.get("WSRELAY_IDLE", 1200))

# Debian's haproxy.cfg, in which a tunnel has no time of its own.
SHORT = "  timeout client 50s\n  timeout server 50s"


class Idle(FrontTest):
    def fronts(self):
        """Yields a name and a client behind each kind of proxy."""
        if find_program("nginx"):  # proxy_read_timeout is 60s
            for relay in ("unix", "bare"):
                yield f"nginx {relay}", self.front(Nginx, getattr(self, relay))
        if find_program("haproxy"):
            for mode in ("tcp", "http"):
                for timeouts in (TIMEOUTS, SHORT):
                    yield f"haproxy {mode} {timeouts}", self.front(
                        Haproxy, self.plain, mode, bind=TLS,
                        server="send-proxy-v2-ssl", timeouts=timeouts)

    def test_all_stay_open(self):
        clients = {name: self.open(front) for name, front in self.fronts()}
        if not clients:
            self.skipTest("no proxy here")
        pings = dict.fromkeys(clients, 0)
        ended = {}
        start = time.monotonic()
        while (left := start + SECONDS - time.monotonic()) > 0:
            open_ones = {client.socket: name for name, client
                         in clients.items() if name not in ended}
            for readable in select.select(open_ones, [], [], left)[0]:
                name = open_ones[readable]
                try:
                    self.answer(clients[name])
                    pings[name] += 1
                except Exception as error:
                    ended[name] = f"{time.monotonic() - start:.1f} s: {error!r}"
        for name, client in clients.items():
            with self.subTest(name=name):
                self.assertNotIn(name, ended)
                self.assertGreaterEqual(pings[name], SECONDS // 30)
                self.assertLessEqual(pings[name], SECONDS // 25 + 1)
                client.socket.settimeout(DEADLINE)
                self.assertEqual(client.echo("still here"), "still here")

    def answer(self, client):
        """Answers a ping, with all that TLS has read of it."""
        while True:
            found = client.read_frame()
            self.assertEqual(found.opcode, PING, found)
            client.send_frame(PONG, found.payload)
            if not client.input and not client.socket.pending():
                return


if __name__ == "__main__":
    unittest.main()
