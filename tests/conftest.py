"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("telcoai", deadline=None)
"""No test asserts a wall-clock time: the first example of a process may fill a cache."""
settings.load_profile("telcoai")
