"""Snippets for people who start containers their own way."""

import re

import pytest
from snippets import snippet_for, words

from probe.errors import ProbeError
from probe.report.snippet import KINDS, host_details
from probe.tables.models import memory_limit


def test_docker_whole():
    assert snippet_for("rtx-4090-driver-580", "docker") == (
        "# user 10001 must be able to read alternator.toml: sudo chown 10001 alternator.toml\n"
        "docker run --detach --name alternator --restart unless-stopped \\\n"
        "  --gpus all \\\n"
        "  --read-only --tmpfs /tmp:size=1g,mode=1777 \\\n"
        "  --cap-drop ALL --security-opt no-new-privileges \\\n"
        "  --pids-limit 512 --memory 16g --stop-timeout 20 \\\n"
        "  --health-start-period 3600s \\\n"
        "  --log-driver local \\\n"
        '  --mount type=bind,source="$PWD/alternator.toml",'
        "target=/etc/alternator/alternator.toml,readonly \\\n"
        "  --volume alternator_state:/var/lib/alternator/state \\\n"
        "  --volume alternator_models:/var/lib/alternator/models \\\n"
        "  alternator:1.2.3-cuda-cu130\n"
        "# Docker without root: that user has another number out here; Docker itself sets it:\n"
        '#   docker run --rm --user 0 --entrypoint chown --volume "$PWD:/here" \\\n'
        "#     alternator:1.2.3-cuda-cu130 10001 /here/alternator.toml\n"
        "# With userns-remap: sudo chown 10001 plus dockremap's first number in /etc/subuid.\n"
    )


def test_a_slice_is_named():
    uuid = "MIG-00000011-0000-4000-8000-000000000000"
    assert f'"device={uuid}"' in words(snippet_for("h100-mig", "docker"))
    assert f"nvidia.com/gpu={uuid}" in words(snippet_for("h100-mig", "podman"))


@pytest.mark.parametrize("kind", ["docker", "compose", "podman", "quadlet"])
@pytest.mark.parametrize(
    ("machine", "given", "kept"),
    [
        ("cuda-visible-devices-1-two-3090", "GPU-00000002", ("GPU-00000001", "all")),
        ("h100-one-mig-one-whole-cvd-1", "GPU-00000002", ("GPU-00000001", "MIG-", "all")),
        ("h100-mig", "MIG-00000011", ("GPU-", "MIG-00000010", "all")),
        ("rocr-visible-devices-1-two-xtx", "renderD129", ("renderD128", "/dev/dri")),
        ("hip-visible-devices-1", "renderD129", ("renderD128", "/dev/dri")),
    ],
)
def test_what_is_hidden_here_stays_hidden(machine, kind, given, kept):
    text = snippet_for(machine, kind)
    assert given in text
    for name in kept:
        assert not re.search(rf"[=:\" ]{name}(?!/)", text.partition("volume")[0]), text


@pytest.mark.parametrize("kind", KINDS)
def test_the_limit_of_memory_is_the_models(kind):
    """One table with compose/memory.py; nobody measured what the bot takes beside a GPU."""
    assert len({memory_limit(model, cpu=True) for model in ("tiny", "large-v3", "my.pt")}) == 3
    for model in ("tiny", "large-v3", "my.pt", None):
        limit = memory_limit(model, cpu=True)
        assert re.search(rf"\b{limit}(g|Gi)\b", snippet_for("nothing", kind, model=model))
    assert re.search(r"\b16(g|Gi)\b", snippet_for("rtx-4090-driver-580", kind, model="tiny"))


@pytest.mark.parametrize("kind", ["docker", "compose", "podman", "quadlet"])
def test_a_first_model_may_take_an_hour(kind):
    assert "3600s" in snippet_for("nothing", kind)


@pytest.mark.parametrize("kind", ["docker", "compose", "podman", "quadlet"])
def test_each_volume_has_one_name(kind):
    text = snippet_for("nothing", kind)
    assert "alternator_state" in text and "alternator_models" in text
    assert "alternator-state" not in text and "alternator-models" not in text


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


def test_what_is_known_of_this_machine(machine, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    machine.variables = {"ALTERNATOR_WHISPER_MODEL": "turbo"}
    machine.file("/etc/cdi/amd.json", '{"kind": "amd.com/gpu", "devices": [{"name": "all"}]}')
    found = host_details(machine.machine())
    assert (found.model, [device.full_name for device in found.cdi]) == (
        "turbo",
        ["amd.com/gpu=all"],
    )
    machine.variables = {}
    (tmp_path / "alternator.toml").write_text('[whisper]\nmodel = "small"\n')
    assert host_details(machine.machine()).model == "small"
