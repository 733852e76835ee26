"""The columns of a leaderboard: what each figure is, how it is shown, and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from telcoai.report.intervals import Estimate
from telcoai.report.pairs import JOULES, MET, joules_more, points_more
from telcoai.report.run import Run
from telcoai.report.standings import Standing
from telcoai.report.summary import RunSummary
from telcoai.report.tail import asked_percentiles

NARROW = 7
"""Characters of a range that stay on one line of a terminal's column."""


@dataclass(frozen=True)
class Measure:
    """One column. ``values``: the figure of each run that counts, NaN where it has none.

    ``head``: the title where there is little room, with line breaks; empty for a figure that is left out there.
    ``ranged``: whether its interval is shown there. ``never``: the word for a figure that is infinite.
    """

    key: str
    title: str
    source: str
    head: str
    form: str
    meaning: str
    values: Callable[[Standing], list[float]]
    ranged: bool = True
    never: str = "never"

    def text(self, one: Estimate) -> str:
        """The median, a dash where there is none."""
        return self._one(one.median) if one.runs else "–"

    def span(self, one: Estimate) -> str:
        """The interval, empty when it has no width."""
        if one.runs == 0 or one.low == one.high:
            return ""
        low, high = self._one(one.low), self._one(one.high)
        return "" if low == high else f"{low}…{high}" if low[0] in "-+" else f"{low}–{high}"

    def brief(self, one: Estimate) -> str:
        """Both for a terminal, on lines of their own."""
        span = self.span(one) if self.ranged else ""
        broken = span if len(span) <= NARROW else span.replace("–", "–\n", 1)
        return self.text(one) + (f"\n{broken}" if span else "")

    def _one(self, value: float) -> str:
        return self.form.format(value) if math.isfinite(value) else self.never


def measures(run: Run, services: int, bound: Standing | None) -> tuple[Measure, ...]:
    """The columns for runs like ``run``; regret only when there is a bound to compare with."""
    regret = _regret(bound, f"{run.how}, {run.meter}", run.meter) if bound else ()
    return (*_scores(run.how, run.meter), _tail(run, services), *regret, *_moves(run.how))


def _each(of: Callable[[RunSummary], float]) -> Callable[[Standing], list[float]]:
    return lambda standing: [of(one) for one in standing.summaries]


def _scores(how: str, meter: str) -> tuple[Measure, ...]:
    return (
        Measure(
            key=MET,
            title="requirements met",
            source=f"{how}, {meter}",
            head="met",
            form="{:.0%}",
            meaning="share of periods in which latency percentile, accuracy and energy a request of every service were "
            "as asked",
            values=_each(lambda s: s.requirements_met),
        ),
        Measure(
            key="effective_accuracy",
            title="effective accuracy",
            source=how,
            head="good",
            form="{:.3f}",
            meaning="answers that are correct and on time, over all scheduled requests (Zhang et al., HotCloud'20)",
            values=_each(lambda s: s.effective_accuracy),
        ),
        Measure(
            key=JOULES,
            title="J a good answer",
            source=meter,
            head="J per\ngood",
            form="{:.3g}",
            meaning="dynamic energy of all requests, divided by the number of good answers: correct and on time",
            values=_each(lambda s: s.joules_per_correct_on_time),
        ),
    )


def _tail(run: Run, services: int) -> Measure:
    """Milliseconds for one service; several have deadlines of their own, so a share of the deadline."""
    asked = asked_percentiles(run)
    if services == 1 and len(asked) == 1:
        return Measure(
            key="tail_ms",
            title=f"p{asked[0]:g}, ms",
            source=run.how,
            head=f"p{asked[0]:g},\nms",
            form="{:.0f}",
            meaning="latency at the percentile asked, over all scheduled requests; one that failed is infinitely late",
            values=_each(lambda s: next(iter(s.tail_ms.values()), math.nan)),
        )
    return Measure(
        key="tail_of_deadline",
        title="percentile asked / deadline",
        source=run.how,
        head="tail /\nlimit",
        form="{:.2f}",
        meaning="latency at the percentile asked, as a share of the deadline: the worst of all services and of the "
        "times between changes of requirements; a request that failed is infinitely late",
        values=_each(lambda s: s.tail_of_deadline),
    )


def _regret(bound: Standing, both: str, meter: str) -> tuple[Measure, ...]:
    against = {one.repetition: one for one in bound.summaries}

    def each(by: Callable[[RunSummary, RunSummary], float]) -> Callable[[Standing], list[float]]:
        return lambda standing: [
            by(one, against[one.repetition]) if one.repetition in against else math.nan for one in standing.summaries
        ]

    name = bound.strategy
    return (
        Measure(
            key="regret_met_points",
            title="regret, points met",
            source=both,
            head="regret,\npoints",
            form="{:.0f}",
            meaning=f"share of periods met by {name} less the strategy's, run by run of the same repetition; below 0 "
            f"where {name}, the best of the plans it looks at by a model, was met less",
            values=each(lambda one, best: 0.0 - points_more(one, best)),
            ranged=False,
        ),
        Measure(
            key="regret_joules",
            title="regret, J",
            source=meter,
            head="regret,\nJ",
            form="{:+.0%}",
            meaning=f"joules a good answer over those of {name}, less 1, run by run of the same repetition; below 0 "
            "mostly where less was met for them: see the points first",
            values=each(joules_more),
            ranged=False,
        ),
    )


def _moves(how: str) -> tuple[Measure, ...]:
    return (
        Measure(
            key="until_met_again_s",
            title="until met again, s",
            source=how,
            head="again\nmet, s",
            form="{:.1f}",
            meaning="from a change of the timeline until requirements are met for good, median over changes",
            values=_each(lambda s: s.until_met_again_s),
            ranged=False,
        ),
        Measure(
            key="plans_decided",
            title="plans decided",
            source="",
            head="",
            form="{:.0f}",
            meaning="how often the strategy gave a plan, warm-up included",
            values=_each(lambda s: s.plans_decided),
        ),
        Measure(
            key="plans_changed",
            title="new plans",
            source="",
            head="",
            form="{:.0f}",
            meaning="plans after the first that differ from the one before",
            values=_each(lambda s: s.plans_changed),
            ranged=False,
        ),
        Measure(
            key="model_loads",
            title="stages loaded",
            source=how,
            head="",
            form="{:.0f}",
            meaning="stages of models that were loaded after the warm-up, on all nodes",
            values=_each(lambda s: s.model_loads),
            ranged=False,
        ),
        Measure(
            key="loading_s",
            title="loading, s",
            source=how,
            head="",
            form="{:.1f}",
            meaning="seconds of loading after the warm-up, over all nodes",
            values=_each(lambda s: s.loading_s),
            ranged=False,
        ),
        Measure(
            key="dropped",
            title="not admitted",
            source=how,
            head="",
            form="{:.1%}",
            meaning="share of requests that plans did not admit: dropped, which is no error and never good",
            values=_each(lambda s: s.dropped / s.requests if s.requests else math.nan),
        ),
        Measure(
            key="switches_per_device",
            title="switches a device",
            source="",
            head="moves/\ndevice",
            form="{:.1f}",
            meaning="assignments that a new plan changes, over the number of devices",
            values=_each(lambda s: s.switches_per_device),
            ranged=False,
        ),
    )
