"""The network's shape, and the names of what is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

NAME = "speaker-vowels"
FRAMES, COEFFICIENTS, CLASSES = 29, 12, 9
"""An utterance: analysis frames (shorter ones end in zeros), coefficients of each, and speakers."""
STAGES = 3
EXIT = "exit"
"""What the names of an exit's nodes begin with."""
STEM, KERNEL = 1, 3
"""Frames that the first convolution looks at, and that every later one does: the first exit sees each by itself."""
WIDTHS: Mapping[str, int] = MappingProxyType({"narrow": 56, "wide": 80})
"""Channels of every layer. An activation has 29 × as many values: more bytes than the input even as int8."""
WIRE_OF: Mapping[str, str] = MappingProxyType({"fp32": "fp16", "int8": "int8"})
"""The wire format that a precision's figures are of."""


@dataclass(frozen=True, slots=True)
class Member:
    """A variant of the family."""

    width: str
    precision: str

    @property
    def name(self) -> str:
        """The variant's name."""
        return f"vowels-{self.width}-{self.precision}"

    @property
    def wire(self) -> str:
        """The wire format that its figures are of."""
        return WIRE_OF[self.precision]

    @property
    def files(self) -> tuple[str, ...]:
        """Names of its stages' files."""
        return tuple(f"{self.width}.stage{index}.{self.precision}.onnx" for index in range(STAGES))


def members() -> tuple[Member, ...]:
    """All variants, fp32 ones first."""
    return tuple(Member(width, precision) for precision in WIRE_OF for width in WIDTHS)
