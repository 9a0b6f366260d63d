"""Certificates of nodes, and tests with them."""

import ssl
import subprocess
import tempfile
from pathlib import Path


class Authority:
    """Signs certificates, in a folder of its own until `clean_up` ends it."""

    def __init__(self, clean_up):
        self.folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        clean_up(self.folder.cleanup)
        self.file = self.path("ca.pem")
        self.openssl("req", "-x509", "-subj", "/CN=authority", "-keyout",
                     self.path("ca.key"), "-out", self.file)

    def path(self, name):
        return Path(self.folder.name, name)

    def openssl(self, *arguments):
        subprocess.run(
            ["openssl", *map(str, arguments), "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
            check=True, capture_output=True)

    def sign(self, name, alternatives=None):
        """Returns the files of a new certificate: itself and its key. Names
        other than `name`: "DNS:a.example,IP:127.0.0.1"."""
        more = (["-addext", f"subjectAltName={alternatives}"]
                if alternatives else [])
        certificate, key = self.path(f"{name}.pem"), self.path(f"{name}.key")
        self.openssl("req", "-x509", "-CA", self.file, "-CAkey",
                     self.path("ca.key"), "-subj", f"/CN={name}", "-keyout",
                     key, "-out", certificate, *more)
        return certificate, key

    def server_context(self, alternatives):
        """Returns a context for a server with these names."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.sign("server", alternatives))
        return context

    def tls(self, name):
        """Returns the `tls` of a cluster.node."""
        certificate, key = self.sign(name)
        return (f"{{certificate: {certificate}, key: {key}, "
                f"ca: {self.file}}}")


class OverTls:
    """Mixed into tests whose nodes then talk over TLS: before the class that
    has a `keys_of` without it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(cls.addClassCleanup)

    def keys_of(self, name):
        return {**super().keys_of(name), "tls": self.authority.tls(name)}
