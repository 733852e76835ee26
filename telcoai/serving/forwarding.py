"""Sending a job on to the next hop, and taking its answer back."""

from __future__ import annotations

import time
from typing import Any

import orjson

from telcoai.serving import routes
from telcoai.serving.catalog import JPEG_FRAME, input_spec
from telcoai.serving.client import HopDead, Pool
from telcoai.serving.config import NodeConfig
from telcoai.serving.http import Message
from telcoai.serving.inference import one_raw_input
from telcoai.serving.jobs import Answer, Job
from telcoai.serving.radio import Radio
from telcoai.serving.refusals import Refused
from telcoai.serving.tensors import one_string

SAMPLE, DEAD_HOP = "telcoai-sample", "telcoai-dead-hop"
REMAINING = "telcoai-remaining"
"""Nanoseconds left until a request's deadline: between nodes, since their monotonic clocks may differ."""
TIMEOUT_S = 10.0
DATATYPES = {"fp16": "FP16", "int8": "INT8"}


class Forwarder:
    """Forwards jobs over kept-alive connections."""

    def __init__(self, config: NodeConfig, pool: Pool, radio: Radio) -> None:
        self._config = config
        self._variants = config.variants
        self._routes = routes.Routes(config)
        self._pool = pool
        self._radio = radio

    async def forward(self, job: Job) -> Answer:
        """The answer of the hop that has the job's next stage.

        Refused as that hop refused it; 502 with ``dead_hop`` when it does not answer; 504 past the deadline.
        """
        job.check_deadline(f"on {self._config.node}")
        hop, ledger = job.route.hops[job.route.stage], job.ledger
        target = f"/v2/models/{job.route.variant}/infer"
        headers, body = self._request(job, hop)
        sent_ns = time.monotonic_ns()
        try:
            reply, sent = await self._exchange(hop, target, headers, body, _timeout_s(job))
        except HopDead as err:
            ledger.sent_bytes += err.sent
            ledger.network_ns += time.monotonic_ns() - sent_ns
            job.check_deadline(f"while waiting for {hop}")
            raise Refused(502, f"next hop {hop} is dead: {err}", dead_hop=hop) from err
        ledger.sent_bytes += sent
        ledger.received_bytes += reply.size
        ledger.add_reply(reply.headers, time.monotonic_ns() - sent_ns)
        return _answer(hop, reply)

    async def _exchange(
        self, hop: str, target: str, headers: dict[str, str], body: bytes, timeout_s: float
    ) -> tuple[Message, int]:
        """The hop's reply and the bytes sent, which count as the radio's too."""
        sent = received = 0
        self._radio.begin(time.monotonic_ns())
        try:
            reply, sent = await self._pool.post(self._config.peers[hop], target, headers, body, timeout_s)
            received = reply.size
        except HopDead as err:
            sent = err.sent
            raise
        finally:
            self._radio.end(time.monotonic_ns(), sent, received)
        return reply, sent

    def _request(self, job: Job, hop: str) -> tuple[dict[str, str], bytes]:
        name, datatype, shape, raw = self._input(job)
        headers, body = one_raw_input(name, datatype, shape, raw)
        headers["host"] = hop
        headers[routes.HEADER] = self._routes.write(job.route)
        if job.sample is not None:
            headers[SAMPLE] = str(job.sample)
        if job.deadline_ns is not None:
            headers[REMAINING] = str(max(0, job.deadline_ns - time.monotonic_ns()))
        return headers, body

    def _input(self, job: Job) -> tuple[str, str, tuple[int, ...], bytes]:
        variant, stage = self._variants[job.route.variant], job.route.stage
        if stage == 0:
            if self._config.sends_jpeg(job.route.service):
                return "frame", JPEG_FRAME.datatype, JPEG_FRAME.shape, one_string(job.frame_jpeg(variant.input_size))
            spec = input_spec(variant)
            return spec.name, spec.datatype, spec.shape, job.input_bytes(variant)
        shape = (1, *variant.stages[stage - 1].activation_shape)
        return "activation", DATATYPES[job.route.wire], shape, job.activation


def _timeout_s(job: Job) -> float:
    if job.deadline_ns is None:
        return TIMEOUT_S
    return min(TIMEOUT_S, max(0.0, (job.deadline_ns - time.monotonic_ns()) / 1e9) + 0.001)


def _answer(hop: str, reply: Message) -> Answer:
    status = reply.start.split(" ")[1:2]
    try:
        document = orjson.loads(reply.body)
        if status != ["200"]:
            raise Refused(int(status[0]), str(document["error"]), dead_hop=reply.headers.get(DEAD_HOP, ""))
        values = {output["name"]: output["data"][0] for output in document["outputs"]}
        return _checked(values, document["parameters"])
    except (ValueError, KeyError, TypeError, IndexError) as err:
        raise Refused(502, f"next hop {hop} gave an answer that makes no sense", dead_hop=hop) from err


def _checked(values: dict[str, Any], parameters: dict[str, Any]) -> Answer:
    prediction, confidence = int(values["prediction"]), float(values["confidence"])
    return Answer(prediction, confidence, int(parameters["exit"]), placement=str(parameters["placement"]))
