from __future__ import annotations

from pathlib import Path

import pytest

from telcoai.errors import InputError
from telcoai.load.schedule import make_schedule
from telcoai.load.trace import read_trace
from telcoai.model.scenario import Demand


def write(folder: Path, text: str) -> Path:
    path = folder / "trace.csv"
    path.write_text(text)
    return path


def test_a_bare_column_is_read(tmp_path: Path) -> None:
    assert read_trace(write(tmp_path, "# from a gateway\n0\n0.5\n\n0.5\n2e0\n")).tolist() == [0, 0.5, 0.5, 2]


def test_the_column_headed_seconds_is_taken(tmp_path: Path) -> None:
    assert read_trace(write(tmp_path, "who, seconds\na,1\nb, 2.5\n")).tolist() == [1, 2.5]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0\n1\nsoon\n", r"trace.csv:3: 'soon' isn't a number"),
        ("0\n2\n1\n", r"trace.csv:3: 1 s comes before 2 s"),
        ("-1\n", r"trace.csv:1: -1 isn't a time"),
        ("nan\n", r"trace.csv:1: nan isn't a time"),
        ("inf\n", r"trace.csv:1: inf isn't a time"),
        ("when\n1\n", r"trace.csv:1: 'when' isn't a number"),
        ("a,seconds\n1,2\n3\n", r"trace.csv:3: no column 2"),
        ("", "holds no times"),
        ("seconds\n", "holds no times"),
    ],
)
def test_a_wrong_trace_is_refused_with_file_and_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_trace(write(tmp_path, text))


def test_a_trace_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_trace(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        read_trace(tmp_path / "binary.csv")


def test_a_trace_is_played_as_it_is_after_a_rehearsal_in_the_warm_up(tmp_path: Path) -> None:
    demand = Demand("trace", 0, trace=str(write(tmp_path, "0.5\n1.5\n2.5\n9\n")))
    assert make_schedule([demand], 3, 1, 7).tolist() == [500_000_000, 1_500_000_000, 2_500_000_000, 3_500_000_000]


def test_a_trace_after_a_change_begins_there(tmp_path: Path) -> None:
    demand = Demand("trace", 0, at_s=2, trace=str(write(tmp_path, "0\n1\n")))
    assert make_schedule([Demand("constant", 0), demand], 10, 1, 7).tolist() == [2_000_000_000, 3_000_000_000]
