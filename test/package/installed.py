"""Packages in a Debian system made for them: installed by apt, started, operated,
upgraded, removed, purged. Needs root and a mirror of Debian (the first time for
debootstrap, then for apt); takes minutes, so tools/test --long runs it.

    WSRELAY_BUILD=build/release python3 -B test/package/installed.py -v

WSRELAY_PACKAGE_APP=1 also builds a program against wsrelay-dev in there."""

import own_namespaces

if __name__ == "__main__":
    own_namespaces.enter()  # before the others have begun anything

import os
import re
import signal
import tempfile
import unittest
from pathlib import Path

import debian_root
from deb_files import ROOT, assert_no_findings, packages, repacked
from packaged_service import CONFIG, UNIT, PackagedService
from support import DEADLINE
from unit_file import UnitFile

ENABLED = "etc/systemd/system/multi-user.target.wants/wsrelay.service"
ENABLED_SOCKET = "etc/systemd/system/sockets.target.wants/wsrelay.socket"
CAP_NET_BIND_SERVICE = 1 << 10
# dpkg keeps a file that the administrator has changed, and puts its own beside.
KEEP = ("-o", "Dpkg::Options::=--force-confdef",
        "-o", "Dpkg::Options::=--force-confold")
DOWN = (*KEEP, "--allow-downgrades")


def setUpModule():
    why = debian_root.why_not()
    if why:
        raise unittest.SkipTest(why)


def calls_in(trace):
    """Returns the lines of the calls of wsrelayd, and not of what became it."""
    lines = trace.read_text(errors="replace").splitlines()
    first = next(number for number, line in enumerate(lines)
                 if 'execve("/usr/bin/wsrelayd"' in line and "= 0" in line)
    return lines[first:]


class RootTest(unittest.TestCase):
    """One root for each class, with the package installed."""

    @classmethod
    def setUpClass(cls):
        cls.package, cls.dev = packages()
        cls.root = debian_root.DebianRoot()
        cls.addClassCleanup(cls.root.close)
        cls.root.install(cls.package)

    def start(self, **keys):
        service = PackagedService(self.root, **keys)
        self.addCleanup(service.end)
        service.wait_for("READY=1")
        return service

    def assert_serves(self, service, *where):
        client = service.connect(*where)
        self.addCleanup(client.close)
        answer = client.request("GET", "/", host="relay")
        self.assertEqual(answer.status, 404)
        self.assertEqual(client.upgrade(), 101)
        self.assertEqual(client.echo("through"), "through")
        return client


class Installed(RootTest):
    def test_it_is_enabled_and_its_socket_is_not(self):
        self.assertTrue((self.root.path / ENABLED).is_symlink())
        self.assertFalse((self.root.path / ENABLED_SOCKET).is_symlink())

    def test_its_user_cannot_log_in(self):
        entry = self.root.run("getent", "passwd", "wsrelay").strip()
        self.assertTrue(entry.endswith(":/nonexistent:/usr/sbin/nologin"), entry)
        user, group = self.root.user("wsrelay")
        self.assertLess(user, 1000)
        self.assertEqual(self.root.run("id", "-gn", "wsrelay").strip(), "wsrelay")

    def test_every_library_is_there(self):
        missing = self.root.run("sh", "-c",
                                "ldd /usr/bin/wsrelay* | grep 'not found' || :")
        self.assertEqual(missing, "")

    def test_it_serves_as_its_user_with_one_capability(self):
        service = self.start()
        status = service.status()
        user, group = map(str, self.root.user("wsrelay"))
        self.assertEqual(set(status["Uid"].split("\t")), {user})
        self.assertEqual(set(status["Gid"].split("\t")), {group})
        self.assertEqual(int(status["CapEff"], 16), CAP_NET_BIND_SERVICE)
        self.assertEqual(int(status["CapBnd"], 16), CAP_NET_BIND_SERVICE)
        self.assertEqual(status["NoNewPrivs"], "1")
        client = self.assert_serves(service)
        service.wait_for("WATCHDOG=1")
        service.process.send_signal(signal.SIGHUP)
        service.wait_for("RELOADING=1")
        service.wait_for("READY=1")
        self.assertEqual(client.echo("still"), "still")
        client.close()
        service.stop(signal.SIGTERM, 2 * DEADLINE)

    def test_root_operates_it(self):
        service = self.start()
        client = self.assert_serves(service)
        listed = service.operate("ps")
        self.assertRegex(listed, r"(?m)^\d+@\S+ +echo +127\.0\.0\.1")
        pid = listed.splitlines()[1].split()[0]
        service.operate("send", pid, "from root")
        self.assertEqual(client.read_text(), "from root")
        self.assertIn("echo", service.operate("--timeout", "3s", "targets"))
        client.leave()
        service.stop()

    def test_low_ports_and_a_socket_for_a_group(self):
        path = self.root.path / CONFIG
        before = path.read_text()
        self.addCleanup(path.write_text, before)
        path.write_text(before.replace(
            "addr: 127.0.0.1:8080", 'addr: ["127.0.0.1:80", "unix:'
            '/run/wsrelay/http.sock"]\n  socket_owner: ":www-data"'))
        _, group = self.root.user("www-data")
        service = self.start(groups=(group,))
        self.assert_serves(service, ("127.0.0.1", 80)).leave()
        made = service.runtime / "http.sock"
        self.assertEqual(made.stat().st_gid, group)
        self.assert_serves(service, made).leave()
        service.stop()

    def test_it_makes_no_call_that_the_unit_forbids(self):
        unit = UnitFile(self.root.path / UNIT)
        with tempfile.TemporaryDirectory(prefix="wsrelay-deb-") as folder:
            trace = Path(folder, "trace")
            service = self.start(trace=trace)
            self.assert_serves(service).leave()
            service.operate("ps")
            service.stop()
            lines = calls_in(trace)
        text = "\n".join(lines)
        made = set(re.findall(r"(?m)^\d+ +(\w+)\(", text))
        self.assertLess({"epoll_wait", "accept4"}, made)
        self.assertEqual(made - unit.system_calls(), set())
        families = set(re.findall(r"socket\((AF_\w+)", text))
        self.assertLessEqual(
            families, set(unit["RestrictAddressFamilies"].split()))
        # MemoryDenyWriteExecute=
        self.assertNotRegex(text, r"mmap\(.*PROT_WRITE\|PROT_EXEC")
        self.assertNotRegex(text, r"mprotect\(.*PROT_EXEC")
        # ProtectSystem=strict: what is opened to write, but for devices.
        # (By a descriptor of a folder: of the one that was made for it.)
        written = set(re.findall(
            r'openat\(AT_FDCWD, "([^"]+)", [^)]*O_(?:WRONLY|RDWR)', text))
        self.assertEqual({each for each in written if not each.startswith(
            ("/run/wsrelay/", "/dev/null"))}, set())


