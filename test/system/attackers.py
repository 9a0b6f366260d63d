"""Clients that do not behave, many of them in one process beside the test."""

import errno
import heapq
import itertools
import multiprocessing
import os
import select
import socket
import struct
import time
from collections import Counter
from dataclasses import dataclass

from mutations import mutated_request

_fork = multiprocessing.get_context("fork")
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Attack:
    """What one client does: sends `opening`, then `more` again and again."""

    name: str
    opening: bytes
    more: bytes = b""
    pause: float = 0  # seconds between two of them; 0 = as fast as it goes
    reads: bool = True
    ending: str = ""  # behind the opening: "half" closes, "reset" resets
    life: float = 0  # seconds until the relay has to end it; 0 = never


class _Client:
    """One socket of an attack. `closed` says whether the relay ended it."""

    def __init__(self, port, attack):
        self.attack = attack
        self.begin = time.monotonic()
        self.output = memoryview(attack.opening or attack.more)
        self.input = b""  # its beginning
        self.closed = False
        self.socket = socket.socket()
        if not attack.reads:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", port))

    def events(self):
        read = select.EPOLLIN if self.attack.reads else 0
        return read | (select.EPOLLOUT if self.output else 0)

    def write(self):
        """Returns when to go on: a time, or None for as soon as possible."""
        try:
            self.output = self.output[self.socket.send(self.output):]
        except BlockingIOError:
            return None
        except OSError:
            self.closed = True
            return None
        attack = self.attack
        if self.output:
            return None
        if attack.ending == "half":
            self.socket.shutdown(socket.SHUT_WR)
        elif attack.ending == "reset":
            self.closed = True
        elif attack.pause:
            return time.monotonic() + attack.pause
        else:
            self.output = memoryview(attack.more)
        return None

    def read(self):
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.closed = not data
        self.input = self.input or data[:16]

    def error(self):
        return self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def is_still_there(self):
        """Reads at last what was not read; returns whether no end comes."""
        self.socket.settimeout(1)
        try:
            while self.socket.recv(1 << 20):
                pass
        except TimeoutError:
            return True
        except OSError:
            pass
        return False

    def close(self):
        # A reset: thousands of ports would wait for a minute otherwise.
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        except OSError:
            pass
        self.socket.close()


class Swarm:
    """Clients on one thread. `take_next` gives the attack of a client that is
    to start, None when there is none left."""

    def __init__(self, port, take_next, size):
        self.port = port
        self.take_next = take_next
        self.epoll = select.epoll()
        self.clients = {}
        self.due = []
        self.order = itertools.count()
        self.ended = 0
        self.refused = False  # nobody listens any more
        self.on_end = lambda client: None
        for _ in range(size):
            self.start()

    def start(self):
        attack = self.take_next()
        if attack is None:
            return
        client = _Client(self.port, attack)
        self.clients[client.socket.fileno()] = client
        self.epoll.register(client.socket.fileno(), client.events())

    def turn(self):
        patience = 0.1
        if self.due:
            patience = max(0, min(patience, self.due[0][0] - time.monotonic()))
        for number, events in self.epoll.poll(patience):
            client = self.clients.get(number)
            if client:
                self.serve(client, events)
        now = time.monotonic()
        while self.due and self.due[0][0] <= now:
            _, _, client = heapq.heappop(self.due)
            if not client.closed:
                client.output = memoryview(client.attack.more)
                self.epoll.modify(client.socket.fileno(), client.events())

    def serve(self, client, events):
        if events & select.EPOLLIN:
            client.read()
        again = None
        if events & select.EPOLLOUT and not client.closed:
            again = client.write()
        if events & (select.EPOLLHUP | select.EPOLLERR):
            client.closed = True
            self.refused |= client.error() == errno.ECONNREFUSED
        if client.closed:
            self.end(client)
            self.start()
            return
        if again:
            heapq.heappush(self.due, (again, next(self.order), client))
        self.epoll.modify(client.socket.fileno(), client.events())

    def end(self, client):
        client.closed = True
        self.ended += 1
        self.on_end(client)
        self.epoll.unregister(client.socket.fileno())
        del self.clients[client.socket.fileno()]
        client.close()

    def overdue(self, slack):
        """Returns the names of the attacks whose client lives too long."""
        now = time.monotonic()
        return sorted({
            each.attack.name for each in self.clients.values()
            if each.attack.life and now - each.begin > each.attack.life + slack
            and (each.attack.reads or each.is_still_there())})


def _attack(pipe, port, attacks, each, slack):
    os.nice(15)  # it is the relay that is measured
    turns = itertools.cycle(attacks)

    def on_end(client):
        # One that ends is followed by one of its kind.
        swarm.take_next = lambda: client.attack

    swarm = Swarm(port, lambda: next(turns), len(attacks) * each)
    swarm.on_end = on_end
    while not pipe.poll():
        swarm.turn()
        if swarm.refused:
            time.sleep(0.05)
    pipe.send(swarm.overdue(slack))


class Attackers:
    """`each` clients per attack in a process of their own, until `finish`."""

    def __init__(self, port, attacks, each, slack=2):
        self.pipe, other = _fork.Pipe()
        self.process = _fork.Process(
            target=_attack, args=(other, port, attacks, each, slack),
            daemon=True)
        self.process.start()
        other.close()

    def finish(self):
        """Returns the names of the attacks that the relay does not end in
        their time."""
        self.pipe.send("finish")
        found = self.pipe.recv()
        self.process.join()
        return found

    def end(self):
        self.process.kill()
        self.process.join()


class Mutants:
    """Sends the requests `numbers` of a seed, each on a connection of its own
    that is half closed behind it, in a process of their own."""

    SIZE = 32  # at a time
    PATIENCE = 15  # seconds without an end
    KNOWN = {100, 101, 200, 204, 206, 304, 308, 400, 403, 404, 405, 408, 411, 412,
             413, 414, 416, 417, 426, 431, 501, 502, 503, 504, 505}

    def __init__(self, port, seed, numbers):
        self.pipe, other = _fork.Pipe()
        self.process = _fork.Process(
            target=self._run, args=(other, port, seed, iter(numbers)),
            daemon=True)
        self.process.start()
        other.close()

    def _run(self, pipe, port, seed, numbers):
        os.nice(15)
        faults, found = [], Counter()

        def take_next():
            number = next(numbers, None)
            return None if number is None else Attack(
                number, mutated_request(seed, number), ending="half")

        def on_end(client):
            words = client.input.split(b" ")
            status = int(words[1]) if (
                words[0] in (b"HTTP/1.1", b"HTTP/1.0") and len(words) > 1
                and words[1].isdigit()) else 0
            found[status] += 1
            if client.input and status not in self.KNOWN:
                faults.append(f"{client.attack.name}: {client.input}")

        swarm = Swarm(port, take_next, 0)
        swarm.on_end = on_end
        for _ in range(self.SIZE):
            swarm.start()
        before, last = 0, time.monotonic()
        while swarm.clients:
            swarm.turn()
            now = time.monotonic()
            if swarm.ended != before:
                before, last = swarm.ended, now
            if swarm.refused or now > last + self.PATIENCE:
                what = "nobody listens" if swarm.refused else "no end"
                faults += [f"{each.attack.name}: {what}"
                           for each in swarm.clients.values()]
                break
        pipe.send((faults, dict(found)))

    def finish(self):
        """Returns what was wrong, as texts that begin with the number of the
        request, and how many answers there were by status; 0 = none."""
        found = self.pipe.recv()
        self.process.join()
        return found

    def end(self):
        self.process.kill()
        self.process.join()
