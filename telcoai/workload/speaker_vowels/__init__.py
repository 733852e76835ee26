"""The built-in family on short vectors of speech: who says two vowels, by a 1-D convolutional network with three exits.

``workload.yaml`` says what there is, ``README.md`` where it comes from, ``train.py`` how it was made.
"""

from __future__ import annotations

from pathlib import Path

from telcoai.workload.stored import StoredWorkload


def open_workload() -> StoredWorkload:
    """The family, read from the files beside this module."""
    return StoredWorkload(Path(__file__).parent / "workload.yaml")
