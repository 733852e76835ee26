from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from telcoai.errors import NodeError
from tests.e2e.serving import tiny_family
from tests.e2e.serving.asking import Reply, ask, ask_sample, ask_samples, wait_ready
from tests.e2e.serving.tiny_family import SAMPLES, Runtime, assignment

Start = Callable[..., dict[str, Runtime]]
PACE = [0.01, 0.01, 0.01]
FAR = ["camera-1", "edge", "cloud"]


def test_a_request_crosses_three_hops_and_tells_the_time_of_each(start: Start) -> None:
    runtimes = start({name: {"stage_s": PACE} for name in FAR})
    wait_ready(*runtimes.values())
    camera = runtimes["camera-1"]
    camera.put_plan(assignment("camera-1", FAR))
    reply = ask_sample(camera, 1)
    assert reply.status == 200
    assert [hop["node"] for hop in reply.hops] == FAR
    assert [int(hop["c"]) for hop in reply.hops] == [10_000_000] * 3
    assert int(reply.hops[0]["n"]) > 0
    assert int(reply.hops[0]["b"]) > 2 * 4 * 4 * 4  # fp16 activation of 4 × 4 × 4, and headers
    assert int(reply.hops[0]["r"]) > 0
    assert reply.hops[2]["n"] == "0"
    assert "edge-compute;dur=10.000" in reply.headers["server-timing"]
    assert reply.document["parameters"] == {"exit": 2, "variant": "small", "placement": "camera-1,edge,cloud"}


def test_placement_and_wire_form_never_change_what_is_predicted(start: Start) -> None:
    runtimes = start({name: {} for name in FAR})
    wait_ready(*runtimes.values())
    camera = runtimes["camera-1"]
    for wire in ("fp16", "int8"):
        answers = []
        for hops in (["camera-1"] * 3, ["edge"] * 3, FAR, ["camera-1", "edge", "camera-1"]):
            camera.put_plan(assignment("camera-1", hops, wire=wire))
            replies = ask_samples(camera, range(SAMPLES))
            answers.append([reply.document["outputs"] for reply in replies])
        assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("wire", ["fp16", "int8"])
def test_replay_answers_as_a_run_does(start: Start, wire: str) -> None:
    run = start({"camera-1": {}, "edge": {}})
    replayed = start({"camera-2": {"compute": "replay"}, "edge-2": {}})
    for device, edge, runtime in (("camera-1", "edge", run["camera-1"]), ("camera-2", "edge-2", replayed["camera-2"])):
        plan = assignment(device, [device, edge, edge], wire=wire, thresholds=[0.5, 0.4])
        runtime.put_plan(plan)
    real = ask_samples(run["camera-1"], range(SAMPLES))
    known = ask_samples(replayed["camera-2"], range(SAMPLES))
    assert [(r.prediction, r.exit) for r in real] == [(r.prediction, r.exit) for r in known]
    assert {r.exit for r in real} >= {0, 1}
    forwarded = [r for r in known if r.exit > 0]
    assert all(hop["rep"] == "1" for r in forwarded for hop in r.hops)
    assert [int(r.hops[0]["b"]) for r in forwarded] == pytest.approx(
        [int(r.hops[0]["b"]) for r in real if r.exit > 0], abs=32
    )
    assert not any("rep" in hop for r in real for hop in r.hops)


def test_a_confident_request_leaves_at_the_first_exit(start: Start) -> None:
    runtimes = start({"camera-1": {}, "edge": {}})
    camera = runtimes["camera-1"]
    camera.put_plan(assignment("camera-1", ["camera-1", "edge", "edge"], thresholds=[0.0, 1.01]))
    reply = ask_sample(camera, 2)
    assert reply.exit == 0
    assert [hop["node"] for hop in reply.hops] == ["camera-1"]


def test_a_dead_hop_is_named_and_the_device_answers_itself(start: Start) -> None:
    runtimes = start({name: {} for name in FAR})
    camera = runtimes["camera-1"]
    camera.put_plan(assignment("camera-1", FAR, fallback_variant="large"))
    assert ask_sample(camera, 0).status == 200
    runtimes["cloud"].stop(signal.SIGKILL)
    reply = ask_sample(camera, 0)
    assert reply.status == 200
    assert reply.headers["telcoai-fallback"] == "cloud"
    assert reply.document["parameters"]["variant"] == "large"
    assert reply.document["parameters"]["placement"] == "camera-1,camera-1,camera-1"
    camera.put_plan(assignment("camera-1", FAR, fallback="fail"))
    refused = ask_sample(camera, 0)
    assert refused.status == 502
    assert "cloud is dead" in refused.document["error"]


