"""Frozen values that rooms pass to each other.

Holds dataclasses and pure conversions between them. Must not read files, clocks, sockets or the environment, and
must not know what users write (that is ``telcoai.spec``).
"""
