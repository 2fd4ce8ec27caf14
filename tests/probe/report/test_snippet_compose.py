"""The compose file: what its service is given."""

import pytest
import yaml
from snippets import snippet_for


def bot(machine: str) -> dict[str, object]:
    """The service, read."""
    service: dict[str, object] = yaml.safe_load(snippet_for(machine, "compose"))["services"]["bot"]
    return service


def requested(machine: str) -> dict[str, object]:
    (device,) = bot(machine)["deploy"]["resources"]["reservations"]["devices"]  # type: ignore[index]
    return dict(device)


@pytest.mark.parametrize("machine", ["rx-6700-xt", "rtx-4090-driver-580", "nothing"])
def test_compose(machine: str) -> None:
    service = bot(machine)
    if machine == "rx-6700-xt":
        assert service["devices"] == ["/dev/kfd:/dev/kfd", "/dev/dri:/dev/dri"]
        assert service["group_add"] == ["105", "992"]
        assert service["environment"] == {"HSA_OVERRIDE_GFX_VERSION": "10.3.0"}
    else:
        assert "devices" not in service and "environment" not in service
    assert ("deploy" in service) == (machine == "rtx-4090-driver-580")


def test_cards_are_counted_or_named() -> None:
    uuid = "MIG-00000011-0000-4000-8000-000000000000"
    base = {"driver": "nvidia", "capabilities": ["gpu"]}
    assert requested("h100-mig") == {**base, "device_ids": [uuid]}
    assert requested("rtx-4090-driver-580") == {**base, "count": "all"}


def test_a_group_of_closed_nodes_is_added() -> None:
    """Before, the file for NVIDIA left it out."""
    assert bot("nvidia-nodes-of-a-group")["group_add"] == ["44"]


def test_a_jetson_goes_by_its_runtime() -> None:
    service = bot("jetson-thor-docker")
    assert service["runtime"] == "nvidia" and "deploy" not in service


def test_volumes_are_those_of_the_stack() -> None:
    volumes = yaml.safe_load(snippet_for("nothing", "compose"))["volumes"]
    assert volumes == {
        "state": {"name": "alternator_state"},
        "models": {"name": "alternator_models"},
    }
