"""An http.target whose server is away for longer than any event is tried, with
very many clients that talk meanwhile: what the relay holds, who joins, who goes on.
How many: many_base.py."""

import time
import unittest

from hook_many import HookManyTest
from many_base import LONG, PATIENCE
from raw_client import Connection, upgrade_fields
from support import SANITIZED, wait_until


class Down(HookManyTest):
    CLIENTS, SECONDS, TIMEOUT = (10_000, 30, "10s") if LONG else (300, 3, "1s")
    WINDOW, SIZE, SAID = 16, 1000, 40  # messages, bytes, messages
    # Bytes: of a connection with its events; of a message, beside its payload; of
    # all. What one read brought, 64 KiB at most, waits beyond the window.
    OF_CLIENT, BESIDE, OTHER = 8192, 512, 16 << 20
    READ = min(64 << 10, (SAID - WINDOW) * (SIZE + 8))

    def status(self):
        with Connection(self.relay.port) as client:
            return client.request("GET", "/ws/play", upgrade_fields()).status

    def come(self, count, **keys):
        swarm = self.swarm(count, **keys)
        wait_until(lambda: all(each.last or each.end is not None
                               for each in swarm.members), "all have come",
                   PATIENCE)
        return swarm

    def new_ones_come(self):
        """A server that was away has much to do: it may count as down again."""
        try:
            return not self.come(20).closed
        except AssertionError:  # 503
            return False

    def talk_to_nobody(self):
        """Returns the most memory that was in use, and what who wants to join
        was told after the first refusal."""
        end, most, told = time.monotonic() + self.SECONDS, 0, set()
        wait_until(lambda: self.status() == 503, "joins are refused")
        while time.monotonic() < end:
            told.add(self.status())
            most = max(most, self.relay.resident_bytes())
            time.sleep(0.1)
        return most, told

    def go_away(self, on_error, silent):
        """Returns clients that talk meanwhile, and so many that do not."""
        self.start(window=self.WINDOW, timeout=self.TIMEOUT, on_error=on_error)
        before = self.relay.resident_bytes()
        quiet = self.come(silent, most=1)
        swarm = self.come(self.CLIENTS - silent, unanswered=self.SAID,
                          period=self.SECONDS / self.SAID, size=self.SIZE)
        self.kill(self.server)
        most, told = self.talk_to_nobody()
        self.server = self.serve()
        wait_until(self.new_ones_come, "joins are accepted", PATIENCE)
        swarm.rest()
        bound = self.OTHER + self.CLIENTS * (
            self.OF_CLIENT + self.READ
            + self.WINDOW * (self.SIZE + self.BESIDE))
        print(f"clients={self.CLIENTS} seconds={self.SECONDS} "
              f"on_error={on_error} grown={(most - before) >> 20} MiB "
              f"bound={bound >> 20} MiB closed={len(swarm.closed)}")
        self.assertEqual(told, {503})
        if not SANITIZED:
            self.assertLess(most - before, bound)
        return swarm, quiet

    def assert_all_go_on(self, swarm):
        wait_until(lambda: all(each.last == each.sent or each.end is not None
                               for each in swarm.members), "all is answered",
                   PATIENCE)
        self.assertEqual((swarm.closed, swarm.doubled, swarm.late),
                         ([], [], []))

    def test_who_skips_what_has_failed_holds_a_window_and_goes_on(self):
        swarm, quiet = self.go_away("skip", 10)
        self.assert_all_go_on(swarm)
        self.assert_all_go_on(quiet)
        self.relay.stop(deadline=PATIENCE)

    def test_who_was_silent_goes_on_and_all_others_are_closed(self):
        swarm, quiet = self.go_away("close", self.CLIENTS // 10)
        wait_until(lambda: len(swarm.closed) == len(swarm.members),
                   "all are closed", PATIENCE)
        self.assertEqual(set(swarm.closed), {1011})
        self.assertEqual((swarm.doubled, swarm.late), ([], []))
        for each in quiet.members:
            each.most = 2
        wait_until(lambda: all(each.last == 2 for each in quiet.members),
                   "they go on", PATIENCE)
        self.assert_all_go_on(quiet)
        self.relay.stop(deadline=PATIENCE)


if __name__ == "__main__":
    unittest.main()
