#!/usr/bin/python3
"""TLS handshakes of wsrelayd beside nginx: CPU time of the server for each, full
and resumed, ECDSA P-256, one core each, rounds interleaved.

The client is `openssl s_time`, which resumes sessions with TLS 1.2 only: with
1.3 a ticket comes behind the handshake, and it does not wait for one.
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

from programs import (CORES, Failure, Nginx, Server, certificate, on_core,
                      write_config)

NGINX = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_session_cache off;
    ssl_session_tickets on;
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {{ return 204; }}
  }}
}}
"""

KINDS = {
    "full, TLS 1.3": ["-new", "-tls1_3"],
    "full, TLS 1.2": ["-new", "-tls1_2"],
    "resumed, TLS 1.2": ["-reuse", "-tls1_2"],
}


def family_of(pid):
    """Returns a process and its children."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [pid, *map(int, children.split())]


def cpu_seconds(pid):
    ticks = 0
    for each in family_of(pid):
        fields = pathlib.Path(f"/proc/{each}/stat").read_text()
        fields = fields.rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def nginx(folder):
    pem, key = certificate(folder)
    return Nginx(folder, NGINX, CORES[0], certificate=pem, key=key)


def relay(options, folder):
    pem, key = certificate(folder)
    return Server("wsrelayd:tls",
                  [str(options.build / "wsrelayd"), "--config",
                   write_config(folder, 1), "--tls-cert", pem, "--tls-key",
                   key], "/", CORES[0])


def measure(server, kind, seconds):
    """Returns microseconds of CPU for a handshake, and how many there were in
    a second."""
    address = re.search(r"127\.0\.0\.1:\d+", server.url)[0]
    before = cpu_seconds(server.process.pid)
    done = subprocess.run(
        ["openssl", "s_time", "-connect", address, "-time", str(seconds),
         *KINDS[kind]], capture_output=True, text=True, check=False,
        preexec_fn=on_core(CORES[1]), timeout=seconds + 60)
    found = re.search(r"(\d+) connections in (\d+) real seconds", done.stdout)
    if not found or int(found[1]) == 0:
        raise Failure(f"s_time: {done.stdout[-200:]} {done.stderr[-200:]}")
    used = cpu_seconds(server.process.pid) - before
    return used * 1e6 / int(found[1]), int(found[1]) / int(found[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path,
                        default=pathlib.Path("build/release"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            servers = [relay(options, folder), nginx(folder)]
            for server in servers[::1 if number % 2 == 0 else -1]:
                with server as running:
                    for kind in KINDS:
                        results.setdefault((kind, server.name), []).append(
                            measure(running, kind, options.seconds))
    print(f"{'handshake':18} {'wsrelay, us':>12} {'nginx, us':>12} {'ratio':>6}")
    for kind in KINDS:
        ours, theirs = (statistics.median(cpu for cpu, _ in results[kind, name])
                        for name in ("wsrelayd:tls", "nginx"))
        print(f"{kind:18} {ours:12.0f} {theirs:12.0f} {ours / theirs:6.2f}")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"handshakes.py: {failure}")
