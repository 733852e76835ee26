"""What a model takes that isn't a camera's frame: one tensor of a fixed shape."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Datatype = Literal["FP32", "FP16", "UINT8", "INT8", "INT32", "INT64"]

VALUE_BYTES: Mapping[Datatype, int] = MappingProxyType(
    {"FP32": 4, "FP16": 2, "UINT8": 1, "INT8": 1, "INT32": 4, "INT64": 8}
)
"""Bytes of a value by datatype of the Open Inference Protocol."""

NUMPY: Mapping[Datatype, str] = MappingProxyType(
    {"FP32": "float32", "FP16": "float16", "UINT8": "uint8", "INT8": "int8", "INT32": "int32", "INT64": "int64"}
)
"""numpy's names of them."""


@dataclass(frozen=True, slots=True)
class TensorInput:
    """A tensor of ``shape``, without the batch dimension."""

    datatype: Datatype
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Bytes of one sample as it travels."""
        return VALUE_BYTES[self.datatype] * math.prod(self.shape)

    @property
    def numpy(self) -> str:
        """numpy's name of the datatype."""
        return NUMPY[self.datatype]

    def __str__(self) -> str:
        return f"{self.datatype} {list(self.shape)}"
