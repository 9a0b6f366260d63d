"""A server behind an http.target, for hook_many.py: it answers each message with
"CONNECTION SEQ TEXT" after a time of its own, and writes down what it hears
before. A process, so that it can be killed.

    hook_server.py PORT FILE SECONDS

SECONDS is the mean of its times. A line of the file: the connection, kind, number
and the rest of the id, and the body's text.
"""

import asyncio
import os
import random
import re
import sys

TYPE = re.compile(rb"\r\nce-type: *org\.wsrelay\.(\w+)", re.I)
ID = re.compile(rb"\r\nce-id: *(\S+)", re.I)
SEQ = re.compile(rb"\r\nce-seq: *(\d+)", re.I)
SIZE = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


class Hook(asyncio.Protocol):
    def __init__(self, file, mean):
        self.file, self.mean, self.input = file, mean, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.input += data
        head, end, body = self.input.partition(b"\r\n\r\n")
        if not end:
            return
        size = SIZE.search(head)
        if size and len(body) < int(size[1]):
            return
        self.input = b""  # the relay sends no request before its answer
        if head.startswith(b"HEAD"):
            self.transport.write(TAKEN)
        else:
            self.hear(head, body.strip())

    def hear(self, head, body):
        kind, seq, name = (each.search(head)[1] for each in (TYPE, SEQ, ID))
        # Of "12-NODE-3/connected/1" the number and what follows the PID.
        number = name.split(b"%23")[0].split(b"#")[0].split(b"-")[0]
        rest = name.split(b"/", 1)[1]
        os.write(self.file, b" ".join((number, kind, seq, rest, body)) + b"\n")
        if kind == b"message":
            text = b" ".join((number, seq, body))
            answer = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                      b"Content-Length: %d\r\n\r\n%b" % (len(text), text))
        else:
            answer = TAKEN
        delay = random.expovariate(1 / self.mean)
        asyncio.get_running_loop().call_later(
            delay, self.transport.write, answer)


async def main(port, path, mean):
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    server = await asyncio.get_running_loop().create_server(
        lambda: Hook(file, float(mean)), "127.0.0.1", int(port), backlog=256)
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
