"""What one thread prints is kept from the standard output; what others print goes through."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from telcoai.orchestrator.printing import MOST_CHARACTERS, ByThread, Printed, by_thread


@contextmanager
def output() -> Iterator[io.StringIO]:
    """A standard output of the test's own, set within the test: pytest sets its own for each phase."""
    with redirect_stdout(io.StringIO()) as real:
        yield real


def test_a_kept_threads_prints_go_to_its_own_place():
    printed, inside, outside = Printed(), threading.Event(), threading.Event()

    def work(stand_in: ByThread) -> None:
        stand_in.keep(printed)
        print("from the thread")
        inside.set()
        outside.wait(10)
        print("and again")
        stand_in.release()

    with output() as real:
        thread = threading.Thread(target=work, args=(by_thread(),))
        thread.start()
        inside.wait(10)
        print("from the main thread")
        outside.set()
        thread.join(10)
    assert real.getvalue() == "from the main thread\n"
    assert printed.take() == "from the thread\nand again"
    assert printed.take() == ""


def test_a_thread_that_was_released_prints_like_any_other():
    with output() as real:
        stand_in = by_thread()
        stand_in.keep(Printed())
        sys.stdout.writelines(["kept\n"])
        stand_in.release()
        print("seen", flush=True)
    assert real.getvalue() == "seen\n"


def test_the_stand_in_is_put_there_once():
    with output():
        assert by_thread() is by_thread()
        assert isinstance(sys.stdout, ByThread)
        assert sys.stdout.isatty() is False


def test_who_prints_without_end_fills_no_memory():
    printed = Printed()
    for _ in range(100):
        printed.add("x" * 1000)
    assert len(printed.take()) == MOST_CHARACTERS


def test_rich_and_typer_print_through_the_stand_in():
    code = (
        "from telcoai.orchestrator.printing import by_thread; by_thread()\n"
        "import typer; from telcoai.cli.console import print_json, print_table\n"
        "typer.echo('echoed'); print_table(['column'], [['cell–']]); print_json({'a': 1})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.startswith("echoed\n")
    assert "cell–" in done.stdout
    assert done.stdout.endswith('{\n  "a": 1\n}\n')
