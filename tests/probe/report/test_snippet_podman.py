"""The command for Podman and the unit for systemd, with and without root."""

import os
import shlex
import shutil
import subprocess
from itertools import pairwise

import pytest
from snippets import snippet_for, words


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
