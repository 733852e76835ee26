"""A tiny workload made of real ONNX files, and runtimes that serve it on loopback ports."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from telcoai.adapters.unix_http import request_json
from telcoai.model.frames import scale
from telcoai.model.wire import WIRES
from telcoai.serving.config import read_config
from telcoai.serving.stage_runs import Sessions

TOKEN = "a-token-for-tests"
CLASSES = 10
SAMPLES = 24
SIZES = {"small": 8, "large": 16}
CHANNELS = (4, 6)


def write_family(folder: Path, sizes: Mapping[str, int] = SIZES) -> None:
    """ONNX stages of two variants, samples and the replay of what the stages say."""
    random = np.random.default_rng(3)
    for name, size in sizes.items():
        for index in range(3):
            onnx.save(_stage(index, size, random), str(folder / f"{name}.{index}.onnx"))
    frames = random.integers(0, 256, (SAMPLES, 32, 32, 3), np.uint8)
    np.savez(folder / "samples.npz", frames=frames, labels=np.zeros(SAMPLES, np.int64))
    np.savez(folder / "replay.npz", **_replay(folder, frames, sizes))


def _replay(folder: Path, frames: np.ndarray, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    path = folder / "probe.json"
    path.write_text(json.dumps(node_config(folder, "probe", workload(folder, sizes=sizes))))
    sessions, arrays = Sessions(), {}
    for variant in read_config(path).variants.values():
        for wire in WIRES:
            rows = [_answers(sessions, variant, frame, wire) for frame in frames]
            arrays[f"{variant.name}/{wire}/prediction"] = np.array([[p for p, _ in row] for row in rows], np.uint8)
            arrays[f"{variant.name}/{wire}/confidence"] = np.array([[c for _, c in row] for row in rows], np.float32)
    return arrays


def _answers(sessions: Sessions, variant: Any, frame: np.ndarray, wire: str) -> list[tuple[int, float]]:
    payload, factor, found = scale(frame, variant.input_size).tobytes(), 1.0, []
    for index in range(len(variant.stages)):
        (output,) = sessions.run_stage(variant, index, [(payload, factor)], wire)
        payload, factor = output.activation, output.scale
        found.append((output.prediction, output.confidence))
    return found


def _stage(index: int, size: int, random: np.random.Generator) -> onnx.ModelProto:
    ins = 3 if index == 0 else CHANNELS[index - 1]
    outs = CHANNELS[min(index, 1)]
    weights = random.normal(0, 0.5, (outs, ins, 3, 3)).astype(np.float32)
    head = random.normal(0, 1.5, (outs, CLASSES)).astype(np.float32)
    nodes = []
    if index == 0:
        nodes += [
            helper.make_node("Cast", ["frame"], ["as_float"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["as_float", "factor"], ["scaled"]),
            helper.make_node("Transpose", ["scaled"], ["activation_in"], perm=[0, 3, 1, 2]),
        ]
    nodes += [
        helper.make_node("Conv", ["activation_in", "weights"], ["convolved"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["convolved"], ["activation"]),
        helper.make_node("GlobalAveragePool", ["activation"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "head"], ["logits"]),
    ]
    values = {"weights": weights, "head": head} | ({"factor": np.array(1 / 128, np.float32)} if index == 0 else {})
    return _model(index, size, nodes, values)


def _model(index: int, size: int, nodes: list[Any], values: dict[str, np.ndarray]) -> onnx.ModelProto:
    many = 1 if size == SIZES["small"] else "N"  # graphs of both kinds: for one sample, and for as many as come
    ins = [many, size, size, 3] if index == 0 else [many, CHANNELS[index - 1], size >> index, size >> index]
    outs = [many, CHANNELS[min(index, 1)], size >> (index + 1), size >> (index + 1)]
    kind, name = (TensorProto.UINT8, "frame") if index == 0 else (TensorProto.FLOAT, "activation_in")
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [many, CLASSES])]
    if index < 2:
        outputs.append(helper.make_tensor_value_info("activation", TensorProto.FLOAT, outs))
    weights = [numpy_helper.from_array(value, key) for key, value in values.items()]
    inputs = [helper.make_tensor_value_info(name, kind, ins)]
    graph = helper.make_graph(nodes, f"stage{index}", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def workload(
    folder: Path,
    compute: str = "run",
    stage_s: Sequence[float] | None = None,
    decode_s: float | None = None,
    once_s: Sequence[float] | None = None,
    sizes: Mapping[str, int] = SIZES,
) -> dict[str, Any]:
    """The workload's part of a configuration."""
    variants = []
    for name, size in sizes.items():
        shapes = [[CHANNELS[0], size // 2, size // 2], [CHANNELS[1], size // 4, size // 4], []]
        stages = [
            {"path": str(folder / f"{name}.{index}.onnx"), "activation_shape": shape}
            for index, shape in enumerate(shapes)
        ]
        variants.append(
            {
                "name": name,
                "precision": "fp32",
                "input_size": size,
                "stages": stages,
                "stage_s": list(stage_s) if stage_s else None,
                "decode_s": decode_s,
                "once_s": list(once_s) if once_s else None,
                "compute": [compute] * 3,
            }
        )
    return {
        "classes": CLASSES,
        "replay": str(folder / "replay.npz"),
        "samples": str(folder / "samples.npz"),
        "variants": variants,
    }


def node_config(folder: Path, node: str, work: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A configuration; give ``listen``, ``peers``, ``cores`` … to change it."""
    return {
        "node": node,
        "tier": "device",
        "listen": ["127.0.0.1", 0],
        "control": str(folder / f"{node}.sock"),
        "token_file": str(folder / "token"),
        "cores": 2,
        "queue": 64,
        "seed": 1,
        "peers": {},
        "services": {"vision": "tiny"},
        "workloads": {"tiny": work},
        "paced": True,
    } | changes


def assignment(device: str, hops: Sequence[str], **changes: Any) -> dict[str, Any]:
    """One assignment as a plan has it; no early exits unless ``thresholds`` are given."""
    return {
        "service": "vision",
        "device": device,
        "variant": "small",
        "hops": list(hops),
        "thresholds": [1.01, 1.01],
        "wire": "fp16",
        "fallback": "local",
        "fallback_variant": "small",
    } | changes


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nothing listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass
class Runtime:
    """One runtime process."""

    name: str
    port: int
    control: Path
    process: subprocess.Popen[str] = field(repr=False)

    @property
    def url(self) -> str:
        """Where clients find it, as tritonclient wants it."""
        return f"127.0.0.1:{self.port}"

    def ask(self, method: str, target: str, body: object = None) -> Any:
        """A request over the control socket."""
        return request_json(self.control, method, target, token=TOKEN, body=body, timeout_s=10)

    def put_plan(self, *assignments: dict[str, Any]) -> None:
        """Put a plan into effect, and wait until all that it needs is loaded and it is in force."""
        self.ask("PUT", "/plan", {"assignments": list(assignments)})
        deadline = time.monotonic() + 20
        while self.ask("GET", "/stats")["pending"]:
            assert time.monotonic() < deadline, f"{self.name} still serves by the plan before"
            time.sleep(0.005)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the process and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(10)

    def close_streams(self) -> None:
        """Close the pipes of its output."""
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def start(folder: Path, config: dict[str, Any]) -> Runtime:
    """A runtime of that configuration, once it listens."""
    (folder / "token").write_text(TOKEN)
    path = folder / f"{config['node']}.json"
    path.write_text(json.dumps(config))
    process = launch(path)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line == "ready\n", process.communicate(timeout=5)
    return Runtime(config["node"], config["listen"][1], Path(config["control"]), process)


def launch(path: Path) -> subprocess.Popen[str]:
    """The runtime's process, with its output readable."""
    command = [sys.executable, "-W", "error::ResourceWarning", "-m", "telcoai.serving", str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))


@contextmanager
def running(folder: Path, works: dict[str, dict[str, Any]], **changes: Any) -> Iterator[dict[str, Runtime]]:
    """Runtimes that know each other, by node; ``works`` gives each node's workload."""
    ports = dict(zip(works, free_ports(len(works)), strict=True))
    runtimes = {}
    try:
        for name, work in works.items():
            peers = {peer: ["127.0.0.1", port] for peer, port in ports.items() if peer != name}
            config = node_config(folder, name, work, listen=["127.0.0.1", ports[name]], peers=peers, **changes)
            runtimes[name] = start(folder, config)
        yield runtimes
    finally:
        for runtime in runtimes.values():
            runtime.stop(signal.SIGKILL)
            runtime.close_streams()


def confine(pid: int, core: int) -> None:
    """Let a process, with all its threads, run on one of this host's cores only."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})
