"""A family of small sequence models: which of nine speakers says a vowel, from its linear prediction coefficients.

Two widths of one convolutional network in three stages with an exit each, fp32 and int8. Its trade-offs are unlike
those of frames: an utterance is 1.4 kB, as much as an activation of the narrow network and a quarter of one of the wide
network (fp16), so that a cut saves no bytes, and overheads weigh more than operations.
``workload.yaml`` says what there is, ``README.md`` where it comes from, ``train.py`` how it was made.
"""

from __future__ import annotations

from pathlib import Path

from telcoai.workload.stored import StoredWorkload


def open_workload() -> StoredWorkload:
    """The family, read from the files beside this module."""
    return StoredWorkload(Path(__file__).parent / "workload.yaml")
