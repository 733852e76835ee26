from __future__ import annotations

import contextlib
import json
import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from telcoai.serving.http import request_bytes
from tests.e2e.serving.asking import ask, ask_sample, wait_ready
from tests.e2e.serving.tiny_family import Runtime, assignment

Start = Callable[..., dict[str, Runtime]]
ROUTE = {
    "service": "vision",
    "device": "camera-1",
    "variant": "small",
    "stage": 1,
    "hops": ["camera-1"] * 3,
    "thresholds": [1.0, 1.0],
    "wire": "fp16",
    "scale": 1.0,
    "replayed": False,
}
ODD: list[Any] = [None, -1, 0, 3, 10**30, 1e308, "", "x", "\ud83d", [], [[]], {}, True, [1] * 50]
TARGETS = ["/v2/models/vision/infer", "/v2/models/small/infer", "/v2/models/%00/infer", "/v2", "/plan", "/", "*"]


def _mutated(random_: random.Random, value: Any) -> Any:
    """The value with something in it, somewhere, replaced or left out."""
    if random_.random() < 0.15:
        return random_.choice(ODD)
    if isinstance(value, dict):
        return {key: _mutated(random_, each) for key, each in value.items() if random_.random() > 0.03}
    if isinstance(value, list) and value:
        return [_mutated(random_, each) for each in value[:4]] + value[4:]
    return value


def _request(random_: random.Random) -> bytes:
    tensors = [
        {"name": "sample", "shape": [1, 1], "datatype": "INT64", "data": [1]},
        {"name": "activation", "shape": [1, 4, 4, 4], "datatype": "FP16", "parameters": {"binary_data_size": 128}},
        {"name": "frame", "shape": [1, 8, 8, 3], "datatype": "UINT8", "data": [7] * 192},
    ]
    document = {"id": "1", "inputs": [random_.choice(tensors)], "outputs": [{"name": "prediction"}]}
    head = json.dumps(_mutated(random_, document)).encode()
    headers = {"host": "n", "inference-header-content-length": str(len(head))}
    if random_.random() < 0.5:
        headers["telcoai-route"] = json.dumps(_mutated(random_, ROUTE))
    for name in ("telcoai-sample", "telcoai-deadline", "telcoai-remaining", "content-encoding", "telcoai-device"):
        if random_.random() < 0.1:
            headers[name] = random_.choice(["1", "-1", "9" * 40, "gzip", ""])
    raw = request_bytes("POST", random_.choice(TARGETS), headers, head + random_.randbytes(128))
    if random_.random() < 0.2:
        at = random_.randrange(len(raw))
        raw = raw[:at] + random_.randbytes(random_.randrange(9)) + raw[at + random_.randrange(9) :]
    return raw


def _send(port: int, raw: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client, contextlib.suppress(ConnectionError):
        client.sendall(raw)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))
    return b""


def _descriptors(runtime: Runtime) -> int:
    return len(list(Path(f"/proc/{runtime.process.pid}/fd").iterdir()))


def test_a_runtime_outlives_whatever_is_sent_to_it(start: Start) -> None:
    camera = start({"camera-1": {}})["camera-1"]
    wait_ready(camera)
    camera.put_plan(assignment("camera-1", ["camera-1"] * 3))
    good = ask_sample(camera, 3).document["outputs"]
    before, random_ = _descriptors(camera), random.Random(20)
    for _ in range(1500):
        answer = _send(camera.port, _request(random_))
        assert answer == b"" or answer.startswith(b"HTTP/1.1 "), answer
        assert not answer.startswith(b"HTTP/1.1 500"), answer
    assert ask(camera, "GET", "/v2/health/live").status == 200
    assert ask_sample(camera, 3).document["outputs"] == good
    assert camera.ask("GET", "/stats")["queue"] == 0
    assert _descriptors(camera) <= before + 2
    assert camera.stop() == 0
    assert camera.process.stderr is not None
    assert camera.process.stderr.read() == ""
