"""The run of a driver pod: what its drivers are told, what they say, and the rows that they leave."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from telcoai.emulation import linux
from telcoai.errors import InputError, TelcoaiError
from telcoai.load.config import parse_config
from telcoai.load.rows import SCHEMA, read_rows
from telcoai.load.warm import Warm

GRACE_S = 5.0
_LOG_LINES = 20


class Busy(TelcoaiError):
    """A run goes on, and there is one at a time."""


class PodRun:
    """One run at a time; a later one replaces what an earlier one left. ``work``: a folder that may be written to."""

    def __init__(self, work: Path, warm: Warm) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="drivers-", dir=work))
        self._warm = warm
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._ended.set()
        self._state = "waiting"
        self._code: int | None = None
        self._drivers = 0
        self._process = -1  # a descriptor: a process id may be another's by the time it is used

    def start(self, body: bytes) -> None:
        """Drive what a JSON list of configurations says; InputError when it makes no sense, Busy when one goes on."""
        configs = self._read(body)
        with self._lock:
            if not self._ended.is_set():
                raise Busy("a run goes on: stop it first")
            shutil.rmtree(self._folder)
            self._folder.mkdir(mode=0o700)
            self._drivers = len(configs)
            path = self._folder / "config.json"
            path.write_text(json.dumps(configs))
            self._process = os.pidfd_open(self._warm.drive(path, self._log))
            self._state, self._code = "driving", None
            self._ended.clear()
        threading.Thread(target=self._wait, daemon=True).start()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Have the drivers end; nothing when none drives."""
        with self._lock:
            if not self._ended.is_set():
                signal.pidfd_send_signal(self._process, number)

    def state(self) -> dict[str, Any]:
        """``state`` (waiting, driving or ended), the exit ``code``, and the last lines of the ``log``."""
        with self._lock:
            found: dict[str, Any] = {"state": self._state, "code": self._code}
        try:
            return found | {"log": self._log.read_text(errors="replace").splitlines()[-_LOG_LINES:]}
        except OSError:
            return found | {"log": []}

    def live(self) -> list[Any]:
        """Each driver's live figures; None for one that hasn't any yet."""
        return [_json_of(self._file(index, "live.json")) for index in range(self._drivers)]

    def rows(self, index: int) -> bytes:
        """A driver's rows so far, whole batches of them, as Parquet; KeyError when there is no such driver."""
        if not 0 <= index < self._drivers:
            raise KeyError(index)
        linux.step_back()  # drivers go first
        path, sink = self._file(index, "arrows"), io.BytesIO()
        pq.write_table(read_rows(path) if path.exists() else SCHEMA.empty_table(), sink, compression="zstd")
        return sink.getvalue()

    def close(self) -> None:
        """End the drivers, in order if they do so in time, and remove what they left."""
        self.stop()
        if not self._ended.wait(GRACE_S):
            self.stop(signal.SIGKILL)
            self._ended.wait(GRACE_S)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self, body: bytes) -> list[dict[str, Any]]:
        """Configurations with files of their own in this pod; its network namespace is the one to send from."""
        try:
            content = json.loads(body)
        except ValueError as err:
            raise InputError(f"not JSON: {err}") from err
        if not isinstance(content, list) or not content or not all(isinstance(entry, dict) for entry in content):
            raise InputError("a run is a list of drivers' configurations")
        for index, entry in enumerate(content):
            files = {"out": str(self._file(index, "arrows")), "live": str(self._file(index, "live.json"))}
            entry.update(files | {"netns_fd_path": ""})
            parse_config(entry, f"driver {index}")
        return content

    def _wait(self) -> None:
        code = self._warm.wait()
        with self._lock:
            with suppress(ProcessLookupError):  # of the warm process's end the driver knows nothing
                signal.pidfd_send_signal(self._process, signal.SIGKILL)
            os.close(self._process)
            self._state, self._code = "ended", code
            self._ended.set()

    def _file(self, index: int, ending: str) -> Path:
        return self._folder / f"{index}.{ending}"

    @property
    def _log(self) -> Path:
        return self._folder / "driver.log"


def _json_of(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