def test_a_hop_that_was_started_again_is_used_again(start: Start, tmp_path: Path) -> None:
    runtimes = start({"camera-1": {}, "edge": {}})
    camera, edge = runtimes["camera-1"], runtimes["edge"]
    camera.put_plan(assignment("camera-1", ["edge"] * 3))
    assert "telcoai-fallback" not in ask_sample(camera, 0).headers
    edge.stop(signal.SIGKILL)
    assert ask_sample(camera, 0).headers["telcoai-fallback"] == "edge"
    runtimes["edge"] = tiny_family.start(tmp_path, json.loads((tmp_path / "edge.json").read_text()))
    edge.close_streams()
    reply = ask_sample(camera, 0)
    assert (reply.status, "telcoai-fallback" in reply.headers) == (200, False)


def test_a_kept_connection_that_went_stale_is_replaced_unnoticed(start: Start, tmp_path: Path) -> None:
    runtimes = start({"camera-1": {}, "edge": {}})
    camera, edge = runtimes["camera-1"], runtimes["edge"]
    camera.put_plan(assignment("camera-1", ["edge"] * 3, fallback="fail"))
    assert ask_samples(camera, range(8), at_once=8)[0].status == 200
    edge.stop()
    runtimes["edge"] = tiny_family.start(tmp_path, json.loads((tmp_path / "edge.json").read_text()))
    edge.close_streams()
    assert {reply.status for reply in ask_samples(camera, range(8), at_once=8)} == {200}


def test_a_plan_that_makes_no_sense_is_refused_with_every_reason(start: Start) -> None:
    camera = start({"camera-1": {}})["camera-1"]
    good = assignment("camera-1", ["camera-1"] * 3)
    camera.put_plan(good)
    with pytest.raises(NodeError, match=r"unknown hop 'edge'.*2 hops for 3 stages"):
        camera.put_plan(assignment("camera-1", ["edge", "edge"]))
    with pytest.raises(NodeError, match="two assignments"):
        camera.put_plan(good, good)
    for wrong in ({"thresholds": [2.5, 0.1]}, {"wire": "fp32"}, {"variant": "huge"}, {"service": "x"}, {"more": 1}):
        with pytest.raises(NodeError, match=" 400 "):
            camera.put_plan(good | wrong)
    assert camera.ask("GET", "/plan") == {"assignments": [good]}


def test_a_full_queue_is_refused_at_once(start: Start) -> None:
    runtimes = start({"camera-1": {"stage_s": [0.2, 0, 0], "compute": "replay"}}, cores=1, queue=2)
    camera = runtimes["camera-1"]
    camera.put_plan(assignment("camera-1", ["camera-1"] * 3))
    replies = ask_samples(camera, range(8), at_once=8)
    refused = [reply for reply in replies if reply.status == 503]
    assert sorted({reply.status for reply in replies}) == [200, 503]
    assert len(refused) >= 4
    assert refused[0].document == {"error": "queue full on camera-1"}
    assert camera.ask("GET", "/stats")["answers"]["503"] == len(refused)


def test_the_error_of_a_full_hop_comes_back_as_it_is(start: Start) -> None:
    works = {"camera-1": {"compute": "replay"}, "edge": {"stage_s": [0.2, 0, 0], "compute": "replay"}}
    runtimes = start(works, cores=1, queue=0)
    camera = runtimes["camera-1"]
    camera.put_plan(assignment("camera-1", ["edge"] * 3))
    replies = ask_samples(camera, range(4), at_once=4)
    refused = next(reply for reply in replies if reply.status == 503)
    assert refused.document == {"error": "queue full on edge"}


def test_requests_past_their_deadline_are_refused(start: Start) -> None:
    runtimes = start({"camera-1": {}, "edge": {"stage_s": [0.3, 0, 0], "compute": "replay"}}, cores=1)
    camera = runtimes["camera-1"]
    camera.put_plan(assignment("camera-1", ["edge"] * 3))
    past = ask_sample(camera, 0, {"telcoai-deadline": str(time.monotonic_ns() - 1)})
    assert (past.status, "deadline passed" in past.document["error"]) == (504, True)
    soon = ask_sample(camera, 0, {"telcoai-deadline": str(time.monotonic_ns() + 50_000_000)})
    assert (soon.status, "deadline passed" in soon.document["error"]) == (504, True)


