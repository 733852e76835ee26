"""Playbooks whose command was killed are ended by who comes next."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from telcoai.adapters import ansible


def test_what_goes_on_for_a_testbed_is_ended_with_its_folder_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mine, others = (Path(tempfile.mkdtemp(prefix=ansible._prefix(place))) for place in ("/state/a", "/state/b"))
    processes = [
        subprocess.Popen(["sleep", "60"], env={**os.environ, ansible.MARK: str(folder)}) for folder in (mine, others)
    ]
    try:
        assert ansible.end_playbooks("/state/a") == 1
        assert processes[0].poll() is not None
        assert processes[1].poll() is None
        assert not mine.exists()
        assert others.exists()
    finally:
        for process in processes:
            process.kill()
            process.wait()
