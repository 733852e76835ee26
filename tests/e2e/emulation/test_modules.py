"""Python modules run in nodes, forked from one process per sandbox that has imported them."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from telcoai.emulation.leftovers import leftovers
from telcoai.emulation.sandbox import Sandbox
from telcoai.errors import NodeError, TestbedError

from .conftest import SandboxMaker
from .layouts import FREE, chain
from .test_sandbox import until

pytestmark = pytest.mark.sandbox

ORDINARY_USER = os.geteuid() != 0

SLEEPER = """
import time
if __name__ == "__main__":
    print("asleep", flush=True)
    time.sleep(1000)
"""
FACTS = """
import json, os, random, signal, socket, sys, uuid
from pathlib import Path
__name__ == "__main__" and print(json.dumps({
    "argv": sys.argv[1:],
    "main": __name__,
    "loaded": "colorsys" in sys.modules,
    "host": socket.gethostname(),
    "addresses": [socket.gethostbyname(name) for name in ("edge", "camera-1")],
    "interfaces": [name for _, name in socket.if_nameindex()],
    "node": os.environ["TELCOAI_NODE"],
    "threads": os.environ.get("OMP_NUM_THREADS"),
    "cwd": os.getcwd(),
    "leader": os.getsid(0) == os.getpid(),
    "parent": os.getppid(),
    "random": random.random(),
    "descriptors": sorted(int(p.name) for p in Path("/proc/self/fd").iterdir())[:-1],
    "line": Path("/proc/self/cmdline").read_bytes().rstrip(b"\\0").decode().split("\\0")[1:],
    "comm": Path("/proc/self/comm").read_text().strip(),
    "signals": [int(signal.getsignal(n)) for n in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)],
}))
"""


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Writes modules that interpreters in nodes find."""
    with tempfile.TemporaryDirectory(prefix="telcoai-") as folder:
        path = os.environ.get("PYTHONPATH")
        monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{path}" if path else folder)

        def write(**sources: str) -> None:
            for name, source in sources.items():
                Path(folder, f"{name}.py").write_text(source)

        yield write


def run(box: Sandbox, node: str, module: str, folder: Path, *args: str) -> tuple[int, str]:
    """Exit code and output of a module."""
    log = folder / "log"
    log.unlink(missing_ok=True)
    process = box.start_module(node, module, args, log=log, preload=["colorsys"])
    return box.wait(process, 20), log.read_text()


def host_pid(box: Sandbox, comm: str) -> int | None:
    """Host process number of a sandbox's process that ``ps`` shows under that name."""
    for line in leftovers(box.layout.name):
        if line.startswith("process") and Path("/proc", line.split()[1], "comm").read_text().strip() == comm:
            return int(line.split()[1])
    return None


def test_a_module_runs_in_its_node_as_its_own_interpreter_would_run_it(
    sandbox: SandboxMaker, modules: Callable[..., None], tmp_path: Path
) -> None:
    modules(facts=FACTS)
    box, facts = sandbox(chain()), []
    for node in ("edge", "edge", "camera-1"):
        code, text = run(box, node, "facts", tmp_path, "a b", "ü")
        assert code == 0, text
        facts.append(json.loads(text))
    assert [f["host"] for f in facts] == [f["node"] for f in facts] == ["edge", "edge", "camera-1"]
    assert len({f["random"] for f in facts}) == 3
    first = facts[0]
    assert first["argv"] == ["a b", "ü"]
    assert first["line"] == ["-m", "facts", "a b", "ü"]
    assert (first["main"], first["comm"], first["loaded"]) == ("__main__", "facts:edge", True)
    assert first["addresses"] == [box.layout.addresses["edge"], box.layout.addresses["camera-1"]]
    assert set(first["interfaces"]) >= {"lo", "telcoai0"}
    assert not [name for name in first["interfaces"] if name.startswith("eth")]
    assert (first["cwd"], first["threads"], first["leader"], first["parent"]) == ("/", None, True, 1)
    assert first["descriptors"] == [0, 1, 2]
    assert first["signals"] == [0] * 3


