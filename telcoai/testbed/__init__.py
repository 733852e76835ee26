"""Testbeds: bring one up, verify it, find it again, take it down.

Knows which machinery stands under a testbed (virtual hosts today) and where its state lives. Must not know workloads,
strategies or experiments.
"""
