"""Fine-tunes a backbone behind its first cut, with the exits there, on both of its input sizes at once.

The first stage keeps its published weights and runs in onnxruntime, which is several times faster than the training
framework on a CPU; the batches alternate between the sizes, so that one set of weights serves both.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from telcoai.model.frames import scale
from telcoai.workload.efficientnet_lite.training.graph import stage_model
from telcoai.workload.efficientnet_lite.training.network import Stage
from telcoai.workload.samples import Samples

LOG = logging.getLogger("train")
EXIT_WEIGHTS = (0.5, 1.0)
CHUNK = 4
"""Images a run of the first stage: more don't fit the cache."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fine-tune. ``images``: how many are looked at in all (an epoch is 49,000).

    Rates are the peaks of a cosine; ``warmup`` is the share of the steps in which they rise to it.
    """

    images: int
    seed: int
    batch: int = 80
    rate: float = 8e-4
    head_rate: float = 2e-3
    decay: float = 0.01
    warmup: float = 0.05
    smoothing: float = 0.05
    threads: int = 1


def finetune(stages: list[Stage], data: Samples, sizes: tuple[int, ...], recipe: Recipe) -> None:
    """Train in place. Logs the loss and the accuracies on the (augmented) training images as it goes."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    for stage in stages:
        stage.to(memory_format=torch.channels_last)
    stages[0].requires_grad_(False)
    optimiser = _optimiser(stages, recipe)
    steps = recipe.images // recipe.batch
    meter, started = _Meter(), time.monotonic()
    with ThreadPoolExecutor(recipe.threads) as pool:
        front = _front(stages[0], pool)
        for step, (frames, labels) in enumerate(_batches(data, recipe)):
            activation = front(frames, sizes[step % len(sizes)])
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * _rate(step / steps, recipe.warmup)
            meter.add(*_step(stages, activation, torch.from_numpy(labels), optimiser, recipe.smoothing))
            if (step + 1) % 100 == 0 or step + 1 == steps:
                LOG.info("step %d/%d %s %.0f s", step + 1, steps, meter.flush(), time.monotonic() - started)


def _optimiser(stages: list[Stage], recipe: Recipe) -> torch.optim.Optimizer:
    heads = [p for stage in stages[1:] for p in stage.exit.parameters()]
    bodies = [p for stage in stages[1:] for p in stage.body.parameters() if p.requires_grad]
    groups = [{"params": heads, "peak": recipe.head_rate}, {"params": bodies, "peak": recipe.rate}]
    return torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.decay)


def _rate(progress: float, warmup: float) -> float:
    """Share of the peak rate: linear warm-up, then a cosine to 0."""
    if progress < warmup:
        return progress / warmup
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


def _step(
    stages: list[Stage], x: Tensor, labels: Tensor, optimiser: torch.optim.Optimizer, smoothing: float
) -> tuple[float, list[float]]:
    """One update; returns the loss and the share of right answers at each exit."""
    with torch.autocast("cpu", torch.bfloat16):
        logits = []
        for stage in stages[1:]:
            x, answer = stage(x)
            logits.append(answer)
    losses = [functional.cross_entropy(one.float(), labels, label_smoothing=smoothing) for one in logits]
    loss = torch.stack([w * one for w, one in zip(EXIT_WEIGHTS, losses, strict=True)]).sum()
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
    optimiser.step()
    return loss.item(), [(one.argmax(1) == labels).float().mean().item() for one in logits]


def _batches(data: Samples, recipe: Recipe) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """Shuffled batches of augmented images, uint8 n × 32 × 32 × 3."""
    random = np.random.default_rng(recipe.seed)
    epochs = math.ceil(recipe.images / len(data))
    order = np.concatenate([random.permutation(len(data)) for _ in range(epochs)])
    for start in range(0, recipe.images - recipe.batch + 1, recipe.batch):
        chosen = order[start : start + recipe.batch]
        yield np.stack([augmented(data.frames[i], random) for i in chosen]), data.labels[chosen]


def augmented(frame: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Shifted by up to 3 pixels, edges mirrored, and flipped every other time."""
    padded = np.pad(frame, ((3, 3), (3, 3), (0, 0)), "reflect")
    top, left = random.integers(0, 7, 2)
    crop = padded[top : top + 32, left : left + 32]
    return crop[:, ::-1] if random.random() < 0.5 else crop


def _front(stage: Stage, pool: ThreadPoolExecutor) -> Callable[[NDArray[np.uint8], int], Tensor]:
    """The frozen first stage: frames and a size to its activation."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = stage_model(stage, 0).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(frames: NDArray[np.uint8], size: int) -> Tensor:
        def part(chunk: NDArray[np.uint8]) -> NDArray[np.float32]:
            scaled = np.stack([scale(frame, size) for frame in chunk])
            return np.asarray(session.run(["activation"], {"frame": scaled})[0])

        parts = pool.map(part, np.split(frames, range(CHUNK, len(frames), CHUNK)))
        return torch.from_numpy(np.concatenate(list(parts))).contiguous(memory_format=torch.channels_last)

    return run


class _Meter:
    """Means since the last flush."""

    def __init__(self) -> None:
        self.rows: list[list[float]] = []

    def add(self, loss: float, right: list[float]) -> None:
        self.rows.append([loss, *right])

    def flush(self) -> str:
        loss, *right = np.mean(self.rows, 0)
        self.rows.clear()
        return f"loss {loss:.3f} training accuracy " + " ".join(f"{share:.3f}" for share in right)
