"""slo-mpc without one of its parts each, for bench_scenarios."""

from __future__ import annotations

from telcoai.strategy.slo_mpc import PARTS, SloMpc


class NoForecast(SloMpc):
    """Demand as it was."""

    name = "slo-mpc-no-forecast"
    summary = "slo-mpc without forecast of demand"

    def __init__(self) -> None:
        super().__init__(PARTS - {"forecast"})


class NoLessons(SloMpc):
    """Profiles and links as they are said to be."""

    name = "slo-mpc-no-lessons"
    summary = "slo-mpc without correction of its model"

    def __init__(self) -> None:
        super().__init__(PARTS - {"lessons"})


class NoPercentile(SloMpc):
    """The percentile asked, however few requests a period has."""

    name = "slo-mpc-no-percentile"
    summary = "slo-mpc aiming at the percentile asked"

    def __init__(self) -> None:
        super().__init__(PARTS - {"percentile"})


class NoFloor(SloMpc):
    """Calibrated accuracies as if they were true."""

    name = "slo-mpc-no-floor"
    summary = "slo-mpc with the accuracy margin of all strategies"

    def __init__(self) -> None:
        super().__init__(PARTS - {"floor"})