class Life(RootTest):
    def state(self):
        return self.root.run("dpkg-query", "-W", "-f",
                             "${db:Status-Abbrev}${Version}", "wsrelay")

    def upgrade(self):
        with tempfile.TemporaryDirectory(prefix="wsrelay-deb-") as folder:
            newer = repacked(self.package, folder, "99.0-1",
                             [(CONFIG, "# of the new release\n")])
            self.root.install(newer, options=KEEP)
        self.assertEqual(self.state(), "ii 99.0-1")

    def test_upgraded_removed_and_purged(self):
        config = self.root.path / CONFIG
        with open(config, "a") as file:
            file.write("# of the administrator\n")
        key = config.with_name("tls") / "privkey.pem"
        key.parent.mkdir()
        key.write_text("of the administrator\n")

        self.upgrade()
        self.assertTrue(config.read_text().endswith("# of the administrator\n"))
        beside = config.with_name("relay.yaml.dpkg-dist")
        self.assertTrue(beside.read_text().endswith("# of the new release\n"))
        self.assertTrue((self.root.path / ENABLED).is_symlink())
        service = self.start()
        self.assert_serves(service).leave()
        service.stop()

        self.root.run("apt-get", "remove", "-y", "-q", "wsrelay")
        self.assertEqual(self.state(), "rc 99.0-1")
        self.assertFalse((self.root.path / "usr/bin/wsrelayd").exists())
        self.assertTrue(config.read_text().endswith("# of the administrator\n"))

        # Installed again it is as it was, and enabled.
        self.root.install(self.package, options=DOWN)
        self.assertTrue(config.read_text().endswith("# of the administrator\n"))
        self.assertTrue((self.root.path / ENABLED).is_symlink())

        self.root.run("apt-get", "purge", "-y", "-q", "wsrelay")
        self.assertEqual(self.root.run("dpkg-query", "-W", "-f",
                                       "${Package}\n").count("wsrelay"), 0)
        self.assertEqual(key.read_text(), "of the administrator\n")
        key.unlink()
        key.parent.rmdir()
        key.parent.parent.rmdir()  # fails if there is more
        service.runtime.joinpath(".wsrelay-0.lock").unlink(missing_ok=True)
        left = [path for path in self.root.find("*wsrelay*")
                if not path.startswith("/run/")]
        self.assertEqual(left, [])
        self.assertFalse((self.root.path / ENABLED).is_symlink())

    def test_who_has_disabled_it_finds_it_so_after_an_upgrade(self):
        self.root.install(self.package, options=DOWN)
        (self.root.path / ENABLED).unlink()
        self.upgrade()
        self.assertFalse((self.root.path / ENABLED).is_symlink())


class Development(unittest.TestCase):
    def test_lintian_finds_nothing(self):
        assert_no_findings(packages()[1])

    @unittest.skipUnless(os.environ.get("WSRELAY_PACKAGE_APP"),
                         "WSRELAY_PACKAGE_APP is not set")
    def test_a_program_is_built_with_it(self):
        root = debian_root.DebianRoot()
        self.addCleanup(root.close)
        root.install(packages()[1], "g++", "cmake", "ninja-build")
        with root.mounted(ROOT / "test/package/app", "/app"):
            root.run("cmake", "-S", "/app", "-B", "/tmp/app", "-G", "Ninja",
                     "-DCMAKE_BUILD_TYPE=Debug")
            root.run("cmake", "--build", "/tmp/app")
            root.run("/tmp/app/app")
            root.run("/tmp/app/app_test")
        # As CLUSTER.md has it.
        root.run("cmake", "-S", "/usr/share/doc/wsrelay-dev/examples", "-B",
                 "/tmp/examples", "-G", "Ninja")
        root.run("cmake", "--build", "/tmp/examples", "--target", "app_node")


if __name__ == "__main__":
    unittest.main()
