"""The manifest for Kubernetes: what the pod is given, and that the cluster would take it."""

import kubernetes_validate
import pytest
import yaml
from snippets import snippet_for


def manifest(machine):
    """The parts of the manifest, read."""
    return list(yaml.safe_load_all(snippet_for(machine, "kubernetes")))


@pytest.mark.parametrize(
    ("machine", "limits"),
    [
        ("rtx-4090-driver-580", {"memory": "16Gi", "nvidia.com/gpu": 1}),
        ("rx-6700-xt", {"memory": "16Gi", "amd.com/gpu": 1}),
        ("nothing", {"memory": "3Gi"}),
    ],
)
def test_kubernetes(machine, limits):
    state, models, deployment = manifest(machine)
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["resources"]["limits"] == limits
    assert {mount["name"] for mount in container["volumeMounts"]} == {
        volume["name"] for volume in pod["volumes"]
    }
    claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod["volumes"]
        if "persistentVolumeClaim" in volume
    }
    assert claims == {state["metadata"]["name"], models["metadata"]["name"]}
    groups = pod["securityContext"].get("supplementalGroups")
    assert groups == ([105, 992] if machine == "rx-6700-xt" else None)


@pytest.mark.parametrize("machine", ["nothing", "rtx-4090-driver-580", "rx-6700-xt"])
def test_kubernetes_accepts_every_field(machine):
    """By the published schemas, strictly: a field that is misspelt or misplaced is refused."""
    for part in manifest(machine):
        kubernetes_validate.validate(part, "1.30", strict=True)


@pytest.mark.parametrize(
    ("machine", "said", "unsaid"),
    [
        ("cuda-visible-devices-1", "A pod can't ask for one card", "mixed MIG"),
        ("rocr-visible-devices-1-two-xtx", "A pod can't ask for one card", "mixed MIG"),
        ("h100-mig", "mixed MIG strategy: nvidia.com/mig-", "\0"),
        ("rtx-4090-driver-580", "device plugin", "A pod can't ask"),
        ("nothing", "kubectl create secret", "device plugin"),
    ],
)
def test_it_says_what_a_pod_can_not_be_told(machine, said, unsaid):
    text = snippet_for(machine, "kubernetes")
    assert said in text and unsaid not in text


def test_a_pod_gets_no_name_of_this_machines_cards():
    """The plugin gives whichever it has, which such a variable would hide."""
    text = snippet_for("rocr-visible-devices-1-two-xtx", "kubernetes")
    assert "VISIBLE_DEVICES" not in text and "renderD" not in text


def test_variables_and_the_image_reach_the_container():
    deployment = manifest("rx-6700-xt")[-1]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "alternator:1.2.3-rocm-rocm7.2"
    assert container["env"] == [{"name": "HSA_OVERRIDE_GFX_VERSION", "value": "10.3.0"}]
    (container,) = manifest("nothing")[-1]["spec"]["template"]["spec"]["containers"]
    assert "env" not in container
