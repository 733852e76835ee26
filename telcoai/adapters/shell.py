"""A shell on another machine or in a container that stays open, so that a command there costs no start."""

from __future__ import annotations

import contextlib
import secrets
import select
import subprocess
import threading
import time
from collections.abc import Sequence

from telcoai.errors import NodeError

_READ = 65536


class Shell:
    """``sh`` behind ``argv`` (a call of ssh, or of a container engine); any thread may ask, one at a time."""

    def __init__(self, name: str, argv: Sequence[str]) -> None:
        self._name = name
        self._argv = [*argv, "sh"]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, script: str, timeout_s: float = 10.0) -> str:
        """What a script prints, errors included. NodeError when it fails, or there is no shell."""
        with self._lock:
            process = self._opened()
            mark = secrets.token_hex(8)
            wrapped = f"( {script}\n) 2>&1 </dev/null; printf '\\n%s %s\\n' {mark} $?\n"
            try:
                assert process.stdin is not None
                process.stdin.write(wrapped.encode())
                process.stdin.flush()
                text = self._until(process, mark, time.monotonic() + timeout_s)
            except OSError as err:
                self.close()
                raise NodeError(f"{self._name}: the shell there ended: {err}") from err
        output, _, code = text.rpartition(f"\n{mark} ")
        if code.strip() != "0":
            raise NodeError(f"{self._name}: {output.strip()[-500:] or f'exit {code.strip()}'}")
        return output

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            self._process = None

    def _opened(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(self._argv, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT)
        return self._process

    def _until(self, process: subprocess.Popen[bytes], mark: str, deadline: float) -> str:
        """All output up to the line with the mark."""
        assert process.stdout is not None
        data = b""
        while f"\n{mark} ".encode() not in data or not data.endswith(b"\n"):
            if not select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                self.close()
                raise NodeError(f"{self._name}: no answer in time")
            part = process.stdout.read1(_READ)  # type: ignore[attr-defined]
            if not part:
                said = data.decode(errors="replace").strip()[-500:]
                self.close()
                raise NodeError(f"{self._name}: no shell there: {said or 'it ended at once'}")
            data += part
        return data.decode(errors="replace")
