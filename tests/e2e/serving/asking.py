"""Asking a runtime over plain HTTP, many at once."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.e2e.serving.tiny_family import Runtime


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def prediction(self) -> int:
        return int(self.document["outputs"][0]["data"][0])

    @property
    def exit(self) -> int:
        return int(self.document["parameters"]["exit"])

    @property
    def hops(self) -> list[dict[str, str]]:
        entries = [entry.split(" ") for entry in self.headers["telcoai-timing"].split(", ")]
        return [{"node": words[0]} | dict(word.split("=") for word in words[1:]) for words in entries]


def ask(
    runtime: Runtime, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", runtime.port, timeout=20)
    try:
        connection.request(method, target, body, headers or {})
        reply = connection.getresponse()
        return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
    finally:
        connection.close()


def ask_sample(runtime: Runtime, sample: int, headers: dict[str, str] | None = None) -> Reply:
    tensor = {"name": "sample", "shape": [1, 1], "datatype": "INT64", "data": [sample]}
    return ask(runtime, "POST", "/v2/models/vision/infer", json.dumps({"inputs": [tensor]}).encode(), headers)


def ask_samples(runtime: Runtime, samples: Iterable[int], at_once: int = 4) -> list[Reply]:
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda sample: ask_sample(runtime, sample), samples))


def wait_ready(*runtimes: Runtime) -> None:
    deadline = time.monotonic() + 20
    for runtime in runtimes:
        while ask(runtime, "GET", "/v2/health/ready").status != 200:
            assert time.monotonic() < deadline, f"{runtime.name} is not ready"
            time.sleep(0.02)