def test_exit_codes_tracebacks_and_signals_are_those_of_a_program(
    sandbox: SandboxMaker, modules: Callable[..., None], tmp_path: Path
) -> None:
    modules(
        leaving="import atexit, sys\nif __name__ == '__main__':\n  atexit.register(print, 'last words')\n  sys.exit(7)",
        failing="if __name__ == '__main__': raise RuntimeError('no way')",
        dying="import os\nif __name__ == '__main__': os.kill(os.getpid(), 9)",
        broken="import (",
    )
    box = sandbox(chain())
    assert run(box, "edge", "leaving", tmp_path) == (7, "last words\n")
    code, text = run(box, "edge", "failing", tmp_path)
    assert (code, text.splitlines()[-1]) == (1, "RuntimeError: no way")
    assert run(box, "edge", "dying", tmp_path) == (-signal.SIGKILL, "")
    code, text = run(box, "edge", "broken", tmp_path)
    assert (code, "SyntaxError" in text) == (1, True)
    code, text = run(box, "edge", "no_such_module", tmp_path)
    assert (code, "No module named no_such_module" in text) == (1, True)


def test_a_module_is_listed_and_signalled(sandbox: SandboxMaker, modules: Callable[..., None], tmp_path: Path) -> None:
    modules(sleeper=SLEEPER)
    box, log = sandbox(chain()), tmp_path / "log"
    process = box.start_module("edge", "sleeper", name="dreamer", log=log)
    until(lambda: "asleep" in log.read_text())
    assert [(p.node, p.name, p.code) for p in box.processes()] == [("edge", "dreamer", None)]
    assert {n.name: n.processes for n in box.status().nodes}["edge"] == 1
    box.signal(process, signal.SIGTERM)
    assert box.wait(process, 10) == -signal.SIGTERM


def test_what_cannot_start_is_an_error(sandbox: SandboxMaker, modules: Callable[..., None], tmp_path: Path) -> None:
    modules(fine="")
    box = sandbox(chain())
    with pytest.raises(NodeError, match="no node 'mars'"):
        box.start_module("mars", "fine")
    with pytest.raises(NodeError, match="can't be a module's name"):
        box.start_module("edge", "-c")
    with pytest.raises(NodeError, match="longer than"):
        box.start_module("edge", "fine", ["x" * 1_000_000])
    with pytest.raises(NodeError, match="No such file"):
        box.start_module("edge", "fine", log=tmp_path / "nowhere" / "log")
    assert run(box, "edge", "fine", tmp_path) == (0, "")


def test_stopping_a_node_kills_its_modules(sandbox: SandboxMaker, modules: Callable[..., None], tmp_path: Path) -> None:
    modules(sleeper=SLEEPER)
    box = sandbox(chain())
    process, other = (box.start_module(node, "sleeper") for node in ("edge", "cloud"))
    box.node_stop("edge")
    assert box.wait(process, 10) == -signal.SIGKILL
    with pytest.raises(NodeError, match="stopped"):
        box.start_module("edge", "sleeper")
    with pytest.raises(TimeoutError):
        box.wait(other, 0.1)
    box.node_start("edge")
    again = box.start_module("edge", "sleeper")
    with pytest.raises(TimeoutError):
        box.wait(again, 0.1)


@pytest.mark.skipif(ORDINARY_USER, reason="memory is bounded by cgroups, which takes root")
def test_memory_of_modules_is_bounded(sandbox: SandboxMaker, modules: Callable[..., None], tmp_path: Path) -> None:
    modules(eater="if __name__ == '__main__': print(len(bytearray(256 << 20)))")
    box = sandbox(chain(memory_bytes=64 << 20))
    if reason := box.status().unbounded:
        pytest.skip(reason)
    assert run(box, "edge", "eater", tmp_path) == (-signal.SIGKILL, "")
    assert box.status().failure == ""


def test_a_killed_fork_server_is_replaced_and_its_children_stay(
    sandbox: SandboxMaker, modules: Callable[..., None], tmp_path: Path
) -> None:
    modules(fine="", sleeper=SLEEPER)
    box = sandbox(chain())
    child = box.start_module("edge", "sleeper")
    for _ in range(3):
        victim = host_pid(box, "telcoai-forks")
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        assert run(box, "edge", "fine", tmp_path) == (0, "")
    with pytest.raises(TimeoutError):
        box.wait(child, 0.05)


