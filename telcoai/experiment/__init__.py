"""Experiments: the matrix of runs of a scenario, each run's steps, and the run folder that they leave.

Runs and reports meet only in the run folder. Must not print, and must not compute what a report computes.
"""
