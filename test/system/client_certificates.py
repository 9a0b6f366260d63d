"""Clients with certificates: which ones are let in, what upstreams are told of
them, resumed sessions, and a new authority."""

import json
import os
import re
import signal
import ssl
import subprocess
import time
import unittest

from authority import Authority
from http_upstream import Upstream, answer, relay_answer
from https_base import client_context
from raw_client import (Closed, Connection, WebSocket, request_bytes,
                        upgrade_fields)
from support import DEADLINE, RelayTest, endpoint, router, service, wait_until

CERTIFICATE = "X-WS-Relay-Client-Certificate"
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
NAMES = ["DNS:a.example", "email:ann@a.example", "URI:spiffe://a.example/ann",
         "IP:192.0.2.1", "IP:2001:db8::1"]


class Signer(Authority):
    """An authority that signs clients' certificates, too."""

    def client(self, subject="/O=Example/CN=ann", alternatives=",".join(NAMES),
               usage="clientAuth"):
        """Returns the files of a certificate of this subject."""
        files = self.path("client.pem"), self.path("client.key")
        extra = [] if alternatives is None else [
            "-addext", f"subjectAltName={alternatives}"]
        self.openssl("req", "-x509", "-CA", self.file, "-CAkey",
                     self.path("ca.key"), "-subj", subject, "-utf8", "-out",
                     files[0], "-keyout", files[1], "-addext",
                     f"extendedKeyUsage={usage}", *extra)
        return files

    def expired(self):
        """Returns the files of one that is out of date."""
        certificate, key, request = map(self.path,
                                        ("old.pem", "old.key", "old.csr"))
        self.openssl("req", "-new", "-subj", "/CN=ann", "-keyout", key,
                     "-out", request)
        subprocess.check_output(
            ["openssl", "x509", "-req", "-in", request, "-days", "-1", "-CA",
             self.file, "-CAkey", self.path("ca.key"), "-CAcreateserial",
             "-out", certificate], stderr=subprocess.STDOUT)
        return certificate, key


    def short_lived(self, seconds):
        """Returns the files of one that is over in so many seconds, and when
        that is."""
        end = int(time.time()) + seconds + 1
        config = self.path("ca.cnf")
        config.write_text(
            "[ca]\ndefault_ca = own\n[own]\npolicy = any\ndefault_md = sha256\n"
            f"database = {self.path('index')}\nrand_serial = yes\n"
            f"new_certs_dir = {self.folder.name}\n"
            "[any]\ncommonName = supplied\n")
        self.path("index").touch()
        certificate, key, request = map(
            self.path, ("short.pem", "short.key", "short.csr"))
        self.openssl("req", "-new", "-subj", "/CN=ann", "-keyout", key,
                     "-out", request)
        day = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(moment))
               for moment in (end - 3600, end)]
        subprocess.check_output(
            ["openssl", "ca", "-batch", "-config", config, "-cert", self.file,
             "-keyfile", self.path("ca.key"), "-in", request, "-out",
             certificate, "-startdate", day[0], "-enddate", day[1]],
            stderr=subprocess.STDOUT)
        return (certificate, key), end


class Refused(Exception):
    """The handshake failed."""


class Client(WebSocket):
    """A client over TLS that has got as far as an answer; `session` is one to
    resume. With TLS 1.3 the server's no comes behind the handshake."""

    def __init__(self, port, context, session=None, name="127.0.0.1"):
        Connection.__init__(self, port)
        try:
            self.socket = context.wrap_socket(
                self.socket, server_hostname=name, session=session)
            self.send(request_bytes("GET", "/none"))
            if self.response().status != 404:
                raise AssertionError("another answer")
        except (ssl.SSLError, ConnectionError, Closed) as error:
            self.close()
            raise Refused(str(error)) from None

    def upgrade(self, fields=()):
        return self.request("GET", "/ws/up",
                            [*upgrade_fields(), *fields]).status


