"""Many clients in one thread, each of which counts: it sends 1, 2, 3 ... and
wants each back once, from a target that answers "NAME SEQ TEXT"."""

import math
import re
import selectors
import threading
import time

from raw_client import CLOSE, PING, PONG, TEXT, WebSocket, close_payload, frame

MOST_UNANSWERED = 4


class Member:
    """A client that counts. It says `most` messages, blanks make each of them as
    long as `size`, and it waits while `unanswered` are not back."""

    def __init__(self, client, most=math.inf, unanswered=MOST_UNANSWERED, size=0):
        self.socket = client.socket
        self.most, self.unanswered, self.size = most, unanswered, size
        self.input = bytes(client.input)
        self.sent = 0
        self.missing = set()  # sent, and not back
        self.doubled = []
        self.last = 0         # number that came back last
        self.late = []        # what came behind a later one
        self.events = []      # topics of what came besides
        self.names = []       # of its targets, one after the other
        self.end = None       # a close code, "" without one
        self.socket.setblocking(False)

    def say_next(self):
        if (self.end is not None or self.sent >= self.most
                or len(self.missing) >= self.unanswered):
            return
        try:
            self.socket.send(frame(TEXT, str(self.sent + 1).ljust(self.size)))
        except BlockingIOError:
            return
        except OSError:
            self.end = ""
            return
        self.sent += 1
        self.missing.add(self.sent)

    def read(self):
        """Returns whether it goes on."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if not data:
            self.end = "" if self.end is None else self.end
            return False
        self.input += data
        while (size := self.size_of_frame()) and len(self.input) >= size:
            head, self.input = self.input[:size], self.input[size:]
            self.take(head[0] & 15, head[4 if head[1] == 126 else 2:])
        return True

    def size_of_frame(self):
        if len(self.input) < 4:
            return 2 + self.input[1] if len(self.input) > 1 else 0
        if self.input[1] == 126:
            return 4 + int.from_bytes(self.input[2:4], "big")
        return 2 + self.input[1]

    def take(self, opcode, payload):
        if opcode == CLOSE:
            self.end = int.from_bytes(payload[:2], "big") if payload else ""
            self.reason = payload[2:].decode()
            self.answer(CLOSE, close_payload(self.end or None))
        elif opcode == PING:
            self.answer(PONG, payload)
        elif opcode == TEXT:
            self.note(payload.decode())

    def answer(self, opcode, payload):
        try:
            self.socket.send(frame(opcode, payload))
        except OSError:
            pass

    def note(self, text):
        if event := re.match(r'\{"topic":"([^"]*)"', text):
            self.events.append(event[1])
            return
        name, seq, number = text.split(" ")
        if seq != number or int(number) not in self.missing:
            self.doubled.append(text)
        if int(number) < self.last:
            self.late.append(text)
        self.last = int(number)
        self.missing.discard(int(number))
        if self.names[-1:] != [name]:
            self.names.append(name)


class Swarm:
    """`count` clients of a path, each of which says something every `period`
    seconds, until `rest`; `limits` are those of a Member."""

    def __init__(self, port, path, count, period=0.2, **limits):
        self.members = [Member(WebSocket(port, path), **limits)
                        for _ in range(count)]
        self.period = period
        self.counts, self.stopped = True, False
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        with selectors.DefaultSelector() as poller:
            for member in self.members:
                poller.register(member.socket, selectors.EVENT_READ, member)
            begin, said = time.monotonic(), 0
            while not self.stopped:
                for key, _ in poller.select(0.005):
                    if not key.data.read():
                        poller.unregister(key.fileobj)
                due = (time.monotonic() - begin) / self.period
                while self.counts and said < due * len(self.members):
                    self.members[said % len(self.members)].say_next()
                    said += 1

    @property
    def answered(self):
        return sum(each.sent - len(each.missing) for each in self.members)

    @property
    def closed(self):
        return [each.end for each in self.members if each.end is not None]

    @property
    def missing(self):
        return sum(len(each.missing) for each in self.members)

    @property
    def doubled(self):
        return [text for each in self.members for text in each.doubled]

    @property
    def late(self):
        return [text for each in self.members for text in each.late]

    def rest(self):
        """No client says more; what was said comes back."""
        self.counts = False

    def end(self):
        self.stopped = True
        self.thread.join()
        for each in self.members:
            each.socket.close()
