"""Trains the network on the training slice alone: all exits at once, on utterances that are drawn out and noisy."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from telcoai.workload.samples import Samples
from telcoai.workload.speaker_vowels.training.architecture import FRAMES
from telcoai.workload.speaker_vowels.training.network import Network

LOG = logging.getLogger("train")
Utterance = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """``epochs`` over the slice in batches of ``batch``. ``noise``: its standard deviation, in root mean squares of a
    coefficient. ``stretch``: utterances become up to so many times longer or shorter. ``cut``: most frames that are
    left out at each end."""

    epochs: int = 100
    batch: int = 30
    rate: float = 2e-3
    decay: float = 1e-2
    noise: float = 0.2
    stretch: float = 1.3
    cut: int = 2
    seed: int = 7


def fit(data: Samples, width: int, recipe: Recipe) -> Network:
    """A trained network of that many channels; the same again for the same seed and version of torch."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(1)
    dice, scale = np.random.default_rng(recipe.seed), scale_of(data)
    network = Network(width, torch.from_numpy(scale))
    steps = recipe.epochs * -(-len(data) // recipe.batch)
    optimiser = torch.optim.AdamW(network.parameters(), recipe.rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps)
    loss = nn.CrossEntropyLoss()
    for epoch in range(recipe.epochs):
        order, total = dice.permutation(len(data)), 0.0
        for start in range(0, len(order), recipe.batch):
            chosen = order[start : start + recipe.batch]
            drawn = np.stack([augmented(data.frames[number], scale, recipe, dice) for number in chosen])
            labels = torch.from_numpy(data.labels[chosen])
            error = torch.stack([loss(logits, labels) for logits in network(torch.from_numpy(drawn))]).sum()
            optimiser.zero_grad()
            error.backward()
            optimiser.step()
            schedule.step()
            total += error.item() * len(chosen)
        if (epoch + 1) % 25 == 0:
            LOG.info("width %d epoch %d: training loss %.4f", width, epoch + 1, total / len(data))
    network.eval()
    return network


def scale_of(data: Samples) -> Utterance:
    """Root mean square of each coefficient over all frames that are there."""
    frames = data.frames.reshape(-1, data.frames.shape[2])
    spoken = frames[np.abs(frames).sum(1) > 0]
    return np.asarray(np.sqrt((spoken**2).mean(0)), np.float32)


def augmented(utterance: Utterance, scale: Utterance, recipe: Recipe, dice: np.random.Generator) -> Utterance:
    """The utterance as it might have been said another time."""
    length = spoken_frames(utterance)
    start, end = (int(dice.integers(0, min(recipe.cut, length // 4) + 1)) for _ in range(2))
    piece = utterance[start : length - end]
    factor = float(np.exp(dice.uniform(-1, 1) * np.log(recipe.stretch)))
    count = int(np.clip(round(len(piece) * factor), 2, FRAMES))
    at = np.linspace(0, len(piece) - 1, count)
    low = np.floor(at).astype(int)
    high, part = np.minimum(low + 1, len(piece) - 1), (at - low)[:, None]
    whole = np.zeros_like(utterance)
    whole[:count] = piece[low] * (1 - part) + piece[high] * part
    whole[:count] += dice.normal(0, recipe.noise, (count, utterance.shape[1])) * scale
    return whole


def spoken_frames(utterance: Utterance) -> int:
    """Frames before the zeros at the end."""
    return int(np.flatnonzero(np.abs(utterance).sum(1))[-1]) + 1