def test_a_fork_server_killed_while_it_imports_is_replaced(
    sandbox: SandboxMaker, modules: Callable[..., None], tmp_path: Path
) -> None:
    marker = tmp_path / "imported"
    modules(
        once=f"""
import os, time
from pathlib import Path
if __name__ != "__main__" and not Path({str(marker)!r}).exists():
    Path({str(marker)!r}).touch()
    os.kill(os.getpid(), 9)
"""
    )
    assert run(sandbox(chain()), "edge", "once", tmp_path) == (0, "")


def test_a_module_whose_import_always_kills_is_an_error(
    sandbox: SandboxMaker, modules: Callable[..., None], tmp_path: Path
) -> None:
    modules(poison="import os\nos.kill(os.getpid(), 9)", fine="")
    box = sandbox(chain())
    with pytest.raises(NodeError, match="fork server ended"):
        box.start_module("edge", "poison")
    assert run(box, "edge", "fine", tmp_path) == (0, "")


def test_links_change_at_once_while_a_module_is_imported(
    sandbox: SandboxMaker, modules: Callable[..., None], tmp_path: Path
) -> None:
    """The import goes on until the links were changed: a supervisor that waited for it would wait for ever."""
    marker = tmp_path / "changed"
    modules(slow=f"import time\nfrom pathlib import Path\nwhile not Path({str(marker)!r}).exists(): time.sleep(0.01)")
    box = sandbox(chain())
    starter = threading.Thread(target=box.start_module, args=("edge", "slow"))
    starter.start()
    until(lambda: host_pid(box, "telcoai-forks") is not None)
    for _ in range(20):
        box.set_link("edge--cloud", "up", FREE)
    marker.touch()
    starter.join(20)
    assert not starter.is_alive()


def test_many_started_at_once_all_run(sandbox: SandboxMaker, modules: Callable[..., None], tmp_path: Path) -> None:
    modules(ending="import sys\nif __name__ == '__main__': sys.exit(int(sys.argv[1]))")
    box, codes = sandbox(chain()), {}

    def one(number: int) -> None:
        codes[number] = box.wait(box.start_module("edge", "ending", [str(number)]), 20)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == {number: number for number in range(40)}


def test_changed_code_is_what_runs_next(sandbox: SandboxMaker, modules: Callable[..., None], tmp_path: Path) -> None:
    package = Path(os.environ["PYTHONPATH"].partition(os.pathsep)[0], "greeter")
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text("from greeter.words import WORD\nprint(WORD)")
    (package / "words.py").write_text("WORD = 'hello'")
    box = sandbox(chain())
    assert run(box, "edge", "greeter", tmp_path)[1].splitlines()[-1] == "hello"
    before = host_pid(box, "telcoai-forks")
    (package / "words.py").write_text("WORD = 'good day'")
    assert run(box, "edge", "greeter", tmp_path)[1].splitlines()[-1] == "good day"
    assert host_pid(box, "telcoai-forks") != before


def test_modules_that_start_threads_when_imported_get_interpreters_of_their_own(
    sandbox: SandboxMaker, modules: Callable[..., None], tmp_path: Path
) -> None:
    modules(
        threaded="import threading, time\nthreading.Thread(target=time.sleep, args=(1000,), daemon=True).start()",
        facts=f"import threaded\n{FACTS}",
    )
    box = sandbox(chain())
    code, text = run(box, "edge", "facts", tmp_path)
    assert code == 0, text
    facts = json.loads(text.splitlines()[-1])
    assert (facts["loaded"], facts["line"], facts["host"]) == (False, ["-m", "facts"], "edge")


def test_a_killed_supervisor_takes_the_fork_server_and_its_children_along(
    state_dir: Path, modules: Callable[..., None]
) -> None:
    modules(sleeper=SLEEPER)
    box = Sandbox.create(chain(), state_dir)
    box.start_module("edge", "sleeper")
    assert host_pid(box, "telcoai-forks") is not None
    os.kill(box.pid, signal.SIGKILL)
    until(lambda: not [x for x in leftovers(box.layout.name) if x.startswith("process")])
    with pytest.raises(TestbedError):
        box.start_module("edge", "sleeper")
    box.close()
    assert leftovers(box.layout.name, state_dir) == []
