"""One target, clients on two relay nodes: who hears what, over how many
messages between the nodes, and what happens when a relay is lost."""

import json
import re
import signal
import socket
import threading
import unittest

from cluster import node
from raw_client import WebSocket
from support import Relay, endpoint, router, service, wait_until

# All rooms of the chat on node app1.
ROOMS = endpoint("chat", "/chat/{room}", 'relay: {target_pid: "chat@app1", '
                                         'metadata: {room: "{room}"}}')


class Proxy:
    """Passes a node's connection on, and keeps what the target's node says."""

    def __init__(self, port):
        self.target = port
        self.said = bytearray()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = [self.listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.sockets += [near, far]
            for source, sink, kept in ((near, far, None),
                                       (far, near, self.said)):
                threading.Thread(target=self._pass, args=(source, sink, kept),
                                 daemon=True).start()

    @staticmethod
    def _pass(source, sink, kept):
        try:
            while data := source.recv(65536):
                if kept is not None:
                    kept += data
                sink.sendall(data)
        except OSError:
            pass
        for each in (source, sink):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the other thread was first

    def close(self):
        for each in self.sockets:
            each.close()


class Listener(WebSocket):
    """A client with a name, which must hear every line after its welcome."""

    def __init__(self, relay, room, name):
        super().__init__(relay.port, f"/ws/chat/{room}")
        self.send_text(json.dumps({"type": "hello", "name": name}))
        welcome = self.hear("chat.welcome")
        history, self.members = welcome["history"], welcome["members"]
        self.next = int(history[-1]["text"]) + 1 if history else 0

    def hear(self, *topics):
        """Returns the data of the next message with one of these topics."""
        while True:
            message = json.loads(self.read_text())
            if message["topic"] in topics:
                return message["data"]

    def say(self, text):
        self.send_text(json.dumps({"type": "say", "text": str(text)}))

    def hear_up_to(self, last):
        """Fails unless all lines come, once each and in order."""
        while self.next <= last:
            text = self.hear("chat.message")["text"]
            if text != str(self.next):
                raise AssertionError(f"{text} instead of {self.next}")
            self.next += 1


class Broadcast(unittest.TestCase):
    def setUp(self):
        self.app = self.start(service() + node("app1", listen='"127.0.0.1:0"'))
        port = int(re.search(r"node app1 listening on port (\d+)\n",
                             self.app.stdout)[1])
        self.proxy = Proxy(port)
        self.addCleanup(self.proxy.close)
        self.first = self.start_relay("relay1", self.proxy.port)
        self.second = self.start_relay("relay2", port)

    def start(self, config):
        relay = Relay(config)
        self.addCleanup(relay.end)
        return relay

    def start_relay(self, name, port):
        # Clients that do not answer a close frame are not waited for.
        return self.start(service() + router(close_timeout="100ms") + ROOMS
                          + node(name, peers=f'["127.0.0.1:{port}"]'))

    def enter(self, relay, count, room="all"):
        def attempt():
            try:
                return Listener(relay, room, "Ann")
            except AssertionError:  # 503: the node is not there yet
                return None
        result = [wait_until(attempt, "the chat is there")]
        result += [Listener(relay, room, f"Ann {i}") for i in range(1, count)]
        for each in result:
            self.addCleanup(each.close)
        return result

    def stop(self):
        for each in (self.first, self.second, self.app):
            each.stop()

    def test_all_clients_of_all_nodes_hear_all_lines_in_order(self):
        clients = self.enter(self.first, 50) + self.enter(self.second, 5)
        for i in range(100):
            clients[i % 3].say(i)
            clients[i % 3].hear_up_to(i)
        for client in clients:
            client.hear_up_to(99)
        self.stop()

    def test_a_broadcast_crosses_to_a_node_once(self):
        clients = self.enter(self.first, 20)
        self.enter(self.second, 2)
        # Until the relay has answered, its members are sent to one by one.
        wait_until(lambda: self.crossed(clients, "warm") == 1,
                   "the relay has an audience")
        for i in range(5):
            self.assertEqual(self.crossed(clients, f"line {i} of many"), 1)
        self.stop()

    def crossed(self, clients, text):
        self.proxy.said.clear()
        clients[0].say(text)
        for client in clients:
            self.assertEqual(client.hear("chat.message")["text"], text)
        return bytes(self.proxy.said).count(text.encode())

    def test_the_order_holds_between_one_and_all(self):
        """Errors go to the speaker alone, lines to everybody."""
        speaker, *others = self.enter(self.first, 10)
        expected = []
        for i in range(60):
            if i % 3 == 1:
                speaker.send_text("{}")
                expected.append("chat.error")
            else:
                speaker.say(i)
                expected.append(str(i))
        heard = []
        for _ in expected:
            data = speaker.hear("chat.message", "chat.error")
            heard.append(data["text"] if "from" in data else "chat.error")
        self.assertEqual(heard, expected)
        lines = [text for text in expected if text != "chat.error"]
        for other in others:
            self.assertEqual(
                [other.hear("chat.message")["text"] for _ in lines], lines)
        self.stop()

    def test_clients_that_come_and_go_miss_nothing_while_they_are_there(self):
        speaker, *stable = self.enter(self.first, 3)
        stable += self.enter(self.second, 3)
        guests = []
        for i in range(150):
            speaker.say(i)
            guests.append(Listener((self.first, self.second)[i % 2], "all",
                                   f"guest {i}"))
            if len(guests) > 4:
                guest = guests.pop(i % 4)
                guest.leave() if i % 3 else guest.abort()
        for client in (speaker, *stable, *guests):
            client.hear_up_to(149)
            client.close()
        self.stop()

    def lose_the_second(self, number):
        speaker, *others = self.enter(self.first, 5)
        self.enter(self.second, 5)
        speaker.say(0)
        self.second.signal(number)
        for i in range(1, 300):
            speaker.say(i)
            speaker.hear_up_to(i)
        wait_until(lambda: "peer lost: name=relay2" in self.app.stderr,
                   "the relay is lost")
        for i in range(300, 320):
            speaker.say(i)
        for client in (speaker, *others):
            client.hear_up_to(319)
        newcomer, = self.enter(self.first, 1)
        self.assertEqual(len(newcomer.members), 6)

    def test_a_killed_relay_drops_out(self):
        self.lose_the_second(signal.SIGKILL)
        self.second.wait()
        self.first.stop()
        self.app.stop()

    def test_a_frozen_relay_drops_out_and_comes_back(self):
        self.lose_the_second(signal.SIGSTOP)
        self.second.signal(signal.SIGCONT)
        again = self.enter(self.second, 3)
        again[0].say(320)
        for client in again:
            client.hear_up_to(320)
        self.stop()


if __name__ == "__main__":
    unittest.main()
