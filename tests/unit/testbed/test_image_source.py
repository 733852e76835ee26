from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path

from telcoai.testbed import bytecode
from telcoai.testbed.image_source import ENTRIES, source_files


def test_only_what_pods_run_is_in_the_image() -> None:
    names = set(source_files())
    assert {"telcoai/__init__.py", "telcoai/load/pod.py", "telcoai/serving/app.py", "telcoai/load/warm.py"} <= names
    rooms = {name.split("/")[1] for name in names}
    assert not rooms & {"cli", "spec", "report", "testbed", "orchestrator", "experiment", "strategy"}


def test_the_entries_run_from_those_files_alone(tmp_path: Path) -> None:
    for name, path in source_files().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(path.read_bytes())
    imports = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import {', '.join(ENTRIES)}, telcoai.load.pod_server"
    script = f"{imports}; print(sys.modules['telcoai'].__file__)"
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path / "telcoai" / "__init__.py")


def _compiled(sources: dict[str, str]) -> dict[str, bytes]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in sources.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    command = [sys.executable, bytecode.__file__, "/opt/x"]
    done = subprocess.run(command, input=buffer.getvalue(), capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def test_compiled_files_are_alike_and_never_checked_and_name_their_later_place() -> None:
    sources = {"a/b.py": "def f(x):\n    return x in {'p', 'q', 'r'}\n", "a/template.py": "def {{ name }}: pass"}
    first = _compiled(sources)
    assert list(first) == [f"a/__pycache__/b.{sys.implementation.cache_tag}.pyc"]
    assert first == _compiled(sources)
    (content,) = first.values()
    assert content[4:8] == b"\x01\x00\x00\x00"
    assert b"/opt/x/a/b.py" in content
