"""JSON Schema of each kind, for editors; the files in ``schemas/`` are written by ``write``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from telcoai.spec.library import FORMS

KINDS = tuple(FORMS)
FOLDER = Path(__file__).parent / "schemas"


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind; KeyError when there is no such kind."""
    made = FORMS[kind].model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": kind}


def file_of(kind: str) -> Path:
    """Where a kind's schema lies for editors."""
    return FOLDER / f"{kind.lower()}.json"


def text(kind: str) -> str:
    """The file's content."""
    return json.dumps(schema(kind), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def write() -> None:
    """Make all files anew."""
    FOLDER.mkdir(exist_ok=True)
    for kind in KINDS:
        file_of(kind).write_text(text(kind), encoding="utf-8")
