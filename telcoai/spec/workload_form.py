"""A workload's files as written beside its models."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from telcoai.model.tensor_input import VALUE_BYTES, Datatype
from telcoai.spec.form import Document, Form, Name, Reference
from telcoai.spec.profile_form import Precision
from telcoai.spec.quantities import Share

Threshold = Annotated[float, Field(ge=0, le=2)]
Row = Annotated[list[float], Field(min_length=3, max_length=3)]
Size = Annotated[int, Field(ge=1, le=2**40)]

MOST_BYTES = 31 * 2**20
"""Of an input: runtimes take requests of 32 MiB at most, headers included."""


class StageForm(Form):
    """One stage; figures are computed from its graph for one sample."""

    file: Reference
    flops: Annotated[int, Field(ge=0, le=2**60)] = Field(description="2 per multiply-add.")
    param_bytes: Annotated[int, Field(ge=0, le=2**50)]
    activation_shape: Annotated[list[Size], Field(max_length=8)] = Field(description="Without the batch; [] if last.")


class ExitForm(Form):
    """The exit after a stage."""

    accuracy: Share = Field(description="On the whole test set, if every sample left here.")
    accuracy_shipped: Share = Field(description="The same on the samples beside this file, which are scored.")
    accuracy_calibration: Share = Field(
        description="The same on the calibration slice, disjoint from what is scored: what strategies are told."
    )
    table: Annotated[list[Row], Field(max_length=1000)] = Field(
        [], description="Rows of threshold, share of samples at or above it, accuracy of those."
    )

    @model_validator(mode="after")
    def _table_holds_shares(self) -> Self:
        for threshold, share, accuracy in self.table:
            if not (0 <= threshold <= 2 and 0 <= share <= 1 and 0 <= accuracy <= 1):
                raise ValueError("a table row is [threshold, share, accuracy] with shares from 0 to 1")
        return self


StageExit = Annotated[
    Annotated[ExitForm, Tag("ExitForm")] | Annotated[Literal["none"], Tag("none")],
    Discriminator(lambda value: "none" if value == "none" else "ExitForm"),
]


class InputForm(Form):
    """The tensor that a variant takes, where that isn't a frame."""

    datatype: Datatype
    shape: Annotated[list[Annotated[int, Field(ge=1, le=2**24)]], Field(min_length=1, max_length=8)] = Field(
        description="Without the batch."
    )

    @model_validator(mode="after")
    def _fits_a_request(self) -> Self:
        if VALUE_BYTES[self.datatype] * math.prod(self.shape) > MOST_BYTES:
            raise ValueError(f"the input is larger than {MOST_BYTES >> 20} MiB")
        return self


class VariantForm(Form):
    """One member of a family."""

    name: Name
    precision: Precision
    input_size: Annotated[int, Field(ge=1, le=8192)] | None = Field(
        None, description="Pixels of the square frame's side; or give input."
    )
    input: InputForm | None = Field(None, description="The tensor that it takes instead of a frame.")
    stages: Annotated[list[StageForm], Field(min_length=1, max_length=64)]
    exits: Annotated[list[StageExit], Field(min_length=1, max_length=64)] = Field(
        description="One a stage; none where a stage has no exit, which the last one can't."
    )

    @model_validator(mode="after")
    def _takes_one_thing(self) -> Self:
        if (self.input_size is None) == (self.input is None):
            raise ValueError("needs either input_size (a square frame) or input (a tensor)")
        return self

    @model_validator(mode="after")
    def _one_exit_a_stage(self) -> Self:
        if len(self.stages) != len(self.exits):
            raise ValueError("needs one exit a stage, none where there isn't one")
        if not isinstance(self.exits[-1], ExitForm):
            raise ValueError("needs an exit after the last stage")
        if self.stages[-1].activation_shape or not all(s.activation_shape for s in self.stages[:-1]):
            raise ValueError("every stage but the last needs an activation_shape, the last one []")
        return self


class Samples(Form):
    """Labelled samples that are scored."""

    file: Reference
    count: Annotated[int, Field(ge=1, le=10_000_000)]
    calibrated: Annotated[int, Field(ge=0, le=10_000_000)] = Field(
        0, description="Number of the other samples that exits were calibrated on; 0: not said."
    )


class WorkloadSpec(Form):
    """A model family and its data."""

    family: Name
    classes: Annotated[int, Field(ge=2, le=100_000)]
    samples: Samples
    replay: Reference
    variants: Annotated[list[VariantForm], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [v.name for v in self.variants]
        if len(set(names)) != len(names):
            raise ValueError("two variants have the same name")
        return self

    @model_validator(mode="after")
    def _inputs_agree(self) -> Self:
        """Samples that are tensors are taken as they are, so all variants take the same."""
        first = self.variants[0].input
        if any(one.input != first for one in self.variants):
            raise ValueError("all variants need the same input, or each its input_size: samples are the same for all")
        return self


class WorkloadDocument(Document):
    """A workload's file."""

    kind: Literal["Workload"]
    spec: WorkloadSpec
