"""Where the probe runs, as remedies tell it apart."""

import pytest

from probe.facts import Host
from probe.place import PlaceKind


@pytest.mark.parametrize(
    ("container", "pod", "place"),
    [(False, False, "host"), (True, False, "container"), (True, True, "pod")],
)
def test_a_pod_is_a_container_of_its_own_kind(container: bool, pod: bool, place: PlaceKind) -> None:
    host = Host(arch="x86_64", os="linux", container=container, pod=pod)
    assert host.place.kind == place
