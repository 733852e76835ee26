from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai import units

SIZES = [(name, unit) for name, kind in units.KINDS.items() for unit in kind.units]


@pytest.mark.parametrize(
    ("written", "kind", "to", "number"),
    [
        ("8ms", "time", "ms", 8.0),
        ("8 ms", "time", "s", 0.008),
        ("1.5min", "time", "s", 90.0),
        ("50mbit", "rate", "bit", 5e7),
        ("50Mbit/s", "rate", "bit", 5e7),
        ("1gbit", "rate", "mbit", 1000.0),
        ("1.5J", "energy", "J", 1.5),
        ("30%", "share", "", 0.3),
        (0.3, "share", "", 0.3),
        (1, "share", "", 1.0),
        ("5/s", "frequency", "/s", 5.0),
        ("4GiB", "bytes", "B", 2.0**32),
        ("64KiB", "bytes", "KiB", 64.0),
        ("2.7W", "power", "W", 2.7),
        ("15nJ/bit", "energy_per_bit", "nJ/bit", 15.0),
        ("3.3GFLOP/s", "speed", "GFLOP/s", 3.3),
        ("60Mpx/s", "pixel_rate", "Mpx/s", 60.0),
        ("60 Mpx/s", "pixel_rate", "px/s", 6e7),
        (0, "time", "ms", 0.0),
        ("0", "rate", "bit", 0.0),
        ("+1s", "time", "s", 1.0),
        ("10µs", "time", "us", 10.0),
    ],
)
def test_a_quantity_is_read_exactly(written, kind, to, number):
    assert units.parse(written, kind, to) == number


@pytest.mark.parametrize(
    ("written", "kind", "said"),
    [
        (8, "time", "'8' needs a unit (write it like 8ms; allowed: s, ns, us, ms, min, h, d)"),
        ("8MS", "time", "did you mean ms?"),
        ("8 parsec", "time", "unknown unit 'parsec'"),
        ("-5/s", "frequency", "must not be negative"),
        (-0.1, "share", "must not be negative"),
        ("120%", "share", "too large"),
        (float("nan"), "share", "not a share"),
        (float("inf"), "time", "not a time"),
        ("nan s", "time", "not a time"),
        ("1e5s", "time", "unknown unit 'e5s'"),
        ("9" * 400, "bytes", "not a"),
        (10**400, "time", "not a time"),
        ("1" * 39 + "d", "time", "too large"),
        ("", "time", "not a time"),
        (None, "time", "nothing is not a time"),
        (True, "share", "true or false is not a share"),
        ([], "power", "a list is not a power"),
        ("8ms 9ms", "time", "not a time"),
    ],
)
def test_what_is_wrong_is_said(written, kind, said):
    known = units.KINDS[kind]
    with pytest.raises(units.UnitError) as caught:
        units.parse(written, kind, next(iter(known.units)))
    assert said in caught.value.message
    assert len(caught.value.message) < 300


@settings(deadline=None)
@given(st.sampled_from(SIZES), st.decimals(0, 10**9, places=6))
def test_any_number_of_any_unit_is_read_back_as_written(size, number):
    kind, unit = size
    known = units.KINDS[kind]
    if number * known.units[unit] <= known.maximum:
        assert units.parse(f"{number}{unit}", kind, unit) == float(number)


@settings(deadline=None)
@given(st.sampled_from(SIZES), st.floats(0, 1e6))
def test_text_and_back_is_the_same(size, number):
    kind, unit = size
    known = units.KINDS[kind]
    written = units.text(number, kind, unit)
    if Decimal(repr(number)) * known.units[unit] <= known.maximum and len(written) <= 40:
        assert units.parse(written, kind, unit) == pytest.approx(number, rel=1e-12)


@settings(deadline=None)
@given(st.sampled_from(sorted(units.KINDS)), st.text() | st.integers() | st.floats() | st.none() | st.binary())
def test_only_unit_errors_come_out(kind, written):
    try:
        number = units.parse(written, kind, next(iter(units.KINDS[kind].units)))
    except units.UnitError:
        pass
    else:
        assert 0 <= number <= float(units.KINDS[kind].maximum)


def test_text_picks_a_unit_that_reads_well():
    assert units.text(0.008, "time", "s") == "8ms"
    assert units.text(5e7, "rate", "bit") == "50mbit"
    assert units.text(0.3, "share", "") == "30%"
    assert units.text(2.0**32, "bytes", "B") == "4GiB"
    assert units.text(0, "time", "s") == "0s"
