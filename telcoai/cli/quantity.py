"""Quantities with units as options."""

from __future__ import annotations

from telcoai.errors import InputError


def seconds(option: str, text: str) -> float:
    """A duration such as ``30s`` in seconds; InputError that names the option."""
    return _quantity(option, text, "time", "s")


def per_second(option: str, text: str) -> float:
    """A rate such as ``500/s`` in 1/s; InputError that names the option."""
    return _quantity(option, text, "frequency", "/s")


def watts(option: str, text: str) -> float:
    """A power such as ``3.3W`` in W; InputError that names the option."""
    return _quantity(option, text, "power", "W")


def _quantity(option: str, text: str, kind: str, unit: str) -> float:
    from telcoai.units import UnitError, parse

    try:
        return parse(text, kind, unit)
    except UnitError as err:
        raise InputError(f"{option}: {err.message}", err.hint) from err
