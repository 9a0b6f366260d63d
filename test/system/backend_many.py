"""Very many messages through backends, of which one after the other is killed: what
is in order, what is doubled or lost, who is closed. How many: many_base.py."""

import unittest

from backend_base import BackendTest, config
from many_base import LONG, ManyTest, PATIENCE
from raw_client import Connection, upgrade_fields
from support import wait_until
from swarm import Swarm


class Killed(ManyTest):
    CLIENTS, MESSAGES, KILLS = (1000, 300, 4) if LONG else (100, 60, 2)
    PERIOD = 0.15 if LONG else 0.02  # of each client

    def start(self, **options):
        """A relay, and two backends, the second of which waits for the name."""
        self.relay = self.relay_of(config(**options))
        self.backends = [self.backend(), self.backend()]

    def backend(self):
        return self.run_program("backend_counter.py",
                                BackendTest.port(self.relay), self.file)

    def swarm(self):
        swarm = Swarm(self.relay.port, "/ws/play", self.CLIENTS,
                      period=self.PERIOD, most=self.MESSAGES, unanswered=16)
        self.addCleanup(swarm.end)
        return swarm

    def kill_at(self, swarm, part):
        """Kills the backend that has the name when a part is done; then another
        one waits again."""
        wait_until(lambda: any(each.end is None and each.last > part
                               for each in swarm.members), "a part is done",
                   PATIENCE)
        self.kill(self.backends.pop(0))
        self.backends.append(self.backend())

    def is_open(self):
        with Connection(self.relay.port) as client:
            return client.request("GET", "/ws/play",
                                  upgrade_fields()).status == 101

    def run_through(self):
        """Returns clients that have said all or were closed."""
        swarm = self.swarm()
        for i in range(1, self.KILLS + 1):
            self.kill_at(swarm, self.MESSAGES * i // (self.KILLS + 1))
        self.wait_for_end(swarm)
        return swarm

    def said(self, member):
        """Returns what backends heard of a client, its messages alone."""
        events = self.events[member.names[0]]
        return [each for each in events if each.kind in ("message", "again")]

    def check(self, swarm):
        """Nothing is doubled but what is said to be delivered again, and nobody
        else is closed than by the rules; returns how many were."""
        self.events = self.heard()
        again = 0
        for member in swarm.members:
            said = self.said(member)
            once = [each for each in said if each.kind == "message"]
            self.assertEqual(len(once), len({each.seq for each in once}))
            again += len(said) - len(once)
            numbers = [int(each.seq) for each in
                       {each.seq: each for each in said}.values()]
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
            self.assertEqual([str(each) for each in numbers],
                             [each.text for each in
                              {each.seq: each for each in said}.values()])
            if member.end is None:
                self.assertEqual(len(numbers), self.MESSAGES)
            doubled = {text.split()[1] for text in member.doubled + member.late}
            self.assertLessEqual(doubled, {each.seq for each in said
                                           if each.kind == "again"})
        self.assertLessEqual(set(swarm.closed), {1011})
        print(f"clients={self.CLIENTS} messages={self.MESSAGES} "
              f"closed={len(swarm.closed)} unanswered={swarm.missing} "
              f"again={again} doubled={len(swarm.doubled)}")
        return len(swarm.closed), again

    def test_its_clients_are_closed_and_new_ones_go_to_the_next(self):
        self.start()
        for _ in range(self.KILLS):
            swarm = self.swarm()
            self.kill_at(swarm, self.MESSAGES // 2)
            wait_until(lambda: None not in
                       [each.end for each in swarm.members], "all are closed")
            self.assertEqual(self.check(swarm), (self.CLIENTS, 0))
            wait_until(self.is_open, "the next one has the name")
        swarm = self.swarm()
        self.wait_for_end(swarm)
        self.assertEqual(self.check(swarm), (0, 0))
        self.assertEqual(swarm.doubled, [])

    def test_parked_ones_go_on_but_for_whose_messages_were_under_way(self):
        self.start(on_target_exit="park", park_time="60s")
        swarm = self.run_through()
        closed, again = self.check(swarm)
        self.assertLess(closed, self.CLIENTS)
        self.assertEqual(again, 0)

    def test_with_redelivery_all_go_on_and_nothing_is_lost(self):
        self.start(on_target_exit="park", park_time="60s",
                   park_redeliver="true")
        swarm = self.run_through()
        self.assertEqual(self.check(swarm)[0], 0)
        self.assertEqual(swarm.missing, 0)


if __name__ == "__main__":
    unittest.main()
