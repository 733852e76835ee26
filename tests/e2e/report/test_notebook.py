"""The notebooks in reports/ run on a run folder as it comes."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

REPORTS = Path(__file__).parents[3] / "reports"
NOTEBOOKS = sorted(REPORTS.glob("*.ipynb"))

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def test_there_is_a_notebook_and_none_carries_outputs() -> None:
    assert NOTEBOOKS
    for path in NOTEBOOKS:
        cells = json.loads(path.read_text())["cells"]
        assert not any(cell.get("outputs") for cell in cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_on_an_experiment(path: Path, made_up: ModuleType, tmp_path: Path) -> None:
    papermill = pytest.importorskip("papermill", reason="jupyter isn't installed: pip install 'telcoai[notebook]'")
    pytest.importorskip("ipykernel", reason="jupyter isn't installed: pip install 'telcoai[notebook]'")
    folder = made_up.make_experiment(tmp_path / "made-up", made_up.MadeUp(errors={"cloud-only": 0.05}))
    done = tmp_path / "done.ipynb"
    papermill.execute_notebook(
        path, done, parameters={"folder": str(folder)}, kernel_name="python3", progress_bar=False, execution_timeout=240
    )
    outputs = [
        out
        for cell in json.loads(done.read_text())["cells"]
        for out in cell.get("outputs", ())
        if "text/html" in out.get("data", {})
    ]
    assert sum("Plotly.newPlot" in "".join(out["data"]["text/html"]) for out in outputs) == 3
    assert any("latency_ms_p95" in "".join(out["data"]["text/html"]) for out in outputs)
