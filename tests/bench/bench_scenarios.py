"""Strategies on the scenarios that ship, on paper: python -m tests.bench.bench_scenarios [WHAT [COUNT [SCENARIO…]]].

WHAT is one of

- ``figures``: slo-mpc's requirements met against the next best, its cost over the oracle's, and the energy of the best
  adaptive strategy against the best static one that meets as much;
- ``wrong``: what 30 % of error in profiles and links costs slo-mpc, in points of requirements met;
- ``ablation``: slo-mpc without one of its parts each.

Simulated, COUNT repetitions, eight unless said; differences are of pairs of runs with the same seed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from telcoai.report.experiment import load
from telcoai.report.intervals import estimate
from telcoai.report.pairs import paired, points_more
from telcoai.report.standings import Standing, stand

FIVE = ("driving-assistance", "augmented-reality", "video-analytics", "embedded-learning", "multi-tenant")
STATIC = ("device-only", "edge-only", "cloud-only")
RIVALS = (*STATIC, "latency-greedy", "energy-aware", "model-switching", "early-exit", "lyapunov", "admission")
PARTS = ("NoLessons", "NoPercentile", "NoMargin", "NoBatteries", "NoRisk", "NoExits")


def play(scenario: str, strategies: tuple[str, ...], repetitions: int, out: Path) -> dict[str, Standing]:
    """Simulate, and give each strategy's standing."""
    words = [sys.executable, "-m", "telcoai.cli", "simulate", scenario, "--repetitions", str(repetitions)]
    words += [word for name in strategies for word in ("--strategy", name)]
    done = subprocess.run([*words, "--out", str(out)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return {one.strategy: one for one in stand(load(out)).strategies}


def met(one: Standing) -> float:
    """Requirements met in % of the time, the median over runs."""
    return 100 * one.spread(lambda run: run.requirements_met).median


def joules(one: Standing) -> float:
    """Joules per correct answer on time, the median over runs."""
    return one.spread(lambda run: run.joules_per_correct_on_time).median


def figures(scenario: str, repetitions: int, folder: Path) -> float | None:
    """Print a scenario's figures; the share of energy that the best adaptive strategy saves."""
    found = play(scenario, (*RIVALS, "slo-mpc", "oracle"), repetitions, folder)
    for name, one in sorted(found.items(), key=lambda pair: (-met(pair[1]), joules(pair[1]))):
        print(f"  {name:18} met {met(one):5.1f} %  {joules(one):8.4f} J a good answer")
    own, bound = found.pop("slo-mpc"), found.pop("oracle")
    best = max(found.values(), key=lambda one: (met(one), -joules(one)))
    apart = estimate(paired(own, best, points_more))
    print(
        f"  slo-mpc against {best.strategy}: {apart.median:+.1f} points, {apart.low:+.1f} to {apart.high:+.1f} "
        f"({100 * apart.confidence:.0f} %, {apart.runs} pairs)"
    )
    print(f"  slo-mpc's joules a good answer over the oracle's: {joules(own) / joules(bound) - 1:+.1%}")
    return saved(found | {"slo-mpc": own})


def saved(found: dict[str, Standing]) -> float | None:
    """Share of energy that the thriftiest adaptive strategy saves of those that meet as much as the best static one."""
    static = max((found[name] for name in STATIC), key=lambda one: (met(one), -joules(one)))
    able = [one for name, one in found.items() if name not in STATIC and met(one) >= met(static)]
    if not able:
        print(f"  no adaptive strategy meets as much as {static.strategy}")
        return None
    best = min(able, key=joules)
    print(
        f"  energy: {best.strategy} {joules(best):.4f} J, {static.strategy} {joules(static):.4f} J: "
        f"{joules(best) / joules(static) - 1:+.0%}"
    )
    return 1 - joules(best) / joules(static)


def wrong(scenario: str, repetitions: int, folder: Path) -> None:
    """Print what an error of 30 % costs slo-mpc."""
    text = Path(f"scenarios/{scenario}.yaml").read_text(encoding="utf-8")
    known = folder / "known.yaml"
    known.write_text(
        text.replace("\n  services:", "\n  knowledge: {profiles: 30%, links: 30%}\n  services:", 1), "utf-8"
    )
    right = play(scenario, ("slo-mpc",), repetitions, folder / "right")["slo-mpc"]
    off = play(str(known), ("slo-mpc",), repetitions, folder / "off")["slo-mpc"]
    lost = [points_more(a, b) for a, b in zip(right.summaries, off.summaries, strict=True)]
    print(f"  met {met(right):.1f} %, with 30 % of error {met(off):.1f} %: {statistics.median(lost):+.1f} points lost")


def ablation(scenario: str, repetitions: int, folder: Path) -> None:
    """Print slo-mpc and what it is without each part."""
    parts = tuple(f"{Path(__file__).parent / 'ablation.py'}:{name}" for name in PARTS)
    found = play(scenario, ("slo-mpc", "energy-aware", *parts), repetitions, folder)
    own = found["slo-mpc"]
    for name, one in found.items():
        apart = estimate(paired(own, one, points_more))
        print(
            f"  {name:24} met {met(one):5.1f} %  {joules(one):8.4f} J; slo-mpc {apart.median:+.1f} points "
            f"({apart.low:+.1f} to {apart.high:+.1f})"
        )


def main() -> None:
    """Print what is asked, scenario by scenario."""
    what, count, *scenarios = [*sys.argv[1:], *("figures", "8")[len(sys.argv) - 1 :]]
    shares = []
    for scenario in scenarios or FIVE:
        print(f"{scenario}, {count} repetitions, simulated:", flush=True)
        with tempfile.TemporaryDirectory() as name:
            share = {"figures": figures, "wrong": wrong, "ablation": ablation}[what](scenario, int(count), Path(name))
        shares += [share] if share is not None else []
    if shares:
        print(
            f"best adaptive against best static, mean of {len(shares)}: {-statistics.mean(shares):+.0%}  target −30 %"
        )


if __name__ == "__main__":
    main()
