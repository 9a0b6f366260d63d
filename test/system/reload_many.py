"""Reloads of a relay with very many clients: WSRELAY_CLIENTS (10000), each of
which wants its echoes, and WSRELAY_RELOADS (100). Not in ctest: `tools/test
--long`."""

import os
import resource
import time
import unittest

from admin_base import wait_for
from healthy_clients import HealthyClients
from reload_base import ReloadTest, base
from support import endpoint, router, service

CLIENTS = int(os.environ.get("WSRELAY_CLIENTS", "10000"))
RELOADS = int(os.environ.get("WSRELAY_RELOADS", "100"))
RATE = 2000   # echoes per second of all clients
SPAN = 0.1    # seconds between reloads
NOISE = 0.01  # seconds; below that a machine's own pauses are measured


def config(i):
    """Returns what changes each time: limits, routes, a service."""
    text = base(dict(max_connections=100_000 + i), window=str(16 + i % 2))
    for j in range(i % 3):
        text += endpoint(f"chat{j}", f"/chat{j}", "relay: {target_pid: chat}")
    if i % 2:
        text += (service(threads=1) + router("ws2")).replace(
            "gateway", "second")
    return text


class ReloadMany(ReloadTest):
    def test_no_answer_is_lost_and_none_is_late(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        node = self.start(config(0))
        clients = HealthyClients(node.port, CLIENTS, CLIENTS / RATE)
        self.addCleanup(clients.end)
        wait_for(CLIENTS / RATE)
        clients.next_phase()
        wait_for(RELOADS * SPAN)
        before = clients.next_phase()
        slowest = 0
        for i in range(1, RELOADS + 1):
            node.write(config(i))
            begin = time.monotonic()
            found = node.api.post("reload")
            took = time.monotonic() - begin
            slowest = max(slowest, took)
            self.assertEqual(found.status, 200, found.text)
            self.assertTrue(found.json["changed"])
            wait_for(max(0, SPAN - took))
        during = clients.next_phase()
        faults = clients.finish()
        print(f"clients={CLIENTS} reloads={RELOADS} "
              f"slowest={slowest * 1e3:.0f}ms "
              f"before: n={len(before.times)} p99={before.p99 * 1e3:.2f}ms "
              f"max={before.slowest * 1e3:.0f}ms "
              f"during: n={len(during.times)} p99={during.p99 * 1e3:.2f}ms "
              f"max={during.slowest * 1e3:.0f}ms faults={len(faults)}")
        self.assertEqual(faults[:3], [])
        self.assertEqual(len(during.times), during.sent)
        self.assertLessEqual(during.p99, max(2 * before.p99, NOISE))
        clients.end()
        node.stop(deadline=30)


if __name__ == "__main__":
    unittest.main()
