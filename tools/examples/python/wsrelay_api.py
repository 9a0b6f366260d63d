"""The server API of wsrelay as functions, to copy: what a program says to connections
and groups at any time. Python's own library is enough. Beside webhooks, in
wsrelay_webhooks.py, it is all that a server needs: tools/docs/ANY_LANGUAGE.md.
"""

import http.client
import json
from typing import Any
from urllib.parse import quote, urlencode, urlsplit


class ApiError(Exception):
    """The relay has refused with `status`, or was not reached: 0."""

    def __init__(self, status: int, text: str):
        super().__init__(f"{status}: {text}")
        self.status = status


class ServerApi:
    """`url` is that of the admin.service. Every function raises ApiError and takes at
    most `timeout` seconds; threads may share one. A PID is `Event.pid`."""

    def __init__(self, url: str, token: str = "", timeout: float = 10):
        self._url, self._timeout = urlsplit(url), timeout
        self._fields = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, pid: str, data: str | bytes) -> None:
        """Sends one message, text or binary. Does not wait until the client has it, so
        a slow one holds nobody; what is sent one after the other comes so."""
        self._ask("POST", f"/@connections/{_path(pid)}", data, wait=0)

    def close(self, pid: str, code: int = 1000, reason: str = "") -> None:
        self._ask("DELETE", f"/@connections/{_path(pid)}", code=code, reason=reason)

    def control(self, pid: str, **changes: Any) -> None:
        """Changes `target`, `topic`, `heartbeat`, `metadata`: all of what is given or,
        with an error, nothing. It returns behind the answer to `connected` of the new
        target, and of the one that a connection is about to join: who has the lock that
        this event needs, or answers it, waits in vain. So do `join` and `leave`."""
        self._ask("POST", f"/@connections/{_path(pid)}/control", json.dumps(changes))

    def group_send(self, group: str, data: str | bytes, but: str = "") -> None:
        """Sends each connection of the group one message, but to `but`."""
        self._ask("POST", f"/@groups/{_path(group)}", data, **_except(but))

    def group_close(self, group: str, code: int = 1000, reason: str = "",
                    but: str = "") -> None:
        self._ask("DELETE", f"/@groups/{_path(group)}", code=code, reason=reason,
                  **_except(but))

    def group_members(self, group: str) -> int:
        return json.loads(self._ask("GET", f"/@groups/{_path(group)}"))["members"]

    def join(self, group: str, pid: str) -> None:
        """What is sent to the group from now on comes to the connection, too."""
        self._ask("PUT", f"/@groups/{_path(group)}/{_path(pid)}")

    def leave(self, group: str, pid: str) -> None:
        self._ask("DELETE", f"/@groups/{_path(group)}/{_path(pid)}")

    def _ask(self, method: str, path: str, body: str | bytes | None = None,
             **query: Any) -> bytes:
        fields = dict(self._fields)
        if body is not None:
            fields["Content-Type"] = ("text/plain" if isinstance(body, str)
                                      else "application/octet-stream")
            body = body.encode() if isinstance(body, str) else body
        where = self._url.path.rstrip("/") + path
        where += f"?{urlencode(query)}" if query else ""
        kind = (http.client.HTTPSConnection if self._url.scheme == "https"
                else http.client.HTTPConnection)
        # One for each request: none is stale, and on one machine that costs little.
        connection = kind(self._url.hostname, self._url.port, timeout=self._timeout)
        try:
            connection.request(method, where, body, fields)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(0, f"{method} {path}: {error}") from error
        finally:
            connection.close()
        if response.status >= 300:
            raise ApiError(response.status, answer.decode(errors="replace"))
        return answer


def _path(part: str) -> str:
    return quote(part.replace("#", "-"), safe="@")


def _except(pid: str) -> dict[str, str]:
    return {"except": pid} if pid else {}
