"""Snippets for people who start containers their own way."""

import pytest
import yaml
from snippets import snippet_for, words

from probe.errors import ProbeError
from probe.report.snippet import KINDS


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
