"""``telcoai status``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from telcoai.cli.console import Output, OutputOption, TestbedOption, print_json, print_table, story_console

if TYPE_CHECKING:
    from telcoai.testbed.running import Testbed


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("status", epilog="Example: telcoai status -o json")(status)


def status(testbed: TestbedOption = None, output: OutputOption = Output.TABLE) -> None:
    """Show nodes, and links as asked and measured."""
    from telcoai.cli.place import root
    from telcoai.testbed.running import choose, find_all

    running = [choose(testbed, root())] if testbed else find_all(root())
    if output is Output.JSON:
        answers = [status_of(one) for one in running]
        print_json(answers[0] if len(answers) == 1 else answers)
        return
    if not running:
        story_console().print("no testbed is up; bring one up: telcoai up testbeds/quickstart.yaml")
    for one in running:
        print_table(*nodes_table(one))
        print_table(*links_table(one))


def status_of(running: Testbed) -> dict[str, Any]:
    """The answer of ``status -o json`` for one testbed."""
    now = running.network.status()
    states = {node.name: node for node in now.nodes}
    on_cluster = _cluster_states(running) if running.cluster is not None else {}
    return {
        "testbed": running.topology.name,
        "state": "failed" if now.failure else "up",
        "why": now.failure,
        "nodes": [
            {
                "name": node.name,
                "tier": str(node.tier),
                "profile": node.profile,
                "address": states[node.name].address,
                "state": "up" if states[node.name].up else "stopped",
                "processes": states[node.name].processes,
                **on_cluster.get(node.name, {}),
            }
            for node in running.topology.nodes
        ],
        "links": running.verified_links(),
        "folder": str(running.folder),
    }


def _cluster_states(running: Testbed) -> dict[str, dict[str, Any]]:
    """What a cluster says of its nodes, and how many of telcoai's pods run on each; an API that is gone is told."""
    from telcoai.errors import TestbedError
    from telcoai.testbed.cluster import is_ready

    cluster = running.cluster
    if cluster is None:
        return {}
    try:
        nodes = {one["metadata"]["name"]: is_ready(one) for one in cluster.kubernetes.items("/api/v1/nodes")}
        pods = cluster.kubernetes.items(
            f"/api/v1/namespaces/{cluster.namespace}/pods", f"telcoai.dev/testbed={running.topology.name}"
        )
    except TestbedError as err:
        return {one.node: {"state": "unknown", "why": err.message} for one in cluster.members}
    placed = [pod["spec"].get("nodeName") for pod in pods if pod["status"]["phase"] == "Running"]
    found: dict[str, dict[str, Any]] = {}
    for one in cluster.members:
        own: dict[str, Any] = {"kubernetes_node": one.name, "processes": placed.count(one.name)}
        found[one.node] = own if nodes.get(one.name) else own | {"state": "not ready"}
    return found


def nodes_table(running: Testbed) -> tuple[list[str], list[list[str]], str]:
    """Columns, rows and title of the table of nodes."""
    facts = status_of(running)
    keys = ("name", "tier", "profile", "address", "state", "processes")
    rows = [[str(node[key]) for key in keys] for node in facts["nodes"]]
    why = f" ({facts['why']})" if facts["why"] else ""
    return ["node", *keys[1:]], rows, f"testbed {facts['testbed']}: {facts['state']}{why}"


def links_table(running: Testbed) -> tuple[list[str], list[list[str]], str]:
    """Columns, rows and title of the table of links."""
    columns = ["link", "RTT asked", "RTT measured", "rate asked ↑", "measured ↑", "rate asked ↓", "measured ↓", "loss"]
    rows = []
    for link in running.verified_links():
        up, down, measured = link["configured"]["up"], link["configured"]["down"], link["measured"]
        rows.append(
            [
                " – ".join(link["between"]),
                f"{up['delay_ms'] + down['delay_ms']:g} ms",
                "–" if measured["rtt_ms"] is None else f"{measured['rtt_ms']:.2f} ms",
                _rate(up["rate_bps"]),
                _rate(measured["up"]["rate_bps"]),
                _rate(down["rate_bps"]),
                _rate(measured["down"]["rate_bps"]),
                f"{up['loss']:.2%}" if up["loss"] == down["loss"] else f"{up['loss']:.2%} / {down['loss']:.2%}",
            ]
        )
    return columns, rows, "links, measured at up (loss as asked: too rare to be measured in a second)"


def _rate(bps: float | None) -> str:
    return "–" if bps is None else f"{bps / 1e6:.4g} Mbit/s"
