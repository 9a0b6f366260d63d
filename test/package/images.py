"""The images' files, without an engine that would run them: the Dockerfile's steps
and what they copy, the services of compose.yaml and what they mount, and the
configurations, asked of those who read them. `composed.py` runs the steps."""

import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from deb_files import BUILD, ROOT, need, run

DOCKER = ROOT / "tools/package/docker"
INSTRUCTIONS = {"FROM", "RUN", "COPY", "WORKDIR", "USER", "EXPOSE", "STOPSIGNAL",
                "HEALTHCHECK", "ENTRYPOINT", "CMD"}
SERVICE_KEYS = {"image", "build", "read_only", "tmpfs", "cap_drop",
                "security_opt", "ulimits", "stop_grace_period", "restart",
                "networks", "volumes", "ports", "depends_on", "secrets"}
TOKEN = "a-token-of-the-tests-0123456789abcdef"


def relay_config(name, token_file):
    """Returns a relay's configuration, with the token in this file."""
    return re.sub(r"(?m)^( +token_file: ).*", rf"\g<1>{token_file}",
                  (DOCKER / f"{name}.yaml").read_text())


def stages():
    """Returns the Dockerfile's stages by name: each a list of pairs, an
    instruction and the rest of its line."""
    text = re.sub(r"(?m)^#.*\n", "", (DOCKER / "Dockerfile").read_text())
    result = {}
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if not line:
            continue
        word, rest = line.split(" ", 1)
        if word == "FROM":
            image, _, name = rest.split()
            result[name] = []
        result[name].append((word, rest))
    return result


