"""Which models a node answers to, and what they take and give."""

from __future__ import annotations

from typing import Any

from telcoai import __version__
from telcoai.serving.config import NodeConfig, VariantConfig
from telcoai.serving.tensors import Spec

VERSION = "1"
PREDICTION = Spec("prediction", "INT64", (1, 1))
CONFIDENCE = Spec("confidence", "FP32", (1, 1))
SAMPLE = Spec("sample", "INT64", (1, 1))
JPEG_FRAME = Spec("frame", "BYTES", (1,))
"""Only between nodes, for services whose frames travel so."""
ANY_FRAME = Spec("frame", "UINT8", (1, -1, -1, 3))
EXTENSIONS = ("binary_tensor_data", "model_repository(index)")


class Catalog:
    """Models of a node: its services, and its variants whole."""

    def __init__(self, config: NodeConfig) -> None:
        self.variants = config.variants
        self.services = config.services
        self.workload_of = {
            variant.name: workload for workload in config.workloads.values() for variant in workload.variants
        }
        self._workloads = config.workloads

    def service_variants(self, service: str) -> dict[str, VariantConfig]:
        """The variants that a service can be served with."""
        return {one.name: one for one in self._workloads[self.services[service]].variants}

    def service_input(self, service: str) -> Spec:
        """What a service takes instead of a sample's number: a frame, or the tensor that all its variants take."""
        variant = self._workloads[self.services[service]].variants[0]
        return ANY_FRAME if variant.tensor is None else input_spec(variant)

    def metadata(self, model: str) -> dict[str, Any]:
        """The model's metadata, as the protocol writes it."""
        outputs = [PREDICTION, CONFIDENCE]
        if model in self.variants:
            inputs, outputs = [input_spec(self.variants[model])], [*outputs, self.logits(model)]
        else:
            inputs = [SAMPLE, self.service_input(model)]  # a service takes either of them
        return {
            "name": model,
            "versions": [VERSION],
            "platform": "onnxruntime_onnx" if model in self.variants else "telcoai_service",
            "inputs": [
                _spec(one) | ({"optional": True} if model in self.services and one is not SAMPLE else {})
                for one in inputs
            ],
            "outputs": [_spec(one) for one in outputs],
        }

    def logits(self, variant: str) -> Spec:
        """The output of scores by class that only whole variants have."""
        return Spec("logits", "FP32", (1, self.workload_of[variant].classes))

    def __contains__(self, model: object) -> bool:
        return model in self.variants or model in self.services

    def names(self) -> list[str]:
        """All models."""
        return [*self.services, *self.variants]


def server_metadata() -> dict[str, Any]:
    """What ``GET /v2`` answers."""
    return {"name": "telcoai", "version": __version__, "extensions": list(EXTENSIONS)}


def input_spec(variant: VariantConfig) -> Spec:
    """The frame or tensor that a variant takes."""
    if variant.tensor is not None:
        return Spec("input", variant.tensor.datatype, (1, *variant.tensor.shape))
    return Spec("frame", "UINT8", (1, variant.input_size, variant.input_size, 3))


def _spec(spec: Spec) -> dict[str, Any]:
    return {"name": spec.name, "datatype": spec.datatype, "shape": list(spec.shape)}
