"""The trainable network: published ImageNet weights in three stages, with an exit after each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from telcoai.workload.efficientnet_lite.training import architecture
from telcoai.workload.efficientnet_lite.training.architecture import Block, blocks, same_padding

BATCH_NORM_EPSILON = 1e-3
Weights = Mapping[str, Tensor]


class Unit(nn.Module):  # type: ignore[misc, unused-ignore]
    """Convolution with its batch normalisation held at the published statistics, then ReLU6 if ``active``.

    Weight and normalisation stay apart as parameters (fine-tuning treats all channels alike) and are multiplied
    together at each step, which is far cheaper than normalising activations. Depthwise filters stay as published:
    they are 3 % of the weights, and their gradient costs more than everything else together on a CPU.
    """

    def __init__(self, weight: Tensor, scale: Tensor, shift: Tensor, stride: int, active: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.scale = nn.Parameter(scale.clone())
        self.shift = nn.Parameter(shift.clone())
        self.stride, self.active = stride, active
        self.groups = weight.shape[0] if weight.shape[1] == 1 else 1
        self.requires_grad_(self.groups == 1)

    def folded(self) -> Tensor:
        """The convolution's weight with the normalisation in it."""
        return self.weight * self.scale[:, None, None, None]

    def forward(self, x: Tensor) -> Tensor:
        """N × C × H × W to N × C' × H/stride × W/stride."""
        x = self._pointwise(x) if self.weight.shape[2] == 1 else self._spatial(x)
        return functional.hardtanh(x, 0.0, 6.0) if self.active else x

    def _pointwise(self, x: Tensor) -> Tensor:
        """As a matrix product over channels, which takes bfloat16 well."""
        y = functional.linear(x.permute(0, 2, 3, 1), self.folded().flatten(1), self.shift)
        return y.permute(0, 3, 1, 2)

    def _spatial(self, x: Tensor) -> Tensor:
        kernel = self.weight.shape[2]
        if self.groups == 1:
            before, after = same_padding(kernel, self.stride)
            x = functional.pad(x, (before, after, before, after))
            return functional.conv2d(x, self.folded(), self.shift, self.stride)
        y = functional.conv2d(x, self.folded(), self.shift, 1, kernel // 2, 1, self.groups)
        if self.stride == 1:
            return y
        # The gradient of a strided depthwise convolution is slow on a CPU: take every second value of stride 1.
        # With TensorFlow's SAME padding the outputs sit at the odd positions, for kernels of 3 and of 5.
        return y[:, :, 1::2, 1::2].contiguous(memory_format=torch.channels_last)


def published(weights: Weights, conv: str, norm: str, stride: int, active: bool) -> Unit:
    """A unit from the published convolution and batch normalisation of these names."""
    scale = weights[f"{norm}.weight"] / torch.sqrt(weights[f"{norm}.running_var"] + BATCH_NORM_EPSILON)
    shift = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    return Unit(weights[f"{conv}.weight"], scale, shift, stride, active)


class Residual(nn.Module):  # type: ignore[misc, unused-ignore]
    """Inverted residual block: expand, depthwise, project; plus its input where shapes agree."""

    def __init__(self, block: Block, weights: Weights) -> None:
        super().__init__()
        at = f"_blocks.{block.number}"
        units = []
        if block.expansion != 1:
            units.append(published(weights, f"{at}._expand_conv", f"{at}._bn0", 1, True))
        units.append(published(weights, f"{at}._depthwise_conv", f"{at}._bn1", block.stride, True))
        units.append(published(weights, f"{at}._project_conv", f"{at}._bn2", 1, False))
        self.units, self.residual = nn.Sequential(*units), block.residual

    def forward(self, x: Tensor) -> Tensor:
        """N × inputs × H × W to N × outputs × H/stride × W/stride."""
        y: Tensor = self.units(x)
        return x + y if self.residual else y


class Exit(nn.Module):  # type: ignore[misc, unused-ignore]
    """Classifier of an activation: 3 × 3 convolution of stride 2 where early, global average, linear."""

    def __init__(self, channels: int, early: bool) -> None:
        super().__init__()
        width = architecture.EXIT_CHANNELS if early else channels
        self.unit = _fresh_unit(channels, width) if early else None
        self.linear = nn.Linear(width, architecture.CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """N × C × H × W to logits N × classes."""
        if self.unit is not None:
            x = self.unit(x)
        logits: Tensor = self.linear(x.mean((2, 3)))
        return logits


class PooledExit(nn.Module):  # type: ignore[misc, unused-ignore]
    """Classifier of the first activation: mean, mean of the positive part and maximum of each channel, then two layers.

    Cheap enough for a device, and sees no more of the image than what a few numbers a channel say.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(3 * channels, architecture.FIRST_EXIT_WIDTH)
        self.linear = nn.Linear(architecture.FIRST_EXIT_WIDTH, architecture.CLASSES)

    def take_raw(self, mean: Tensor, deviation: Tensor) -> None:
        """After training on standardised features: make the first layer take them as they are."""
        with torch.no_grad():
            self.hidden.weight /= deviation
            self.hidden.bias -= self.hidden.weight @ mean

    def classify(self, features: Tensor) -> Tensor:
        """Pooled features, N × 3 C, to logits, N × classes."""
        logits: Tensor = self.linear(functional.relu(self.hidden(features)))
        return logits

    def forward(self, x: Tensor) -> Tensor:
        """N × C × H × W to logits N × classes."""
        return self.classify(torch.cat((x.mean((2, 3)), x.clamp(min=0).mean((2, 3)), x.amax((2, 3))), 1))


def _fresh_unit(inputs: int, outputs: int) -> Unit:
    weight = torch.empty(outputs, inputs, 3, 3)
    nn.init.kaiming_normal_(weight)
    return Unit(weight, torch.ones(outputs), torch.zeros(outputs), 2, True)


class Stage(nn.Module):  # type: ignore[misc, unused-ignore]
    """A part of the backbone and the exit after it."""

    def __init__(self, body: nn.Sequential, exit_: Exit | PooledExit) -> None:
        super().__init__()
        self.body, self.exit = body, exit_

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Activation for the next stage, logits of the exit."""
        activation = self.body(x)
        return activation, self.exit(activation)


def build(backbone: str, weights_path: Path) -> list[Stage]:
    """The three stages with published backbone weights and fresh exits."""
    weights: Weights = torch.load(weights_path, map_location="cpu", weights_only=True)
    stages = []
    for index, members in enumerate(blocks(backbone)):
        parts: list[nn.Module] = [Residual(block, weights) for block in members]
        last = index == len(architecture.STAGE_GROUPS) - 1
        if index == 0:
            parts.insert(0, published(weights, "_conv_stem", "_bn0", 2, True))
        if last:
            parts.append(published(weights, "_conv_head", "_bn1", 1, True))
        channels = architecture.HEAD_CHANNELS if last else members[-1].outputs
        exit_ = PooledExit(channels) if index == 0 else Exit(channels, not last)
        stages.append(Stage(nn.Sequential(*parts), exit_))
    return stages


def normalise(frames: Tensor) -> Tensor:
    """uint8 N × S × S × 3 to float32 N × 3 × S × S in about ±1, as the backbone was trained."""
    return (frames.permute(0, 3, 1, 2).float() - architecture.INPUT_MEAN) / architecture.INPUT_SCALE
