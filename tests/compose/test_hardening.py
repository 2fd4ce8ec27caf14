"""The whole of the files that name an image, and what each container of ours is denied."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from images.catalog import CHECKOUT

FILES = sorted(
    path for path in (CHECKOUT / "compose").glob("*.yaml") if ".kubernetes." not in path.name
)
# What would undo it, in whichever overlay.
GPUS = ("/dev/kfd", "/dev/dri", "nvidia.com/gpu")
LOOSE = ("privileged", "cap_add", "pid", "userns_mode", "cgroup_parent")


def services(path: Path) -> dict[str, dict[str, Any]]:
    found = yaml.safe_load(path.read_text(encoding="utf-8")).get("services") or {}
    return {name: settings or {} for name, settings in found.items()}


CONTAINERS = [
    pytest.param(settings, id=f"{path.name}-{name}")
    for path in FILES
    for name, settings in services(path).items()
    if "image" in settings
]


@pytest.mark.threat("T22")
@pytest.mark.parametrize("settings", CONTAINERS)
def test_a_container_is_denied_what_it_does_not_need(settings: dict[str, Any]):
    assert settings["read_only"] is True
    assert settings["cap_drop"] == ["ALL"]
    assert settings["security_opt"] == ["no-new-privileges:true"]
    assert settings["ulimits"] == {"core": 0}
    assert settings["pids_limit"] and settings["mem_limit"]
    assert all("size=" in place for place in settings["tmpfs"])
    assert str(settings.get("user", "an image's own")).partition(":")[0] not in ("0", "root")


@pytest.mark.threat("T22")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_overlay_gives_it_back(path: Path):
    for name, settings in services(path).items():
        assert not set(LOOSE) & set(settings), name
        assert settings.get("read_only", True) is True, name
        for key in ("network_mode", "ipc"):
            assert "host" not in str(settings.get(key, "")), name
        options = settings.get("security_opt", [])
        assert not any("unconfined" in option for option in options), name
        assert not any("docker.sock" in str(volume) for volume in settings.get("volumes", [])), name
        # A device is one of the machine's GPUs.
        devices = " ".join(map(str, settings.get("devices", [])))
        assert all(one.startswith(GPUS) for one in devices.split())


@pytest.mark.threat("T22")
def test_there_is_something_to_hold():
    assert len(CONTAINERS) >= 3