def test_a_hop_counts_the_time_that_is_left_on_its_own_clock(start: Start) -> None:
    edge = start({"edge": {"stage_s": [0.1, 0, 0], "compute": "replay"}})["edge"]
    route = {"service": "vision", "device": "camera-1", "variant": "small", "stage": 0, "hops": ["edge"] * 3}
    headers = {"telcoai-route": json.dumps(route | {"thresholds": [2.0, 2.0], "wire": "fp16"}), "telcoai-sample": "0"}
    headers["telcoai-deadline"] = "1"  # of another machine's clock: nothing to a hop
    frame = {"name": "frame", "shape": [1, 8, 8, 3], "datatype": "UINT8", "data": [7] * 192}
    body = json.dumps({"inputs": [frame]}).encode()

    def asked(**more: str) -> int:
        return ask(edge, "POST", "/v2/models/small/infer", body, headers | more).status

    assert asked() == 200
    assert asked(**{"telcoai-remaining": "10000000000"}) == 200
    assert asked(**{"telcoai-remaining": "0"}) == 504
    assert asked(**{"telcoai-remaining": "soon"}) == 400


def test_requests_that_wait_past_their_deadline_are_refused_when_their_turn_comes(start: Start) -> None:
    runtimes = start({"camera-1": {"stage_s": [0.3, 0, 0], "compute": "replay"}}, cores=1)
    camera = runtimes["camera-1"]
    camera.put_plan(assignment("camera-1", ["camera-1"] * 3))
    replies: list[Reply] = []
    first = threading.Thread(target=lambda: replies.append(ask_sample(camera, 0)))
    first.start()
    while camera.ask("GET", "/stats")["arrivals"].get("vision", 0) < 1:
        time.sleep(0.005)
    waiting = ask_sample(camera, 1, {"telcoai-deadline": str(time.monotonic_ns() + 20_000_000)})
    first.join()
    assert [replies[0].status, waiting.status] == [200, 504]


def test_a_plan_is_swapped_under_load_without_a_failed_request(start: Start) -> None:
    runtimes = start({name: {"stage_s": [0.002] * 3} for name in FAR})
    wait_ready(*runtimes.values())
    camera = runtimes["camera-1"]
    plans = [(FAR, "small"), (["camera-1"] * 3, "large"), (["edge"] * 3, "small")]
    placements = {(",".join(hops), variant) for hops, variant in plans}
    camera.put_plan(assignment("camera-1", FAR))
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for hops, variant in plans:
                camera.put_plan(assignment("camera-1", hops, variant=variant))
                time.sleep(0.01)

    swapper = threading.Thread(target=swap)
    swapper.start()
    replies = ask_samples(camera, [n % SAMPLES for n in range(400)], at_once=6)
    stop.set()
    swapper.join()
    assert {reply.status for reply in replies} == {200}
    parameters = [reply.document["parameters"] for reply in replies]
    assert {(one["placement"], one["variant"]) for one in parameters} == placements


def test_a_slow_stage_counts_as_an_overrun(start: Start) -> None:
    runtimes = start({"camera-1": {"stage_s": [1e-6, 1e-6, 1e-6]}})
    camera = runtimes["camera-1"]
    camera.put_plan(assignment("camera-1", ["camera-1"] * 3))
    reply = ask_sample(camera, 0)
    assert reply.hops[0]["over"] == "1"
    assert camera.ask("GET", "/stats")["overruns"] == 3


def test_stages_are_not_paced_on_a_real_machine(start: Start) -> None:
    runtimes = start({"camera-1": {"stage_s": [5, 5, 5]}}, paced=False)
    camera = runtimes["camera-1"]
    camera.put_plan(assignment("camera-1", ["camera-1"] * 3))
    reply = ask_sample(camera, 0)
    assert int(reply.hops[0]["c"]) < 15e9
    assert "over" not in reply.hops[0]


def test_stats_and_plan_need_the_token_and_metrics_do_not(start: Start) -> None:
    camera = start({"camera-1": {}})["camera-1"]
    plan = assignment("camera-1", ["camera-1"] * 3)
    camera.put_plan(plan, assignment("camera-9", ["camera-9"] * 3))
    assert camera.ask("GET", "/plan") == {"assignments": [plan]}
    assert ask(camera, "GET", "/stats").status == 401
    assert ask(camera, "PUT", "/plan", b"{}").status == 401
    assert ask(camera, "GET", "/plan", headers={"authorization": "Bearer wrong"}).status == 401
    assert ask(camera, "GET", "/stats", headers={"authorization": "Bearer a-token-for-tests"}).status == 200
    ask_sample(camera, 0)
    assert b'telcoai_arrivals_total{service="vision"} 1' in ask(camera, "GET", "/metrics").body
