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
        ("nothing", {"memory": "16Gi"}),
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


def test_variables_and_the_image_reach_the_container():
    deployment = manifest("rx-6700-xt")[-1]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "alternator:1.2.3-rocm-rocm7.2"
    assert container["env"] == [{"name": "HSA_OVERRIDE_GFX_VERSION", "value": "10.3.0"}]
    (container,) = manifest("nothing")[-1]["spec"]["template"]["spec"]["containers"]
    assert "env" not in container
