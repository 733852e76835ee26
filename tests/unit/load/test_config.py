from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telcoai.errors import InputError
from telcoai.load.config import Deadline, parse_config, read_configs
from telcoai.load.driver import Driver
from telcoai.load.endpoint import resolve
from telcoai.load.sample_requests import Deadlines


def entry(folder: Path, **changes: object) -> dict[str, Any]:
    return {
        "service": "vision",
        "device": "camera-1",
        "url": "http://127.0.0.1:8080",
        "model": "vision",
        "seed": 7,
        "start_ns": 10,
        "warmup_s": 1,
        "duration_s": 2,
        "demand": [{"at_s": 0, "arrival": "gamma", "rate_per_s": 5, "trace": "", "cv": 2}],
        "deadlines": [{"at_s": 0, "deadline_ms": 150}, {"at_s": 5, "deadline_ms": None}],
        "samples": 10,
        "labels": str(folder / "samples.npz"),
        "timeout_s": 10,
        "out": str(folder / "out.arrows"),
        "live": str(folder / "live.json"),
        **changes,
    }


def test_a_configuration_is_read_with_the_parameters_of_its_arrival(tmp_path: Path) -> None:
    config = parse_config(entry(tmp_path), "x")
    assert config.demand[0].parameters == {"cv": 2}
    assert config.deadlines[1].deadline_ms is None


def test_a_file_holds_one_or_a_list(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(entry(tmp_path)))
    assert len(read_configs(path)) == 1
    path.write_text(json.dumps([entry(tmp_path), entry(tmp_path, device="camera-2")]))
    assert [config.device for config in read_configs(path)] == ["camera-1", "camera-2"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", "[3]", "null", '{"service": 3}'])
def test_a_wrong_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"config\.json"):
        read_configs(path)


@pytest.mark.parametrize(
    "change", [{"samples": 0}, {"timeout_s": 0}, {"seed": -1}, {"demand": [{"arrival": "x", "a": "b"}]}]
)
def test_values_without_sense_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(InputError):
        parse_config(entry(tmp_path, **change), "x")


def test_labels_have_to_be_there_for_every_sample(tmp_path: Path) -> None:
    config = parse_config(entry(tmp_path), "x")
    with pytest.raises(InputError, match="no labels"):
        Driver(config)
    np.savez(tmp_path / "samples.npz", labels=np.zeros(9, np.int64))
    with pytest.raises(InputError, match="9 labels for 10 samples"):
        Driver(config)


def test_deadlines_change_when_they_say() -> None:
    deadlines = Deadlines([Deadline(5, None), Deadline(0, 150), Deadline(8, 80)])
    assert [deadlines.at(int(at_s * 1e9)) for at_s in (0, 4.999, 5, 8, 20)] == [150, 150, None, 80, 80]
    assert Deadlines([]).at(0) is None


def test_addresses_are_resolved_with_their_prefix() -> None:
    endpoint = resolve("http://127.0.0.1:9000/serving/")
    assert (endpoint.address, endpoint.path, endpoint.host) == (("127.0.0.1", 9000), "/serving", "127.0.0.1:9000")
    assert resolve("localhost:81").address[1] == 81


@pytest.mark.parametrize("url", ["https://x", "http://", "http://x:99999", "http://no.such.host.invalid"])
def test_addresses_that_are_none_are_refused(url: str) -> None:
    with pytest.raises(InputError):
        resolve(url)
