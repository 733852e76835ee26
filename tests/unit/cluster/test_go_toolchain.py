from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tests.cluster.go_toolchain import VERSION, address, unpack


@pytest.mark.parametrize(
    ("named", "proxy"),
    [
        ("", "https://proxy.golang.org"),
        ("direct", "https://proxy.golang.org"),
        ("https://mirror.test/go/,direct", "https://mirror.test/go"),
        ("https://mirror.test|off", "https://mirror.test"),
    ],
)
def test_the_first_proxy_that_is_named_serves_the_toolchain(named: str, proxy: str) -> None:
    expected = f"{proxy}/golang.org/toolchain/@v/v0.0.1-go{VERSION}.linux-amd64.zip"
    assert address({"GOPROXY": named}, "amd64") == expected


def test_programs_are_executable_once_unpacked(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        for name in ("bin/go", "pkg/tool/linux_amd64/link", "src/fmt/print.go"):
            files.writestr(f"golang.org/toolchain@v0.0.1-go{VERSION}.linux-amd64/{name}", name)
    unpack(archive.getvalue(), tmp_path)
    assert (tmp_path / "bin/go").stat().st_mode & 0o111
    assert (tmp_path / "pkg/tool/linux_amd64/link").stat().st_mode & 0o111
    assert not (tmp_path / "src/fmt/print.go").stat().st_mode & 0o111
