"""Pushpin as the yardstick of hook.py: a proxy that makes requests of WebSockets
(WebSocket-over-HTTP). Debian's package, with zurl, which sends its requests; on
loopback, with files in a folder of ours."""

import os
import shutil
import subprocess

from programs import PortServer, free_port, on_core

CONFIG = """\
[global]
include={{libdir}}/internal.conf
rundir={folder}
ipc_prefix=pushpin-
[runner]
services=condure,pushpin-proxy,pushpin-handler
http_port=127.0.0.1:{port}
logdir={folder}
log_level=1
client_buffer_size=8192
client_maxconn=1000
condure_bin=condure
[proxy]
routesfile={folder}/routes
zurl_out_specs=ipc://{folder}/zurl-in
zurl_out_stream_specs=ipc://{folder}/zurl-in-stream
zurl_in_specs=ipc://{folder}/zurl-out
updates_check=off
[handler]
push_in_spec=ipc://{folder}/push
push_in_sub_specs=ipc://{folder}/push-sub
push_in_http_addr=127.0.0.1
push_in_http_port={http}
stats_spec=ipc://{folder}/stats
command_spec=ipc://{folder}/command
message_rate=2500
message_hwm=25000
"""

ZURL = """\
[General]
in_spec=ipc://{folder}/zurl-in
in_stream_spec=ipc://{folder}/zurl-in-stream
out_spec=ipc://{folder}/zurl-out
in_req_spec=ipc://{folder}/zurl-req
defpolicy=allow
max_open_requests=2000
buffer_size=200000
timeout=600
in_hwm=1000
out_hwm=1000
"""


def is_there():
    return all(map(shutil.which, ("pushpin", "zurl", "condure")))


class Pushpin(PortServer):
    """All its processes are on one core."""

    def __init__(self, folder, server_port, core):
        self.folder = os.path.join(folder, "pushpin")
        os.makedirs(self.folder, exist_ok=True)
        port = free_port()
        values = dict(folder=self.folder, port=port, http=free_port())
        self.write("pushpin.conf", CONFIG.format(**values))
        self.write("zurl.conf", ZURL.format(**values))
        self.write("routes", f"* 127.0.0.1:{server_port},over_http\n")
        self.zurl = None
        super().__init__("pushpin", [
            "pushpin", f"--config={self.path_of('pushpin.conf')}"], port, core)

    def path_of(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path_of(name), "w", encoding="utf-8") as file:
            file.write(text)

    def __enter__(self):
        self.zurl = subprocess.Popen(
            ["zurl", f"--config={self.path_of('zurl.conf')}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=on_core(self.core))
        try:
            return super().__enter__()
        except BaseException:
            self.stop_zurl()
            raise

    def stop_zurl(self):
        self.zurl.terminate()
        self.zurl.wait()

    def stop(self):
        super().stop()
        self.stop_zurl()

    def processes(self):
        """Returns their PIDs, children of children too."""
        found = [self.process.pid, self.zurl.pid]
        for pid in found:
            path = f"/proc/{pid}/task/{pid}/children"
            with open(path, encoding="ascii") as file:
                found += map(int, file.read().split())
        return found

    def cpu_seconds(self):
        total = 0
        for pid in self.processes():
            for task in os.listdir(f"/proc/{pid}/task"):
                path = f"/proc/{pid}/task/{task}/schedstat"
                with open(path, encoding="ascii") as file:
                    total += int(file.read().split()[0])
        return total / 1e9
