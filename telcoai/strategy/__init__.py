"""Built-in strategies, what they predict with, and the check that every plan passes.

A strategy is a pure function from a view to a plan. Nothing here may read a clock, a file, a socket or a random
number, nor act on a testbed: the orchestrator does that with the plan.
"""
