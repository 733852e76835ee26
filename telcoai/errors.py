"""Every error that telcoai raises on purpose, with the exit code that the command line gives it.

    TelcoaiError                 1   our bug, unless a subclass says otherwise
    ├── InputError               2   a file, option or value of the user's is wrong
    │   └── SpecError            2   one or more problems in YAML files, each with file:line:column
    ├── TestbedError             3   a testbed or the platform under it failed
    │   ├── NodeError            3   one node or a process on it failed
    │   └── LinkError            3   a link can't be set or is out of tolerance
    ├── PluginError              2   a strategy or workload of the user's can't be loaded
    └── InvalidRun               4   a run's own checks say that its figures don't count

An error has a message (what failed, where) and a hint (what to try).
"""


class TelcoaiError(Exception):
    """Root of the tree. ``hint`` says what to try; it may be empty."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(TelcoaiError):
    """A file, option or value that the user gave is wrong."""

    exit_code = 2


class SpecError(InputError):
    """Problems found in YAML files; ``problems`` holds one ready line each (``file:line:column: text``)."""

    def __init__(self, problems: list[str], hint: str = "") -> None:
        super().__init__("\n".join(problems), hint)
        self.problems = problems


class PluginError(InputError):
    """A strategy or workload can't be found, loaded or used."""


class TestbedError(TelcoaiError):
    """The testbed, or the platform under it, failed."""

    __test__ = False
    exit_code = 3


class NodeError(TestbedError):
    """One node, or a process on it, failed."""


class LinkError(TestbedError):
    """A link can't be set, or its measurement is out of tolerance."""


class InvalidRun(TelcoaiError):
    """A run finished, and its checks say that its figures don't count."""

    exit_code = 4
