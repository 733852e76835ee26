"""Which row of hops a request takes where an assignment has replicas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from telcoai.model.admission import admitted_before
from telcoai.model.plan import Assignment


def turn_of(number: int, one: Assignment) -> int:
    """Index in ``one.rows`` of the row whose turn it is at the device's request of this number, from 0.

    Round robin, without chance: any n requests in a row that are admitted differ by at most one between rows. Those
    that aren't admitted take nobody's turn: with a share of one half and two rows, all others would meet the same row.
    """
    return admitted_before(number, one.admit) % len(one.rows)


def shares(one: Assignment) -> Mapping[tuple[str, ...], float]:
    """Share of the admitted requests that each row gets; a row that is there twice gets two turns."""
    counts = Counter(one.rows)
    return {row: count / len(one.rows) for row, count in counts.items()}
