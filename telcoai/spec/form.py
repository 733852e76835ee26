"""What every file has around its ``spec``, and the fields that several kinds share."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from telcoai.model.topology import Band

API_VERSION = "telcoai/v1alpha1"

NAME_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
"""Lower-case letters, digits and hyphens, at most 40 characters: fit for a host name and a folder."""
Reference = Annotated[str, Field(min_length=1, max_length=200)]
"""A shipped or neighbouring file's name, or a relative path."""
Text = Annotated[str, Field(min_length=1, max_length=1000)]

Amount = TypeVar("Amount", bound=float)


class Form(BaseModel):
    """A mapping that takes the keys that it names and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Metadata(Form):
    """Who the file is."""

    name: Name


class Document(Form):
    """The keys at the top of every document, beside ``kind`` and ``spec``."""

    apiVersion: Literal["telcoai/v1alpha1"]  # noqa: N815 - the file's own spelling
    metadata: Metadata


class Sourced(Form, Generic[Amount]):
    """A figure, the range in which sources put it, and where it comes from."""

    value: Amount
    low: Amount | None = Field(None, description="Lowest figure found; the value when left out.")
    high: Amount | None = Field(None, description="Highest figure found; the value when left out.")
    source: Text = Field(description="Title and place of the source, and how the figure follows from it.")

    @model_validator(mode="after")
    def _holds_its_value(self) -> Self:
        band = self.band()
        if not band.low <= band.value <= band.high:
            raise ValueError("the band must hold the value: low <= value <= high")
        return self

    def band(self, scale: float = 1.0) -> Band:
        """The figure as a value for other rooms, times ``scale``."""
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        return Band(self.value * scale, low * scale, high * scale, self.source)