class CertificateTest(RelayTest):
    POLICY = "require"

    @classmethod
    def config(cls):
        cls.authority = Signer(cls.addClassCleanup)
        cls.stranger = Signer(cls.addClassCleanup)
        cls.server_files = cls.authority.sign("relay", "IP:127.0.0.1")
        cls.ca = cls.authority.path("clients.pem")
        cls.ca.write_bytes(cls.authority.file.read_bytes())
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.close)
        cls.upstream.answers["/ws/up"] = relay_answer({"target_pid": "echo"})
        cls.upstream.answers["/ws/plain"] = answer(200, "plain")
        return (service(tls=cls.tls()) + router()
                + endpoint("up", "/up", f"upstream: {cls.upstream.url}")
                + endpoint("plain", "/plain", f"upstream: {cls.upstream.url}"))

    @classmethod
    def tls(cls):
        certificate, key = cls.server_files
        return (f"{{certificate: {certificate}, key: {key}, client_ca: "
                f"{cls.ca}, client_certificate: {cls.POLICY}}}")

    def context(self, files=None, newest=None):
        context = client_context(self.authority, newest)
        context.check_hostname = False
        if files:
            context.load_cert_chain(*files)
        return context

    def connect(self, context, session=None, port=None, **keys):
        client = Client(port or self.relay.port, context, session, **keys)
        self.addCleanup(client.close)
        return client

    def assert_refused(self, *arguments, **keys):
        with self.assertRaises(Refused):
            self.connect(*arguments, **keys)

    def seen(self, client, fields=()):
        """Returns what the upstream is told of the certificate, in a list."""
        found = client.request("GET", "/ws/plain", fields)
        self.assertEqual(found.body, b"plain")
        asked = self.upstream.asked[-1]
        return [json.loads(each.encode("latin-1"))
                for each in asked.all(CERTIFICATE)]

    def bad_files(self):
        """Returns certificates that prove nothing here, with what is wrong."""
        alone = Signer(self.addCleanup)
        return {"another authority": self.stranger.client(),
                "out of date": self.authority.expired(),
                "a server's": self.authority.client(usage="serverAuth"),
                "signed by itself": (alone.file, alone.path("ca.key"))}


class Required(CertificateTest):
    ANN = {"subject": "CN=ann,O=Example", "names": NAMES}

    def test_an_upstream_is_told_who_it_is(self):
        for newest in VERSIONS:
            context = self.context(self.authority.client(), newest)
            client = self.connect(context)
            self.assertEqual(self.seen(client), [self.ANN])
            self.assertEqual(client.upgrade(), 101)
            asked, = self.upstream.asked[-1].all(CERTIFICATE)
            self.assertEqual(json.loads(asked), self.ANN)
            self.assertEqual(client.echo("x" * 50_000), "x" * 50_000)
            self.assertEqual(client.leave().code, 1000)

    def test_names_of_every_kind(self):
        for subject, alternatives, told in (
                ("/CN=bob", None, {"subject": "CN=bob", "names": []}),
                ("/CN=bob", "DNS:b", {"subject": "CN=bob", "names": ["DNS:b"]}),
                ("/", "URI:urn:x", {"subject": "", "names": ["URI:urn:x"]}),
                ('/CN=q"u\\\\o', "otherName:1.2.3.4;UTF8:x,DNS:d",
                 {"subject": 'CN=q\\"u\\\\o', "names": ["DNS:d"]}),
                ("/O=Grün/CN=ü", None,
                 {"subject": "CN=ü,O=Grün", "names": []})):
            files = self.authority.client(subject, alternatives)
            client = self.connect(self.context(files))
            self.assertEqual(self.seen(client), [told])

    def test_what_a_client_says_of_it_never_passes(self):
        client = self.connect(self.context(self.authority.client()))
        for name in (CERTIFICATE, CERTIFICATE.lower(),
                     CERTIFICATE.replace("-", "_")):
            found = self.seen(client, [(name, '{"subject":"CN=root"}')])
            self.assertEqual(found, [self.ANN])
            self.assertNotIn("root", str(self.upstream.asked[-1].fields))

    def test_without_one_the_handshake_fails(self):
        before = self.relay.descriptors()
        for newest in VERSIONS * 10:
            self.assert_refused(self.context(newest=newest))
        wait_until(lambda: self.relay.descriptors() <= before, "all are gone")
        self.assertIn("TLS handshake failed: check=tls", self.relay.log())

    def test_a_bad_one_fails(self):
        for newest in VERSIONS:
            for what, files in self.bad_files().items():
                with self.subTest(what=what, newest=newest):
                    self.assert_refused(self.context(files, newest))

    def test_resumed_sessions_still_have_it(self):
        for newest in VERSIONS:
            context = self.context(self.authority.client(), newest)
            session = self.connect(context).socket.session
            for _ in range(3):
                client = self.connect(context, session)
                self.assertTrue(client.socket.session_reused)
                self.assertEqual(self.seen(client), [self.ANN])
                session = client.socket.session

    def test_one_that_is_over_is_not_good_in_a_session_of_before(self):
        files, end = self.authority.short_lived(2)
        contexts = [self.context(files, newest) for newest in VERSIONS]
        sessions = [self.connect(each).socket.session for each in contexts]
        wait_until(lambda: time.time() > end + 1, "it is over")
        for context, session in zip(contexts, sessions):
            self.assert_refused(context, session)

    def test_the_client_is_told_which_authority_is_asked_for(self):
        done = subprocess.run(
            ["openssl", "s_client", "-connect", self.relay.host], input="",
            text=True, capture_output=True, timeout=DEADLINE)
        self.assertIn("client certificate CA names\nCN = authority\n",
                      done.stdout)


