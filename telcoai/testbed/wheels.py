"""The libraries in the runtime's image: which ones, and from where.

Exactly the versions that are installed on this side are taken. Where the image's Python is of the same kind, the
installed files themselves are copied, which needs no network; elsewhere pip gets the wheels for that Python.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from telcoai.errors import TestbedError

ROOTS = ("numpy", "onnxruntime", "orjson", "pillow", "pyarrow", "pydantic", "uvloop")
"""What the runtime and the driver import."""

DROPPED = (
    # What only building, testing or type checking needs.
    *(
        "*/tests/*",
        "*/__pycache__/*",
        "*.pyi",
        "*.pyx",
        "*.pxd",
        "*.pxi",
        "*.h",
        "*.hpp",
        "*.c",
        "*.cc",
        "*.cpp",
        "*.a",
    ),
    *("*.dist-info/RECORD*", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED", "*.dist-info/direct_url.json"),
    *("*.dist-info/sboms/*", "numpy/f2py/*", "pyarrow/include/*", "pyarrow/src/*"),
    # Models are only run here, by the library that the Python module has inside.
    *(f"onnxruntime/{part}/*" for part in ("transformers", "quantization", "tools", "datasets", "backend")),
    "onnxruntime/capi/libonnxruntime.so*",
    # Rows are written to local files, and read from them.
    *(
        f"pyarrow/*{part}[._]*"
        for part in ("flight", "s3", "s3fs", "gcsfs", "azurefs", "hdfs", "orc", "gandiva", "cuda")
    ),
    *("pyarrow/_substrait.*", "pyarrow/*parquet_encryption[._]*"),
    # The same library under further names; modules ask for the one of its interface's version.
    *("pyarrow/libarrow_*.so", "pyarrow/libarrow_*.so.*.*.*"),
    # Frames are JPEG.
    *("PIL/_avif*", "PIL/_imagingft*", "PIL/_webp*", "PIL/_imagingcms*", "PIL/_imagingtk*"),
    *(
        f"pillow.libs/lib{part}*"
        for part in ("avif", "harfbuzz", "freetype", "lcms2", "brotli", "png", "webp", "sharpyuv")
    ),
)
"""Files that no use of the image touches: two thirds of all. The image is tried when it is built."""


@dataclass(frozen=True, slots=True)
class Target:
    """The Python of an image's base: ``python`` as in "3.11", ``libc`` as in "glibc 2.36"."""

    python: str
    machine: str
    libc: str

    @classmethod
    def here(cls) -> Target:
        """The Python that runs this."""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return cls(version, platform.machine(), " ".join(platform.libc_ver()))

    @property
    def glibc_minor(self) -> int | None:
        """36 for glibc 2.36; None for another C library."""
        match = re.fullmatch(r"glibc 2\.(\d+)", self.libc)
        return int(match[1]) if match else None

    @property
    def platforms(self) -> list[str]:
        """Platform tags of wheels that work there."""
        minor = self.glibc_minor
        if minor is None:
            return [f"musllinux_1_{number}_{self.machine}" for number in (2, 1)]
        old = [f"{name}_{self.machine}" for name in ("manylinux2014", "manylinux2010", "manylinux1")]
        return [f"manylinux_2_{number}_{self.machine}" for number in range(minor, 4, -1)] + old


def needed(target: Target, roots: Iterable[str] = ROOTS) -> dict[str, str]:
    """Names and installed versions of the libraries ``roots``, with all that they require there."""
    marks = {
        "python_version": target.python,
        "python_full_version": f"{target.python}.0",
        "platform_machine": target.machine,
        "extra": "",
    }
    found: dict[str, str] = {}
    waiting = list(roots)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        distribution = _installed(name)
        found[name] = distribution.version
        for line in distribution.requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate(marks):
                waiting.append(requirement.name)
    return dict(sorted(found.items()))


def provide(versions: Mapping[str, str], target: Target, site: Path) -> None:
    """Put the libraries for that Python into an empty folder, without what isn't needed."""
    here = Target.here()
    is_alike = (here.python, here.machine) == (target.python, target.machine)
    if is_alike and all(fits(_installed(name), target) for name in versions):
        for name in versions:
            _copy(_installed(name), site)
    else:
        _download(versions, target, site)
        _strip(site)


def _installed(name: str) -> metadata.Distribution:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError as err:
        raise TestbedError(f"{name} is not installed, and the runtime's image needs it", f"pip install {name}") from err


def fits(distribution: metadata.Distribution, target: Target) -> bool:
    """Whether an installed wheel's files work with the C library there."""
    minor = target.glibc_minor
    tags = re.findall(r"^Tag: \S+-(\S+)$", distribution.read_text("WHEEL") or "", re.M)
    if not distribution.files or not tags:
        return False
    if "any" in tags:
        return True
    limits = [int(found) for tag in tags for found in re.findall(r"manylinux_2_(\d+)_", tag)]
    is_old = any(re.match(r"manylinux(1|2010|2014)_", tag) for tag in tags)
    return minor is not None and (is_old or any(limit <= minor for limit in limits))


def _copy(distribution: metadata.Distribution, site: Path) -> None:
    for file in distribution.files or ():
        name = file.as_posix()
        if name.startswith("../") or is_dropped(name):
            continue
        place = site / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(distribution.locate_file(file)), place)


def _download(versions: Mapping[str, str], target: Target, site: Path) -> None:
    kind = [word for tag in target.platforms for word in ("--platform", tag)]
    kind += ["--python-version", target.python, "--implementation", "cp", "--only-binary=:all:", "--no-deps"]
    wanted = [f"{name}=={version}" for name, version in versions.items()]
    quiet = ["--disable-pip-version-check", "--no-compile", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *quiet, "--target", str(site), *kind, *wanted]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        said = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise TestbedError(
            f"no wheels for Python {target.python} on {target.machine} with {target.libc}: {said}",
            f"take a base with Python {Target.here().python} on {platform.machine()}: then nothing is downloaded",
        )


def _strip(site: Path) -> None:
    for path in sorted(site.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif is_dropped(path.relative_to(site).as_posix()) or path.relative_to(site).parts[0] == "bin":
            path.unlink()


def is_dropped(name: str) -> bool:
    """Whether a library's file, by its path, stays out of the image."""
    return any(fnmatch(f"/{name}", f"*/{pattern}") or fnmatch(name, pattern) for pattern in DROPPED)


def sizes(site: Path) -> Iterable[tuple[str, int]]:
    """Bytes of each top-level entry of a folder, largest first."""
    found = {top.name: _bytes(top) for top in site.iterdir()}
    return sorted(found.items(), key=lambda entry: -entry[1])


def _bytes(top: Path) -> int:
    files = top.rglob("*") if top.is_dir() else [top]
    return sum(path.stat().st_size for path in files if path.is_file())
