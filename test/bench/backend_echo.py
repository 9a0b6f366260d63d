#!/usr/bin/python3
"""A backend that echoes, for backend.py: as little work as Python can do.

    backend_echo.py PORT NAME
"""

import base64
import os
import re
import socket
import struct
import sys

PID = re.compile(rb'"pid":"([^"]*)"')
REF = re.compile(rb'"ref":(\d+)')
TEXT, PING, PONG = 1, 9, 10


def frame(opcode, payload):
    """Returns a frame, masked with zeros."""
    size = len(payload)
    if size < 126:
        head = bytes([0x80 | opcode, 0x80 | size])
    elif size < 65536:
        head = struct.pack(">BBH", 0x80 | opcode, 0xFE, size)
    else:
        head = struct.pack(">BBQ", 0x80 | opcode, 0xFF, size)
    return head + b"\0\0\0\0" + payload


def connect(port):
    found = socket.create_connection(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    found.sendall("\r\n".join([
        "GET / HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket",
        "Connection: Upgrade", f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: wsrelay.backend.1", "", ""]).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += found.recv(1)
    if b" 101 " not in head:
        sys.exit(f"refused: {head!r}")
    return found


def split(data):
    """Yields opcode and payload of each whole frame, then what is left."""
    place = 0
    while len(data) - place >= 2:
        size, begin = data[place + 1] & 127, place + 2
        extra = {126: 2, 127: 8}.get(size, 0)
        if extra:
            size = int.from_bytes(data[begin:begin + extra], "big")
            begin += extra
        if len(data) - begin < size:
            break
        yield data[place] & 15, data[begin:begin + size]
        place = begin + size
    yield None, data[place:]


def answer(opcode, payload):
    if opcode == PING:
        return frame(PONG, payload)
    if payload.startswith(b'{"type":"message"'):
        pid = PID.search(payload)[1]
        data = payload[payload.index(b'"data":') + 7:-1]
        return frame(TEXT, b'{"type":"send","to":"' + pid + b'","data":' + data
                     + b"}")
    ref = REF.search(payload)
    return frame(TEXT, b'{"type":"ok","ref":' + ref[1] + b"}") if ref else b""


def main():
    port, name = int(sys.argv[1]), sys.argv[2]
    relay = connect(port)
    relay.sendall(frame(TEXT, b'{"type":"offer","names":["' + name.encode()
                        + b'"],"id":0}'))
    print(relay.recv(1024), flush=True)  # it has the name
    data = b""
    while more := relay.recv(1 << 20):
        *frames, (_, data) = split(data + more)
        relay.sendall(b"".join(answer(*each) for each in frames))


if __name__ == "__main__":
    main()
