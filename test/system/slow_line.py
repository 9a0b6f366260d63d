"""A line that takes its time: a proxy of TCP inside of the test."""

import socket
import threading
import time


class SlowLine:
    """Passes on what comes to its `port` to another one, each byte `delay`
    seconds after it came, and no more than `rate` bytes a second, each way.
    `mss` is the largest segment: those of the loopback are larger than the
    buffers of a very slow line, and would be lost."""

    def __init__(self, clean_up, port, delay=0.0, rate=None, piece=4096,
                 mss=None):
        self.to, self.delay, self.rate = port, delay, rate
        self.piece = piece  # bytes that are passed on at once
        self.mss = mss
        self.passed = 0  # bytes, both ways
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self._bound_segments(self.listener)
        clean_up(self.close)
        self._start(self._accept)

    @staticmethod
    def _start(what, *arguments):
        threading.Thread(target=what, args=arguments, daemon=True).start()

    def _bound_segments(self, which):
        if self.mss:
            which.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, self.mss)

    def _connect(self):
        result = socket.socket()
        self._bound_segments(result)
        result.connect(("127.0.0.1", self.to))
        return result

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = self._connect()
            except OSError:
                return
            self.sockets += [near, far]
            for each in near, far:
                # What waits in the kernel has no delay and no rate.
                each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                4 * self.piece)
            self._start(self._carry, near, far)
            self._start(self._carry, far, near)

    def _carry(self, source, sink):
        """Reads on while pieces are on their way."""
        on_the_way = []
        ready = threading.Condition()

        def deliver():
            while True:
                with ready:
                    while not on_the_way:
                        ready.wait()
                    when, piece = on_the_way.pop(0)
                time.sleep(max(0.0, when - time.monotonic()))
                try:
                    if not piece:
                        sink.shutdown(socket.SHUT_WR)
                        return
                    sink.sendall(piece)
                except OSError:
                    return
                self.passed += len(piece)

        self._start(deliver)
        piece = b"-"
        while piece:
            try:
                piece = source.recv(self.piece)
            except OSError:
                piece = b""
            with ready:
                on_the_way.append((time.monotonic() + self.delay, piece))
                ready.notify()
            if self.rate and piece:
                time.sleep(len(piece) / self.rate)

    def close(self):
        for each in (self.listener, *self.sockets):
            each.close()
