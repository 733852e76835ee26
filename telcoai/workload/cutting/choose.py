"""Chooses cuts among the candidates: the fewest values between stages that all have a fair part of the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telcoai.errors import InputError
from telcoai.workload.cutting.candidates import Candidate

Cost = tuple[int, int]
"""(values of all cuts so far, FLOPs of the largest stage so far): compared in this order."""


@dataclass(frozen=True, slots=True)
class _Way:
    """The best choice so far that ends in a certain cut."""

    cost: Cost
    cuts: tuple[Candidate, ...]


def choose(candidates: Sequence[Candidate], flops: int, stages: int, balance: float) -> tuple[Candidate, ...]:
    """The ``stages - 1`` cuts with the fewest values together, each stage having at least its part of the FLOPs.

    A stage's part is ``balance`` (0 to 1) of an equal share, ``flops / stages``. Of equal choices, the one whose
    largest stage is smallest. Dynamic programming over (stages so far, last cut): the cost of a way's end doesn't
    depend on its beginning. InputError when there is no such choice.
    """
    least = balance * flops / stages
    start = Candidate("", (), 0, 0)
    ways = {start: _Way((0, 0), ())}
    for _ in range(stages - 1):
        ways = _one_more(ways, candidates, least)
    ends = [
        _Way(_with(way.cost, 0, flops - last.flops_before), way.cuts)
        for last, way in ways.items()
        if flops - last.flops_before >= least
    ]
    if not ends:
        raise _too_uneven(candidates, flops, stages, balance)
    return min(ends, key=lambda way: way.cost).cuts


def _one_more(ways: dict[Candidate, _Way], candidates: Sequence[Candidate], least: float) -> dict[Candidate, _Way]:
    longer: dict[Candidate, _Way] = {}
    for last, way in ways.items():
        for cut in _after(candidates, way):
            work = cut.flops_before - last.flops_before
            if work < least:
                continue
            cost = _with(way.cost, cut.values, work)
            if cut not in longer or cost < longer[cut].cost:
                longer[cut] = _Way(cost, (*way.cuts, cut))
    return longer


def _after(candidates: Sequence[Candidate], way: _Way) -> Sequence[Candidate]:
    """Candidates that come after the way's last cut."""
    return candidates[candidates.index(way.cuts[-1]) + 1 :] if way.cuts else candidates


def _with(cost: Cost, values: int, work: int) -> Cost:
    return cost[0] + values, max(cost[1], work)


def _too_uneven(candidates: Sequence[Candidate], flops: int, stages: int, balance: float) -> InputError:
    if len(candidates) < stages - 1:
        return InputError(
            f"the model has {len(candidates)} tensors to cut at, too few for {stages} stages",
            f"--stages {len(candidates) + 1} or fewer; --list shows them",
        )
    reached = most_even(candidates, flops, stages)
    return InputError(
        f"no {stages - 1} cuts leave every stage {balance:.0%} of an equal share of the FLOPs",
        f"the most even cuts reach {reached:.0%}: --balance {int(reached * 100) / 100:g}, or fewer --stages",
    )


def most_even(candidates: Sequence[Candidate], flops: int, stages: int) -> float:
    """The largest ``balance`` for which there is a choice; 1 when there are no FLOPs."""
    best = {0: flops}
    for _ in range(stages - 1):
        longer: dict[int, int] = {}
        for last, smallest in best.items():
            at = candidates[last - 1].flops_before if last else 0
            for number in range(last + 1, len(candidates) + 1):
                found = min(smallest, candidates[number - 1].flops_before - at)
                longer[number] = max(found, longer.get(number, -1))
        best = longer
    ends = (min(small, flops - (candidates[n - 1].flops_before if n else 0)) for n, small in best.items())
    return max(ends, default=0) * stages / flops if flops else 1.0
