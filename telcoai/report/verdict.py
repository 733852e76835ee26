"""What a choice and its alternatives come to, in a sentence."""

from __future__ import annotations

from telcoai.report.alternatives import Outlook, Told, in_time, placement

_NOTABLE = 0.01


def describe_choice(told: Told) -> str:
    """Whether anything else was predicted better, and what the choice is predicted to miss."""
    chosen = told.chosen
    if chosen is None:
        return (
            f"nothing can be predicted of {placement(told.assignment)}: a node of it is down, unknown or chosen later"
        )
    parts = [_compared(chosen, told.alternatives), *_thriftier(chosen, told)]
    asked = told.service.requirements
    if asked.deadline_ms is not None and chosen.tail_ms > asked.deadline_ms:
        parts.append(f"p{asked.percentile:g} is predicted over the {asked.deadline_ms:g} ms asked")
    if told.short:
        parts.append(f"no variant keeps the accuracy asked, {asked.accuracy_min:g}, with the usual margin")
    elif asked.accuracy_min is not None and chosen.accuracy < asked.accuracy_min:
        parts.append(f"its accuracy is forecast below the {asked.accuracy_min:g} asked, which the alternatives keep")
    return "; ".join(parts)


def _compared(chosen: Outlook, alternatives: tuple[Outlook, ...]) -> str:
    if not alternatives:
        return "there is no alternative"
    best = alternatives[0]
    gain_ms = chosen.cost_ms - best.cost_ms
    if gain_ms <= 0:
        return "no alternative is predicted to be quicker"
    what = f"{best.assignment.variant} on {placement(best.assignment)}"
    return f"{what} is predicted to be quicker by {gain_ms:.1f} ms ({gain_ms / chosen.cost_ms:.0%})"


def _thriftier(chosen: Outlook, told: Told) -> list[str]:
    """The alternative that takes the fewest joules in time, when it saves more than rounding."""
    best = min(in_time(told.alternatives, told.service), key=lambda one: one.joules, default=chosen)
    if best.joules > chosen.joules * (1 - _NOTABLE):
        return []
    what = f"{best.assignment.variant} on {placement(best.assignment)}"
    return [f"{what} is predicted to take {1 - best.joules / chosen.joules:.0%} fewer joules and to be in time"]
