"""What a playbook's events say: lines for a person to follow, and why a host failed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

HIDDEN = "(not shown: it could contain a secret)"

_FAILED = {"runner_on_failed", "runner_item_on_failed", "runner_on_unreachable", "runner_on_async_failed"}
_QUIET = ("None", "Validating arguments")
_MESSAGE_CHARS = 1500
_TAIL_LINES = 12
_JOIN = "\n  "
_HINTS = (
    (r"host key verification failed|no .*host key is known", "log in once by hand, compare the key's fingerprint"),
    (r"permission denied \(|too many authentication failures", "is the machine's inventory right: user, private key?"),
    (r"unprotected private key|invalid format|error in libcrypto", "ssh refuses the private key's file: chmod 600 it"),
    (r"could not resolve hostname", "the inventory's ansible_host isn't a name that this machine knows"),
    (
        r"no route to host|connection (timed out|refused|reset|closed)|network is unreachable|timed? ?out.*ssh",
        "is the machine on, its sshd running, and its address (ansible_host) right?",
    ),
    (
        r"(missing|incorrect|wrong) (sudo|become|su) password|a password is required|timeout .*privilege escalation",
        "ansible_become_password in the inventory (a vault can hold it), or a sudo rule that asks for none",
    ),
    (r"not in the sudoers|may not run sudo|sudo: (command )?not found", "the machine's user must be able to use sudo"),
    (
        r"python[0-9.]*: (command )?not found|no python interpreters found|/python[0-9.]*.*no such file",
        "the machine needs Python 3.8 or newer: install python3 there, or set ansible_python_interpreter",
    ),
    (r"no space left on device", "make room on that machine's disk"),
    (r"cannot connect to the docker daemon|is the docker daemon running", "start the engine, or set DOCKER_HOST"),
    (r"port is already allocated|address already in use", "another program has that port: choose another, or 0"),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A task that failed on a host. ``place`` is its file and line, under the playbooks' folder."""

    host: str
    task: str
    place: str
    message: str
    unreachable: bool = False

    def __str__(self) -> str:
        where = f" ({self.place})" if self.place else ""
        return f"host {self.host}: task '{self.task}'{where}: {self.message}"

    @property
    def hint(self) -> str:
        """What to try, "" when the message has no known cause."""
        text = self.message.lower()
        return next((hint for pattern, hint in _HINTS if re.search(pattern, text)), "")


@dataclass
class Events:
    """Reads events as they come. ``step`` is called with a short line each; ``folder`` is cut off places."""

    step: Callable[[str], None]
    folder: str
    failures: dict[str, Failure] = field(default_factory=dict)
    """The last failure of each host: one that a rescue's own message replaced is forgotten."""
    stats: dict[str, dict[str, int]] = field(default_factory=dict)

    def take(self, event: Mapping[str, Any]) -> None:
        """One event of ansible-runner's."""
        kind, data = str(event.get("event")), event.get("event_data") or {}
        if kind == "playbook_on_task_start" and not str(data.get("task")).startswith(_QUIET):
            self.step(str(data["task"]))
        elif kind == "runner_on_ok" and (data.get("res") or {}).get("changed"):
            self.step(f"{data.get('host')}: {data.get('task')}")
        elif kind == "runner_retry":
            self.step(f"{data.get('host')}: {data.get('task')}: again")
        elif kind in _FAILED and not data.get("ignore_errors"):
            self._note(data, unreachable=kind == "runner_on_unreachable")
        elif kind == "playbook_on_stats":
            names = ("changed", "ok", "failures", "dark", "skipped", "rescued")
            self.stats = {name: dict(data.get(name) or {}) for name in names}

    def _note(self, data: Mapping[str, Any], unreachable: bool) -> None:
        host, result = str(data.get("host", "?")), data.get("res") or {}
        if not isinstance(result, dict):
            result = {"msg": str(result)}
        earlier, task = self.failures.get(host), str(data.get("task", "?"))
        place = str(data.get("task_path") or "").removeprefix(self.folder)
        if result.get("results") and earlier and earlier.task == task and earlier.place == place:
            return  # the loop as a whole, after its item
        self.failures[host] = Failure(host, task, place, message_of(result), unreachable)
        self.step(f"{host}: {task}: {'unreachable' if unreachable else 'failed'}")


def message_of(result: Mapping[str, Any]) -> str:
    """The module's own message: with what a command said, without all else that the result holds."""
    if result.get("censored") or result.get("_ansible_no_log"):
        return HIDDEN
    for one in result.get("results") or ():
        if isinstance(one, dict) and (one.get("failed") or one.get("unreachable")):
            return message_of(one)
    message = str(result.get("msg") or result.get("reason") or "failed without a message").strip()
    said = (_lines(result[key]) for key in ("stderr", "module_stderr", "stdout", "module_stdout") if result.get(key))
    lines: list[str] = next((some for some in said if some), [])
    tail = lines[-_TAIL_LINES:]
    ended = _ended(message, result)
    whole = ended if not tail or tail[-1] in message else f"{ended}: {_JOIN.join(tail)}"
    return (
        whole if len(whole) <= _MESSAGE_CHARS else f"{whole[: _MESSAGE_CHARS // 2]} … {whole[-_MESSAGE_CHARS // 2 :]}"
    )


def _ended(message: str, result: Mapping[str, Any]) -> str:
    """The message, or how the command ended where the module says no more than that it failed."""
    if not message.startswith("non-zero return code"):
        return message
    return f"{_program(result.get('cmd'))} ended with {result.get('rc')}"


def _lines(text: object) -> list[str]:
    """What a command said, without what ssh adds to it."""
    lines = [line.rstrip() for line in str(text).splitlines()]
    return [line for line in lines if line and not re.match(r"Shared connection to .* closed", line)]


def _program(command: object) -> str:
    words = [str(word) for word in command] if isinstance(command, list) else str(command or "command").split()
    return " ".join(words[:3])
