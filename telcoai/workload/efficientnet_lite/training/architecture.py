"""The shape of EfficientNet-Lite and where it is cut.

Groups of inverted residual blocks as published for EfficientNet (arXiv:1905.11946, table 1), without squeeze and
excitation and with ReLU6 as in its Lite variants; lite0 and lite1 differ in depth only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

CLASSES = 10
HEAD_CHANNELS = 1280
STEM_CHANNELS = 32
EXIT_CHANNELS = 128
FIRST_EXIT_WIDTH = 256
INPUT_MEAN = 127.0
INPUT_SCALE = 128.0
DEPTH = {"lite0": 1.0, "lite1": 1.1}
SIZES = {"lite0": (128, 160), "lite1": (160, 192)}
"""Input sizes of each backbone, in pixels; multiples of 32 so that every stride divides them."""
PRECISIONS = ("fp32", "int8")


@dataclass(frozen=True, slots=True)
class Group:
    """Blocks of equal width: kernel size, blocks at depth 1, stride of the first block, expansion, channels."""

    kernel: int
    repeats: int
    stride: int
    expansion: int
    channels: int


GROUPS = (
    Group(3, 1, 1, 1, 16),
    Group(3, 2, 2, 6, 24),
    Group(5, 2, 2, 6, 40),
    Group(3, 3, 2, 6, 80),
    Group(5, 3, 1, 6, 112),
    Group(5, 4, 2, 6, 192),
    Group(3, 1, 1, 6, 320),
)
STAGE_GROUPS = ((0, 1, 2), (3, 4), (5, 6))
"""Groups of each stage: an early cut at 1/8 of the input's size, a middle one at 1/16."""


@dataclass(frozen=True, slots=True)
class Block:
    """One inverted residual block; ``number`` counts through the backbone as in the published weights."""

    number: int
    kernel: int
    stride: int
    expansion: int
    inputs: int
    outputs: int

    @property
    def residual(self) -> bool:
        """Whether the block adds its input to its output."""
        return self.stride == 1 and self.inputs == self.outputs


def blocks(backbone: str) -> tuple[tuple[Block, ...], ...]:
    """The blocks of each stage. First and last group keep their depth in the Lite variants."""
    number, inputs = 0, STEM_CHANNELS
    of_group: list[list[Block]] = []
    for index, group in enumerate(GROUPS):
        fixed = index in (0, len(GROUPS) - 1)
        repeats = group.repeats if fixed else math.ceil(group.repeats * DEPTH[backbone])
        of_group.append([])
        for repeat in range(repeats):
            stride = group.stride if repeat == 0 else 1
            of_group[-1].append(Block(number, group.kernel, stride, group.expansion, inputs, group.channels))
            number, inputs = number + 1, group.channels
    return tuple(tuple(b for g in groups for b in of_group[g]) for groups in STAGE_GROUPS)


def same_padding(kernel: int, stride: int) -> tuple[int, int]:
    """Padding before and after so that an even size divides exactly by the stride (TensorFlow's SAME)."""
    total = kernel - stride
    return total // 2, total - total // 2


@dataclass(frozen=True, slots=True)
class Member:
    """One variant of the family."""

    backbone: str
    size: int
    precision: str

    @property
    def name(self) -> str:
        """Such as ``lite0-128-fp32``."""
        return f"{self.backbone}-{self.size}-{self.precision}"

    @property
    def wire(self) -> str:
        """The form of activations that its figures are for."""
        return "fp16" if self.precision == "fp32" else "int8"

    @property
    def files(self) -> tuple[str, ...]:
        """The ONNX file of each stage, shared by the sizes of a backbone."""
        return tuple(stage_file(self.backbone, index, self.precision) for index in range(len(STAGE_GROUPS)))


def stage_file(backbone: str, index: int, precision: str) -> str:
    """Name of a stage's ONNX file."""
    return f"{backbone}.stage{index}.{precision}.onnx"


def members(backbone: str) -> tuple[Member, ...]:
    """The variants of a backbone, smallest first."""
    return tuple(Member(backbone, size, precision) for precision in PRECISIONS for size in SIZES[backbone])
