"""The limit on open files: a sandbox holds three descriptors a node."""

from __future__ import annotations

import resource

_ENOUGH = 65_536


def raise_open_files() -> None:
    """Raise the soft limit to what a large sandbox needs, as far as the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
