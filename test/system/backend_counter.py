"""A backend for backend_many.py: it answers each message with "CONNECTION SEQ
TEXT", and says only then that it has taken it. 64 answers are on their way at most.
Before, it writes down what it hears. A process, so that it can be killed.

    backend_counter.py PORT FILE

A line of the file: the connection, what was said ("again" what is delivered once
more), its number, who writes, and the text.
"""

import os
import re
import sys
from collections import deque

from backend_client import Backend

MOST_ORDERS = 64


def number(pid):
    """Returns what is its own of a PID of a node."""
    return re.split("[#-]", pid)[0]


class Counter:
    def __init__(self, port, path):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.waiting = deque()  # orders, not sent yet
        self.sent = set()       # their ids, not confirmed yet
        self.last = 0
        self.relay = Backend(port)
        self.relay.socket.answers_pings = True
        self.relay.socket.socket.settimeout(None)
        self.relay.offer("game", acks=True)

    def write(self, pid, what, seq="0", text=""):
        os.write(self.file, f"{number(pid)} {what} {seq} {os.getpid()} "
                 f"{text}\n".encode())

    def run(self):
        while True:
            self.take(self.relay.next())
            while self.waiting and len(self.sent) < MOST_ORDERS:
                self.order(*self.waiting.popleft())

    def take(self, found):
        what = found["type"]
        if what == "message":
            self.write(found["pid"],
                       "again" if found.get("redelivered") else "message",
                       found["seq"], found["data"])
            self.waiting.append((found["pid"], found["seq"], found["data"]))
        elif what in ("ok", "error") and "id" in found:
            self.sent.discard(found["id"])
        elif "ref" in found:
            self.write(found["pid"], what)
            self.relay.say("ok", ref=found["ref"])
        elif what == "leave":
            self.write(found["pid"], what)

    def order(self, pid, seq, text):
        self.last += 1
        self.sent.add(self.last)
        self.relay.say("send", to=pid, id=self.last,
                       data=f"{number(pid)} {seq} {text}")
        self.relay.say("taken", to=pid, seq=seq)


if __name__ == "__main__":
    counter = Counter(int(sys.argv[1]), sys.argv[2])
    print("offered", flush=True)
    counter.run()
