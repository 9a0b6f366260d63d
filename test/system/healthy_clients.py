"""Clients that behave: each sends a short text again and again and measures
how long its echo takes. They run in a process of their own, so that nothing
else that a test does is measured."""

import gc
import heapq
import math
import multiprocessing
import selectors
import time
from dataclasses import dataclass, field

from raw_client import TEXT, WebSocket, frame
from support import DEADLINE

_fork = multiprocessing.get_context("fork")


@dataclass
class Phase:
    """What the clients saw while it lasted; times in seconds."""

    sent: int = 0
    times: list = field(default_factory=list)

    @property
    def p99(self):
        if not self.times:
            return math.inf
        return sorted(self.times)[len(self.times) * 99 // 100]

    @property
    def slowest(self):
        return max(self.times, default=math.inf)


class _Clients:
    """All of them, on one thread."""

    def __init__(self, port, count, pause, path):
        self.pause = pause
        self.epoll = selectors.EpollSelector()
        self.clients = [WebSocket(port, path) for _ in range(count)]
        self.phase = Phase()
        self.faults = []
        self.due = []
        self.wanted = {}  # by client: the echo, when it was sent, its phase
        begin = time.monotonic()
        for i, client in enumerate(self.clients):
            client.socket.setblocking(False)
            client.number = 0
            self.epoll.register(client.socket, selectors.EVENT_READ, client)
            heapq.heappush(self.due, (begin + pause * i / count, i))

    def turn(self, patience):
        now = time.monotonic()
        while self.due and self.due[0][0] <= now:
            self.send(heapq.heappop(self.due)[1])
        if self.due:
            patience = min(patience, max(0, self.due[0][0] - now))
        for key, _ in self.epoll.select(patience):
            self.read(key.data)

    def send(self, i):
        client = self.clients[i]
        client.number += 1
        text = f"client {i} message {client.number}"
        self.wanted[client] = (i, frame(TEXT, text, mask=None),
                               time.monotonic(), self.phase)
        self.phase.sent += 1
        try:
            client.socket.send(frame(TEXT, text))
        except OSError as error:
            self.faults.append(f"client {i}: {error}")

    def read(self, client):
        try:
            data = client.socket.recv(65536)
        except OSError as error:
            data, client.input = b"", bytearray(str(error).encode())
        i, echo, begin, phase = self.wanted.get(client, (None, b"", 0, None))
        client.input += data
        if data and client.input == echo:
            now = time.monotonic()
            client.input.clear()
            del self.wanted[client]
            phase.times.append(now - begin)
            heapq.heappush(self.due, (begin + self.pause, i))
        elif not data or not echo.startswith(client.input):
            self.faults.append(f"got {bytes(client.input)} for {echo}")
            self.epoll.unregister(client.socket)

    def finish(self):
        """Returns what is wrong; waits for what is missing."""
        self.due.clear()
        end = time.monotonic() + DEADLINE
        while self.wanted and not self.faults and time.monotonic() < end:
            self.turn(0.1)
        if self.wanted and not self.faults:
            self.faults.append(f"{len(self.wanted)} answers are missing")
        return self.faults


def _run(pipe, *arguments):
    try:
        clients = _Clients(*arguments)
    except BaseException as error:
        return pipe.send(error)
    gc.collect()
    gc.freeze()
    gc.disable()
    pipe.send(None)
    while True:
        clients.turn(0.02)
        if not pipe.poll():
            continue
        if pipe.recv() == "finish":
            return pipe.send(clients.finish())
        pipe.send(clients.phase)
        clients.phase = Phase()


class HealthyClients:
    """`count` clients in a process of their own, each of which sends once in
    `pause` seconds, but only what follows an echo."""

    def __init__(self, port, count=100, pause=0.05, path="/ws/echo"):
        self.pipe, other = _fork.Pipe()
        self.process = _fork.Process(
            target=_run, args=(other, port, count, pause, path), daemon=True)
        self.process.start()
        other.close()
        error = self.pipe.recv()
        if error:
            raise error

    def next_phase(self):
        """Begins a phase; returns the one before."""
        self.pipe.send("next")
        return self.pipe.recv()

    def finish(self):
        """Ends the clients; returns what went wrong, [] = nothing."""
        self.pipe.send("finish")
        faults = self.pipe.recv()
        self.process.join()
        return faults

    def end(self):
        self.process.kill()
        self.process.join()
