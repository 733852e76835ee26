"""``telcoai down``."""

from __future__ import annotations

from typing import Annotated

import typer

from telcoai.cli.console import TestbedOption, story_console


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("down", epilog="Example: telcoai down quickstart")(down)


def down(
    testbed: Annotated[
        str | None, typer.Argument(help="Name or file of a testbed; not needed when there is one only.")
    ] = None,
    named: TestbedOption = None,
    everything: Annotated[bool, typer.Option("--all", help="All testbeds, those that crashed too.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also what carries the testbed's label and no state tells of.")
    ] = False,
) -> None:
    """Take a testbed down, also after a crash."""
    from telcoai.cli.place import root
    from telcoai.errors import TestbedError
    from telcoai.testbed.running import force_down, known_names, take_down

    names = known_names(root()) if everything else [_chosen(testbed or named)]
    failures = []
    for name in names:
        try:
            _leave_foreign(name)
            there = force_down(name, root()) if force else take_down(name, root())
        except TestbedError as err:
            failures.append(err)
            continue
        story_console().print(f"testbed {name} is down" if there else f"testbed {name} was not up", markup=False)
    if not names:
        story_console().print("no testbed is up")
    if failures:
        raise TestbedError("; ".join(err.message for err in failures), failures[0].hint)


def _leave_foreign(name: str) -> None:
    """A cluster of the user's goes on without telcoai: what runs there of it is removed first."""
    from telcoai.cli.place import root
    from telcoai.orchestrator.deployment import undeploy
    from telcoai.testbed.running import find

    found = find(name, root())
    if found is not None and found.topology.platform == "kubeconfig":
        undeploy(found)


def _chosen(testbed: str | None) -> str:
    from telcoai.cli.place import root
    from telcoai.errors import InputError
    from telcoai.testbed.running import choose, known_names

    if testbed is None:
        known = known_names(root())
        return known[0] if len(known) == 1 else choose(None, root()).topology.name
    if testbed.endswith((".yaml", ".yml")):
        from telcoai.spec import load_testbed

        return load_testbed(testbed).name
    if "/" in testbed or testbed in ("", ".", ".."):
        raise InputError(f"{testbed!r} is no name of a testbed", "telcoai status lists those that are up")
    return testbed
