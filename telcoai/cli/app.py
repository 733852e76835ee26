"""``telcoai``: the verbs, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from telcoai import __version__
from telcoai.cli import (
    bench,
    deploy,
    doctor,
    down,
    exec_,
    explain,
    inventory,
    kubeconfig,
    load,
    logs,
    model,
    profile,
    rbac,
    report,
    schema,
    simulate,
    status,
    strategies,
    strategy,
    undeploy,
    up,
    validate,
)
from telcoai.cli.console import complain
from telcoai.errors import TelcoaiError

INTERRUPTED = 130


class Verbs(TyperGroup):
    """The verbs together; an interruption and a reader that went away end any of them in order."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run the verb that was called."""
        _hear_endings()
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            complain("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None


def _hear_endings() -> None:
    """Let a wish to end (of a CI service, ``timeout``, a terminal that closed) be the same as Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, signal.default_int_handler)


app = typer.Typer(
    name="telcoai",
    cls=Verbs,
    help="Design and validate AI orchestration over device–edge–cloud testbeds.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 our bug, 2 wrong input or usage, 3 testbed failed, 4 a run was invalid, "
    "130 interrupted (Ctrl-C, SIGTERM, SIGHUP).",
)

for module in (
    up,
    down,
    status,
    deploy,
    undeploy,
    bench,
    simulate,
    report,
    explain,
    load,
    exec_,
    logs,
    model,
    kubeconfig,
    rbac,
    profile,
    validate,
    schema,
    strategies,
    strategy,
    doctor,
    inventory,
):
    module.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"telcoai {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Options of telcoai itself."""


def main() -> None:
    """Run the command line; every error that is ours becomes a message and its exit code."""
    try:
        app()
    except TelcoaiError as err:
        complain(err.message, err.hint)
        sys.exit(err.exit_code)
    except OSError as err:
        complain(f"{err.filename or 'system'}: {err.strerror or err}")
        sys.exit(3)
