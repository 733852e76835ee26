"""Compiles Python files: a tar archive of sources comes in, one of their compiled forms goes out.

It is run by the interpreter that will use them, in a container of the image's base, and therefore imports nothing but
the standard library. What comes out depends on nothing but the sources: a file tells no time, and names itself by the
place where it will be. It is never checked against its source again, which a read-only image makes needless.
"""

import py_compile
import sys
import tarfile
import tempfile
from pathlib import Path


def compile_archive(prefix: str) -> None:
    """From standard input to standard output. ``prefix``: the folder that the sources will be in."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as sources:
            for member in sources:
                source = sources.extractfile(member)
                (folder / member.name).parent.mkdir(parents=True, exist_ok=True)
                (folder / member.name).write_bytes(source.read() if source else b"")
        with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as compiled:
            for path in sorted(folder.rglob("*.py")):
                made = _compile(path, f"{prefix}/{path.relative_to(folder)}")
                if made:
                    compiled.add(made, str(Path(made).relative_to(folder)))


def _compile(path: Path, shown: str) -> str:
    """The compiled file; "" for one in another dialect of Python, which packages have among their templates."""
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    try:
        return py_compile.compile(str(path), dfile=shown, doraise=True, invalidation_mode=mode) or ""
    except py_compile.PyCompileError:
        return ""


if __name__ == "__main__":
    compile_archive(sys.argv[1])
