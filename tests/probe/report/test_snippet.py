"""Snippets for people who start containers their own way."""

import os
import shlex
import shutil
import subprocess
from itertools import pairwise

import kubernetes_validate
import pytest
import yaml

from probe.errors import ProbeError
from probe.recordings.matrix import MACHINES, replay
from probe.recordings.recording_file import read_recording
from probe.report.snippet import KINDS, snippet
from probe.tables.builds import load_table


def snippet_for(machine, kind, root=False):
    report = replay(read_recording(MACHINES / f"{machine}.json"), load_table())
    return snippet(kind, report, "1.2.3", root=root)


def words(text):
    return shlex.split(text.replace("\\\n", " "), comments=True)


def manifest(machine):
    return list(yaml.safe_load_all(snippet_for(machine, "kubernetes")))


def test_docker_whole():
    assert snippet_for("rtx-4090-driver-580", "docker") == (
        "# user 10001 must be able to read alternator.toml: sudo chown 10001 alternator.toml\n"
        "docker run --detach --name alternator --restart unless-stopped \\\n"
        "  --gpus all \\\n"
        "  --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \\\n"
        "  --pids-limit 512 --memory 16g --stop-timeout 20 \\\n"
        "  --log-driver local \\\n"
        '  --mount type=bind,source="$PWD/alternator.toml",'
        "target=/etc/alternator/alternator.toml,readonly \\\n"
        "  --volume alternator-state:/var/lib/alternator/state \\\n"
        "  --volume alternator-models:/var/lib/alternator/models \\\n"
        "  alternator:1.2.3-cuda-cu130\n"
    )


def test_a_slice_is_named():
    uuid = "MIG-00000011-0000-4000-8000-000000000000"
    assert f'"device={uuid}"' in words(snippet_for("h100-mig", "docker"))
    assert f"nvidia.com/gpu={uuid}" in words(snippet_for("h100-mig", "podman"))
    service = yaml.safe_load(snippet_for("h100-mig", "compose"))["services"]["bot"]
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "device_ids": [uuid], "capabilities": ["gpu"]}


@pytest.mark.parametrize("machine", ["rx-6700-xt", "rtx-4090-driver-580", "nothing"])
def test_compose(machine):
    bot = yaml.safe_load(snippet_for(machine, "compose"))["services"]["bot"]
    if machine == "rx-6700-xt":
        assert bot["devices"] == ["/dev/kfd:/dev/kfd", "/dev/dri:/dev/dri"]
        assert bot["group_add"] == ["105", "992"]
        assert bot["environment"] == {"HSA_OVERRIDE_GFX_VERSION": "10.3.0"}
    else:
        assert "devices" not in bot and "environment" not in bot
    assert ("deploy" in bot) == (machine == "rtx-4090-driver-580")


def test_podman_and_quadlet_use_cdi_for_nvidia():
    podman = words(snippet_for("rtx-4090-driver-580", "podman"))
    assert ("--device", "nvidia.com/gpu=all") in pairwise(podman)
    assert ("--security-opt", "label=disable") in pairwise(podman)
    quadlet = snippet_for("rtx-4090-driver-580", "quadlet")
    assert "AddDevice=nvidia.com/gpu=all\nSecurityLabelDisable=true\n" in quadlet
    assert "Image=localhost/alternator:1.2.3-cuda-cu130\n" in quadlet


def test_podman_without_root_keeps_the_users_groups():
    """A number would be another group in its namespace; so would the owner of alternator.toml."""
    rootless = words(snippet_for("rx-6700-xt", "podman"))
    assert ("--group-add", "keep-groups") in pairwise(rootless)
    assert ("--userns", "keep-id:uid=10001,gid=10001") in pairwise(rootless)
    assert "105" not in rootless
    root = words(snippet_for("rx-6700-xt", "podman", root=True))
    assert {("--group-add", "105"), ("--group-add", "992")} <= set(pairwise(root))
    assert "--userns" not in root
    quadlet = snippet_for("rx-6700-xt", "quadlet")
    assert "AddDevice=/dev/kfd\nAddDevice=/dev/dri\nPodmanArgs=--group-add=keep-groups\n" in quadlet
    assert "UserNS=keep-id:uid=10001,gid=10001\n" in quadlet
    quadlet = snippet_for("rx-6700-xt", "quadlet", root=True)
    assert "PodmanArgs=--group-add=105\nPodmanArgs=--group-add=992\n" in quadlet
    assert "/etc/containers/systemd/" in quadlet and "%h" not in quadlet and "UserNS" not in quadlet


@pytest.mark.parametrize("root", [False, True])
@pytest.mark.parametrize("machine", ["nothing", "rtx-4090-driver-580", "rx-6700-xt", "h100-mig"])
def test_podmans_generator_takes_the_quadlet(machine, root, tmp_path):
    generator = shutil.which("quadlet", path="/usr/libexec/podman:/usr/lib/podman")
    if generator is None:
        pytest.skip("no Podman from 4.4 on is installed: it has no quadlet generator")
    (tmp_path / "alternator.container").write_text(snippet_for(machine, "quadlet", root))
    result = subprocess.run(
        [generator, "-dryrun", *([] if root else ["-user"])],
        env={**os.environ, "QUADLET_UNIT_DIRS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    (start,) = [line for line in result.stdout.splitlines() if line.startswith("ExecStart=")]
    made = shlex.split(start.removeprefix("ExecStart="))
    # Each flag of the `podman run` snippet, as the generator writes it.
    typed = words(snippet_for(machine, "podman", root))
    given = set(pairwise(typed))
    for flag in ("--device", "--group-add", "--userns", "--pids-limit", "--memory"):
        for value in [value for name, value in given if name == flag]:
            assert (flag, value) in pairwise(made) or f"{flag}={value}" in made, made
    assert {"--read-only", "--cap-drop"} <= set(made)


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


@pytest.mark.parametrize("kind", KINDS)
def test_the_cpus_image_needs_no_device(kind):
    text = snippet_for("nothing", kind)
    assert "alternator:1.2.3-cpu" in text
    assert not {"--gpus", "nvidia", "/dev/kfd", "AddDevice"} & set(text.replace("=", " ").split())


def test_a_card_that_the_operator_hid_stays_out():
    uuid = "GPU-00000002-0000-4000-8000-000000000000"
    assert f'"device={uuid}"' in words(snippet_for("cuda-visible-devices-1", "docker"))


def test_what_can_not_be_written():
    with pytest.raises(ProbeError, match="none of docker, compose, podman"):
        snippet_for("nothing", "lxc")
    with pytest.raises(ProbeError, match="no container reaches Apple's GPU"):
        snippet_for("mac-apple-silicon", "docker")
