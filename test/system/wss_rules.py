"""RFC 6455 and HTTP over TLS: what holds without holds with it."""

import unittest

import plain_http
import rfc6455_close
import rfc6455_framing
import rfc6455_handshake
import rfc6455_utf8
from https_base import OverHttps


class Sizes(OverHttps, rfc6455_framing.Sizes):
    pass


class Frames(OverHttps, rfc6455_framing.Frames):
    pass


class Fragments(OverHttps, rfc6455_framing.Fragments):
    pass


class ControlFrames(OverHttps, rfc6455_framing.ControlFrames):
    pass


class Handshake(OverHttps, rfc6455_handshake.Handshake):
    pass


class ClosingHandshake(OverHttps, rfc6455_close.ClosingHandshake):
    pass


class Utf8(OverHttps, rfc6455_utf8.Utf8):
    pass


class Refusals(OverHttps, plain_http.Refusals):
    pass


if __name__ == "__main__":
    unittest.main()
