"""report.html: one file that needs nothing else, from a template and the figures of the run folders."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from telcoai import __version__
from telcoai.report import facts
from telcoai.report.changes import Happening, happenings
from telcoai.report.comparison import Comparison
from telcoai.report.drawing import Drawing, Figure, drawing
from telcoai.report.experiment import Experiment
from telcoai.report.leaderboard import Leaderboard
from telcoai.report.pairs import difference_table
from telcoai.report.plot_energy import accuracy_against_energy, energy_per_request, energy_total
from telcoai.report.plot_front import front_caption, front_plot
from telcoai.report.plot_latency import latency_cdf, latency_over_time
from telcoai.report.plot_plan import plan_over_time
from telcoai.report.plot_time import time_parts
from telcoai.report.services import NOTE, Fared, full_table
from telcoai.report.standings import Standings


@dataclass(frozen=True)
class Plot:
    """A figure with its heading and what to read from it. ``wide``: takes a whole row of the page."""

    key: str
    title: str
    caption: str
    figure: Figure
    wide: bool = False


@dataclass(frozen=True)
class Findings:
    """What was computed of an experiment: the page shows it."""

    standings: Standings
    comparison: Comparison
    board: Leaderboard
    services: tuple[Fared, ...]


def render(experiment: Experiment, found: Findings) -> str:
    """The text of report.html."""
    changes = happenings(experiment.runs)
    drawn = drawing(experiment, found.standings, changes)
    plots = _plots(drawn) if drawn.series else []
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2").render(
        **_content(experiment, found, drawn, changes),
        plots=plots,
        figures={plot.key: plot.figure for plot in plots},
        css=Markup(_template("report.css")),  # noqa: S704 - our own file
        script=Markup(_template("report.js")),  # noqa: S704 - our own file
        plotly=Markup(_plotly()),  # noqa: S704 - plotly's own file
    )


def _content(experiment: Experiment, found: Findings, drawn: Drawing, changes: tuple[Happening, ...]) -> dict[str, Any]:
    runs = experiment.runs
    return {
        "version": __version__,
        "comparison": found.comparison,
        "board": found.board,
        "pairs": difference_table(found.board.differences),
        "services": full_table(found.services),
        "services_note": NOTE,
        "counts": drawn.counts,
        "changes": changes,
        "runs": [facts.judge(run) for run in runs],
        "figures_of_runs": facts.figures_of_runs(runs, experiment.summaries),
        "links": facts.links_seen(runs),
        "verified": facts.links_verified(runs),
        "decisions": facts.decisions_made(runs),
        "replayed": facts.replayed(runs),
        "provenance": facts.provenance(runs),
        "digests": facts.digests(runs),
        "meter": drawn.meter,
        "modelled": drawn.modelled,
        "colours": {one.label: one.look.colour for one in drawn.series},
    }


def _plots(drawn: Drawing) -> list[Plot]:
    pooled = " Repetitions are drawn together." if any(len(one.runs) > 1 for one in drawn.series) else ""
    return [
        Plot("front", "What accuracy costs", front_caption(drawn), front_plot(drawn), wide=True),
        Plot(
            "cdf",
            "Latency",
            "Share of all scheduled requests answered within a time. A curve that ends below 1 shows failed requests."
            + pooled,
            latency_cdf(drawn),
        ),
        Plot(
            "over-time",
            "Latency over time",
            "p95 (thick) and p50 (thin) of the requests scheduled in each second; letters are the changes listed below."
            + pooled,
            latency_over_time(drawn),
        ),
        Plot(
            "time",
            "Where the time goes",
            "Mean over answered requests, from what each hop reports. Compute lasts as long as the device profile "
            "says; the network is emulated; what no hop accounts for is the driver's and the runtimes' own time.",
            time_parts(drawn),
        ),
        Plot(
            "energy",
            f"Energy of a request ({drawn.modelled})",
            "Dynamic energy on every node and radio that requests touched. The bar is the band in which sources put "
            "the power figures.",
            energy_per_request(drawn),
        ),
        Plot(
            "total",
            f"Energy of all nodes ({drawn.modelled})",
            "Idle power counts for every node of the testbed, used or not.",
            energy_total(drawn),
        ),
        Plot(
            "accuracy",
            "Accuracy against energy",
            f"Energy is {drawn.modelled}, its bar the band of the power figures; accuracy is {drawn.how}, its bar "
            "Wilson's 95 % interval over the requests of that one run, not over repetitions.",
            accuracy_against_energy(drawn),
        ),
        Plot(
            "plan",
            "Plan over time",
            "Which variant answered where, as shares of the requests scheduled in each second." + pooled,
            plan_over_time(drawn),
            wide=True,
        ),
    ]


def _template(name: str) -> str:
    return resources.files("telcoai.report").joinpath("templates", name).read_text(encoding="utf-8")


def _plotly() -> str:
    """plotly.js whole, as the plotly package carries it."""
    return resources.files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")
