"""RFC 6455 section 4.2: the server's side of the opening handshake."""

import unittest

from raw_client import (SAMPLE_KEY, TEXT, Connection, frame, request_bytes,
                        upgrade_fields)
from rfc6455_base import Rfc6455Test

PATH = "/ws/echo"


def without(fields, name):
    return [field for field in fields if field[0] != name]


def replaced(name, value):
    return [*without(upgrade_fields(), name), (name, value)]


class Handshake(Rfc6455Test):
    def ask(self, fields, method="GET", path=PATH, **keys):
        """Returns the response, and the connection it came on."""
        client = Connection(self.relay.port)
        self.addCleanup(client.close)
        keys.setdefault("host", self.relay.host)
        client.send(request_bytes(method, path, fields, **keys))
        return client.response(), client

    def assert_refused(self, fields, *statuses, **keys):
        response, _ = self.ask(fields, **keys)
        self.assertIn(response.status, statuses)
        self.assertIsNone(response.get("Sec-WebSocket-Accept"))
        return response

    def assert_upgraded(self, fields, **keys):
        response, client = self.ask(fields, **keys)
        self.assertEqual(response.status, 101)
        client.send(frame(TEXT, "hi", mask=b"\0\0\0\0"))
        self.assertEqual(client.read(4), b"\x81\x02hi")
        return response

    # -- what is accepted ----------------------------------------------------

    def test_4_2_2_answers_101_with_upgrade_and_the_accept_key(self):
        response = self.assert_upgraded(upgrade_fields(SAMPLE_KEY))
        self.assertEqual(response.version, "HTTP/1.1")
        self.assertEqual(response.get("Upgrade").lower(), "websocket")
        self.assertEqual(response.get("Connection").lower(), "upgrade")
        self.assertEqual(response.all("Sec-WebSocket-Accept"),
                         ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="])

    def test_4_2_2_the_101_has_no_relay_header_and_no_body(self):
        response = self.assert_upgraded(upgrade_fields())
        names = {name.lower() for name, _ in response.fields}
        self.assertFalse([name for name in names if "relay" in name])
        self.assertFalse(names & {"content-length", "transfer-encoding"})

    def test_4_2_1_names_and_tokens_are_compared_without_case(self):
        for upgrade, connection in (("WEBSOCKET", "UPGRADE"),
                                    ("WebSocket", "upgrade")):
            fields = upgrade_fields()
            fields = [(name.upper(), value) for name, value in fields[2:]]
            self.assert_upgraded([("UPGRADE", upgrade),
                                  ("connection", connection), *fields])

    def test_4_2_1_connection_may_list_more_tokens(self):
        self.assert_upgraded(replaced("Connection", "keep-alive, Upgrade"))
        self.assert_upgraded(replaced("Connection", "Upgrade ,keep-alive"))
        self.assert_upgraded([*upgrade_fields(), ("Connection", "keep-alive")])

    def test_4_1_unknown_fields_are_ignored(self):
        self.assert_upgraded([("X-Unknown", "1"), ("Cookie", "a=b"),
                              *upgrade_fields()])

    def test_4_2_2_no_subprotocol_or_extension_that_was_not_agreed(self):
        response = self.assert_upgraded([
            *upgrade_fields(), ("Sec-WebSocket-Protocol", "chat, superchat"),
            ("Sec-WebSocket-Extensions", "x-unknown; a=1")])
        self.assertEqual(response.all("Sec-WebSocket-Protocol"), [])
        self.assertEqual(response.all("Sec-WebSocket-Extensions"), [])

    def test_9_1_no_extension_is_answered_that_was_not_offered(self):
        response = self.assert_upgraded(upgrade_fields())
        self.assertEqual(response.all("Sec-WebSocket-Extensions"), [])

    def test_the_path_may_have_a_query(self):
        self.assert_upgraded(upgrade_fields(), path=PATH + "?token=1%202")

    def test_4_2_1_the_absolute_form_of_the_target_is_accepted(self):
        self.assert_upgraded(upgrade_fields(),
                             path=f"http://{self.relay.host}{PATH}")

    def test_a_handshake_may_arrive_byte_by_byte(self):
        client = Connection(self.relay.port)
        self.addCleanup(client.close)
        client.send_slowly(request_bytes("GET", PATH, upgrade_fields(),
                                         host=self.relay.host))
        self.assertEqual(client.response().status, 101)

    def test_a_body_of_the_handshake_is_not_taken_for_frames(self):
        body = frame(TEXT, "a body")
        response, client = self.ask(upgrade_fields(), body=body)
        if response.status == 101:
            client.send(frame(TEXT, "hi"))
            self.assertEqual(client.read(4), b"\x81\x02hi")
        else:
            self.assertEqual(response.status, 400)

    def test_a_frame_in_the_segment_of_the_handshake_is_not_lost(self):
        client = self.connect(together_with=frame(TEXT, "early"))
        self.assertEqual(client.read_text(), "early")
        self.assert_open(client)

    def test_half_a_frame_in_the_segment_of_the_handshake_is_not_lost(self):
        data = frame(TEXT, "early, in two parts")
        client = self.connect(together_with=data[:9])
        client.send(data[9:])
        self.assertEqual(client.read_text(), "early, in two parts")

    def test_many_frames_with_the_handshake_are_not_lost(self):
        texts = [f"early {i}" for i in range(500)]
        client = self.connect(
            together_with=b"".join(frame(TEXT, text) for text in texts))
        self.assertEqual([client.read_text() for _ in texts], texts)

    # -- what is refused -----------------------------------------------------

    def test_4_2_1_point_2_a_request_without_host_is_refused(self):
        self.assert_refused(upgrade_fields(), 400, host=None)

    def test_4_2_1_point_2_a_request_with_two_hosts_is_refused(self):
        self.assert_refused([("Host", "other"), *upgrade_fields()], 400)

    def test_4_2_1_point_3_without_upgrade_there_is_none(self):
        fields = without(upgrade_fields(), "Upgrade")
        response = self.assert_refused(fields, 426)
        self.assertEqual(response.get("Upgrade").lower(), "websocket")
        self.assert_refused(replaced("Upgrade", "h2c"), 426)
        self.assert_refused(replaced("Upgrade", "websockets"), 426)

    def test_4_2_1_point_4_without_the_connection_token_there_is_none(self):
        self.assert_refused(without(upgrade_fields(), "Connection"), 426, 400)
        self.assert_refused(replaced("Connection", "keep-alive"), 426, 400)

    def test_4_2_1_point_5_a_missing_key_is_refused(self):
        self.assert_refused(without(upgrade_fields(), "Sec-WebSocket-Key"), 400)

    def test_4_2_1_point_5_a_key_that_is_not_16_bytes_is_refused(self):
        for key in ("", "x", "AAAA", "dGhlIHNhbXBsZSBub25jZQ",
                    "dGhlIHNhbXBsZSBub25jZQ=!", "dGhlIHNhbXBsZSBub25jZTE=",
                    "dGhlIHNhbXBsZSBub24=", "====================" + "===="):
            with self.subTest(key=key):
                self.assert_refused(replaced("Sec-WebSocket-Key", key), 400)

    def test_11_3_1_a_repeated_key_is_refused(self):
        self.assert_refused([*upgrade_fields(),
                             ("Sec-WebSocket-Key", SAMPLE_KEY)], 400)

    def test_4_2_2_point_4_another_version_gets_426_and_the_one_known(self):
        for version in ("8", "0", "14", "99999", "x"):
            with self.subTest(version=version):
                response = self.assert_refused(
                    upgrade_fields(version=version), 426)
                self.assertEqual(response.all("Sec-WebSocket-Version"), ["13"])

    def test_4_2_1_point_6_a_missing_version_is_refused(self):
        fields = without(upgrade_fields(), "Sec-WebSocket-Version")
        self.assert_refused(fields, 400, 426)

    def test_4_2_1_point_1_another_method_than_get_is_refused(self):
        for method in ("POST", "PUT"):
            self.assert_refused(upgrade_fields(), 405, 400, method=method)
        # What is allowed is an answer to OPTIONS.
        self.assert_refused(upgrade_fields(), 204, method="OPTIONS")

    def test_4_2_1_point_1_head_is_refused(self):
        client = Connection(self.relay.port)
        self.addCleanup(client.close)
        response = client.request("HEAD", PATH, upgrade_fields())
        self.assertIn(response.status, (405, 426))

    def test_4_2_1_point_1_http_1_0_is_refused(self):
        self.assert_refused(upgrade_fields(), 400, 426, 505,
                            version="HTTP/1.0")

    def test_a_refused_handshake_leaves_the_connection_to_another_try(self):
        response, client = self.ask(upgrade_fields(version="8"))
        self.assertEqual(response.status, 426)
        response = client.request("GET", PATH, upgrade_fields(SAMPLE_KEY))
        self.assertEqual(response.status, 101)


if __name__ == "__main__":
    unittest.main()
