"""A testbed on paper: requests, cores and links as events on a simulated clock, in seconds for hours of a scenario.

The orchestrator's own loop decides here, on views made of simulated figures, and what comes out are the rows of a run.
Nothing here may start a process, open a socket or read the real clock, and nothing of it is a measurement.
"""
