"""What a link's keys make of the state that it had."""

from __future__ import annotations

from dataclasses import replace

from telcoai.model.topology import LinkState
from telcoai.spec.testbed_form import Directions, Impairment


def link_states(written: Directions, up: LinkState, down: LinkState) -> tuple[LinkState, LinkState]:
    """The states of both directions after ``written``: first what holds for both, then each one's own."""
    return _changed(_changed(up, written), written.up), _changed(_changed(down, written), written.down)


def _changed(state: LinkState, written: Impairment | None) -> LinkState:
    if written is None:
        return state
    fields = {
        "delay_ms": written.delay,
        "jitter_ms": written.jitter,
        "rate_bps": written.rate,
        "loss": written.loss,
        "reorder": written.reorder,
        "queue_bytes": None if written.queue is None else round(written.queue),
    }
    return replace(state, **{name: value for name, value in fields.items() if value is not None})  # type: ignore[arg-type]
