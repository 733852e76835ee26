from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import pytest

from telcoai.testbed.wheels import ROOTS, Target, fits, is_dropped, needed, provide

HERE = Target.here()


def test_the_runtime_gets_what_it_imports_and_what_that_requires_and_nothing_else() -> None:
    found = needed(HERE)
    assert set(ROOTS) <= set(found)
    assert {"pydantic-core", "typing-extensions"} <= set(found)
    assert not {"pandas", "plotly", "scipy", "ansible-core", "kubernetes", "telcoai"} & set(found)
    assert found["numpy"] == distribution("numpy").version


def test_requirements_of_other_pythons_stay_out() -> None:
    assert set(needed(Target("3.14", "aarch64", "glibc 2.36"))) <= set(needed(HERE)) | {"tomli", "exceptiongroup"}


@pytest.mark.parametrize(
    ("name", "dropped"),
    [
        ("numpy/__init__.py", False),
        ("numpy/testing/__init__.py", False),
        ("numpy/_core/tests/test_x.py", True),
        ("numpy/__init__.pyi", True),
        ("numpy/_core/include/numpy/x.h", True),
        ("pyarrow/libarrow.so.2600", False),
        ("pyarrow/libarrow_substrait.so.2600", False),
        ("pyarrow/libarrow_python.so.2600", False),
        ("pyarrow/libarrow_python.so.2600.1.0", True),
        ("pyarrow/libarrow_python.so", True),
        ("pyarrow/libarrow_flight.so.2600", True),
        ("pyarrow/lib.cpython-311-x86_64-linux-gnu.so", False),
        ("pyarrow/_parquet.cpython-311-x86_64-linux-gnu.so", False),
        ("pyarrow/_parquet_encryption.cpython-311-x86_64-linux-gnu.so", True),
        ("pyarrow/fs.py", False),
        ("onnxruntime/capi/onnxruntime_pybind11_state.so", False),
        ("onnxruntime/capi/libonnxruntime.so.1.32.0", True),
        ("numpy-2.4.6.dist-info/METADATA", False),
        ("numpy-2.4.6.dist-info/RECORD", True),
        ("orjson-3.13.0.dist-info/licenses/LICENSE-MIT", False),
    ],
)
def test_files_that_nothing_touches_stay_out(name: str, dropped: bool) -> None:
    assert is_dropped(name) == dropped


def test_wheels_for_a_newer_c_library_do_not_fit_an_older_one() -> None:
    numpy = distribution("numpy")
    assert fits(numpy, Target(HERE.python, HERE.machine, "glibc 2.99"))
    assert not fits(numpy, Target(HERE.python, HERE.machine, "glibc 2.5"))
    assert not fits(numpy, Target(HERE.python, HERE.machine, ""))
    assert fits(distribution("packaging"), Target(HERE.python, HERE.machine, ""))


def test_platforms_are_those_that_the_c_library_can_run() -> None:
    tags = Target("3.12", "aarch64", "glibc 2.28").platforms
    assert tags[0] == "manylinux_2_28_aarch64"
    assert "manylinux_2_29_aarch64" not in tags
    assert "manylinux2014_aarch64" in tags
    assert Target("3.12", "x86_64", "").platforms == ["musllinux_1_2_x86_64", "musllinux_1_1_x86_64"]


def test_installed_files_are_taken_as_they_are(tmp_path: Path) -> None:
    versions = {"packaging": distribution("packaging").version}
    provide(versions, Target(HERE.python, HERE.machine, "glibc 2.99"), tmp_path)
    assert (tmp_path / "packaging" / "version.py").read_bytes()
    assert not list(tmp_path.rglob("RECORD"))
    assert not list(tmp_path.rglob("__pycache__"))
