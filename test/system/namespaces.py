"""A network of its own for each node, which a test can cut: network namespaces
around a bridge. A cut drops packets and nothing else: no end, no reset, no ICMP
and no link that goes down. The namespaces have no names; the kernel removes
them with the last process in them, also when the tests are killed."""

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import unittest

from cluster_scene import Host

_NEWNET = 0x40000000  # CLONE_NEWNET
_libc = ctypes.CDLL(None, use_errno=True)


def _check(status):
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _open_own():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY)


@contextlib.contextmanager
def _returning():
    """Brings this thread back to its namespace."""
    own = _open_own()
    try:
        yield
    finally:
        _check(_libc.setns(own, _NEWNET))
        os.close(own)


class Namespace:
    def __init__(self):
        with _returning():
            _check(_libc.unshare(_NEWNET))
            self.descriptor = _open_own()
        self.path = f"/proc/{os.getpid()}/fd/{self.descriptor}"
        self.prefix = ("nsenter", f"--net={self.path}")

    def run(self, command):
        """Runs a command, which must succeed."""
        done = subprocess.run([*self.prefix, *command.split()],
                              stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise OSError(f"{command}: {done.stdout.strip()}")

    @contextlib.contextmanager
    def inside(self):
        """Sockets that this thread makes meanwhile belong to the namespace."""
        with _returning():
            _check(_libc.setns(self.descriptor, _NEWNET))
            yield

    def close(self):
        os.close(self.descriptor)


class NetworkHost(Host):
    def __init__(self, space, address):
        super().__init__(address, space.prefix)
        self.space = space
        self.inside = space.inside


class Network:
    """One host for each name: `hosts[name]`. All reach each other until a cut.
    """

    def __init__(self, names):
        self.spaces = []
        self.hosts = {}
        try:
            self._build(names)
        except BaseException:
            self.close()
            raise

    def _space(self):
        self.spaces.append(Namespace())
        return self.spaces[-1]

    def _build(self, names):
        self.numbers = {name: i for i, name in enumerate(names, 1)}
        self.hub = self._space()
        self.hub.run("ip link add bridge type bridge")
        self.hub.run("ip link set bridge up")
        for name, number in self.numbers.items():
            space = self._space()
            self.hub.run(f"ip link add {name} type veth peer name eth0 "
                         f"address {self._mac(number)} netns {space.path}")
            self.hub.run(f"ip link set {name} master bridge up")
            space.run(f"ip address add {self._address(number)}/24 dev eth0")
            space.run("ip link set lo up")
            space.run("ip link set eth0 up")
            # Nobody asks for addresses: a cut would be answered with "host
            # unreachable" by the own kernel.
            for other in self.numbers.values():
                if other != number:
                    self._direct(space, other, self._mac(other))
            self.hosts[name] = NetworkHost(space, self._address(number))

    def _direct(self, space, other, mac):
        space.run(f"ip neighbour replace {self._address(other)} lladdr {mac} "
                  f"dev eth0 nud permanent")

    @staticmethod
    def _address(number):
        return f"10.77.0.{number}"

    @staticmethod
    def _mac(number):
        return f"02:00:00:00:77:{number:02x}"

    def cut(self, *names):
        """These do not reach each other any more; all others they do."""
        for name in names:
            self._isolate(name, "on")

    def mute(self, speaker, listener):
        """Drops what one sends to the other, and nothing of the way back."""
        nobody = self._mac(0)
        self._direct(self.hosts[speaker].space, self.numbers[listener], nobody)

    def heal(self):
        for name, host in self.hosts.items():
            self._isolate(name, "off")
            for other in self.numbers.values():
                if other != self.numbers[name]:
                    self._direct(host.space, other, self._mac(other))

    def _isolate(self, name, how):
        self.hub.run(f"ip link set {name} type bridge_slave isolated {how}")

    def close(self):
        for space in self.spaces:
            space.close()


def made_or_skip(what, tools, make):
    """Returns what `make` does, or skips the tests and says so on standard
    error: one of the tools is missing, or `make` raises OSError."""
    try:
        for tool in tools:
            if not shutil.which(tool):
                raise OSError(f"{tool} is not installed")
        return make()
    except OSError as error:
        reason = f"NO TEST OF {what}: {error}"
        print(reason, file=sys.stderr)
        raise unittest.SkipTest(reason) from None


def network_or_skip(names):
    """Returns a network, or skips: it needs root, iproute2 and a kernel with
    veth and bridge."""
    return made_or_skip("NETWORK PARTITIONS", ("ip", "nsenter"),
                        lambda: Network(names))
