"""The programs compare.py runs: started on a core, bounded, always ended."""

import json
import os
import re
import resource
import socket
import subprocess
import tempfile
import time

# An http.service; the start of every configuration.
SERVICE = """\
- name: gateway
  kind: http.service
  addr: "127.0.0.1:0"
  threads: {threads}
"""

CONFIG = SERVICE + """\
- name: ws
  kind: http.router
  meta: {{server: gateway}}
  prefix: /ws
  post_middleware: [websocket_relay]
  post_options:
    wsrelay.max.message.size: "16MiB"
    wsrelay.ping.interval: "30s"
- name: echo
  kind: http.endpoint
  meta: {{router: ws}}
  path: /echo
  relay: {{target_pid: echo}}
- name: packed
  kind: http.router
  meta: {{server: gateway}}
  prefix: /packed
  post_middleware: [websocket_relay]
  post_options:
    wsrelay.deflate: "true"
    wsrelay.deflate.min.size: 1
- name: packed_echo
  kind: http.endpoint
  meta: {{router: packed}}
  path: /echo
  relay: {{target_pid: echo}}
- name: beats
  kind: http.endpoint
  meta: {{router: ws}}
  path: /beats
  relay: {{target_pid: echo, heartbeat_interval: "30s"}}
"""

# Cores: one for the server, one for the load generator, or any.
CORES = (0, 1)
ANY_CORES = (None, None)

START_TIMEOUT = 20  # seconds until a server must print its address
STOP_TIMEOUT = 10  # seconds from SIGTERM to SIGKILL
SPARE_TIME = 120  # seconds a run may take beyond what it measures

os.environ.setdefault("WSRELAY_DRAIN", "off")  # no balancer has to hear of a stop


class Failure(Exception):
    """A run that gave no result; its text is for people."""


def on_core(core):
    """Returns what a child does before it becomes the program."""
    def prepare():
        if core is not None:
            os.sched_setaffinity(0, {core})
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return prepare


class Server:
    """A server program: started on entry, always ended on exit."""

    def __init__(self, name, command, path, core):
        self.name, self.command, self.path = name, command, path
        self.core = core
        self.url = self.process = self.output = None

    def __enter__(self):
        self.output = tempfile.TemporaryFile()
        try:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=self.output,
                stderr=subprocess.STDOUT, preexec_fn=on_core(self.core))
        except (OSError, subprocess.SubprocessError) as error:
            self.output.close()
            raise Failure(f"{self.name} does not start: {error}") from error
        try:
            scheme = "wss" if self.name.endswith(":tls") else "ws"
            self.url = (f"{scheme}://127.0.0.1:{self.wait_for_port()}"
                        f"{self.path}")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def printed(self):
        # The child shares the file's offset: pread leaves it alone.
        return os.pread(self.output.fileno(), 65536, 0).decode(
            errors="replace")

    def find(self, pattern):
        """Returns what the first group matches, once it is printed."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            found = re.search(pattern, self.printed())
            if found:
                return found[1]
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        last = self.printed().strip().splitlines()[-1:] or ["(no output)"]
        raise Failure(f"{self.name} did not print {pattern}: {last[0]}")

    def wait_for_port(self):
        return int(self.find(
            r"listening on (?:https?://)?127\.0\.0\.1:(\d+)\b(?s:.)"))

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PortServer(Server):
    """As Server, on `port`, which was free: it does not tell the one it has."""

    def __init__(self, name, command, port, core):
        self.port = port
        super().__init__(name, command, "/", core)

    def wait_for_port(self):
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self.port
            except OSError:
                time.sleep(0.02)
        raise Failure(f"{self.name} does not listen: {self.printed()}")


class Nginx(PortServer):
    """`template` is its configuration, with its folder, port and `values`."""

    def __init__(self, folder, template, core, **values):
        port = free_port()
        path = os.path.join(folder, "nginx.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(template.format(folder=folder, port=port, **values))
        super().__init__("nginx", ["/usr/sbin/nginx", "-c", path, "-p", folder,
                                   "-e", "stderr"], port, core)


def write_config(folder, threads):
    """Writes the configuration of a relay and returns its file."""
    path = os.path.join(folder, f"{threads}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(threads=threads))
    return path


def certificate(folder):
    """Returns the files of a certificate that has signed itself, ECDSA P-256,
    and of its key."""
    files = [os.path.join(folder, name) for name in ("tls.pem", "tls.key")]
    if not os.path.exists(files[0]):
        subprocess.run(
            ["openssl", "req", "-x509", "-subj", "/CN=localhost", "-newkey",
             "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
             "2", "-out", files[0], "-keyout", files[1]], check=True,
            capture_output=True)
    return files


def command_of(server, options, folder):
    """Returns how a server is started."""
    build = options.build
    if server == "wsrelayd" and options.other:
        return [str(options.other.resolve()), "0"]
    if server == "wsrelayd:tls":
        pem, key = certificate(folder)
        return [*command_of("wsrelayd", options, folder), "--tls-cert", pem,
                "--tls-key", key]
    if server.startswith("wsrelayd"):
        threads = server.partition(":")[2] or 1
        return [str(build / "wsrelayd"), "--config",
                write_config(folder, threads)]
    if server == "hub":
        return [str(build / "examples" / "hub"), "127.0.0.1:0"]
    program, _, argument = server.partition(":")
    if argument == "tls":
        argument = " ".join(["tls", *certificate(folder)])
    return [str(build / "test" / program), "0", *argument.split()]


def run_bench(options, case_name, case, server):
    """Returns the load generator's report as a dictionary."""
    seconds = case.seconds or options.duration
    command = [str(options.build / "wsrelay-bench"), server.url, "--json",
               "--quiet", "--server-pid", str(server.process.pid),
               "--duration", f"{seconds}s", "--warmup", case.warmup,
               *case.arguments]
    if options.text:
        command.append("--text")
    what = f"{case_name} on {server.name}"
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=seconds + SPARE_TIME, preexec_fn=on_core(case.cores[1]))
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{what}: no end after {error.timeout} s") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise Failure(f"{what}: {error}") from error
    if done.returncode != 0:
        raise Failure(f"{what}: {done.stderr.strip()}")
    report = json.loads(done.stdout)
    report.update(report.pop("latency_us"))
    report["opening_rate"] = report["opened"] / max(
        report["opening_seconds"], 1e-3)
    return report
