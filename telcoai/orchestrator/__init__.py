"""Observe, decide, apply: the loop between a running testbed and a strategy.

Turns node figures into a view, asks the strategy for a plan in bounded time, refuses nonsense, and applies what is
left through an applier. Must not print, compute reports, or know what an experiment is.
"""
