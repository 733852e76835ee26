"""Trains the first exit, whose stage keeps its published weights: on features pooled once for every image."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from telcoai.workload.chain import open_session
from telcoai.workload.efficientnet_lite.training.features import pooled
from telcoai.workload.efficientnet_lite.training.finetune import augmented
from telcoai.workload.efficientnet_lite.training.network import PooledExit
from telcoai.workload.samples import Samples

LOG = logging.getLogger("train")
EPOCHS = 15
BATCH = 256
RATE = 2e-3
NOISE = 0.3
"""Deviation of noise on standardised features: against learning images by heart, and as int8 will bring some."""
HELD_OUT = 0.1
"""Share of the images on which the exit is only watched."""


def train_first_exit(stage: Path, data: Samples, sizes: tuple[int, ...], images: int, seed: int) -> PooledExit:
    """A new first exit for the first stage in ``stage`` (ONNX), from ``images`` training images at each size."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(data))[:images]
    pool = _pooler(stage)
    rows = [pool(augmented(data.frames[i], random), size) for i in chosen for size in sizes]
    features = torch.from_numpy(np.concatenate(rows))
    labels = torch.from_numpy(np.repeat(data.labels[chosen], len(sizes)))
    exit_ = PooledExit(features.shape[1] // 3)
    mean, deviation = features.mean(0), features.std(0) + 1e-6
    features, cut = (features - mean) / deviation, int(len(labels) * (1 - HELD_OUT))
    _fit(exit_, features[:cut], labels[:cut], (features[cut:], labels[cut:]), seed)
    exit_.take_raw(mean, deviation)
    return exit_


def _fit(exit_: PooledExit, features: Tensor, labels: Tensor, watched: tuple[Tensor, Tensor], seed: int) -> None:
    optimiser = torch.optim.AdamW(exit_.parameters(), lr=RATE, weight_decay=0.05)
    steps = EPOCHS * (len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    order = np.random.default_rng(seed)
    for epoch in range(EPOCHS):
        losses = []
        for rows in np.array_split(order.permutation(len(labels)), len(labels) // BATCH):
            chosen = torch.from_numpy(rows)
            seen = features[chosen] + NOISE * torch.randn(len(chosen), features.shape[1])
            loss = functional.cross_entropy(exit_.classify(seen), labels[chosen], label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        if (epoch + 1) % 3 == 0:
            right = [(exit_.classify(x).argmax(1) == y).float().mean().item() for x, y in ((features, labels), watched)]
            values = (epoch + 1, EPOCHS, np.mean(losses), *right)
            LOG.info("first exit epoch %d/%d loss %.3f training accuracy %.3f held out %.3f", *values)


def _pooler(stage: Path) -> Callable[[NDArray[np.uint8], int], NDArray[np.float32]]:
    """From a 32 × 32 frame and a size to the exit's features, 1 × 3 C."""
    session = open_session(stage)

    def pool(frame: NDArray[np.uint8], size: int) -> NDArray[np.float32]:
        scaled = next(Samples(frame[None], np.zeros(1, np.int64)).scaled(size))
        activation = np.asarray(session.run(["activation"], {"frame": scaled[None]})[0])
        return pooled(activation)

    return pool
