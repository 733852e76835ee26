"""A run keeps what runtimes logged while it went on."""

from __future__ import annotations

from pathlib import Path

from telcoai.orchestrator.runtime_logs import RuntimeLogs


def test_only_what_was_logged_since_is_kept_and_a_log_begun_anew_is_whole(tmp_path: Path):
    paths = {node: tmp_path / f"{node}.runtime.log" for node in ("edge", "cloud", "camera", "gone")}
    for node in ("edge", "cloud", "camera"):
        paths[node].write_text("before the run\n")
    logs = RuntimeLogs(paths)
    with paths["edge"].open("a") as log:
        log.write("in the run\n")
    paths["cloud"].write_text("anew\n")
    kept = tmp_path / "kept"
    kept.mkdir()
    logs.copy_to(kept)
    found = {path.name: path.read_text() for path in kept.iterdir()}
    assert found == {"runtime.edge.log": "in the run\n", "runtime.cloud.log": "anew\n"}
