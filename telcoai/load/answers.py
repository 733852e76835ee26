"""What a node runtime says in a reply: prediction, exit, placement, and the time at each hop."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import orjson

from telcoai.load.reply import header
from telcoai.load.rows import Hop


class Answer(NamedTuple):
    """A reply's content; -1 and "" for what isn't in it."""

    prediction: int = -1
    exit: int = -1
    variant: str = ""
    placement: str = ""


NO_ANSWER = Answer()
_HOP = re.compile(r"([^\s,]+) q=(-?\d+) c=(-?\d+) n=(-?\d+)(?: b=(\d+) r=(\d+))?(?: s=(\d+))?( over=1)?( rep=1)?")


def read_answer(body: bytes | bytearray) -> Answer:
    """The answer in the JSON body of an inference reply; ``NO_ANSWER`` when it isn't one."""
    try:
        reply = orjson.loads(body)
        parameters = reply.get("parameters", {})
        return Answer(
            _prediction(reply["outputs"]),
            int(parameters.get("exit", -1)),
            str(parameters.get("variant", "")),
            str(parameters.get("placement", "")),
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return NO_ANSWER


def _prediction(outputs: list[dict[str, Any]]) -> int:
    for output in outputs:
        if output["name"] == "prediction":
            value = output["data"]
            while isinstance(value, list):
                value = value[0]
            return int(value)
    return -1


def read_hops(head: bytes) -> tuple[Hop, ...]:
    """The hops of the ``telcoai-timing`` header: ``camera-1 q=1 c=2 n=3 b=4 r=5 s=1 over=1, edge q=…``."""
    value = header(head, b"telcoai-timing").decode("latin-1")
    return tuple(
        [
            Hop(node, int(q), int(c), int(n), int(b or 0), int(r or 0), over != "", rep != "", int(s or c))
            for node, q, c, n, b, r, s, over, rep in _HOP.findall(value)
        ]
    )


def read_fallback(head: bytes) -> str:
    """The dead hop that the fallback was taken for, or ""."""
    return header(head, b"telcoai-fallback").decode("latin-1")


DROPPED = "dropped"
"""Status of a request that the plan in force doesn't admit."""


def status_of(status: str, head: bytes) -> str:
    """The status of a reply, or ``dropped`` where that is why it is a 503."""
    return DROPPED if status == "503" and header(head, b"telcoai-dropped") else status
