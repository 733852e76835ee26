"""Whether the ranking of strategies by energy survives the band of the power figures, in words.

The arithmetic is ``telcoai.energy``'s: what each strategy's scored requests used is read from the samples, and every
power figure is moved within its band, for all strategies alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from telcoai.energy.account import account
from telcoai.energy.ranking import EnergyRanking, ranking_survives
from telcoai.energy.use import Use, total
from telcoai.errors import InputError
from telcoai.model.topology import Topology
from telcoai.report.run import Run
from telcoai.report.standings import Standing, Standings
from telcoai.report.testbed import topology_from


@dataclass(frozen=True, slots=True)
class RankingVerdict:
    """``ranking`` is None when it can't be had; ``sentence`` says so then."""

    ranking: EnergyRanking | None
    meter: str
    sentence: str

    @property
    def survives(self) -> bool:
        """Whether there is a ranking, and no power figures within the bands turn it."""
        return self.ranking is not None and self.ranking.survives


def rank_energy(standings: Standings) -> RankingVerdict:
    """Rank the strategies over their runs that count."""
    comparable = standings.comparable
    if not comparable:
        return RankingVerdict(None, "", "Energy: no valid run, nothing to rank.")
    meter = comparable[0].runs[0].meter
    topology = topology_from(comparable[0].runs[0].topology)
    uses = {one.strategy: strategy_use(one, topology) for one in comparable} if topology else {}
    known = {name: use for name, use in uses.items() if use is not None}
    if topology is None or len(known) < len(uses):
        why = "the testbed in run.json or the samples aren't in this version's form"
        return RankingVerdict(
            None, meter, f"Energy ({meter}): whether its ranking survives the band is unknown: {why}."
        )
    ranking = ranking_survives(known, topology)
    return RankingVerdict(ranking, meter, _sentence(ranking, meter))


def strategy_use(standing: Standing, topology: Topology) -> Use | None:
    """What a strategy's scored requests used, all its runs together; None when samples don't fit the testbed."""
    try:
        return total(run_use(run, topology) for run in standing.runs)
    except (InputError, KeyError):
        return None


def run_use(run: Run, topology: Topology) -> Use:
    """What a run's scored requests used within the scored window, which is energy.parquet's too."""
    start_ns = int(run.warmup_s * 1e9)
    end_ns = start_ns + int(float(run.facts.get("duration_s", 0.0)) * 1e9)
    return account(run.scored_with_hops.reset_index(drop=True), topology, start_ns, end_ns).use


def _sentence(ranking: EnergyRanking, meter: str) -> str:
    if len(ranking.order) < 2:
        return f"Energy ({meter}): one strategy only, nothing to rank."
    told = f"Energy per request ({meter}), least first: {', '.join(ranking.order)}."
    if ranking.survives:
        return f"{told} This order survives the band of the power figures."
    pairs = ", ".join(f"{better} and {worse}" for better, worse in ranking.can_swap)
    return f"{told} It does not survive the band of the power figures: {pairs} may swap."