class Dockerfile(unittest.TestCase):
    def setUp(self):
        self.stages = stages()

    def values(self, stage, word):
        return [rest for each, rest in self.stages[stage] if each == word]

    def test_instructions_are_known(self):
        for steps in self.stages.values():
            self.assertLessEqual({word for word, _ in steps}, INSTRUCTIONS)

    def test_stages_build_on_what_is_there(self):
        known = {"debian:bookworm", "debian:bookworm-slim"}
        for name, steps in self.stages.items():
            self.assertIn(steps[0][1].split()[0], known)
            text = "\n".join(rest for _, rest in steps)
            for source in re.findall(r"(?:--from=|from=)(\w+)", text):
                self.assertIn(source, known)
            known.add(name)

    def test_what_is_copied_exists(self):
        for steps in self.stages.values():
            for word, rest in steps:
                if word == "COPY" and not rest.startswith("--from="):
                    for source in rest.split()[:-1]:
                        self.assertTrue((ROOT / source).exists(), source)

    def test_nobody_is_root_at_the_end(self):
        self.assertEqual(self.values("relay", "USER"), ["wsrelay"])
        self.assertEqual(self.values("app", "USER"), [])

    def test_shells_like_the_steps(self):
        need("shellcheck")
        for steps in self.stages.values():
            for word, rest in steps:
                if word == "RUN":
                    script = re.sub(r"--mount=\S+\s+", "", rest)
                    run("shellcheck", "-s", "sh", "-", stdin=None,
                        input=script + "\n")

    def test_its_health_is_a_command_that_there_is(self):
        check, = self.values("relay", "HEALTHCHECK")
        words = re.findall(r'"([^"]+)"', check.split("CMD", 1)[1])
        self.assertEqual(words[0], "wsrelay")
        run(BUILD / "wsrelay", *words[1:], "--help")


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            import yaml
        except ImportError:
            raise unittest.SkipTest("no python3-yaml") from None
        cls.file = yaml.safe_load((DOCKER / "compose.yaml").read_text())
        cls.services = cls.file["services"]

    def test_keys_are_known(self):
        self.assertLessEqual(
            {key for key in self.file if not key.startswith("x-")},
            {"name", "services", "networks", "secrets"})
        for name, service in self.services.items():
            self.assertLessEqual(set(service), SERVICE_KEYS, name)

    def test_what_is_built_is_there(self):
        for service in self.services.values():
            if "build" in service:
                build = service["build"]
                context = (DOCKER / build["context"]).resolve()
                self.assertEqual(context, ROOT)
                self.assertTrue((context / build["dockerfile"]).is_file())
                self.assertIn(build["target"], stages())

    def test_what_is_mounted_is_there(self):
        for service in self.services.values():
            for volume in service.get("volumes", ()):
                self.assertTrue((DOCKER / volume.split(":")[0]).is_file(), volume)

    def test_networks_and_dependencies_are_there(self):
        for service in self.services.values():
            self.assertLessEqual(set(service["networks"]),
                                 set(self.file["networks"]))
            self.assertLessEqual(set(service.get("depends_on", ())),
                                 set(self.services))

    # The engine makes a secret a file of its name; the file here is nobody's yet.
    def test_the_admin_listeners_have_a_token_and_are_this_machine_s(self):
        import yaml
        ignored = (ROOT / ".gitignore").read_text().splitlines()
        for name in ("relay1", "relay2"):
            service = self.services[name]
            secret, = service["secrets"]
            file = (DOCKER / self.file["secrets"][secret]["file"]).resolve()
            self.assertIn(f"/{file.relative_to(ROOT)}", ignored)
            admin, = [entry for entry in yaml.safe_load(
                (DOCKER / f"{name}.yaml").read_text())
                if entry["kind"] == "admin.service"]
            self.assertEqual(admin["token_file"], f"/run/secrets/{secret}")
            port, = service["ports"]
            host, _, inside = port.rsplit(":", 2)
            self.assertEqual((host, f":{inside}"), ("127.0.0.1", admin["addr"]))
            app, = [rest for word, rest in stages()["app"] if word == "CMD"]
            self.assertEqual(admin["required_peers"], json.loads(app)[1:])

    # A port of the host leads into no network that is internal.
    def test_ports_are_those_of_networks_with_a_way_out(self):
        for name, service in self.services.items():
            if "ports" in service:
                self.assertTrue(any(
                    not (self.file["networks"][network] or {}).get("internal")
                    for network in service["networks"]), name)

    # Names that the files hold are those that the engine gives.
    def test_the_relays_meet_and_are_told_of_the_proxy(self):
        import yaml
        proxy = self.services["nginx"]["networks"]["web"]["ipv4_address"]
        for name in ("relay1", "relay2"):
            entries = {entry["kind"]: entry for entry in yaml.safe_load(
                (DOCKER / f"{name}.yaml").read_text())}
            self.assertEqual(entries["cluster.node"]["name"], name)
            peer, = entries["cluster.node"]["peers"]
            host, port = peer.split(":")
            self.assertIn(host, set(self.services) - {name})
            self.assertTrue(
                entries["cluster.node"]["listen"].endswith(f":{port}"))
            self.assertEqual(
                entries["http.service"]["trusted_proxies"], [proxy])
            aliases = self.services[name]["networks"]["nodes"]["aliases"]
            app, = [rest for word, rest in stages()["app"] if word == "CMD"]
            self.assertIn(f'"{aliases[0]}:{port}"', app)

    def test_a_stop_is_not_cut_short(self):
        for name in ("relay1", "relay2"):
            grace = self.services[name]["stop_grace_period"]
            self.assertGreater(int(grace.rstrip("s")), 35)


class Configurations(unittest.TestCase):
    # The relays' admin listeners are for networks within one machine.
    def test_relays_accept_theirs(self):
        with tempfile.TemporaryDirectory(prefix="wsrelay-images-") as folder:
            token = Path(folder, "token")
            token.write_text(TOKEN)
            for found in sorted(DOCKER.glob("relay*.yaml")):
                path = Path(folder, found.name)
                text = relay_config(found.stem, token)
                path.write_text(text)
                *warnings, last = run(BUILD / "wsrelayd", "--check",
                                      path).splitlines()
                self.assertEqual(last, f"{path}: ok")
                self.assertEqual(["admin.tls: is missing" in each
                                  for each in warnings],
                                 [True] * text.count("\n  kind: admin.service"))

    def test_nginx_accepts_its_own(self):
        need("nginx")
        # It looks names up when it starts.
        text = re.sub(r"server relay\d:", "server 127.0.0.1:",
                      (DOCKER / "nginx.conf").read_text())
        with tempfile.TemporaryDirectory(prefix="wsrelay-nginx-") as folder:
            path = Path(folder, "nginx.conf")
            path.write_text(f"pid {folder}/pid;\nerror_log {folder}/log;\n"
                            "events {}\nhttp {\naccess_log off;\n"
                            f"{text}}}\n")
            done = subprocess.run(
                ["nginx", "-t", "-p", folder, "-c", path], text=True,
                capture_output=True,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotIn("warn", done.stderr)


if __name__ == "__main__":
    unittest.main()
