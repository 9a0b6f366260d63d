"""Very many events of an http.target, whose server dies and comes back: what is in
order, what is doubled or lost. How many: many_base.py."""

import itertools
import time
import unittest
from collections import Counter

from http_target import config, target
from many_base import LONG, ManyTest, PATIENCE
from support import free_port, wait_until
from swarm import Swarm

AT_ONCE = 64  # requests


class HookManyTest(ManyTest):
    DELAY = 0.003  # seconds, the mean

    def start(self, window=128, **keys):
        self.port = free_port()
        self.server = self.serve()
        self.relay = self.relay_of(config(
            target(self.port, max_in_flight=AT_ONCE, **keys),
            window=window, close_timeout="500ms"))

    def serve(self):
        return self.run_program("hook_server.py", self.port, self.file,
                                self.DELAY)

    def swarm(self, count, **keys):
        swarm = Swarm(self.relay.port, "/ws/play", count, **keys)
        self.addCleanup(swarm.end)
        return swarm


class Order(HookManyTest):
    CLIENTS, MESSAGES, KILLS = (1000, 1000, 5) if LONG else (150, 40, 2)
    # Seconds: between messages of a client, and that the server is away.
    PERIOD, AWAY = (0.15, 1) if LONG else (0.02, 0.3)

    def run_through(self, **keys):
        """Returns clients that have said all, and what was heard of each; the
        server was killed again and again."""
        self.start(**keys)
        swarm = self.swarm(self.CLIENTS, period=self.PERIOD,
                           most=self.MESSAGES, unanswered=16)
        for i in range(1, self.KILLS + 1):
            part = self.MESSAGES * i // (self.KILLS + 1)
            wait_until(lambda: any(each.end is None and each.last > part
                                   for each in swarm.members), "a part is done",
                       PATIENCE)
            self.kill(self.server)
            time.sleep(self.AWAY)
            self.server = self.serve()
        self.wait_for_end(swarm)
        swarm.end()  # without a close frame
        wait_until(lambda: self.ended() == self.CLIENTS, "ends are told",
                   PATIENCE)
        self.assertEqual((swarm.doubled, swarm.late), ([], []))
        return swarm, self.heard()

    def ended(self):
        return sum(each[-1].kind == "disconnected"
                   for each in self.heard().values())

    def assert_in_order(self, events, once):
        """Of one connection. A repetition comes before anything else does, and
        only of what may be repeated."""
        runs = [(event, len(list(again)))
                for event, again in itertools.groupby(events)]
        only = [event for event, _ in runs]
        self.assertEqual(len(only), len({each.id for each in only}), events)
        self.assertEqual([each.kind for each in only],
                         ["connected", *["message"] * (len(only) - 2),
                          "disconnected"])
        numbers = [str(i) for i in range(1, len(only) - 1)]
        self.assertEqual([each.seq for each in only[1:-1]], numbers)
        self.assertEqual([each.text for each in only[1:-1]], numbers)
        if once:
            self.assertEqual({count for _, count in runs[:-1]}, {1})
        return len(numbers), sum(count - 1 for _, count in runs)

    def check(self, swarm, heard, once):
        """Returns how many messages of each client were heard, by its number,
        and how often something was repeated."""
        found = {number: self.assert_in_order(events, once)
                 for number, events in heard.items()}
        print(f"clients={self.CLIENTS} messages={self.MESSAGES} "
              f"kills={self.KILLS} closed={len(swarm.closed)} "
              f"unanswered={swarm.missing} "
              f"repeated={sum(each for _, each in found.values())}")
        return {number: count for number, (count, _) in found.items()}

    def test_what_may_be_repeated_is_neither_lost_nor_out_of_order(self):
        swarm, heard = self.run_through(at_least_once="true", timeout="30s")
        counts = self.check(swarm, heard, once=False)
        self.assertEqual(swarm.closed, [])
        self.assertEqual(Counter(counts.values()),
                         {self.MESSAGES: self.CLIENTS})
        self.relay.stop()

    def test_without_who_may_have_lost_something_is_closed(self):
        swarm, heard = self.run_through()
        counts = self.check(swarm, heard, once=True)
        # Whose request had been sent as a whole when the server died. A kept
        # connection that it had closed may take one more each.
        self.assertLessEqual(len(swarm.closed), 2 * AT_ONCE * self.KILLS)
        self.assertEqual(set(swarm.closed), {1011})
        for member in swarm.members:
            if member.end is None:
                self.assertEqual(counts.pop(member.names[0]), self.MESSAGES)
        self.assertEqual(len(counts), len(swarm.closed))
        self.relay.stop()


if __name__ == "__main__":
    unittest.main()
