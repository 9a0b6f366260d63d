"""What the admin listener tells as it happens: of the node, and of one
connection; and readers that are too slow for it."""

import base64
import signal
import unittest

from admin_base import AdminTest, Api, admin, admin_port, quoted
from cluster import cluster_port
from cluster_probe import node
from healthy_clients import HealthyClients
from raw_client import BINARY, WebSocket
from support import Relay, echo_config, wait_until

MIB = 1 << 20


class Node(AdminTest):
    def listen(self, **keys):
        events = self.api.events(**keys)
        self.addCleanup(events.close)
        self.assertEqual((events.status, events.is_stream), (200, True))
        events.wait_for("state")
        return events

    def test_connections_come_and_go(self):
        events = self.listen()
        client = self.connect()
        opened = events.wait_for("opened")
        self.assertEqual((opened["address"], opened["endpoint"]),
                         ("127.0.0.1", "echo"))
        client.leave(4001)
        self.assertEqual(events.wait_for("ended"), {
            **opened, "cause": "client_closed", "code": 4001})

    def test_points_of_the_history_come(self):
        events = self.listen()
        self.connect().echo("x")
        point = events.wait_for("point", lambda data: data["messages_in"] > 0)
        self.assertGreater(point["span_ms"], 1000)
        points = self.api.get("history").json["points"]
        self.assertIn(point, points)

    def test_each_of_many_hears_everything_in_order(self):
        streams = [self.listen() for _ in range(10)]
        for _ in range(30):
            self.connect().leave()
        told = []
        for events in streams:
            pids = [events.wait_for("opened")["pid"] for _ in range(29)]
            events.wait_for("ended")
            told.append(pids)
        for pids in told[1:]:
            self.assertEqual(pids, told[0])

    def test_so_many_may_listen_and_no_more(self):
        relay = self.start_relay(self.CONFIG)
        api = Api(admin_port(relay))
        streams = [api.events() for _ in range(65)]
        self.assertEqual([each.status for each in streams], [200] * 64 + [503])
        for each in streams:
            each.close()

        def is_free():
            self.connect(relay=relay).leave()  # is written to who has gone
            return api.ask("HEAD", "/events").status == 200
        wait_until(is_free, "their places are given back")
        relay.stop()

    # A queue has 256 KiB; the kernel takes what it likes before that.
    def test_a_slow_reader_misses_events_and_holds_nobody(self):
        slow = [self.listen(receive_buffer=4096) for _ in range(4)]
        quick = self.listen()
        before = self.relay.resident_bytes()
        for _ in range(4000):
            WebSocket(self.relay.port).abort()
            quick.wait_for("opened")
        quick.wait_for("ended")
        self.assert_grown_less(before, 24 * MIB)
        for events in slow:
            missed = events.wait_for("missed")
            self.assertGreater(missed["count"], 0)


