"""report.html in a real browser: draws every plot, complains of nothing, fits both widths in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

import telcoai.report
from tests.e2e.report.browser import CHROMIUM, browse, console_lines

LEAST_WINDOW = 500
"""Chromium makes no window narrower than this: narrower pages are shown in a frame."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium here: apt install chromium"),
]


@pytest.fixture(scope="module")
def html(made_up: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser") / "made-up"
    made_up.make_experiment(folder, made_up.MadeUp(errors={"cloud-only": 0.05}, invalid=("device-only-r1",)))
    return telcoai.report.write_report(folder).html


def test_the_page_draws_every_plot_and_the_console_stays_silent(html: Path, tmp_path: Path) -> None:
    seen = browse(html.as_uri(), tmp_path, "--dump-dom", "--window-size=1280,900")
    assert console_lines(seen.stderr) == []
    dom = seen.stdout
    assert 'data-drawn="yes"' in dom
    plots = re.findall(r'<div class="plot[^"]*js-plotly-plot[^"]*" id="plot-([a-z-]+)"', dom)
    assert sorted(plots) == ["accuracy", "cdf", "energy", "front", "over-time", "plan", "time", "total"]


@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_is_no_wider_than_its_window(html: Path, tmp_path: Path, width: int) -> None:
    probe = tmp_path / "probe.html"
    probe.write_text(
        html.read_text().replace(
            "</body>",
            "<script>document.documentElement.dataset.wide = document.documentElement.scrollWidth;</script></body>",
        )
    )
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe id="f" src="{probe.name}" style="border:0;width:{width}px;height:900px"></iframe><script>'
        "onload = () => document.body.dataset.wide = "
        "document.getElementById('f').contentDocument.documentElement.dataset.wide;</script>"
    )
    seen = browse(frame.as_uri(), tmp_path, "--dump-dom", "--window-size=1400,1000", "--allow-file-access-from-files")
    found = re.search(r'<body data-wide="(\d+)"', seen.stdout)
    assert found is not None, seen.stderr[-500:]
    assert int(found.group(1)) <= width


@pytest.mark.parametrize(("scheme", "number"), [("light", 1), ("dark", 0)])
@pytest.mark.parametrize("width", [1280, 400])
def test_screenshots_are_light_or_dark_as_the_reader_prefers(
    html: Path, tmp_path: Path, width: int, scheme: str, number: int
) -> None:
    height = 5600 if width > 1000 else 9000
    frame = html.parent / "frame.html"
    frame.write_text(
        '<!doctype html><meta name="color-scheme" content="light dark"><style>body{margin:0}'
        f"iframe{{border:0;display:block;width:{width}px;height:{height}px}}</style>"
        f'<iframe src="{html.name}"></iframe>'
    )
    picture = tmp_path / f"report-{width}-{scheme}.png"
    seen = browse(
        frame.as_uri(),
        tmp_path,
        f"--screenshot={picture}",
        f"--window-size={max(width, LEAST_WINDOW)},{height}",
        f"--blink-settings=preferredColorScheme={number}",
    )
    assert console_lines(seen.stderr) == []
    with Image.open(picture) as image:
        page = image.convert("RGB").crop((0, 0, width, height))
        page.save(picture)
        corner = page.getpixel((2, 2))
        assert isinstance(corner, tuple)
        assert (sum(corner) > 600) is (scheme == "light")
        assert len(page.resize((200, 400)).getcolors(200 * 400) or ()) > 100
