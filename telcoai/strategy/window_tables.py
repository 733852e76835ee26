"""Plays what transfers wait for TCP's windows, for ``windows``: python -m telcoai.strategy.window_tables.

Needed when ``tcp`` or the grid has changed. Each point of the grid plays the same draws, so that a table says the same
whenever it is made; a test plays some of them again.
"""

from __future__ import annotations

import random
from concurrent.futures import ProcessPoolExecutor
from itertools import product

import numpy as np

from telcoai.strategy.tcp import INITIAL_WINDOW, LEAST_RTO_S, Connection, Round
from telcoai.strategy.windows import KINDS, LOSSES, PERCENTILES, PLAYED, RATES, RATIOS, SEGMENTS, Numbers

TRANSFERS = 5000
"""At each point: with a loss in twenty transfers, what losses cost is known to 6 %."""

REGULAR = 0.999
"""Of the time between requests: just before the timeout that would halve the window once more."""

SETTLING = 20
"""Transfers after which a window is taken to be as it will be."""


def main() -> None:
    """Play all points of the grid and write them where ``windows`` reads them."""
    with ProcessPoolExecutor() as pool:
        points = product(range(len(KINDS)), range(len(LOSSES)), range(len(RATES)))
        found = list(pool.map(table, *zip(*points, strict=True)))
    whole = np.array(found, np.float32).reshape(len(KINDS), len(LOSSES), len(RATES), *found[0].shape)
    np.savez_compressed(PLAYED, waits=whole)


def table(kind: int, loss: int, rate: int) -> Numbers:
    """(mean and each percentile) × sizes × ratios at a point of the grid, in round trips."""
    found = [_play(segments, LOSSES[loss], RATES[rate], KINDS[kind] == "regular") for segments in SEGMENTS]
    return np.stack(
        [np.stack([waited.mean(axis=0), *np.percentile(waited, PERCENTILES, axis=0)]) for waited in found], 1
    )


def _play(segments: int, loss: float, rate: float, regular: bool) -> Numbers:
    """What each transfer waits, by ratio: transfers × ratios, in round trips."""
    if segments <= INITIAL_WINDOW and loss == 0:
        return np.zeros((1, len(RATIOS)))
    draw, one, now_s = random.Random(1), Connection(0.0, 0.0), 0.0
    found = []
    for _ in range(TRANSFERS + SETTLING):
        now_s += (REGULAR / rate if regular else draw.expovariate(rate)) * LEAST_RTO_S
        found.append(list(one.transfer(segments, loss, now_s, LEAST_RTO_S, draw)))
        one.used_s = now_s
    return _waited(found[SETTLING:])


def _waited(transfers: list[list[Round]]) -> Numbers:
    """Each window but the last is waited for as far as sending it doesn't take the round trip itself."""
    most = max(len(rounds) for rounds in transfers)
    sent, waits_for = np.zeros((len(transfers), most)), np.zeros((len(transfers), most), bool)
    for row, rounds in enumerate(transfers):
        sent[row, : len(rounds) - 1] = [one.sent for one in rounds[:-1]]
        waits_for[row, : len(rounds) - 1] = True
    lost = np.array([sum(one.lost for one in rounds) for rounds in transfers])
    waited = [(waits_for * np.maximum(0.0, 1 - ratio * sent)).sum(axis=1) for ratio in RATIOS]
    return np.asarray(lost[:, None] + np.array(waited).T)


if __name__ == "__main__":
    main()
