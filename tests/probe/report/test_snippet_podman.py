"""The command for Podman and the unit for systemd, with and without root."""

import os
import shlex
import shutil
import subprocess
from itertools import pairwise

import pytest
from snippets import snippet_for, words

from probe.machine.cdi import CdiDevice


def test_podman_and_quadlet_use_cdi_for_nvidia():
    podman = words(snippet_for("rtx-4090-driver-580", "podman"))
    assert ("--device", "nvidia.com/gpu=all") in pairwise(podman)
    assert ("--security-opt", "label=disable") in pairwise(podman)
    quadlet = snippet_for("rtx-4090-driver-580", "quadlet")
    assert "AddDevice=nvidia.com/gpu=all\nSecurityLabelDisable=true\n" in quadlet
    assert "Image=localhost/alternator:1.2.3-cuda-cu130\n" in quadlet


UUID = "GPU-00000002-0000-4000-8000-000000000000"
TWO_3090 = "cuda-visible-devices-1-two-3090"


def nvidia(*names):
    return tuple(CdiDevice(kind="nvidia.com/gpu", name=name) for name in names)


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ((), UUID),  # what `nvidia-ctk cdi generate` would write
        (("0", "1", UUID, "all"), UUID),
        (("0", "1", "all"), "1"),  # of an older toolkit, or --device-name-strategy=index
        (("gpu0", "gpu1"), UUID),
    ],
)
def test_a_card_goes_by_a_name_that_the_specification_has(known, asked):
    text = snippet_for(TWO_3090, "podman", cdi=nvidia(*known))
    assert ("--device", f"nvidia.com/gpu={asked}") in pairwise(words(text))
    assert ("nvidia-ctk cdi generate" in text) == (not known)
    assert f"AddDevice=nvidia.com/gpu={asked}\n" in snippet_for(
        TWO_3090, "quadlet", cdi=nvidia(*known)
    )


def test_a_slice_by_the_numbers_of_the_card_and_of_itself():
    devices = words(snippet_for("h100-mig", "podman", cdi=nvidia("0:0", "0:1")))
    assert ("--device", "nvidia.com/gpu=0:1") in pairwise(devices)


def test_amds_cards_by_the_nodes_in_the_specification():
    def device(name, *nodes):
        return CdiDevice(kind="amd.com/gpu", name=name, nodes=("/dev/kfd", *nodes))

    first, second = "/dev/dri/renderD128", "/dev/dri/renderD129"
    known = (device("0", second), device("1", first), device("all", first, second))
    machine = "rocr-visible-devices-1-two-xtx"
    asked = [
        value
        for flag, value in pairwise(words(snippet_for(machine, "podman", cdi=known)))
        if flag == "--device"
    ]
    assert asked == ["amd.com/gpu=0"]
    typed = words(snippet_for("rx-6700-xt", "podman", cdi=known))
    assert ("--device", "amd.com/gpu=all") in pairwise(typed) and "/dev/kfd" not in typed
    # A specification that was made before the card came.
    old = snippet_for(machine, "podman", cdi=(device("0", first),))
    assert ("--device", second) in pairwise(words(old)) and "amd.com" not in old


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
    flags = ("--device", "--group-add", "--userns", "--pids-limit", "--memory", "--health-cmd")
    for flag in (*flags, "--health-start-period"):
        for value in [value for name, value in given if name == flag]:
            assert (flag, value) in pairwise(made) or f"{flag}={value}" in made, made
    assert {"--read-only", "--cap-drop"} <= set(made)
