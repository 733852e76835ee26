"""What is asked of Kubernetes, as values."""

from __future__ import annotations

import json

import pytest

from telcoai.orchestrator import manifests
from telcoai.orchestrator.manifests import Ground

HOSTS = {"camera-1": "worker", "edge": "worker2", "camera-with-a-long-name-1234": "worker3"}
GROUND = Ground("lab", "telcoai", "telcoai.dev/runtime:1", loaded=True, hosts=HOSTS)
MIB = 1024 * 1024


def pod_specs():
    made = [
        manifests.runtime(GROUND, "camera-1", "d", 512 * MIB),
        manifests.replicas(GROUND, "replicas", 3, "d", 512 * MIB),
        manifests.driver(GROUND, "edge-only-r1", "camera-1", 60.0),
    ]
    return [one["spec"]["template"]["spec"] for one in made]


def hosts_of(spec):
    terms = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    return [term["matchFields"][0]["values"][0] for term in terms]


@pytest.mark.parametrize("spec", pod_specs(), ids=["runtime", "replicas", "driver"])
def test_every_pod_keeps_the_restricted_standard(spec):
    around = spec["securityContext"]
    assert around["runAsNonRoot"] is True
    assert around["runAsUser"] != 0
    assert around["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert all(set(volume) - {"name"} <= {"configMap", "secret", "emptyDir"} for volume in spec["volumes"])
    for container in spec["containers"]:
        own = container["securityContext"]
        assert own["allowPrivilegeEscalation"] is False
        assert own["readOnlyRootFilesystem"] is True
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert {"requests", "limits"} == set(container["resources"])


@pytest.mark.parametrize("spec", pod_specs(), ids=["runtime", "replicas", "driver"])
def test_what_was_loaded_is_never_pulled(spec):
    assert {one["imagePullPolicy"] for one in spec["containers"]} == {"Never"}


def test_an_image_of_the_users_own_is_pulled():
    ground = Ground("lab", "telcoai", "registry.example/runtime:1", loaded=False, hosts=HOSTS)
    spec = manifests.runtime(ground, "edge", "d", MIB)["spec"]["template"]["spec"]
    assert spec["containers"][0]["imagePullPolicy"] == "IfNotPresent"


def test_a_runtime_stays_on_its_node_and_asks_the_protocols_probes():
    made = manifests.runtime(GROUND, "camera-1", "d", 512 * MIB)
    spec = made["spec"]["template"]["spec"]
    assert hosts_of(spec) == ["worker"]
    container = spec["containers"][0]
    assert container["command"][-1] == "/config/camera-1.json"
    assert container["startupProbe"]["httpGet"]["path"] == "/v2/health/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/v2/health/live"


def test_replicas_take_cores_of_the_device_and_the_configuration_of_the_node_where_they_land():
    spec = manifests.replicas(GROUND, "replicas", 3, "d", 512 * MIB)["spec"]["template"]["spec"]
    container = spec["containers"][0]
    assert container["resources"]["limits"]["telcoai.dev/cores"] == "1"
    assert container["command"][-1] == "/config/replica.$(NODE_NAME).json"
    assert {one["name"] for one in container["env"]} == {"NODE_NAME"}
    assert hosts_of(spec) == list(HOSTS.values())


def test_cores_are_counted_only_where_nodes_have_them():
    ground = Ground("lab", "telcoai", "image", loaded=False, hosts=HOSTS, counts_cores=False)
    spec = manifests.replicas(ground, "replicas", 3, "d", 512 * MIB)["spec"]["template"]["spec"]
    assert "telcoai.dev/cores" not in spec["containers"][0]["resources"]["limits"]


def test_another_configuration_makes_another_pod():
    first, second = (manifests.runtime(GROUND, "edge", digest, MIB) for digest in ("a", "b"))
    assert first["spec"]["template"] != second["spec"]["template"]
    assert first["metadata"] == second["metadata"]


def test_configurations_are_a_file_a_node():
    made = manifests.config_map(GROUND, {"edge": {"cores": 1}})
    assert json.loads(made["data"]["edge.json"]) == {"cores": 1}


def test_all_is_labelled_so_that_only_it_is_ever_removed():
    labels = manifests.service(GROUND, "a", {})["metadata"]["labels"]
    assert labels["telcoai.dev/testbed"] == "lab"
    assert labels["app.kubernetes.io/managed-by"] == "telcoai"
    assert GROUND.selector("driver", "replica") == "telcoai.dev/testbed=lab,telcoai.dev/role in (driver,replica)"
    assert GROUND.selector() == "telcoai.dev/testbed=lab,telcoai.dev/role"


def test_a_jobs_name_is_short_enough():
    made = manifests.driver(GROUND, "a-strategy-with-a-very-long-name-r12", "camera-with-a-long-name-1234", 60.0)
    assert len(made["metadata"]["name"]) <= 63
    assert made["spec"]["backoffLimit"] == 0
