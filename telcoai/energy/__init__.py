"""Modelled energy of a run: what each request, node and radio used, and how sure that is.

Works on what a run has written down and on the testbed's profiles. Must not read meters, clocks or files, and never
shows a figure without the meter's name (``model``).
"""
