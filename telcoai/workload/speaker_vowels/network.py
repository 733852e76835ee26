"""The network: three stages of one convolution over time each, with an exit after every one."""

from __future__ import annotations

import torch
from torch import nn

from telcoai.workload.speaker_vowels.utterances import COEFFICIENTS, SPEAKERS

KERNEL = 5
"""Frames that a convolution sees."""

STAGES = 3


class Stage(nn.Module):  # type: ignore[misc]
    """A convolution and, from its mean over time, what its exit says."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, width, KERNEL, padding=KERNEL // 2)
        self.exit = nn.Linear(width, SPEAKERS)

    def forward(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and activation, batch × width × frames."""
        activation = torch.relu(self.conv(values))
        return self.exit(activation.mean(dim=2)), activation


def build(width: int) -> nn.ModuleList:
    """The stages of a network of this width."""
    return nn.ModuleList(Stage(COEFFICIENTS if index == 0 else width, width) for index in range(STAGES))


def train(stages: nn.ModuleList, inputs: torch.Tensor, labels: torch.Tensor, epochs: int) -> float:
    """Learn all exits together (BranchyNet, ICPR 2016: the sum of their losses); the last epoch's mean loss.

    Noise of a twentieth and a shift of up to two frames keep 270 utterances from being learnt by heart.
    """
    optimiser = torch.optim.AdamW(stages.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    loss_sum = 0.0
    for _ in range(epochs):
        loss_sum = 0.0
        for part in torch.randperm(len(labels)).split(32):
            values = torch.roll(inputs[part], int(torch.randint(-2, 3, ())), dims=1)
            loss = _loss(stages, values + 0.05 * torch.randn_like(values), labels[part])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            loss_sum += float(loss.detach()) * len(part)
        schedule.step()
    return loss_sum / len(labels)


def _loss(stages: nn.ModuleList, values: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    total, activation = torch.zeros(()), values.transpose(1, 2)
    for stage in stages:
        logits, activation = stage(activation)
        total = total + nn.functional.cross_entropy(logits, labels)
    return total
