"""Quantities with units, as people write them: ``8ms``, ``50mbit``, ``1.5J``, ``30%``, ``5/s``, ``4GiB``.

Text is parsed once, at the edge, in exact decimal arithmetic, so that ``8ms`` read in ms is 8.0 and nothing else. Must
not know under which key of which file a quantity stands.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from telcoai.errors import InputError

_QUANTITY = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]+)?|\.[0-9]+) ?([^\s0-9.+-]\S*)?")
_LONGEST = 40
"""Characters of the longest text that is looked at; nothing longer can be meant."""


class UnitError(InputError, ValueError):
    """A quantity can't be read. Also a ValueError, so that validators report it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of quantity: the size of its units, other spellings of them, and the largest value that makes sense."""

    name: str
    units: Mapping[str, Decimal]
    spellings: Mapping[str, str]
    maximum: Decimal
    example: str

    def size(self, unit: str) -> Decimal | None:
        """One ``unit`` in the kind's first unit; None when there is no such unit."""
        return self.units.get(self.spellings.get(unit, unit))

    @property
    def allowed(self) -> str:
        """The units, for messages."""
        return ", ".join(unit for unit in self.units if unit)


def _pairs(words: str) -> dict[str, str]:
    """``a=b`` words as a dictionary; an empty left side is the plain number."""
    return {word.rpartition("=")[0]: word.rpartition("=")[2] for word in words.split()}


def _kind(name: str, units: str, maximum: str, example: str, spellings: str = "") -> Kind:
    sizes = MappingProxyType({unit: Decimal(size) for unit, size in _pairs(units).items()})
    return Kind(name, sizes, MappingProxyType(_pairs(spellings)), Decimal(maximum), example)


_RATE_SPELLINGS = " ".join(
    f"{prefix}{suffix}={prefix.lower()}bit"
    for prefix in ("", "k", "K", "m", "M", "g", "G")
    for suffix in ("bit", "bit/s", "bps")
    if prefix.lower() + "bit" != prefix + suffix
)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            _kind("time", "s=1 ns=1e-9 us=1e-6 ms=1e-3 min=60 h=3600 d=86400", "31622400", "8ms", "µs=us μs=us"),
            _kind("rate", "bit=1 kbit=1e3 mbit=1e6 gbit=1e9", "1e13", "50mbit", _RATE_SPELLINGS),
            _kind("energy", "J=1 nJ=1e-9 uJ=1e-6 mJ=1e-3 kJ=1e3 mWh=3.6 Wh=3600 kWh=3.6e6", "1e12", "1.5J", "µJ=uJ"),
            _kind("share", "=1 %=0.01", "1", "30%"),
            _kind("frequency", "/s=1", "1e7", "5/s", "Hz=/s"),
            _kind(
                "bytes",
                "B=1 kB=1e3 MB=1e6 GB=1e9 TB=1e12 KiB=1024 MiB=1048576 GiB=1073741824 TiB=1099511627776",
                "1125899906842624",
                "4GiB",
            ),
            _kind("byte_rate", "B/s=1 kB/s=1e3 MB/s=1e6 GB/s=1e9", "1e13", "45MB/s"),
            _kind("power", "W=1 uW=1e-6 mW=1e-3 kW=1e3 MW=1e6", "1e9", "2.7W", "µW=uW"),
            _kind("energy_per_bit", "J/bit=1 pJ/bit=1e-12 nJ/bit=1e-9 uJ/bit=1e-6", "1", "15nJ/bit", "µJ/bit=uJ/bit"),
            _kind("speed", "FLOP/s=1 MFLOP/s=1e6 GFLOP/s=1e9 TFLOP/s=1e12", "1e18", "13GFLOP/s"),
            _kind("pixel_rate", "px/s=1 kpx/s=1e3 Mpx/s=1e6 Gpx/s=1e9", "1e12", "60Mpx/s"),
        )
    }
)


def parse(value: object, kind: str, to: str) -> float:
    """Read a quantity of ``kind`` as a number of ``to`` units; UnitError says what is wrong and what is allowed.

    Text such as ``8ms``; the number 0 needs no unit, and a share may be any plain number from 0 to 1.
    """
    known = KINDS[kind]
    amount, unit = _split(value, known)
    size = _size(unit, amount, known, value)
    base = amount * size
    if base > known.maximum:
        raise UnitError(f"{_shown(value)} is too large for a {_words(kind)} (at most {_text(known.maximum, known)})")
    target = known.size(to)
    if target is None:
        raise KeyError(to)
    return float(base / target)


def text(amount: float, kind: str, unit: str) -> str:
    """Write ``amount`` (of ``unit``) so that a person reads it easily and ``parse`` gets the same number back."""
    known = KINDS[kind]
    exact = Decimal(repr(float(amount))) * known.units[unit]
    return _text(exact, known)


def _text(base: Decimal, known: Kind) -> str:
    """An amount in the kind's first unit as text in the largest unit of which it has at least one."""
    fitting = [(size, unit) for unit, size in known.units.items() if size <= base and base % size == 0]
    smaller = [(size, unit) for unit, size in known.units.items() if size <= base]
    size, unit = max(fitting or smaller, default=(Decimal(1), next(iter(known.units))))
    return f"{(base / size).normalize():f}{unit}"


def _split(value: object, known: Kind) -> tuple[Decimal, str]:
    """Number and unit of what was written."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = format(Decimal(repr(value)), "f") if -1e18 < value < 1e18 else repr(value)
    elif not isinstance(value, str):
        raise UnitError(f"{_shown(value)} is not a {_words(known.name)} (write it like {known.example})")
    found = _QUANTITY.fullmatch(value.strip()) if len(value) <= _LONGEST else None
    if found is None:
        raise UnitError(f"{_shown(value)} is not a {_words(known.name)} (write it like {known.example})")
    sign, number, unit = found.groups(default="")
    if sign == "-" and Decimal(number):
        raise UnitError(f"{_shown(value)}: a {_words(known.name)} must not be negative")
    return Decimal(number), unit


def _size(unit: str, amount: Decimal, known: Kind, value: object) -> Decimal:
    """The size of the unit written, or UnitError."""
    size = known.size(unit)
    if size is not None:
        return size
    if not unit:
        if amount == 0:
            return Decimal(1)
        raise UnitError(f"{_shown(value)} needs a unit (write it like {known.example}; allowed: {known.allowed})")
    spellings = [*known.units, *known.spellings]
    near = [s for s in spellings if s.lower() == unit.lower()] or difflib.get_close_matches(unit, spellings, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise UnitError(f"unknown unit {_shown(unit)} for a {_words(known.name)} (allowed: {known.allowed}){hint}")


def _shown(value: object) -> str:
    """What was written, short enough for a message."""
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        written = str(value) if not isinstance(value, int) or abs(value) < 10**_LONGEST else "a very large number"
        return repr(written) if len(written) <= _LONGEST else repr(written[:20] + "…")
    return {dict: "a mapping", list: "a list", bool: "true or false", type(None): "nothing"}.get(type(value), "this")


def _words(kind: str) -> str:
    return kind.replace("_", " ")
