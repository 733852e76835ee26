"""Pods that don't come up are explained."""

from __future__ import annotations

import pytest

from telcoai.errors import NodeError, TestbedError
from telcoai.orchestrator.manifests import Ground
from telcoai.orchestrator.pods import PodDoor, Pods, ready_on, restarts

GROUND = Ground("lab", "telcoai", "image", loaded=True)


def pod(node="edge", *, ready=False, waiting="", restarted=0):
    state = {"waiting": {"reason": waiting, "message": "because"}} if waiting else {"running": {}}
    return {
        "metadata": {"name": f"runtime-{node}-x", "labels": {"telcoai.dev/node": node, "telcoai.dev/role": "runtime"}},
        "status": {
            "phase": "Running" if ready else "Pending",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": [{"state": state, "restartCount": restarted}],
        },
    }


class Api:
    """An API that has these pods, an event and a log."""

    def __init__(self, *pods):
        self.pods = list(pods)

    def items(self, path, selector=""):
        if "/events" in path:
            return [{"reason": "FailedScheduling", "message": "0/7 nodes are available"}]
        return self.pods

    def text(self, path, timeout_s=20.0):
        return "first\nlast words\n"

    def through(self, place, method, target, *, body=None, headers):
        return 503, b'{"error": "queue full"}'


def wait(api, timeout_s=0.0):
    return Pods(api, GROUND).wait("runtime", ready_on(["edge"]), "runtime on edge", timeout_s)


def test_pods_that_are_ready_are_returned():
    assert wait(Api(pod(ready=True)))[0]["metadata"]["name"] == "runtime-edge-x"


def test_a_pod_that_is_late_is_explained_by_events_and_log():
    with pytest.raises(NodeError) as caught:
        wait(Api(pod()))
    assert "FailedScheduling: 0/7 nodes are available" in caught.value.message
    assert "last words" in caught.value.message


@pytest.mark.parametrize(("reason", "restarted"), [("ErrImageNeverPull", 0), ("CrashLoopBackOff", 2)])
def test_a_hopeless_pod_is_not_waited_for(reason, restarted):
    with pytest.raises(NodeError) as caught:
        wait(Api(pod(waiting=reason, restarted=restarted)), timeout_s=60.0)
    assert reason in caught.value.message
    assert "because" in caught.value.message


def test_no_pod_at_all_is_said():
    with pytest.raises(NodeError, match="there is no such pod"):
        wait(Api())


def test_pods_that_stay_are_named():
    with pytest.raises(TestbedError, match="runtime-edge-x"):
        Pods(Api(pod()), GROUND).wait_gone("a=b", 0.0)


def test_restarts_are_summed():
    assert restarts(pod(restarted=3)) == 3


def test_a_refusal_of_a_runtime_keeps_its_words():
    with pytest.raises(NodeError, match=r"503 .*queue full"):
        PodDoor(Api(), "telcoai", "secret").ask("edge", "PUT", "/plan", {})
