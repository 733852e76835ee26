"""The image on which the runtime's image is built: what is in it, and its Python put to use."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from telcoai.adapters.engine import CommandFailed, Engine
from telcoai.errors import TestbedError
from telcoai.testbed import bytecode
from telcoai.testbed.wheels import Target

_FACTS = (
    "import json,platform,sys;"
    "print(json.dumps([list(sys.version_info[:2]),platform.machine(),' '.join(platform.libc_ver())]))"
)
_PULL_S = 600


@dataclass(frozen=True, slots=True)
class Base:
    """A base at hand: its name, its image id, and how many layers it has."""

    name: str
    digest: str
    layers: int


def find_base(engine: Engine, name: str) -> Base:
    """The base, downloaded when it isn't at hand; TestbedError when it can't be had."""
    found = engine.inspect(name, "image")
    if found is None:
        try:
            engine.run(["pull", name], timeout_s=_PULL_S)
        except CommandFailed as err:
            hint = "name a base that is at hand, or a registry's that can be reached: spec.cluster.runtimeBase"
            raise TestbedError(f"the base {name} of the runtime's image can't be had: {err.message}", hint) from err
        found = engine.inspect(name, "image")
    if found is None:
        raise TestbedError(f"the base {name} of the runtime's image was pulled, and is not there")
    identity = str(found["Id"])
    digest = identity if identity.startswith("sha256:") else f"sha256:{identity}"
    return Base(name, digest, len(found["RootFS"]["Layers"]))


def target_of(engine: Engine, base: Base) -> Target:
    """What kind of Python the base has; TestbedError when it has none, or one that is too old."""
    try:
        said = engine.run([*_python(base), "-c", _FACTS], timeout_s=60)
    except CommandFailed as err:
        hint = "a base needs python3 on its search path; the official python images have it"
        raise TestbedError(f"python3 does not run in the base {base.name}: {err.message}", hint) from err
    (major, minor), machine, libc = json.loads(said)
    if (major, minor) < (3, 11):
        raise TestbedError(f"the base {base.name} has Python {major}.{minor}; 3.11 or newer is needed")
    return Target(f"{major}.{minor}", machine, libc)


def compile_in(engine: Engine, base: Base, folder: Path, prefix: str) -> None:
    """Put compiled forms, made by the base's own Python, beside all Python files in a folder.

    ``prefix``: where the folder will be in the image. Without these each start would compile anew, for seconds.
    """
    sources = io.BytesIO()
    with tarfile.open(fileobj=sources, mode="w") as archive:
        for path in sorted(folder.rglob("*.py")):
            archive.add(path, str(path.relative_to(folder)))
    script = Path(bytecode.__file__).read_text()
    argv = [*_python(base, {"PYTHONHASHSEED": "0"}), "-c", script, prefix]
    made = engine.read(argv, input=sources.getvalue(), timeout_s=300)
    with tarfile.open(fileobj=io.BytesIO(made)) as archive:
        for member in archive:
            _take(archive, member, folder)


def _take(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write a compiled file beside its source; anything else is none of ours."""
    path, content = folder / member.name, archive.extractfile(member) if member.isreg() else None
    if content is None or path.suffix != ".pyc" or ".." in path.parts or not path.parent.parent.is_dir():
        raise TestbedError(f"the base's Python gave {member.name} where compiled files were asked for")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.read())


def _python(base: Base, environment: Mapping[str, str] | None = None) -> list[str]:
    given = [word for name, value in (environment or {}).items() for word in ("-e", f"{name}={value}")]
    return ["run", "--rm", "-i", "--network", "none", *given, "--entrypoint", "python3", base.name]