class Requested(CertificateTest):
    POLICY = "request"

    def test_without_one_it_is_served(self):
        for newest in VERSIONS:
            context = self.context(newest=newest)
            session = None
            for _ in range(2):
                client = self.connect(context, session)
                self.assertEqual(self.seen(client, [(CERTIFICATE, "{}")]), [])
                self.assertEqual(client.upgrade([(CERTIFICATE, "{}")]), 101)
                self.assertNotIn(CERTIFICATE, str(self.upstream.asked[-1]))
                session = client.socket.session
            self.assertTrue(client.socket.session_reused)

    def test_a_good_one_is_told_and_a_bad_one_fails(self):
        client = self.connect(self.context(self.authority.client()))
        self.assertEqual(self.seen(client), [Required.ANN])
        for what, files in self.bad_files().items():
            with self.subTest(what=what):
                self.assert_refused(self.context(files))


class Services(CertificateTest):
    """Two in one node, one of them with two certificates of its own."""

    @classmethod
    def config(cls):
        text = super().config()
        own, other = ("certificate: {}, key: {}".format(*files) for files in (
            cls.server_files, cls.authority.sign("b", "DNS:b.example")))
        both = f"certificates: [{{{own}}}, {{{other}}}]"
        return (text.replace(own, both)
                + service(tls=f"{{{own}}}").replace("gateway", "open"))

    def test_a_ticket_of_an_open_service_lets_nobody_in(self):
        ports = [int(port) for port in re.findall(
            r"listening on https://127\.0\.0\.1:(\d+)", self.relay.stdout)]
        for newest in VERSIONS:
            context = self.context(newest=newest)
            session = self.connect(context, port=ports[1]).socket.session
            self.assertTrue(self.connect(
                context, session, ports[1]).socket.session_reused)
            self.assert_refused(context, session, ports[0])

    def test_whichever_name_is_asked_for(self):
        context = self.context(self.authority.client())
        session = None
        for name in ("127.0.0.1", "b.example", "c.example", "b.example"):
            client = self.connect(context, session, name=name)
            self.assertEqual(self.seen(client), [Required.ANN])
            session = client.socket.session
            self.assert_refused(self.context(), name=name)
            self.assert_refused(self.context(self.stranger.client()), name=name)


class Replaced(CertificateTest):
    """The authority is another one from then on. Each test has its relay."""

    def replace(self, relay, number):
        """Renames a new file over the old one; the relay sees it or is told."""
        count = relay.stderr.count("certificates loaded")
        made = self.ca.with_suffix(".new")
        made.write_bytes(self.stranger.file.read_bytes())
        os.replace(made, self.ca)
        if number:
            relay.signal(number)
        wait_until(lambda: relay.stderr.count("certificates loaded") > count,
                   "the new authority is read")

    def test_an_old_ticket_lets_nobody_in(self):
        for number in (None, signal.SIGHUP):
            for newest in VERSIONS:
                relay = self.start_relay(self.config())
                old = self.context(self.authority.client(), newest)
                first = self.connect(old, port=relay.port)
                self.assertEqual(first.upgrade(), 101)
                again = self.connect(old, first.socket.session, relay.port)
                self.assertTrue(again.socket.session_reused)
                self.replace(relay, number)
                for client in (first, again):
                    self.assert_refused(old, client.socket.session, relay.port)
                self.assert_refused(old, port=relay.port)
                new = self.context(self.stranger.client(), newest)
                self.assertEqual(self.seen(self.connect(
                    new, port=relay.port)), [Required.ANN])
                self.assertEqual(first.echo("still in"), "still in")
                first.leave()
                relay.stop()

    def test_a_file_without_an_authority_changes_nothing(self):
        relay = self.start_relay(self.config())
        self.ca.write_text("nothing")
        wait_until(lambda: "stay as they were" in relay.log(), "a line")
        self.assert_refused(self.context(), port=relay.port)
        self.connect(self.context(self.authority.client()), port=relay.port)


if __name__ == "__main__":
    unittest.main()
