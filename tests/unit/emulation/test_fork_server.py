"""What the fork server imports, watches and shows, in interpreters of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from telcoai.emulation.fork_server import SINGLE_THREADED


def python(script: str, folder: Path, *arguments: str) -> str:
    environment = {**os.environ, **SINGLE_THREADED, "PYTHONPATH": f"{folder}{os.pathsep}{Path(__file__).parents[3]}"}
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


BEGIN = "import sys; from pathlib import Path; from telcoai.emulation.fork_server import *; loaded = Preloaded()\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "greeter"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "words.py").write_text("WORD = 'hello'")
    (folder / "__main__.py").write_text("from greeter.words import WORD\nif __name__ == '__main__': print(WORD)")
    return folder


def test_a_package_is_imported_with_what_its_main_needs_but_not_run(package: Path) -> None:
    script = f"{BEGIN}loaded.add('greeter', ['colorsys'])\nprint([m in sys.modules for m in sys.argv[1:]])"
    names = ("greeter.words", "colorsys", "greeter.__main__")
    assert python(script, package.parent, *names) == "[True, True, False]"


def test_what_cannot_be_imported_is_left_to_the_process_that_needs_it(package: Path) -> None:
    (package / "__main__.py").write_text("import (")
    python(f"{BEGIN}loaded.add('greeter', ['no_such_module'])\nloaded.add('neither.this', [])", package.parent)


def test_changed_source_makes_it_stale(package: Path) -> None:
    script = f"""{BEGIN}loaded.add('greeter', [])
before = loaded.is_stale()
Path({str(package / "words.py")!r}).write_text("WORD = 'good day'")
print(before, loaded.is_stale())"""
    assert python(script, package.parent) == "False True"


def test_an_import_that_starts_a_thread_is_noticed(package: Path) -> None:
    (package / "words.py").write_text("import threading; threading.Thread(target=input, daemon=True).start(); WORD = 1")
    script = f"{BEGIN}loaded.add('colorsys', [])\nprint(loaded.has_threads)\nloaded.add('greeter', [])\n"
    reading, writing = os.pipe()
    environment = {**os.environ, "PYTHONPATH": f"{package.parent}{os.pathsep}{Path(__file__).parents[3]}"}
    script += "print(loaded.has_threads, flush=True); import os; os._exit(0)"
    done = subprocess.run(
        [sys.executable, "-c", script], stdin=reading, capture_output=True, text=True, env=environment, check=True
    )
    os.close(reading)
    os.close(writing)
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("module", ["telcoai.serving", "telcoai.load"])
def test_what_nodes_run_starts_no_thread_by_being_imported(module: str, tmp_path: Path) -> None:
    script = f"{BEGIN}loaded.add({module!r}, ['onnxruntime'])\nprint(loaded.has_threads, 'numpy' in sys.modules)"
    assert python(script, tmp_path) == "False True"


def test_the_command_line_shown_is_overwritten_and_cut_to_its_space(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from telcoai.emulation.linux import set_command_line
for words in (["python", "-m", "greeter"], ["x" * 10_000]):
    size = len(Path("/proc/self/cmdline").read_bytes())
    set_command_line(words)
    line = Path("/proc/self/cmdline").read_bytes()
    print(len(line) == size, line.rstrip(b"\\0").split(b"\\0")[:3] == [w.encode()[:size - 1] for w in words])
"""
    assert python(script, tmp_path, "-" * 500).split() == ["True"] * 4


def test_children_have_random_numbers_of_their_own(tmp_path: Path) -> None:
    script = """
import os, random, numpy
from telcoai.emulation.fork_server import reseed
for _ in range(2):
    if os.fork() == 0:
        reseed()
        print(random.random(), numpy.random.random(), flush=True)
        os._exit(0)
    os.wait()
"""
    assert len(set(python(script, tmp_path).split())) == 4
