"""The network in torch: a convolution, then two residual blocks, with an exit after each of the three."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from telcoai.workload.speaker_vowels.training.architecture import CLASSES, COEFFICIENTS, KERNEL, STAGES, STEM

DROPPED = 0.3
"""Share of an exit's features that are dropped while training."""


class Exit(nn.Module):  # type: ignore[misc]
    """Mean of each channel over all frames, then one linear layer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.drop = nn.Dropout(DROPPED)
        self.linear = nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, n × classes, of an activation, n × channels × frames."""
        logits: Tensor = self.linear(self.drop(x.mean(2)))
        return logits


class Block(nn.Module):  # type: ignore[misc]
    """Two convolutions whose result is added to what they took."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(width, width, KERNEL, padding="same")
        self.second = nn.Conv1d(width, width, KERNEL, padding="same")

    def forward(self, x: Tensor) -> Tensor:
        """An activation of the same shape."""
        return torch.relu(x + self.second(torch.relu(self.first(x))))


class Network(nn.Module):  # type: ignore[misc]
    """All stages of a width. ``scale``: root mean square of each coefficient, by which the input is divided."""

    def __init__(self, width: int, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale)
        self.stem = nn.Conv1d(COEFFICIENTS, width, STEM, padding="same")
        self.blocks = nn.ModuleList(Block(width) for _ in range(STAGES - 1))
        self.exits = nn.ModuleList(Exit(width) for _ in range(STAGES))

    def forward(self, utterances: Tensor) -> list[Tensor]:
        """Logits of every exit for utterances, n × frames × coefficients."""
        assert isinstance(self.scale, Tensor)
        x = torch.relu(self.stem((utterances / self.scale).permute(0, 2, 1)))
        found = [self.exits[0](x)]
        for block, exit_ in zip(self.blocks, self.exits[1:], strict=True):
            x = block(x)
            found.append(exit_(x))
        return found
