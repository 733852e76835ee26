from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.errors import InputError
from telcoai.load.live import Live, replace_json
from telcoai.load.quantiles import quantile
from telcoai.load.rows import BATCH_ROWS, SCHEMA, Hop, Row, RowFile, read_rows

COLUMNS = """
run service device request_id warmup scheduled_ns sent_ns first_byte_ns done_ns status exit variant placement sample
prediction label correct bytes_sent bytes_received hops deadline_ms on_time fallback
"""


def row(number: int, hops: tuple[Hop, ...] = (), status: str = "200") -> Row:
    return Row(
        request_id=number,
        warmup=number < 2,
        scheduled_ns=number * 1000,
        sent_ns=number * 1000 + 10,
        first_byte_ns=number * 1000 + 20,
        done_ns=number * 1000 + 2_000_000,
        status=status,
        exit=1,
        variant="lite0",
        placement="camera-1,edge,edge",
        sample=number,
        prediction=3,
        label=3,
        correct=number % 2 == 0,
        bytes_sent=4000,
        bytes_received=500,
        hops=hops,
        deadline_ms=math.nan,
        on_time=True,
        fallback="",
    )


HOPS = (Hop("camera-1", 1, 2, 3, 4, 5, True, False, 2), Hop("edge", 6, 7, 0, 0, 0, False, True, 7))


def test_columns_are_those_of_a_run_folder() -> None:
    assert SCHEMA.names == COLUMNS.split()


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    file = RowFile(tmp_path / "load" / "x.arrows", "greedy-r0", "vision", "camera-1")
    rows = [row(number, HOPS[: number % 3]) for number in range(BATCH_ROWS + 10)]
    for one in rows:
        file.add(one)
    file.close()
    table = read_rows(tmp_path / "load" / "x.arrows")
    assert table.schema == SCHEMA
    back = table.to_pylist()
    assert len(back) == len(rows)
    assert back[5]["hops"] == [hop._asdict() for hop in rows[5].hops]
    assert back[3]["hops"] == []
    assert back[7]["request_id"] == 7
    assert back[7]["run"] == "greedy-r0"
    assert math.isnan(back[7]["deadline_ms"])


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("rows") / "x.arrows"
    file = RowFile(path, "r", "s", "d")
    for number in range(5 * BATCH_ROWS):
        file.add(row(number, HOPS))
    file.close()
    return path.read_bytes()


@given(st.floats(0, 1))
def test_a_file_cut_anywhere_keeps_its_whole_batches(
    tmp_path_factory: pytest.TempPathFactory, stream: bytes, cut: float
) -> None:
    path = tmp_path_factory.mktemp("cut") / "x.arrows"
    kept = int(len(stream) * cut)
    path.write_bytes(stream[:kept])
    numbers = read_rows(path)["request_id"].to_pylist()
    assert numbers == list(range(len(numbers)))
    assert len(numbers) % BATCH_ROWS == 0
    assert len(numbers) >= (cut * 5 - 1.1) * BATCH_ROWS


def test_rows_that_were_flushed_are_in_the_file_before_it_is_closed(tmp_path: Path) -> None:
    file = RowFile(tmp_path / "x.arrows", "r", "s", "d")
    assert read_rows(tmp_path / "x.arrows").num_rows == 0
    file.add(row(0))
    file.flush()
    assert read_rows(tmp_path / "x.arrows").num_rows == 1
    file.close()


def test_a_missing_file_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_rows(tmp_path / "none.arrows")


def test_live_figures_count_errors_apart(tmp_path: Path) -> None:
    live = Live(scheduled=10)
    assert live.snapshot(0, "driving")["p95_ms"] is None
    for number in range(4):
        live.add(row(number))
    live.add(row(4, status="503"))
    replace_json(tmp_path / "live.json", live.snapshot(6, "driving"))
    figures = json.loads((tmp_path / "live.json").read_text())
    assert (figures["sent"], figures["done"], figures["errors"], figures["scheduled"]) == (6, 5, 1, 10)
    assert figures["correct"] == 0.5
    assert figures["p95_ms"] == 2.0


@given(st.lists(st.integers(0, 100), min_size=1), st.floats(0, 100))
def test_a_quantile_is_a_value_that_was_measured(values: list[int], percent: float) -> None:
    found = quantile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= percent / 100 * (len(values) - 1)


@pytest.mark.parametrize("percent", [0, 50, 90, 95, 99, 100])
def test_quantiles_are_those_of_numpys_method_higher(percent: int) -> None:
    for size in (1, 2, 7, 20, 100, 101, 512):
        values = np.random.default_rng(size).integers(0, 1000, size)
        assert quantile(values.tolist(), percent) == np.percentile(values, percent, method="higher")


def test_the_quantile_of_nothing_is_nan() -> None:
    assert math.isnan(quantile([], 50))
