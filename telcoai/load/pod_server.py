"""HTTP of a driver pod: from a request to what answers it."""

from __future__ import annotations

import hmac
import json
import signal
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from telcoai.errors import InputError, TelcoaiError
from telcoai.load.pod_body import BodyRefused, read_body
from telcoai.load.pod_run import Busy, PodRun

HEALTH = "/v2/health/ready"
IDLE_S = 60.0

Answer = tuple[int, str, bytes]


class PodServer(ThreadingHTTPServer):
    """The pod's server: what is asked of it, and the run that it asks about."""

    daemon_threads = True

    def __init__(self, port: int, token: str, run: PodRun) -> None:
        super().__init__(("", port), _Handler)
        self._token = token.encode()
        self._run = run
        self._answers: dict[tuple[str, str], Callable[[bytes], Answer]] = {
            ("GET", HEALTH): lambda _: (200, "text/plain", b""),
            ("GET", "/clock"): lambda _: _json({"monotonic_ns": time.monotonic_ns()}),
            ("PUT", "/run"): self._start,
            ("GET", "/live"): lambda _: _json(run.live()),
            ("POST", "/stop"): self._stop,
            ("GET", "/state"): lambda _: _json(run.state()),
            ("POST", "/bye"): lambda _: _json({}),
        }

    def answer(self, method: str, path: str, token: str, body: bytes) -> Answer:
        """The answer to a request, whatever it is."""
        if path != HEALTH and not hmac.compare_digest(token.encode("latin-1", "replace"), self._token):
            return _error(401, "this needs the testbed's token")
        known = self._answers.get((method, path))
        try:
            if known is not None:
                return known(body)
            if path.startswith("/rows/") and method == "GET":
                return 200, "application/vnd.apache.parquet", self._run.rows(_index(path))
        except InputError as err:
            return _error(400, err.message)
        except KeyError:
            return _error(404, f"no driver has the rows {path}")
        except Busy as err:
            return _error(409, err.message)
        except TelcoaiError as err:
            return _error(500, err.message)
        is_known = path.startswith("/rows/") or any(path == other for _, other in self._answers)
        return _error(405, f"{path} does not take {method}") if is_known else _error(404, f"there is nothing at {path}")

    def _start(self, body: bytes) -> Answer:
        self._run.start(body)
        return _json({}, 202)

    def _stop(self, _: bytes) -> Answer:
        self._run.stop()
        return _json({}, 202)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_S
    disable_nagle_algorithm = True
    server: PodServer

    def _reply(self) -> None:
        path = self.path.partition("?")[0]
        try:
            body = read_body(self.headers, self.rfile)
            status, kind, content = self.server.answer(self.command, path, self.headers.get("telcoai-token", ""), body)
        except BodyRefused as err:
            self.close_connection = True  # where the next request begins isn't known
            status, kind, content = _error(err.status, err.message)
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(content)
        if (self.command, path, status) == ("POST", "/bye", 200):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    do_GET = do_PUT = do_POST = do_DELETE = _reply  # noqa: N815 - http.server's names

    def log_message(self, *_: Any) -> None:
        """Say nothing: the run is what counts."""


def _index(path: str) -> int:
    text = path.removeprefix("/rows/")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise KeyError(text)
    return int(text)


def _json(document: object, status: int = 200) -> Answer:
    return status, "application/json", json.dumps(document).encode()


def _error(status: int, message: str) -> Answer:
    return _json({"error": message}, status)