class OneConnection(AdminTest):
    def watch(self, pid, query=""):
        events = self.api.events(f"/api/v1/connections/{quoted(pid)}/events"
                                 + query)
        self.addCleanup(events.close)
        self.assertEqual((events.status, events.is_stream), (200, True))
        return events

    def begin(self, events, pid):
        """An event of its own proves that the feed has begun."""
        def begun():
            self.api.post(f"connections/{quoted(pid)}/send", {"data": "probe"})
            events.read_chunk()
            return events.seen
        wait_until(begun, "the feed has begun")
        events.seen.clear()

    def test_messages_transfers_and_the_end(self):
        client, pid = self.connect_known()
        events = self.watch(pid, "?payload=true")
        self.begin(events, pid)
        client.send_text("grüße")
        for name in ("in", "out"):
            told = events.wait_for(name, lambda data: data["data"] != "probe")
            self.assertEqual((told["type"], told["size"], told["data"]),
                             ("text", 7, "grüße"))
        client.send_frame(BINARY, b"\xff\0")
        told = events.wait_for("in")
        self.assertEqual((told["type"], told["data_base64"]), ("binary",
                         base64.b64encode(b"\xff\0").decode()))
        found = self.api.post(f"connections/{quoted(pid)}/transfer",
                              {"target": "chat"})
        self.assertEqual(found.status, 200)
        events.wait_for("transferred")
        client.leave(4002)
        told = events.wait_for("ended")
        self.assertEqual((told["cause"], told["code"]),
                         ("client_closed", 4002))
        events.read_to_end()

    def test_without_payload_only_sizes_are_told(self):
        client, pid = self.connect_known()
        events = self.watch(pid)
        self.begin(events, pid)
        client.send_text("not to be told")
        told = events.wait_for("in")
        self.assertEqual((told["size"], set(told)),
                         (14, {"number", "type", "size"}))
        client.leave()
        events.read_to_end()

    def test_of_a_long_message_the_beginning_is_told(self):
        client, pid = self.connect_known()
        events = self.watch(pid, "?payload=true")
        self.begin(events, pid)
        client.send_text("l" * 100_000)
        told = events.wait_for("in")
        self.assertEqual((told["size"], told["data"]), (100_000, "l" * 4096))

    # Cut inside of a character it is no UTF-8, but all of it was.
    def test_a_text_is_not_cut_inside_of_a_character(self):
        client, pid = self.connect_known()
        events = self.watch(pid, "?payload=true")
        self.begin(events, pid)
        client.send_text("x" + "ü" * 5_000)
        told = events.wait_for("in")
        self.assertEqual(sorted(told), ["data", "number", "size", "type"])
        self.assertEqual(told["data"], "x" + "ü" * 2047)

    def test_a_line_break_is_no_end_of_an_event(self):
        client, pid = self.connect_known()
        events = self.watch(pid, "?payload=true")
        self.begin(events, pid)
        text = "a\n\nevent: ended\ndata: {}\r\n\r\n\u2028\x7f"
        client.send_text(text)
        self.assertEqual(events.wait_for("in")["data"], text)

    def test_who_is_not_there_is_told(self):
        for pid in ("999999@" + "0" * 40 + "#1", "nobody", "%"):
            events = self.watch(pid)
            self.assertTrue(events.wait_for("failed")["detail"])
            self.assertEqual(events.read_to_end(), [])

    def test_a_slow_reader_holds_neither_the_client_nor_others(self):
        client, pid = self.connect_known()
        events = self.api.events(
            f"/api/v1/connections/{quoted(pid)}/events?payload=true",
            receive_buffer=4096)
        self.addCleanup(events.close)
        before = self.relay.resident_bytes()
        for _ in range(3000):
            client.echo("x" * 4000)
        self.assert_grown_less(before, 24 * MIB)
        self.assertEqual(client.echo("alive"), "alive")
        client.leave()

    def test_readers_that_come_and_go_leave_nothing(self):
        client, pid = self.connect_known()
        before = self.relay.sockets()
        for i in range(100):
            events = self.watch(pid)
            events.client.abort() if i % 2 else events.close()

        def are_gone():
            client.echo("something to be told")
            return self.relay.sockets() <= before
        wait_until(are_gone, "all are gone")


class OneOfAnotherNode(unittest.TestCase):
    def start(self, text):
        relay = Relay(text)
        self.addCleanup(relay.end)
        return relay

    def test_its_feed_ends_with_its_node_and_says_so(self):
        near = self.start(echo_config() + admin()
                          + node("relay1", listen='"127.0.0.1:0"'))
        peers = f'["127.0.0.1:{cluster_port(near)}"]'
        far = self.start(echo_config() + admin() + node("relay2", peers=peers))
        client = WebSocket(far.port)
        self.addCleanup(client.close)
        api = Api(admin_port(near))
        wait_until(lambda: api.get("peers").json["peers"], "they have met")
        pid = Api(admin_port(far)).connections()["connections"][0]["pid"]
        events = api.events(f"/api/v1/connections/{quoted(pid)}/events")
        self.addCleanup(events.close)

        def begun():
            api.post(f"connections/{quoted(pid)}/send", {"data": "probe"})
            events.read_chunk()
            return any(name == "out" for name, _ in events.seen)
        wait_until(begun, "the feed has begun")
        far.signal(signal.SIGKILL)
        self.assertTrue(events.wait_for("failed")["detail"])
        self.assertEqual(events.read_to_end(), [])
        near.stop()


class Healthy(AdminTest):
    def test_many_listeners_cost_clients_nothing(self):
        clients = HealthyClients(self.relay.port, count=50)
        self.addCleanup(clients.end)
        streams = [self.api.events(receive_buffer=4096) for _ in range(64)]
        for each in streams:
            self.addCleanup(each.close)
        for _ in range(300):
            WebSocket(self.relay.port).abort()
        self.assertGreater(clients.next_phase().sent, 0)
        self.assertEqual(clients.finish(), [])


if __name__ == "__main__":
    unittest.main()
