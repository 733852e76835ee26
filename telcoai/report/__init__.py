"""Reports: what run folders hold, as a table, a comparison, one HTML file, and frames for notebooks.

Everything here is computed from run folders and from nothing else. Must not run anything, must not print, and must
not show a modelled figure as a measured one or claim a significance that was not computed.

In a notebook: ``experiment = telcoai.report.load("reports/quickstart")``, then ``experiment.samples`` and so on.
"""

from telcoai.report.comparison import Comparison
from telcoai.report.experiment import Experiment, load
from telcoai.report.run import Run
from telcoai.report.write import Written, write_report

__all__ = ["Comparison", "Experiment", "Run", "Written", "load", "write_report"]
