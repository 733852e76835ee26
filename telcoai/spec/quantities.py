"""Quantities as field types: read from text with a unit, kept as a number whose unit the type's name says."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from telcoai import units


def _schema(kind: str) -> dict[str, Any]:
    """JSON Schema of a quantity: text that begins like a number, or the number 0 (any share for a share)."""
    known = units.KINDS[kind]
    spelled = [unit for unit in (*known.units, *known.spellings) if unit]
    pattern = r"^\+?([0-9]+(\.[0-9]+)?|\.[0-9]+) ?(" + "|".join(spelled) + ")$"
    plain = {"type": "number", "minimum": 0, "maximum": 1 if kind == "share" else 0}
    return {
        "anyOf": [{"type": "string", "pattern": pattern}, plain],
        "description": f"A {kind.replace('_', ' ')} with its unit, like {known.example}.",
    }


def _read(kind: str, to: str) -> BeforeValidator:
    return BeforeValidator(partial(units.parse, kind=kind, to=to))


Milliseconds = Annotated[float, _read("time", "ms"), WithJsonSchema(_schema("time"))]
Seconds = Annotated[float, _read("time", "s"), WithJsonSchema(_schema("time"))]
BitsPerSecond = Annotated[float, _read("rate", "bit"), Field(ge=8), WithJsonSchema(_schema("rate"))]
Joules = Annotated[float, _read("energy", "J"), WithJsonSchema(_schema("energy"))]
Share = Annotated[float, _read("share", ""), WithJsonSchema(_schema("share"))]
PerSecond = Annotated[float, _read("frequency", "/s"), WithJsonSchema(_schema("frequency"))]
Bytes = Annotated[float, _read("bytes", "B"), WithJsonSchema(_schema("bytes"))]
BytesPerSecond = Annotated[float, _read("byte_rate", "B/s"), Field(gt=0), WithJsonSchema(_schema("byte_rate"))]
Watts = Annotated[float, _read("power", "W"), WithJsonSchema(_schema("power"))]
NanojoulesPerBit = Annotated[float, _read("energy_per_bit", "nJ/bit"), WithJsonSchema(_schema("energy_per_bit"))]
MegapixelsPerSecond = Annotated[float, _read("pixel_rate", "Mpx/s"), Field(gt=0), WithJsonSchema(_schema("pixel_rate"))]
GflopsPerSecond = Annotated[float, _read("speed", "GFLOP/s"), WithJsonSchema(_schema("speed"))]
